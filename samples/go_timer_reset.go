// SPDX-License-Identifier: Apache-2.0

// A batch is flushed when its timer fires, and whoever adds to it resets the timer: here one flushes with the lock
// held that adding needs first, after the timer was stopped. Near it are timers that run, one that is only going to
// be stopped again, and tickers that somebody resets in time.
package main

import (
	"sync"
	"time"
)

type batch struct {
	lock  sync.Mutex
	items []string
	timer *time.Timer
}

// It waits for a timer that nobody can reset but with the lock.
//
//go:noinline
func (b *batch) flush() int {
	b.lock.Lock()
	defer b.lock.Unlock()
	<-b.timer.C
	n := len(b.items)
	b.items = nil
	return n
}

//go:noinline
func (b *batch) add(item string) {
	b.lock.Lock()
	b.items = append(b.items, item)
	b.timer.Reset(time.Second)
	b.lock.Unlock()
}

//go:noinline
func newBatch(runs bool) *batch {
	b := &batch{timer: time.NewTimer(time.Hour)}
	if !runs {
		b.timer.Stop()
	}
	return b
}

//go:noinline
func remind(timer *time.Timer) bool {
	<-timer.C
	return timer.Stop()
}

// What it does to the timer ends no wait.
//
//go:noinline
func cancelLater(timer, other *time.Timer) {
	time.Sleep(time.Hour)
	timer.Stop()
	other.Reset(time.Hour)
}

//go:noinline
func beat(ticker *time.Ticker, stop chan bool) (n int) {
	for {
		select {
		case <-ticker.C:
			n++
		case <-stop:
			ticker.Stop()
			return n
		}
	}
}

//go:noinline
func speedUp(ticker *time.Ticker) {
	time.Sleep(time.Hour)
	ticker.Reset(time.Second)
}

// resets tells who alone will have the timer run again that the other one waits for.
func resets(waiter, resetter *actor, channel <-chan time.Time) {
	wait(waiter, "chan-recv", channel, nil)
	tell("peers", fields{"tid": waiter, "peers": []*actor{resetter}})
}

func stuckBatch() {
	orders := newBatch(false)
	flusher := start("flusher", func() { orders.flush() })
	expect(flusher, "main.(*batch).flush", nil, "chan receive")
	holds(flusher, &orders.lock, "exclusive")
	adder := start("adder", func() { orders.add("tea") })
	expectMutex(adder, "main.(*batch).add", &orders.lock, heldBy(flusher))
	resets(flusher, adder, orders.timer.C)
	deadlock(flusher, adder)
}

// The same, but the timer runs.
func busyBatch() (near []*actor) {
	mails := newBatch(true)
	flusher := start("busy flusher", func() { mails.flush() })
	expect(flusher, "main.(*batch).flush", nil, "chan receive")
	wait(flusher, "chan-recv", mails.timer.C, fields{"timed": true})
	tell("peers_among", fields{"tid": flusher, "peers": []*actor{}})
	adder := start("busy adder", func() { mails.add("news") })
	expectMutex(adder, "main.(*batch).add", &mails.lock, heldBy(flusher))
	return []*actor{flusher, adder}
}

func main() {
	self := named("main")
	self.enter()
	stuckBatch()
	near := busyBatch()

	timer, other := time.NewTimer(time.Hour), time.NewTimer(time.Hour)
	timer.Stop()
	reminded := start("reminded", func() { remind(timer) })
	expect(reminded, "main.remind", nil, "chan receive")
	wait(reminded, "chan-recv", timer.C, nil)
	canceller := start("canceller", func() { cancelLater(timer, other) })
	expect(canceller, "main.cancelLater", nil, "sleep")
	wait(canceller, "sleep", nil, fields{"timed": true})
	tell("peers_among", fields{"tid": reminded, "peers": []*actor{}})

	ticker, stop := time.NewTicker(time.Hour), make(chan bool)
	ticker.Stop()
	beats := start("beats", func() { beat(ticker, stop) })
	expect(beats, "main.beat", nil, "select")
	tell("select", fields{"tid": beats, "cases": []fields{receive(ticker.C), receive(stop)}, "timed": false})
	faster := start("faster", func() { speedUp(ticker) })
	expect(faster, "main.speedUp", nil, "sleep")
	wait(faster, "sleep", nil, fields{"timed": true})
	tell("peers", fields{"tid": beats, "peers": []*actor{faster}})
	tell("not_stuck", append(near, reminded, canceller, beats, faster))
	rest(self)
}
