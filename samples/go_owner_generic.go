// SPDX-License-Identifier: Apache-2.0

//go:build go1.18

// Locks in generic types: one code serves several of them, and what it is called with tells which lock is meant.
package main

import (
	"sync"
	"time"
)

const long = 24 * time.Hour

type box[T any] struct {
	label string
	value T
	lock  sync.Mutex
}

// with is one code for all pointers.
//
//go:noinline
func (b *box[T]) with(work func(*T)) {
	b.lock.Lock()
	defer b.lock.Unlock()
	work(&b.value)
}

// set is small enough to be inlined.
func (b *box[T]) set(value T) {
	b.lock.Lock()
	b.value = value
	b.lock.Unlock()
}

//go:noinline
func sleepWith[T any](b *box[T]) {
	b.with(func(*T) { time.Sleep(long) })
}

//go:noinline
func unlockLater[L sync.Locker](lock L) {
	lock.Lock()
	time.Sleep(long)
	lock.Unlock()
}

// ---- who does not hold it ----

//go:noinline
func setBefore[T any](b *box[T], value T) {
	b.set(value)
	time.Sleep(long)
	b.label = ""
}

//go:noinline
func setLater[T any](b *box[T], value T) {
	time.Sleep(long)
	b.set(value)
}

//go:noinline
func lockLater[L sync.Locker](lock L) {
	time.Sleep(long)
	lock.Lock()
	lock.Unlock()
}

//go:noinline
func waits(mutex *sync.Mutex) {
	mutex.Lock()
	mutex.Unlock()
}

func sleeper(label, function string, run func()) *actor {
	is := start(label, run)
	expect(is, function, nil, "sleep")
	wait(is, "sleep", nil, fields{"timed": true})
	return is
}

// held has one that holds the lock, others that do not, and one that waits.
func held(mutex *sync.Mutex, holder *actor, others ...*actor) {
	waiter := start("waiter", func() { waits(mutex) })
	expectMutex(waiter, "main.waits", mutex, heldBy(holder))
	holds(holder, mutex, "exclusive")
	notHeldBy(waiter, mutex)
	for _, other := range others {
		notHeldBy(other, mutex)
	}
}

func main() {
	self := named("main")
	self.enter()
	number, text := &box[int]{label: "number"}, &box[*string]{label: "text"}
	before := sleeper("set before", "main.setBefore[...]", func() { setBefore(number, 7) })
	later := sleeper("set later", "main.setLater[...]", func() { setLater(number, 8) })
	same := sleeper("set another later", "main.setLater[...]", func() { setLater(text, nil) })
	inNumber := sleeper("in number", "main.sleepWith[...]", func() { sleepWith(number) })
	inText := sleeper("in text", "main.sleepWith[...]", func() { sleepWith(text) })
	held(&number.lock, inNumber, before, later, same, inText)
	held(&text.lock, inText, before, later, same, inNumber)

	mutex := new(sync.Mutex)
	next := sleeper("locks later", "main.lockLater[...]", func() { lockLater(mutex) })
	holder := sleeper("unlocks later", "main.unlockLater[...]", func() { unlockLater(mutex) })
	held(mutex, holder, next)
	tell("absent", []string{"CT203", "CT204"})
	rest(self)
}
