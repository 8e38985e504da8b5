// SPDX-License-Identifier: Apache-2.0

// Code that makes it hard to tell from machine code who will unlock a mutex: wrappers, defers in loops and closures,
// unlocks on a condition, method values, wrappers that are inlined, locks that are passed on, locked and unlocked before,
// locked again in a loop, never unlocked; and who reads an RWMutex.
// Each mutex has one who waits for it, and each holder sleeps or waits somewhere else.
package main

import (
	"sync"
	"time"
)

const long = 24 * time.Hour

// A job is one goroutine that holds the mutex, or only looks as if it did.
type job struct {
	label, function string
	holds           bool
	run             func(*sync.Mutex)
	mutex           *sync.Mutex
	is, waiter      *actor
}

// ---- who holds it ----

type guarded struct {
	name string
	next *guarded
	lock sync.Mutex
	seen map[string]int
}

//go:noinline
func (g *guarded) enter() { g.lock.Lock() }

//go:noinline
func (g *guarded) leave() { g.lock.Unlock() }

//go:noinline
func byWrapper(mutex *sync.Mutex) {
	lockIt(mutex)
	time.Sleep(long)
	unlockIt(mutex)
}

//go:noinline
func lockIt(mutex *sync.Mutex) { mutex.Lock() }

//go:noinline
func unlockIt(mutex *sync.Mutex) { mutex.Unlock() }

//go:noinline
func byInterface(lock sync.Locker) {
	lock.Lock()
	defer lock.Unlock()
	time.Sleep(long)
}

//go:noinline
func byMethodValue(mutex *sync.Mutex) {
	mutex.Lock()
	unlock := mutex.Unlock
	defer unlock()
	time.Sleep(long)
}

// The condition is known in the frame when it sleeps.
//
//go:noinline
func byCondition(mutex *sync.Mutex, take bool) {
	locked := false
	if take {
		mutex.Lock()
		locked = true
	}
	time.Sleep(long)
	if locked {
		mutex.Unlock()
	}
}

//go:noinline
func byDeferredClosure(mutex *sync.Mutex) (err error) {
	mutex.Lock()
	done := 0
	defer func() {
		done++
		mutex.Unlock()
	}()
	time.Sleep(long)
	return err
}

//go:noinline
func byDefersInLoop(mutexes []*sync.Mutex) {
	for _, one := range mutexes {
		one.Lock()
		defer one.Unlock()
	}
	time.Sleep(long)
}

type request struct {
	lock  *sync.Mutex
	chain *request
	id    int
}

// The lock is in a structure, two pointers away, and the caller unlocks.
//
//go:noinline
func byStruct(r *request) {
	r.chain.lock.Lock()
	handle(r)
	r.chain.lock.Unlock()
}

//go:noinline
func handle(r *request) {
	time.Sleep(long)
	r.id++
}

// A callee unlocks for its caller, which it does not return to before.
//
//go:noinline
func byCallee(mutex *sync.Mutex) {
	mutex.Lock()
	finish(mutex)
}

//go:noinline
func finish(mutex *sync.Mutex) {
	time.Sleep(long)
	mutex.Unlock()
}

//go:noinline
func inLoopNow(mutex *sync.Mutex) {
	for round := 0; round < 3; round++ {
		mutex.Lock()
		if round == 1 {
			time.Sleep(long)
		}
		mutex.Unlock()
	}
}

// It is given the unlock, and calls it at its end.
//
//go:noinline
func thenCall(done func()) {
	time.Sleep(long)
	done()
}

//go:noinline
func byPassedUnlock(mutex *sync.Mutex) {
	mutex.Lock()
	thenCall(mutex.Unlock)
}

// A wrapper that is small enough to be inlined.
func (g *guarded) do(work func()) {
	g.lock.Lock()
	work()
	g.lock.Unlock()
}

//go:noinline
func byInlined(g *guarded) {
	g.do(func() { time.Sleep(long) })
	g.name = ""
}

// ---- who does not ----

var kept func()

// It has the method value, and only puts it away.
//
//go:noinline
func keepsUnlock(mutex *sync.Mutex) {
	unlock := mutex.Unlock
	time.Sleep(long)
	kept = unlock
}

//go:noinline
func willCallBoth(mutex *sync.Mutex) {
	lock, unlock := mutex.Lock, mutex.Unlock
	time.Sleep(long)
	lock()
	unlock()
}

//go:noinline
func inlinedBefore(g *guarded) {
	g.do(func() { g.name = "before" })
	time.Sleep(long)
	g.name = ""
}

//go:noinline
func inlinedLater(g *guarded) {
	time.Sleep(long)
	g.do(func() { g.name = "later" })
}

//go:noinline
func lockedBefore(mutex *sync.Mutex) {
	mutex.Lock()
	mutex.Unlock()
	time.Sleep(long)
	mutex = nil
}

// It has let go, and will take it again after its sleep.
//
//go:noinline
func betweenRounds(mutex *sync.Mutex) {
	for round := 0; round < 3; round++ {
		mutex.Lock()
		mutex.Unlock()
		time.Sleep(long)
	}
}

//go:noinline
func afterDefer(mutex *sync.Mutex) {
	func() {
		mutex.Lock()
		defer mutex.Unlock()
	}()
	time.Sleep(long)
}

// It only passes it on.
//
//go:noinline
func carries(mutexes []*sync.Mutex) int {
	time.Sleep(long)
	return len(mutexes)
}

// It tried, and did not get it; TryLock came with 1.18, so this is its result.
//
//go:noinline
func didNotGet(mutex *sync.Mutex, got bool) {
	defer func() {
		if got {
			mutex.Unlock()
		}
	}()
	time.Sleep(long)
}

//go:noinline
func willLockLater(mutex *sync.Mutex) {
	time.Sleep(long)
	mutex.Lock()
	defer mutex.Unlock()
}

// The unlock is deferred before the lock is taken.
//
//go:noinline
func willDeferFirst(mutex *sync.Mutex) {
	time.Sleep(long)
	defer mutex.Unlock()
	mutex.Lock()
}

// Whoever locks defers the unlock, on one way only.
//
//go:noinline
func willDeferPerhaps(mutex *sync.Mutex, take func() bool) {
	time.Sleep(long)
	if take() {
		mutex.Lock()
		defer mutex.Unlock()
	}
	time.Sleep(long)
}

// Three in a row: what unlocks the third by its address could be a reader's unlock of an RWMutex that began at the first.
type trio struct{ first, second, third sync.Mutex }

//go:noinline
func holdsThird(t *trio) {
	t.third.Lock()
	time.Sleep(long)
	t.third.Unlock()
}

// ---- who will never unlock ----

//go:noinline
func neverUnlocks(mutex *sync.Mutex) {
	mutex.Lock()
	time.Sleep(long)
}

//go:noinline
func waits(mutex *sync.Mutex) {
	mutex.Lock()
	mutex.Unlock()
}

// ---- readers ----

//go:noinline
func reads(lock *sync.RWMutex) {
	lock.RLock()
	defer lock.RUnlock()
	time.Sleep(long)
}

//go:noinline
func readsByLocker(lock *sync.RWMutex) {
	reader := lock.RLocker()
	reader.Lock()
	time.Sleep(long)
	reader.Unlock()
}

//go:noinline
func readsByMethodValue(lock *sync.RWMutex) {
	lock.RLock()
	done := lock.RUnlock
	defer done()
	time.Sleep(long)
}

//go:noinline
func readBefore(lock *sync.RWMutex) {
	lock.RLock()
	lock.RUnlock()
	time.Sleep(long)
	lock = nil
}

//go:noinline
func readAfterDefer(lock *sync.RWMutex) {
	func() {
		lock.RLock()
		defer lock.RUnlock()
	}()
	time.Sleep(long)
}

//go:noinline
func willRead(lock *sync.RWMutex) {
	time.Sleep(long)
	lock.RLock()
	defer lock.RUnlock()
}

//go:noinline
func willWrite(lock *sync.RWMutex) {
	time.Sleep(long)
	lock.Lock()
	defer lock.Unlock()
}

//go:noinline
func writes(lock *sync.RWMutex) {
	lock.Lock()
	lock.Unlock()
}

type reader struct {
	label, function string
	run             func(*sync.RWMutex)
}

func (r *reader) begin(lock *sync.RWMutex) *actor {
	is := start(r.label, func() { r.run(lock) })
	expect(is, r.function, nil, "sleep")
	wait(is, "sleep", nil, fields{"timed": true})
	return is
}

// Each lock has one that reads, all that only look so, and a writer who waits.
func readers() {
	for _, holder := range []*reader{
		{"reads", "main.reads", reads},
		{"reads by locker", "main.readsByLocker", readsByLocker},
		{"reads by method value", "main.readsByMethodValue", readsByMethodValue},
	} {
		lock := new(sync.RWMutex)
		var others []*actor
		for _, other := range []*reader{
			{"read before", "main.readBefore", readBefore},
			{"read after defer", "main.readAfterDefer", readAfterDefer},
			{"will read", "main.willRead", willRead},
			{"will write", "main.willWrite", willWrite},
		} {
			others = append(others, other.begin(lock))
		}
		is := holder.begin(lock)
		writer := start("writer behind "+holder.label, func() { writes(lock) })
		expect(writer, "main.writes", nil, append(forWriter, forMutex...)...)
		wait(writer, "rwlock-write", lock, heldBy(is))
		holds(is, lock, "shared")
		for _, other := range others {
			notHeldBy(other, lock)
		}
	}
}

func holders() []*job {
	g := &guarded{name: "g", next: &guarded{name: "next"}}
	inlined := &guarded{name: "inlined"}
	return []*job{
		{label: "wrapper", function: "main.byWrapper", holds: true, run: byWrapper},
		{label: "interface", function: "main.byInterface", holds: true,
			run: func(mutex *sync.Mutex) { byInterface(mutex) }},
		{label: "method value", function: "main.byMethodValue", holds: true, run: byMethodValue},
		{label: "method", function: "main.byMethod", holds: true, mutex: &g.next.lock,
			run: func(*sync.Mutex) { byMethod(g) }},
		{label: "condition", function: "main.byCondition", holds: true,
			run: func(mutex *sync.Mutex) { byCondition(mutex, true) }},
		{label: "closure", function: "main.byDeferredClosure", holds: true,
			run: func(mutex *sync.Mutex) { byDeferredClosure(mutex) }},
		{label: "loop of defers", function: "main.byDefersInLoop", holds: true,
			run: func(mutex *sync.Mutex) { byDefersInLoop([]*sync.Mutex{{}, mutex, {}}) }},
		{label: "struct", function: "main.byStruct", holds: true,
			run: func(mutex *sync.Mutex) { byStruct(&request{chain: &request{lock: mutex}}) }},
		{label: "callee", function: "main.finish", holds: true, run: byCallee},
		{label: "loop", function: "main.inLoopNow", holds: true, run: inLoopNow},
		{label: "passed unlock", function: "main.thenCall", holds: true, run: byPassedUnlock},
		{label: "inlined", function: "main.byInlined", holds: true, mutex: &inlined.lock,
			run: func(*sync.Mutex) { byInlined(inlined) }},
	}
}

//go:noinline
func byMethod(g *guarded) {
	g.next.enter()
	defer g.next.leave()
	time.Sleep(long)
}

func pretenders() []*job {
	before, later := &guarded{name: "before"}, &guarded{name: "later"}
	return []*job{
		{label: "keeps unlock", function: "main.keepsUnlock", run: keepsUnlock},
		{label: "will call both", function: "main.willCallBoth", run: willCallBoth},
		{label: "inlined before", function: "main.inlinedBefore", mutex: &before.lock,
			run: func(*sync.Mutex) { inlinedBefore(before) }},
		{label: "inlined later", function: "main.inlinedLater", mutex: &later.lock,
			run: func(*sync.Mutex) { inlinedLater(later) }},
		{label: "before", function: "main.lockedBefore", run: lockedBefore},
		{label: "between", function: "main.betweenRounds", run: betweenRounds},
		{label: "after defer", function: "main.afterDefer", run: afterDefer},
		{label: "carrier", function: "main.carries",
			run: func(mutex *sync.Mutex) { carries([]*sync.Mutex{mutex}) }},
		{label: "not got", function: "main.didNotGet", run: func(mutex *sync.Mutex) { didNotGet(mutex, false) }},
		{label: "later", function: "main.willLockLater", run: willLockLater},
		{label: "defer first", function: "main.willDeferFirst", run: willDeferFirst},
		{label: "defer perhaps", function: "main.willDeferPerhaps",
			run: func(mutex *sync.Mutex) { willDeferPerhaps(mutex, func() bool { return time.Now().IsZero() }) }},
		{label: "condition not met", function: "main.byCondition",
			run: func(mutex *sync.Mutex) { byCondition(mutex, false) }},
	}
}

func (j *job) begin() {
	if j.mutex == nil {
		j.mutex = new(sync.Mutex)
	}
	j.is = start(j.label, func() { j.run(j.mutex) })
	expect(j.is, j.function, nil, "sleep")
	wait(j.is, "sleep", nil, fields{"timed": true})
}

func (j *job) hasWaiter(holder *actor) {
	j.waiter = start("for "+j.label, func() { waits(j.mutex) })
	expectMutex(j.waiter, "main.waits", j.mutex, heldBy(holder))
	holds(holder, j.mutex, "exclusive")
	notHeldBy(j.waiter, j.mutex)
}

func main() {
	self := named("main")
	self.enter()
	for _, one := range holders() {
		one.begin()
		one.hasWaiter(one.is)
	}
	// Each of these has seen its mutex; then somebody else takes it, and a third waits for that one.
	for _, one := range pretenders() {
		one.begin()
		other := &job{label: "in place of " + one.label, function: "main.inLoopNow", mutex: one.mutex, run: inLoopNow}
		other.begin()
		one.hasWaiter(other.is)
		notHeldBy(one.is, one.mutex)
	}
	row := new(trio)
	third := &job{label: "third", function: "main.holdsThird", mutex: &row.third,
		run: func(*sync.Mutex) { holdsThird(row) }}
	third.begin()
	third.hasWaiter(third.is)
	first := &job{label: "first", function: "main.inLoopNow", mutex: &row.first, run: inLoopNow}
	first.begin()
	first.hasWaiter(first.is)
	notHeldBy(third.is, &row.first)
	notHeldBy(first.is, &row.third)

	readers()
	leak := &job{label: "leak", function: "main.neverUnlocks", run: neverUnlocks}
	leak.begin()
	waiter := start("for leak", func() { waits(leak.mutex) })
	expectMutex(waiter, "main.waits", leak.mutex, nil)
	tell("nobody", address(leak.mutex))
	leaked(waiter)
	tell("absent", []string{"CT203", "CT204"})
	rest(self)
}
