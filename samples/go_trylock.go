// SPDX-License-Identifier: Apache-2.0

//go:build go1.18

// Who tried to lock and got it will unlock; who tried and did not get it will not, by the same code.
package main

import (
	"sync"
	"time"
)

var (
	cabinet sync.Mutex
	archive sync.RWMutex
)

//go:noinline
func tryCabinet() bool {
	got := cabinet.TryLock()
	time.Sleep(24 * time.Hour)
	if got {
		cabinet.Unlock()
	}
	return got
}

//go:noinline
func tryArchive() {
	if archive.TryRLock() {
		defer archive.RUnlock()
	}
	time.Sleep(24 * time.Hour)
}

//go:noinline
func openCabinet() {
	cabinet.Lock()
	defer cabinet.Unlock()
}

//go:noinline
func clearArchive() {
	archive.Lock()
	defer archive.Unlock()
}

func main() {
	self := named("main")
	self.enter()
	asleep := func(label, function string, run func()) *actor {
		a := start(label, run)
		expect(a, function, nil, "sleep")
		wait(a, "sleep", nil, fields{"timed": true})
		return a
	}
	got := asleep("got it", "main.tryCabinet", func() { tryCabinet() })
	missed := asleep("missed it", "main.tryCabinet", func() { tryCabinet() })
	opener := start("opener", openCabinet)
	expectMutex(opener, "main.openCabinet", &cabinet, heldBy(got).called("main.cabinet"))
	holds(got, &cabinet, "exclusive")
	notHeldBy(missed, &cabinet)
	reader := asleep("reader", "main.tryArchive", tryArchive)
	clearer := start("clearer", clearArchive)
	expect(clearer, "main.clearArchive", nil, append(forWriter, forMutex...)...)
	wait(clearer, "rwlock-write", &archive, heldBy(reader).called("main.archive"))
	late := asleep("late reader", "main.tryArchive", tryArchive)
	holds(reader, &archive, "shared")
	notHeldBy(late, &archive)
	tell("absent", []string{"CT203", "CT204"})
	rest(self)
}
