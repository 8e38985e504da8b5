// SPDX-License-Identifier: Apache-2.0

// Caught in the middle of garbage collections, which go on all the time: goroutines that allocate, some that wait for the
// collector, and beside them two that wait for each other's lock and one that waits for nothing in particular.
package main

import (
	"runtime"
	"sync"
)

type node struct {
	left, right *node
	load        [4]*node
}

var (
	east, west sync.Mutex
	twice      = meeting{needed: 2}
	never      = make(chan *node)
	roots      [4]*node
)

//go:noinline
func grow(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{left: grow(depth - 1), right: grow(depth - 1)}
}

//go:noinline
func allocate(place int) {
	for {
		roots[place] = grow(16)
	}
}

//go:noinline
func collect() {
	for {
		runtime.GC()
	}
}

//go:noinline
func cross(one, two *sync.Mutex) {
	one.Lock()
	defer one.Unlock()
	twice.attend()
	two.Lock()
	defer two.Unlock()
}

func main() {
	self := named("main")
	self.enter()
	out := start("out", func() { cross(&east, &west) })
	home := start("home", func() { cross(&west, &east) })
	expectMutex(out, "main.cross", &west, heldBy(home).called("main.west"))
	expectMutex(home, "main.cross", &east, heldBy(out).called("main.east"))
	deadlock(out, home)
	idle := start("idle", func() { <-never })
	expect(idle, "main.main.func3", nil, "chan receive")
	wait(idle, "chan-recv", never, nil)
	for place := range roots[:2] {
		place := place
		start("allocating", func() { allocate(place) })
	}
	start("collecting", collect)
	tell("moving", true)
	rest(self)
}
