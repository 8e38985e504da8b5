// SPDX-License-Identifier: Apache-2.0

// Loops in which every way round has only what is ready: a receive from a closed channel, a default case. Near them one
// that polls with a pause, and one that works.
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

func main() {
	self := named("main")
	self.enter()
	runtime.GOMAXPROCS(6)
	close(feed)
	drainer := start("drainer", drain)
	poller := start("poller", poll)
	start("polite", pollPolitely)
	worker := start("worker", func() { work(make([]byte, 1<<16)) })
	expectRunning(drainer, "main.drain", nil)
	expectRunning(poller, "main.poll", nil)
	expectRunning(worker, "main.work", nil)
	tell("finding", fields{"rule": "CT217", "level": "P1", "confidence": []string{"likely"},
		"tids": []*actor{drainer, poller}, "recorded": false})
	tell("fires", []string{"CT217"}) // one of them at least runs when it is caught
	tell("moving", true)
	tell("absent", []string{"CT203", "CT204", "CT205"})
	rest(self)
}
