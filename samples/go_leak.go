// SPDX-License-Identifier: Apache-2.0

// A shop whose goroutines are left behind in the well-known ways, beside others that look alike and will go on.
package main

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

type order struct{ number int }

type ledger struct {
	sync.Mutex
	total int
}

type priceList struct {
	sync.RWMutex
	pages int
}

type dock struct {
	sync.Mutex
	arrival *sync.Cond
	crates  int
}

type crate struct{ arrived chan order }

var (
	shutdown = make(chan struct{}) // a variable reaches it
	harbour  = newDock()           // and this
	kept     []*actor
	watch    *time.Ticker // can be had
	orders   int
	errDebt  = errors.New("nobody may owe so much")
)

func newDock() *dock {
	d := new(dock)
	d.arrival = sync.NewCond(d)
	return d
}

//go:noinline
func (d *dock) unload() {
	d.Lock()
	defer d.Unlock()
	for d.crates == 0 {
		d.arrival.Wait()
	}
	d.crates--
}

// book forgets to unlock on its way out with an error.
//
//go:noinline
func (l *ledger) book(amount int) error {
	l.Lock()
	if l.total+amount < 0 {
		return errDebt
	}
	l.total += amount
	l.Unlock()
	return nil
}

//go:noinline
func (p *priceList) count() int {
	p.RLock()
	return p.pages
}

// ended is run by a goroutine that is gone then.
func ended(run func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		run()
	}()
	<-done
}

// forEver tells that it waits so, and will for ever.
func forEver(a *actor, reasons ...string) {
	expect(a, "main.start.func1", nil, reasons...)
	leaked(a)
}

// fine tells that it waits so, and somebody can wake it.
func fine(a *actor, reasons ...string) {
	expect(a, "main.start.func1", nil, reasons...)
	kept = append(kept, a)
}

// at tells what it waits for; the object is not kept by that.
func at(a *actor, kind string, object interface{}) *actor {
	wait(a, kind, object, nil)
	return a
}

// ---- left behind ----

// The caller gives up before the answer comes.
//
//go:noinline
func abandonedSender() *actor {
	answer := make(chan order)
	return at(start("abandoned sender", func() { answer <- order{1} }), "chan-send", answer)
}

// Nobody closes the queue.
//
//go:noinline
func rangeNeverClosed() *actor {
	queue := make(chan order, 2)
	queue <- order{2}
	return at(start("range", func() {
		for o := range queue {
			orders += o.number
		}
	}), "chan-recv", queue)
}

// One worker forgets to call Done.
//
//go:noinline
func waitWithoutDone() *actor {
	wg, bill := new(sync.WaitGroup), make([]byte, scan)
	wg.Add(1)
	return at(start("wait group", func() {
		wg.Wait()
		orders += len(bill)
		bill[0]++
	}), "waitgroup", wg)
}

// Both channels are its own.
//
//go:noinline
func selectWithoutDone() *actor {
	incoming, returns := make(chan order), make(chan order)
	a := start("select", func() {
		select {
		case <-incoming:
		case <-returns:
		}
	})
	tell("select", fields{"tid": a, "cases": []fields{receive(incoming), receive(returns)}, "timed": false})
	return a
}

// One value is sent, two are wanted.
//
//go:noinline
func doubleReceive() *actor {
	price := make(chan int, 1)
	price <- 5
	return at(start("double receive", func() { orders += <-price + <-price }), "chan-recv", price)
}

// Nobody has the cancel function any more.
//
//go:noinline
func lostCancel() *actor {
	ctx, cancel := context.WithCancel(context.Background())
	_ = cancel
	return at(start("lost cancel", func() { <-ctx.Done() }), "chan-recv", ctx.Done())
}

// Whoever locked it has returned.
//
//go:noinline
func lockKept() *actor {
	l := new(ledger)
	ended(func() { _ = l.book(-7) })
	return at(start("lock kept", func() { _ = l.book(7) }), "mutex", l)
}

// Who has read in it has returned: the writer waits for him, and the next reader for the writer.
//
//go:noinline
func readLockKept() (*actor, *actor) {
	p := new(priceList)
	ended(func() { orders += p.count() })
	writer := start("writer", func() {
		p.Lock()
		p.pages++
		p.Unlock()
	})
	await(writer, "main.start.func1", forWriter...)
	reader := start("reader", func() { orders += p.count() })
	wait(reader, "rwlock-read", p, heldBy(writer))
	return at(writer, "rwlock-write", p), reader
}

// A crate comes without a Signal, or none comes.
//
//go:noinline
func condWithoutSignal() *actor {
	d := newDock()
	return at(start("cond", d.unload), "cond", d.arrival)
}

// The first of two is left behind, so the second is.
//
//go:noinline
func chainOfTwo() (*actor, *actor) {
	first, second := make(chan order), make(chan order)
	return at(start("first of two", func() { second <- <-first }), "chan-recv", first),
		at(start("second of two", func() { <-second }), "chan-recv", second)
}

// What is to be done once waits for ever, so does who comes to it second.
//
//go:noinline
func onceNeverDone() (*actor, *actor) {
	load, prices, loading := new(sync.Once), make(chan order), make(chan struct{})
	first := start("loader", func() {
		load.Do(func() {
			close(loading)
			<-prices
		})
	})
	<-loading
	second := start("second loader", func() { load.Do(func() { orders++ }) })
	wait(second, "once", load, heldBy(first))
	return at(first, "chan-recv", prices), second
}

// ---- what they keep alive ----

const (
	scan    = 256 << 10 // bytes that each of them has
	catalog = 1 << 20   // that all of them have
	page    = 64 << 10  // that each has on its stack
)

//go:noinline
func archive(answer chan int, own, shared []byte) {
	var sheet [page]byte
	copy(sheet[:], own)
	answer <- len(own)
	orders += int(sheet[orders%page]) + len(own) + len(shared)
}

// Of each customer's papers somebody makes an archive, which nobody waits for any more.
//
//go:noinline
func keepers() []*actor {
	shared, all := make([]byte, catalog), []*actor{}
	for i := 0; i < 3; i++ {
		answer, own := make(chan int), make([]byte, scan)
		all = append(all, at(start("archivist", func() { archive(answer, own, shared) }), "chan-send", answer))
	}
	return all
}

// ---- tickers that only they have ----

// guard waits for word before it looks at its clock.
//
//go:noinline
func guard(ticker *time.Ticker, tick <-chan time.Time, word chan order) {
	<-word
	<-tick
	if ticker != nil {
		ticker.Stop()
	}
}

// onGuard leaves one behind, who has these.
//
//go:noinline
func onGuard(ticker *time.Ticker, tick <-chan time.Time) *actor {
	word := make(chan order)
	a := at(start("guard", func() { guard(ticker, tick, word) }), "chan-recv", word)
	forEver(a, "chan receive")
	return a
}

func every(hours int) *time.Ticker { return time.NewTicker(time.Duration(hours) * time.Hour) }

// ticks tells of a ticker: by whom it is kept, if only leaked goroutines have it. Since Go 1.23 what nobody waits
// for is in no list.
func ticks(hours, count int, keepers ...*actor) {
	told := fields{"kind": "ticker", "count": count, "period_ns": int64(hours) * int64(time.Hour)}
	if since(23) {
		told["listed"] = false
	}
	if len(keepers) > 0 {
		told["leaked_keepers"] = keepers
	}
	tell("timer", told)
}

// One has the ticker, one no more than its channel.
//
//go:noinline
func leftTickers() {
	first, second := every(39), every(39)
	guards := []*actor{onGuard(first, first.C), onGuard(nil, second.C)}
	ticks(39, 2, guards...)
	finding("CT221", "P2", guards, "likely", "possible")
	tell("finding_says", fields{"rule": "CT221", "level": "P2",
		"words": "2 tickers, every 39 h, are left to 2 goroutines that are leaked"})
}

// Somebody else can stop these, or there is nothing to stop.
//
//go:noinline
func sharedTickers() {
	watch = every(40)
	onGuard(watch, watch.C)
	ticks(40, 1)
	ofTimer := every(41)
	time.AfterFunc(time.Hour, func() { ofTimer.Stop() })
	onGuard(ofTimer, ofTimer.C)
	ticks(41, 1)
	ofOther := every(42)
	tick := ofOther.C // and no more
	fine(at(start("watchman", func() {
		<-shutdown
		<-tick
	}), "chan-recv", shutdown), "chan receive")
	onGuard(ofOther, ofOther.C)
	ticks(42, 1)
	stopped := every(43)
	stopped.Stop()
	onGuard(stopped, stopped.C)
	tell("no_timer", fields{"kind": "ticker", "period_ns": int64(43 * time.Hour)})
	once := fields{"kind": "channel", "count": 1, "first_ns": int64(44 * time.Hour)}
	onGuard(nil, time.NewTimer(44*time.Hour).C)
	if since(23) {
		once["listed"] = false
		// Nobody has it, so that it is garbage.
		orders += cap(every(46).C)
		tell("no_timer", fields{"kind": "ticker", "period_ns": int64(46 * time.Hour)})
	}
	tell("timer", once)
	calls := time.AfterFunc(45*time.Hour, func() { orders++ })
	word := make(chan order)
	forEver(at(start("caller", func() {
		<-word
		calls.Stop()
	}), "chan-recv", word), "chan receive")
}

// ---- near misses ----

// Nothing that anybody does would wake it, which is another mistake.
//
//go:noinline
func nilChannel() *actor {
	var never chan order
	a := start("nil channel", func() { <-never })
	expect(a, "main.start.func1", nil, "chan receive (nil chan)")
	wait(a, "chan-recv", nil, nil)
	finding("CT211", "P1", []*actor{a}, "proven", "likely")
	return a
}

//go:noinline
func reachedByVariable() *actor {
	return at(start("by variable", func() { <-shutdown }), "chan-recv", shutdown)
}

// Whoever brings a crate will say so.
//
//go:noinline
func signalledByVariable() *actor {
	return at(start("cond of a variable", harbour.unload), "cond", harbour.arrival)
}

//go:noinline
func reachedByStack() (*actor, chan order) {
	c := make(chan order)
	return at(start("by stack", func() { c <- order{7} }), "chan-send", c), c
}

// Its peer waits for something that a variable reaches.
//
//go:noinline
func reachedByPeers() (*actor, *actor) {
	first, second := make(chan order), make(chan order)
	return at(start("first peer", func() {
		<-shutdown
		first <- order{8}
		<-second
	}), "chan-recv", shutdown), at(start("second peer", func() { second <- <-first }), "chan-recv", first)
}

//go:noinline
func reachedByTimer() *actor {
	done := make(chan struct{})
	time.AfterFunc(time.Hour, func() { close(done) })
	a := at(start("by timer", func() { <-done }), "chan-recv", done)
	tell("other_side", fields{"tid": a, "says": []string{
		"main.reachedByTimer.func1() go_leak.go:", ", which a timer calls in at most ", ", would close it (go_leak.go:"}})
	return a
}

// Nothing has the crate any more; its finalizer will run when the collector does.
//
//go:noinline
func reachedByFinalizer() *actor {
	c := &crate{make(chan order)}
	arrived := c.arrived
	runtime.SetFinalizer(c, func(c *crate) { close(c.arrived) })
	return at(start("by finalizer", func() { <-arrived }), "chan-recv", arrived)
}

func main() {
	self := named("main")
	self.enter()
	debug.SetGCPercent(-1) // else the finalizer would run, and wake who waits for it
	// Some of these before and some after the others.
	fine(reachedByVariable(), "chan receive")
	fine(signalledByVariable(), "sync.Cond.Wait")
	tell("none_about", fields{"rules": []string{"CT210"}, "tids": []*actor{nilChannel()}})
	forEver(abandonedSender(), "chan send")
	forEver(rangeNeverClosed(), "chan receive")
	group := waitWithoutDone()
	forEver(group, forWaitGroup...)
	finding("CT212", "P1", []*actor{group}, "proven", "likely")
	tell("kept_by", fields{"rule": "CT212", "tids": []*actor{group}, "bytes": scan})
	forEver(selectWithoutDone(), "select")
	forEver(doubleReceive(), "chan receive")
	forEver(lostCancel(), "chan receive")
	forEver(lockKept(), forMutex...)
	one, two := readLockKept()
	forEver(one, forWriter...)
	forEver(two, forReader...)
	forEver(condWithoutSignal(), "sync.Cond.Wait")
	one, two = chainOfTwo()
	forEver(one, "chan receive")
	forEver(two, "chan receive")
	one, two = onceNeverDone()
	forEver(one, "chan receive")
	forEver(two, forMutex...)

	archivists := keepers()
	for _, a := range archivists {
		forEver(a, "chan send")
	}
	tell("retained", fields{"tids": archivists, "bytes": 3*scan + catalog, "stacks": 3 * page})

	leftTickers()
	sharedTickers()

	waiting, c := reachedByStack()
	fine(waiting, "chan send")
	one, two = reachedByPeers()
	fine(one, "chan receive")
	fine(two, "chan receive")
	fine(reachedByTimer(), "chan receive")
	fine(reachedByFinalizer(), "chan receive")

	tell("not_stuck", kept)
	rest(self)
	orders += (<-c).number
	close(shutdown)
}
