// SPDX-License-Identifier: Apache-2.0

// A shop with all sorts of timers: some are waited for, some only kept, and some are left behind in the well-known
// ways: a ticker that nobody has stopped, a callback that keeps a large receipt, time.After in a loop.
package main

import (
	"context"
	"net"
	"runtime"
	"time"
)

const (
	receipt = 4 << 20 // bytes
	polls   = 1500
	carts   = 500
)

type cart struct {
	customer int
	expiry   *time.Timer
	goods    [4]string
}

var (
	spare    *time.Ticker // nobody waits for it, but it can be had
	closing  *time.Timer
	archive  []byte
	pending  *time.Timer
	printed  int
	callback context.Context
	partner  net.Conn
)

// set tells of a timer: until is when it fires, from about now.
func set(kind string, count int, until time.Duration, more fields) {
	told := fields{"kind": kind, "count": count, "first_ns": int64(until)}
	for key, value := range more {
		told[key] = value
	}
	tell("timer", told)
}

// ---- waited for ----

//go:noinline
func flush(ticker *time.Ticker) {
	for range ticker.C {
		printed++
	}
}

// Nobody has the ticker, and its channel is all that it is for.
//
//go:noinline
func remind() {
	for range time.Tick(38 * time.Hour) {
		printed++
	}
}

//go:noinline
func dispatch(orders chan int, late <-chan time.Time) {
	select {
	case <-orders:
	case <-late:
	}
}

//go:noinline
func readOrders(conn net.Conn) {
	var order [16]byte
	_, _ = conn.Read(order[:])
}

func waited() {
	ticker := time.NewTicker(31 * time.Hour)
	flusher := start("flusher", func() { flush(ticker) })
	expect(flusher, "main.flush", nil, "chan receive")
	wait(flusher, "chan-recv", ticker.C, fields{"timed": true})
	set("ticker", 1, 31*time.Hour, fields{"period_ns": int64(31 * time.Hour), "tids": []*actor{flusher}})
	reminder := start("reminder", remind)
	expect(reminder, "main.remind", nil, "chan receive")
	wait(reminder, "chan-recv", nil, fields{"timed": true})
	set("ticker", 1, 38*time.Hour, fields{"period_ns": int64(38 * time.Hour), "tids": []*actor{reminder}, "alone": 0})
	orders := make(chan int)
	late := time.After(25 * time.Hour)
	dispatcher := start("dispatcher", func() { dispatch(orders, late) })
	expect(dispatcher, "main.dispatch", nil, "select")
	tell("select", fields{"tid": dispatcher, "cases": []fields{receive(orders)}, "all": false, "timed": true})
	set("channel", 1, 25*time.Hour, fields{"tids": []*actor{dispatcher}})
	sleeper := start("sleeper", func() { time.Sleep(26 * time.Hour) })
	expect(sleeper, "time.Sleep", nil, "sleep")
	set("sleep", 1, 26*time.Hour, fields{"tids": []*actor{sleeper}})

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err, "listen")
	caller, err := net.Dial("tcp", listener.Addr().String())
	must(err, "dial")
	conn, err := listener.Accept()
	must(err, "accept")
	must(conn.SetReadDeadline(time.Now().Add(27*time.Hour)), "SetReadDeadline")
	reader := start("reader", func() { readOrders(conn) })
	expect(reader, "main.readOrders", nil, "IO wait")
	set("deadline", 1, 27*time.Hour, fields{"mode": "read", "tids": []*actor{reader}})
	partner = caller
}

// ---- callbacks ----

func closeShop() { printed = 0 }

//go:noinline
func (c *cart) expire() { c.goods = [4]string{} }

// keepReceipt: until the callback has run, nothing but it keeps the receipt.
//
//go:noinline
func keepReceipt() {
	paper := make([]byte, receipt)
	time.AfterFunc(28*time.Hour, func() { printed += len(paper) })
}

// keepArchived: the archive is kept anyway.
//
//go:noinline
func keepArchived() {
	archive = make([]byte, receipt)
	paper := archive
	time.AfterFunc(29*time.Hour, func() { printed -= len(paper) })
}

// keepPending: whoever has the timer has the receipt.
//
//go:noinline
func keepPending() {
	paper := make([]byte, receipt)
	pending = time.AfterFunc(30*time.Hour, func() { printed ^= len(paper) })
}

// keepNothing stops its timer.
//
//go:noinline
func keepNothing() {
	paper := make([]byte, receipt)
	time.AfterFunc(32*time.Hour, func() { printed |= len(paper) }).Stop()
}

//go:noinline
func fillCarts() {
	for i := 0; i < carts; i++ {
		c := &cart{customer: i}
		c.expiry = time.AfterFunc(24*time.Hour+time.Duration(i)*time.Minute, c.expire)
	}
}

func callbacks() {
	closing = time.AfterFunc(33*time.Hour, closeShop)
	set("function", 1, 33*time.Hour, fields{"calls": "main.closeShop", "alone": 0, "retained": 0})
	keepReceipt()
	set("function", 1, 28*time.Hour, fields{"calls": "main.keepReceipt.func1", "alone": 1, "retained": receipt})
	tell("finding_says", fields{"rule": "CT222", "words": "main.keepReceipt.func1", "level": "P2"})
	keepArchived()
	set("function", 1, 29*time.Hour, fields{"calls": "main.keepArchived.func1", "alone": 1, "retained": 0})
	keepPending()
	set("function", 1, 30*time.Hour, fields{"calls": "main.keepPending.func1", "alone": 0, "retained": 0})
	keepNothing()
	tell("no_timer", fields{"calls": "main.keepNothing.func1"})
	fillCarts()
	set("function", carts, 24*time.Hour, fields{"calls": "main.(*cart).expire", "alone": carts})
	var cancel context.CancelFunc
	callback, cancel = context.WithTimeout(context.Background(), 34*time.Hour)
	_ = cancel
	set("context", 1, 34*time.Hour, fields{"alone": 0})
}

// ---- nobody waits ----

//go:noinline
func restock() {
	ticker := time.NewTicker(35 * time.Hour)
	printed += cap(ticker.C)
}

//go:noinline
func poll(done chan bool) {
	for i := 0; i < polls; i++ {
		done <- true
		select {
		case <-done:
		case <-time.After(37 * time.Hour):
		}
	}
}

func unwaited() {
	spare = time.NewTicker(36 * time.Hour)
	restock()
	poll(make(chan bool, 1))
	if since(23) {
		tell("absent", []string{"CT221", "CT230"})
		// What nobody waits for is in no list, and what nobody has is garbage.
		set("ticker", 1, 36*time.Hour, fields{"period_ns": int64(36 * time.Hour), "listed": false})
		tell("no_timer", fields{"kind": "ticker", "period_ns": int64(35 * time.Hour)})
		return
	}
	set("ticker", 1, 36*time.Hour, fields{"period_ns": int64(36 * time.Hour), "alone": 0})
	set("ticker", 1, 35*time.Hour, fields{"period_ns": int64(35 * time.Hour), "alone": 1})
	set("channel", polls, 37*time.Hour, fields{"alone": polls})
	tell("finding_says", fields{"rule": "CT221", "words": "runs for nobody, every 35 h", "level": "P2"})
	tell("finding_says", fields{"rule": "CT230", "words": "1500 timers", "level": "P2"})
}

//go:noinline
func wipe(depth int) (sum int) {
	var room [64]int
	for i := range room {
		room[i] = depth
	}
	if depth > 0 {
		sum = wipe(depth - 1)
	}
	return sum + room[depth%64]
}

func main() {
	me := named("main")
	me.enter()
	waited()
	callbacks()
	unwaited()
	printed += wipe(20)
	runtime.GC()
	rest(me)
}
