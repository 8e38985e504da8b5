// SPDX-License-Identifier: Apache-2.0

// A reader of one map and a writer of another wait for each other's, and two writers likewise; a reader reads again,
// behind a writer that waits for it. Beside them readers that stand behind a writer that waits for one who only
// sleeps: a queue, no deadlock.
package main

import (
	"sync"
	"time"
)

type table struct {
	sync.RWMutex
	rows map[int]string
}

var (
	users    = table{rows: map[int]string{1: "ada"}}
	sessions = table{rows: map[int]string{7: "ada"}}
	left     sync.RWMutex
	right    sync.RWMutex
	logs     sync.RWMutex
	prices   sync.RWMutex
	changed  = make(chan bool)
	oneEach  = meeting{needed: 2}
	twoEach  = meeting{needed: 2}
)

//go:noinline
func (t *table) with(other *table, both *meeting) string {
	t.RLock()
	defer t.RUnlock()
	both.attend()
	other.Lock()
	defer other.Unlock()
	return t.rows[1] + other.rows[7]
}

//go:noinline
func move(from, to *sync.RWMutex) {
	from.Lock()
	twoEach.attend()
	to.Lock()
	to.Unlock()
	from.Unlock()
}

//go:noinline
func readPricesTwice() {
	prices.RLock()
	defer prices.RUnlock()
	<-changed
	prices.RLock()
	prices.RUnlock()
}

//go:noinline
func changePrices() {
	prices.Lock()
	defer prices.Unlock()
}

//go:noinline
func readLogs(long bool) {
	logs.RLock()
	defer logs.RUnlock()
	if long {
		time.Sleep(time.Hour)
	}
}

//go:noinline
func rotateLogs() {
	logs.Lock()
	defer logs.Unlock()
}

func main() {
	self := named("main")
	self.enter()
	login := start("login", func() { users.with(&sessions, &oneEach) })
	expire := start("expire", func() { sessions.with(&users, &oneEach) })
	expect(login, "main.(*table).with", nil, append(forWriter, forMutex...)...)
	wait(login, "rwlock-write", &sessions.RWMutex, heldBy(expire))
	expect(expire, "main.(*table).with", nil, append(forWriter, forMutex...)...)
	wait(expire, "rwlock-write", &users.RWMutex, heldBy(login))
	holds(login, &users.RWMutex, "shared")
	holds(expire, &sessions.RWMutex, "shared")
	deadlock(login, expire)

	east := start("east", func() { move(&left, &right) })
	west := start("west", func() { move(&right, &left) })
	expect(east, "main.move", nil, append(forWriter, forMutex...)...)
	wait(east, "rwlock-write", &right, heldBy(west).called("main.right"))
	expect(west, "main.move", nil, append(forWriter, forMutex...)...)
	wait(west, "rwlock-write", &left, heldBy(east).called("main.left"))
	holds(east, &left, "exclusive")
	holds(west, &right, "exclusive")
	deadlock(east, west)

	shop := start("shop", readPricesTwice)
	await(shop, "main.readPricesTwice", "chan receive")
	buyer := start("buyer", changePrices)
	expect(buyer, "main.changePrices", nil, append(forWriter, forMutex...)...)
	wait(buyer, "rwlock-write", &prices, heldBy(shop).called("main.prices"))
	changed <- true
	expect(shop, "main.readPricesTwice", nil, forReader...)
	wait(shop, "rwlock-read", &prices, heldBy(buyer).called("main.prices"))
	holds(shop, &prices, "shared")
	deadlock(shop, buyer)

	long := start("long reader", func() { readLogs(true) })
	expect(long, "main.readLogs", nil, "sleep")
	wait(long, "sleep", nil, fields{"timed": true})
	rotator := start("rotator", rotateLogs)
	expect(rotator, "main.rotateLogs", nil, append(forWriter, forMutex...)...)
	wait(rotator, "rwlock-write", &logs, heldBy(long).called("main.logs"))
	late := start("late reader", func() { readLogs(false) })
	expect(late, "main.readLogs", nil, forReader...)
	wait(late, "rwlock-read", &logs, heldBy(rotator).called("main.logs"))
	holds(long, &logs, "shared")
	notHeldBy(late, &logs)
	rest(self)
}
