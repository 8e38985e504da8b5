// SPDX-License-Identifier: Apache-2.0

//go:build go1.18

// One code serves all types of one shape: what its variables point to is not what debug information says, which is the
// shape. A function that is not generic has the same in a variable beside it.
package main

import (
	"fmt"
	"unsafe"
)

type reading struct {
	value int64
	unit  *string
	notes [4]*string
}

var never = make(chan struct{})

//go:noinline
func use[T any](T) {}

// keep and keepAll have the only pointers to them.
//
//go:noinline
func keep[T any](value T, m *meeting) {
	m.attend()
	<-never
	use(value)
}

//go:noinline
func keepAll[T any](list []T, m *meeting) {
	m.attend()
	<-never
	use(list)
}

//go:noinline
func keepReading(value *reading, m *meeting) {
	m.attend()
	<-never
	use(value)
}

func note(address uintptr, frame, kind string) {
	tell("heap_object", fields{"address": fmt.Sprintf("%#x", address), "alive": true, "kept_by": frame, "on_stack": true,
		"steps": 1, "debug_type": kind})
}

func main() {
	self := named("main")
	self.enter()
	m := meeting{needed: 3}
	plain, list, other := &reading{}, make([]*reading, 6), &reading{}
	addresses := [3]uintptr{uintptr(unsafe.Pointer(plain)), uintptr(unsafe.Pointer(&list[0])), uintptr(unsafe.Pointer(other))}
	keepers := [3]*actor{
		start("plain", func() { keepReading(plain, &m) }),
		start("list", func() { keepAll(list, &m) }),
		start("reading", func() { keep(other, &m) }),
	}
	m.wait()
	for _, keeper := range keepers {
		wait(keeper, "chan-recv", never, nil)
	}
	note(addresses[0], "main.keepReading", "main.reading")
	note(addresses[1], "main.keepAll[", "48-byte objects")
	note(addresses[2], "main.keep[", "48-byte objects")
	rest(self)
}
