// SPDX-License-Identifier: Apache-2.0

// A warehouse that samples itself: its heap, where it blocks, and for which locks others wait. It writes the three
// profiles as runtime/pprof does, just before the end, and the process still has them. Clerks wait for a price that
// nobody gives: of these the profile of who waits now tells, as their waits are not over.
package main

import (
	"bytes"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"time"
)

type crate struct{ items [100]int64 }

var (
	ledger sync.Mutex
	kept   [][]*crate
	prices = make(chan int)
)

//go:noinline
func unload(n int) []*crate {
	crates := []*crate{}
	for i := 0; i < n; i++ {
		crates = append(crates, pack(i))
	}
	return crates
}

// pack is inlined: a profile names it all the same.
func pack(i int) *crate { return &crate{[100]int64{int64(i)}} }

//go:noinline
func book(rounds int, done *sync.WaitGroup) {
	for i := 0; i < rounds; i++ {
		ledger.Lock()
		time.Sleep(100 * time.Microsecond)
		ledger.Unlock()
	}
	done.Done()
}

//go:noinline
func deliver(orders chan int) {
	for i := 0; i < 20; i++ {
		time.Sleep(100 * time.Microsecond)
		orders <- i
	}
	close(orders)
}

//go:noinline
func collect(orders chan int) int {
	sum := 0
	for order := range orders {
		sum += order
	}
	return sum
}

//go:noinline
func ask() int { return <-prices }

// profile tells what the program itself would write now.
func profile(kind string) {
	var text bytes.Buffer
	must(pprof.Lookup(kind).WriteTo(&text, 0), kind)
	tell("kept_profile", fields{"kind": kind, "pprof": text.Bytes()})
}

func work() {
	kept = append(kept, unload(300))
	unload(500)
	var done sync.WaitGroup
	done.Add(4)
	for i := 0; i < 4; i++ {
		go book(10, &done)
	}
	orders := make(chan int)
	go deliver(orders)
	collect(orders)
	done.Wait()
}

func main() {
	runtime.MemProfileRate = 256
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(1)
	self := named("main")
	self.enter()
	clerks := []*actor{}
	for i := 0; i < 3; i++ {
		clerk := start("clerk", func() { ask() })
		expect(clerk, "main.ask", nil, "chan receive")
		wait(clerk, "chan-recv", prices, nil)
		clerks = append(clerks, clerk)
	}
	work()
	// What is freed is counted once it is swept; nothing is collected from now on.
	runtime.GC()
	runtime.GC()
	debug.SetGCPercent(-1)
	time.Sleep(10 * time.Millisecond)
	runtime.SetBlockProfileRate(1000000000)
	runtime.SetMutexProfileFraction(1000000)
	for _, kind := range []string{"heap", "block", "mutex"} {
		profile(kind)
	}
	tell("waiting_now", fields{"tids": clerks, "function": "main.ask", "contentions": len(clerks)})
	rest(self)
}
