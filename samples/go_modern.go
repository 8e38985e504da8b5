// SPDX-License-Identifier: Apache-2.0

//go:build go1.24

// What newer versions of Go brought: generic functions and types on stacks, iterators that are coroutines, defers in the
// body of a range over a function, OnceValue, context.AfterFunc, cleanups.
package main

import (
	"context"
	"iter"
	"runtime"
	"sync"
	"time"
	"weak"
)

const ages = 24 * time.Hour

type queue[T any] struct {
	lock  sync.Mutex
	items chan T
}

//go:noinline
func (q *queue[T]) take() (item T) {
	q.lock.Lock()
	defer q.lock.Unlock()
	return <-q.items
}

//go:noinline
func takeBoth[A, B any](first *queue[A], second *queue[B]) (A, B) {
	return first.take(), second.take()
}

var (
	doors   [3]sync.Mutex
	compute = sync.OnceValue(func() int {
		time.Sleep(ages)
		return 1
	})
	cleaner  = named("cleaner")
	canceler = named("canceler")
	watched  *queue[bool] // has a cleanup that will not run
)

func eachDoor(yield func(*sync.Mutex) bool) {
	for number := range doors {
		if !yield(&doors[number]) {
			return
		}
	}
}

// The defers of the loop's body run when this function ends.
//
//go:noinline
func lockAll(seq iter.Seq[*sync.Mutex]) {
	for door := range seq {
		door.Lock()
		defer door.Unlock()
	}
	time.Sleep(ages)
}

//go:noinline
func openDoor(number int) {
	doors[number].Lock()
	doors[number].Unlock()
}

//go:noinline
func pullOnce(resumed *actor) {
	next, stop := iter.Pull(func(yield func(int) bool) {
		resumed.enter()
		yield(1)
		time.Sleep(ages)
	})
	defer stop()
	next()
	time.Sleep(ages)
}

// Whoever has a weak pointer can have the queue, as long as it is there.
//
//go:noinline
func reachedByWeak() (weak.Pointer[queue[bool]], *actor) {
	q := &queue[bool]{items: make(chan bool)}
	a := start("by weak pointer", func() {
		<-q.items
		runtime.KeepAlive(q)
	})
	wait(a, "chan-recv", q.items, nil)
	has(q, "a weak pointer to it")
	return weak.Make(q), a
}

// Nothing has the queue any more; its cleanup will run when the collector does.
//
//go:noinline
func reachedByCleanup() *actor {
	q := &queue[bool]{items: make(chan bool)}
	items := q.items
	runtime.AddCleanup(q, func(items chan bool) { close(items) }, items)
	a := start("by cleanup", func() { <-items })
	wait(a, "chan-recv", items, nil)
	return a
}

// has is what the runtime has written down about an object; where it was allocated is not.
func has(object interface{}, what string) {
	tell("allocated", fields{"address": address(object), "at": "", "has": what})
}

func wipe(int) {}

func watch() {
	watched = &queue[bool]{items: make(chan bool)}
	runtime.AddCleanup(watched, wipe, 7)
	if since(26) { // before, a closure without a name calls it
		has(watched, "a cleanup: main.wipe()")
	} else {
		has(watched, "a cleanup")
	}
}

//go:noinline
func callOnce() int { return compute() }

func main() {
	self := named("main")
	self.enter()
	asleep := func(label, function string, run func()) *actor {
		a := start(label, run)
		expect(a, function, nil, "sleep")
		wait(a, "sleep", nil, fields{"timed": true})
		return a
	}
	numbers, words := &queue[int]{items: make(chan int)}, &queue[string]{items: make(chan string)}
	taker := start("taker", func() { takeBoth(words, numbers) })
	expect(taker, "main.takeBoth[...]", nil, "chan receive")
	wait(taker, "chan-recv", words.items, nil)
	holds(taker, &words.lock, "exclusive")
	other := start("other taker", func() { words.take() })
	expectMutex(other, "main.(*queue[...]).take", &words.lock, heldBy(taker))
	leaked(taker, other) // nobody else has the queue of words

	locker := asleep("locker", "main.lockAll", func() { lockAll(eachDoor) })
	for number := range doors {
		visitor := start("visitor", func() { openDoor(number) })
		expectMutex(visitor, "main.openDoor", &doors[number], heldBy(locker))
		holds(locker, &doors[number], "exclusive")
	}

	resumed := named("coroutine")
	puller := start("puller", func() { pullOnce(resumed) })
	expect(puller, "main.pullOnce", nil, "sleep")
	wait(puller, "sleep", nil, fields{"timed": true})
	expect(resumed, "main.pullOnce.func1", nil, "coroutine")

	first := asleep("first caller", "main.callOnce", func() { callOnce() })
	second := start("second caller", func() { callOnce() })
	expect(second, "main.callOnce", nil, forMutex...)
	wait(second, "once", nil, heldBy(first))

	ctx, cancel := context.WithCancel(context.Background())
	context.AfterFunc(ctx, func() {
		canceler.enter()
		time.Sleep(ages)
	})
	cancel()
	expect(canceler, "time.Sleep", nil, "sleep")
	wait(canceler, "sleep", nil, fields{"timed": true})
	runtime.AddCleanup(&queue[int]{}, func(a *actor) {
		a.enter()
		time.Sleep(ages)
	}, cleaner)
	runtime.GC()
	runtime.GC()
	expect(cleaner, "time.Sleep", nil, "sleep")
	wait(cleaner, "sleep", nil, fields{"timed": true})
	weakly, byWeak := reachedByWeak()
	byCleanup := reachedByCleanup()
	watch()
	for _, one := range []*actor{byWeak, byCleanup} {
		expect(one, "main.start.func1", nil, "chan receive")
	}
	tell("absent", []string{"CT203", "CT204", "CT205"})
	rest(self)
	close(weakly.Value().items)
}
