// SPDX-License-Identifier: Apache-2.0

// Pointers that package unsafe has made wrong, one a run: the check that the compiler adds (-d=checkptr) finds some where
// they are made, the garbage collector others when it comes upon them.
package main

import (
	"os"
	"runtime"
	"unsafe"
)

type price struct{ cents [4]int }

var (
	first, second *price
	small         *int
	stale         [32]*byte
)

//go:noinline
func cents(p *price, offset uintptr) *int {
	return (*int)(unsafe.Pointer(uintptr(unsafe.Pointer(p)) + offset))
}

//go:noinline
func wide(p *int) *[64]int { return (*[64]int)(unsafe.Pointer(p)) }

// badPointer tells what the runtime will say. function: "": the collector finds it.
func badPointer(a *actor, function, text string) {
	told := fields{"class": "bad-pointer", "text": text}
	if function != "" {
		told["tid"] = a
		told["function"] = function
		finding("CT202", "P0", []*actor{a}, "proven")
	}
	tell("fatal", told)
	tell("fires", []string{"CT202"})
	tell("absent", []string{"CT205"})
	tell("verdict", []string{"crash"})
	untilAsked()
}

// It comes out in another object.
func arithmetic(a *actor) {
	first, second = new(price), new(price)
	badPointer(a, "main.cents", "checkptr: pointer arithmetic result points to invalid allocation")
	*cents(first, uintptr(unsafe.Pointer(second))-uintptr(unsafe.Pointer(first))) = 1
}

// It reaches behind its object.
func straddle(a *actor) {
	small = new(int)
	badPointer(a, "main.wide", "checkptr: converted pointer straddles multiple allocations")
	wide(small)[63] = 1
}

// They have been objects' once, and nothing is there now.
func freed(a *actor) {
	at := make([]uintptr, len(stale))
	for i := range at {
		big := make([]byte, 1<<20)
		big[0] = 1
		at[i] = uintptr(unsafe.Pointer(&big[0]))
	}
	for i := 0; i < 3; i++ {
		runtime.GC()
	}
	badPointer(a, "", "found bad pointer in Go heap (incorrect use of unsafe or cgo?)")
	for i := range at {
		*(*uintptr)(unsafe.Pointer(&stale[i])) = at[i]
	}
	// What the runtime itself needs memory for just then may be there now: they are free again later.
	for i := 0; i < 100; i++ {
		runtime.GC()
	}
	runtime.KeepAlive(stale)
}

func main() {
	run := choose(map[string]func(*actor){"arithmetic": arithmetic, "straddle": straddle, "freed": freed}, os.Args[1:])
	self := named("main")
	self.enter()
	run(self)
}
