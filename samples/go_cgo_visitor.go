// SPDX-License-Identifier: Apache-2.0

// Healthy: all goroutines wait, but a thread of C's own has called into Go once, and may do so again at any time.
package main

/*
#cgo LDFLAGS: -pthread
#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

extern void deliver(int parcel);

static void *drive(void *arg)
{
	(void)arg;
	deliver(1);
	for (;;)
		sleep(86400);
	return NULL;
}

static int start_driver(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, drive, NULL);
}
*/
import "C"

var parcels = make(chan int)

//export deliver
func deliver(parcel C.int) { parcels <- int(parcel) }

//go:noinline
func unpack() (sum int) {
	for parcel := range parcels {
		sum += parcel
	}
	return sum
}

func main() {
	self := named("main")
	self.enter()
	if C.start_driver() != 0 {
		fail("pthread_create")
	}
	<-parcels
	unpacker := start("unpacker", func() { unpack() })
	expect(unpacker, "main.unpack", nil, "chan receive")
	wait(unpacker, "chan-recv", parcels, nil)
	tell("not_stuck", []*actor{self, unpacker})
	tell("absent", []string{"CT203", "CT204"})
	ready()
	<-make(chan bool)
}
