// SPDX-License-Identifier: Apache-2.0

// A till whose goroutines do what many believe to be wrong, and one thing that many believe to be right; docs/go-beliefs.md
// tells of each. An unbuffered exchange completes, and the next is under way. A pool is filled before anybody takes from
// it, by other goroutines than those that take and put back. A timeout beside a default never comes: each round makes a
// timer and drops it.
package main

import (
	"sync"
	"time"
)

const rounds = 1500

var (
	money    = make(chan int)
	receipts = make(chan int)
	forms    = sync.Pool{New: func() interface{} { return new([256]byte) }}
	polled   int
)

// serve takes the money, thinks, and gives the receipt: nobody waits in a circle.
//
//go:noinline
func serve() {
	for sum := range money {
		if sum > 1 {
			time.Sleep(time.Hour)
		}
		receipts <- sum
	}
}

//go:noinline
func buy(n int) {
	for i := 1; i <= n; i++ {
		money <- i
		<-receipts
	}
}

// fill warms the pool up.
//
//go:noinline
func fill() {
	for i := 0; i < 8; i++ {
		forms.Put(new([256]byte))
	}
}

// pass takes here and puts back there.
func pass() {
	written := make(chan *[256]byte)
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		for form := range written {
			forms.Put(form)
		}
		done.Done()
	}()
	for i := 0; i < 4; i++ {
		form := forms.Get().(*[256]byte)
		form[0] = byte(i)
		written <- form
	}
	close(written)
	done.Wait()
}

// impatient means to give up after a day and a half.
//
//go:noinline
func impatient(answer chan int) bool {
	for {
		select {
		case <-answer:
			return true
		case <-time.After(36 * time.Hour):
			return false
		default:
			if polled++; polled >= rounds {
				time.Sleep(time.Hour)
			}
		}
	}
}

func main() {
	self := named("main")
	self.enter()
	fill()
	pass()
	till := start("till", serve)
	buyer := start("buyer", func() { buy(2) })
	polling := start("polling", func() { impatient(make(chan int)) })
	expect(till, "main.serve", nil, "sleep")
	wait(till, "sleep", nil, fields{"timed": true})
	expect(buyer, "main.buy", nil, "chan receive")
	wait(buyer, "chan-recv", receipts, nil)
	expect(polling, "main.impatient", nil, "sleep")
	wait(polling, "sleep", nil, fields{"timed": true})
	tell("not_stuck", []*actor{till, buyer})
	absent := []string{"CT203", "CT204", "CT210", "CT215", "CT216", "CT217"}
	if since(23) {
		absent = append(absent, "CT230")
	} else {
		tell("finding_says", fields{"rule": "CT230", "words": "timers", "level": "P2"})
	}
	tell("absent", absent)
	tell("verdict", []string{"clean"})
	rest(self)
}
