// SPDX-License-Identifier: Apache-2.0

// Goroutines that run or could: a loop without a call, one that yields, one that is locked to its thread, more of them
// than there are processors; and beside them one that waits for a lock that a running one holds.
package main

import (
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

var (
	sums   [7]uint64
	ledger sync.Mutex
)

//go:noinline
func spinFor(place int) {
	for sum := uint64(1); ; sum = sum*6364136223846793005 + 1442695040888963407 {
		sums[place] = sum
	}
}

//go:noinline
func yield(place int) {
	for {
		sums[place]++
		runtime.Gosched()
	}
}

//go:noinline
func onItsThread(place int) {
	runtime.LockOSThread()
	spinFor(place)
}

//go:noinline
func bookWhileRunning(place int) {
	ledger.Lock()
	defer ledger.Unlock()
	spinFor(place)
}

type sheet struct{ number int }

var sheets sync.Pool

// It is stopped anywhere: what its frame has of the sheet that it has put back is left over.
//
//go:noinline
func sumUp(place int) {
	one := new(sheet)
	sheets.Put(one)
	one.number = place
	for sum := uint64(1); ; sum = sum*6364136223846793005 + 1442695040888963407 {
		sums[place] = sum
	}
}

//go:noinline
func readLedger() {
	ledger.Lock()
	ledger.Unlock()
}

// Nobody has the other end; but who runs could have it in a register.
//
//go:noinline
func waitForNobody() { <-make(chan int) }

func main() {
	self := named("main")
	self.enter()
	runtime.GOMAXPROCS(2)
	forgotten := start("forgotten", waitForNobody)
	expect(forgotten, "main.waitForNobody", nil, "chan receive")
	leaked(forgotten)
	holder := start("holder", func() { bookWhileRunning(0) })
	spinner := start("spinner", func() { spinFor(1) })
	yielder := start("yielder", func() { yield(2) })
	pinned := start("pinned", func() { onItsThread(3) })
	debug.SetGCPercent(-1) // it would empty the pool
	for i, name := range []string{"sums", "more sums", "all sums"} {
		place := 4 + i
		one := start(name, func() { sumUp(place) })
		expectRunning(one, "main.sumUp", nil)
	}
	for function, one := range map[string]*actor{"main.bookWhileRunning": holder, "main.spinFor": spinner,
		"main.yield": yielder, "main.onItsThread": pinned} {
		expectRunning(one, function, fields{"locked": one == pinned})
	}
	reader := start("reader", readLedger)
	expectMutex(reader, "main.readLedger", &ledger, heldBy(holder).called("main.ledger"))
	holds(holder, &ledger, "exclusive")
	tell("moving", true)
	tell("absent", []string{"CT203", "CT204", "CT205", "CT216", "CT219"})
	time.Sleep(time.Millisecond)
	rest(self)
}
