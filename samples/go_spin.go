// SPDX-License-Identifier: Apache-2.0

// Loops in which every way round has only what is ready: a receive from a closed channel, a default case. Near them one
// that polls with a pause, one that works, one that computes and looks in between, one that counts how often it has
// looked, and one that looks once.
package main

import (
	"crypto/sha256"
	"runtime"
	"sync/atomic"
	"time"
)

var (
	feed   = make(chan int)
	quit   = make(chan bool)
	rounds int64
)

// The feed is closed, so it gives zeros for ever.
//
//go:noinline
func drain() {
	for {
		select {
		case <-feed:
			atomic.AddInt64(&rounds, 1)
		case <-quit:
			return
		}
	}
}

//go:noinline
func poll() {
	for {
		select {
		case <-quit:
			return
		default:
		}
	}
}

//go:noinline
func pollPolitely() {
	for {
		select {
		case <-quit:
			return
		default:
			time.Sleep(50 * time.Millisecond)
		}
	}
}

//go:noinline
func work(block []byte) {
	for {
		sum := sha256.Sum256(block)
		copy(block, sum[:])
		select {
		case <-quit:
			return
		default:
		}
	}
}

//go:noinline
func compute(table []uint64) {
	for round := uint64(0); ; round++ {
		for place := range table {
			table[place] = table[place]*31 + round
		}
		select {
		case <-quit:
			return
		default:
		}
	}
}

//go:noinline
func tryOften(times int) bool {
	for ; times > 0; times-- {
		select {
		case <-quit:
			return true
		default:
		}
	}
	return false
}

//go:noinline
func lookOnce(table []uint64) (sum uint64) {
	select {
	case <-quit:
		return 0
	default:
	}
	for round := uint64(1); ; round++ {
		for _, one := range table {
			sum = sum*round + one
		}
		if sum == 1 {
			return sum
		}
	}
}

func main() {
	self := named("main")
	self.enter()
	runtime.GOMAXPROCS(16)
	close(feed)
	// Several of each: one that is caught on the branch right behind its own test is not told.
	spinners := []*actor{}
	for i := 0; i < 4; i++ {
		drainer, poller := start("drainer", drain), start("poller", poll)
		expectRunning(drainer, "main.drain", nil)
		expectRunning(poller, "main.poll", nil)
		spinners = append(spinners, drainer, poller)
	}
	start("polite", pollPolitely)
	worker := start("worker", func() { work(make([]byte, 1<<16)) })
	expectRunning(worker, "main.work", nil)
	near := []*actor{worker}
	for name, run := range map[string]func(){
		"main.compute":  func() { compute(make([]uint64, 100)) },
		"main.tryOften": func() { tryOften(1 << 50) },
		"main.lookOnce": func() { lookOnce(make([]uint64, 100)) },
	} {
		one := start(name, run)
		expectRunning(one, name, nil)
		near = append(near, one)
	}
	tell("not_stuck", near)
	tell("finding", fields{"rule": "CT217", "level": "P1", "confidence": []string{"likely"},
		"tids": spinners, "recorded": false})
	tell("fires", []string{"CT217"})
	tell("moving", true)
	tell("absent", []string{"CT203", "CT204", "CT205"})
	rest(self)
}
