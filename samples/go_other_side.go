// SPDX-License-Identifier: Apache-2.0

// A post office where each waits for another one: some of those would do what they are waited for, but are stuck
// themselves; some only sleep; of some nobody is left.
package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

type letter struct{ number int }

type route struct {
	name string
	stop chan letter
}

type fleet struct {
	name  string
	first *route
}

type office struct {
	sync.Mutex
	bell  *sync.Cond
	rings int
}

var (
	letters int
	board   = make(chan letter) // a variable reaches it, and nobody sends
	depot   *route
	yard    *fleet
	places  = map[string]int{} // lines of this file, of what is deferred or done later
)

// next is the line behind the call.
func next(what string) {
	_, _, line, _ := runtime.Caller(1)
	places[what] = line + 1
}

// Of an old version it is not known where a call with arguments was deferred.
func place(what string, deferred bool) string {
	if deferred && !since(17) {
		return " (deferred)"
	}
	if deferred {
		return fmt.Sprintf(" (deferred, go_other_side.go:%d)", places[what])
	}
	return fmt.Sprintf(" (go_other_side.go:%d)", places[what])
}

// otherSide tells what must be said of it, in this order, and by whom.
func otherSide(a *actor, waker *actor, says ...string) {
	told := fields{"tid": a, "says": says}
	if waker != nil {
		told["waker"] = waker
		told["says"] = append([]string{fmt.Sprintf("goroutine %d (", waker.number())}, says...)
	}
	tell("other_side", told)
}

// hadBy tells who has it beside those who wait there, with words of where, of which "a|b" is a where debug information
// is; nobody: variable and a are none.
func hadBy(object interface{}, a *actor, words ...string) {
	told := fields{"address": address(object), "words": words}
	if a != nil {
		told["words"] = append([]string{fmt.Sprintf("goroutine %d in ", a.number())}, words...)
	}
	tell("had_by", told)
}

// hadByItself tells that who waits there has an object that leads to it: who else has that is not known.
func hadByItself(object interface{}) {
	tell("had_by", fields{"address": address(object), "words": nil, "own": true})
}

// routeStop is how the field is named; by the debug information of old versions it is not.
func routeStop() string {
	if !since(19) {
		return " + 16"
	}
	return "route.stop| + 16"
}

func stuckAt(a *actor, kind string, object interface{}, reasons ...string) {
	expect(a, "main.start.func1", nil, reasons...)
	wait(a, kind, object, nil)
	leaked(a)
}

// ---- it would, but is stuck ----

//go:noinline
func collect(bag, van chan letter) {
	next("close the bag")
	defer close(bag)
	for n := 0; ; n++ {
		van <- letter{n}
	}
}

// Who empties the bag waits for its end; who would close it waits for a van.
//
//go:noinline
func bagNeverClosed() {
	bag, van := make(chan letter), make(chan letter)
	collector := start("collector", func() { collect(bag, van) })
	sorter := start("sorter", func() {
		for l := range bag {
			letters += l.number
		}
	})
	stuckAt(collector, "chan-send", van, "chan send")
	stuckAt(sorter, "chan-recv", bag, "chan receive")
	otherSide(sorter, collector, "will close it"+place("close the bag", true),
		"but is itself blocked on chan main.letter at "+address(van), "main.collect() go_other_side.go")
	hadBy(bag, collector, "main.collect() go_other_side.go:")
	hadBy(van, nil)
	otherSide(collector, nil, "nobody will receive from it: no goroutine that can run holds the other end")
}

//go:noinline
func shut(hatch, key chan letter) {
	next("close the hatch")
	defer close(hatch)
	<-key
}

// Who sends will panic when the hatch is closed, but who closes it waits for the key.
//
//go:noinline
func hatchNeverClosed() {
	hatch, key := make(chan letter), make(chan letter)
	porter := start("porter", func() { shut(hatch, key) })
	pusher := start("pusher", func() { hatch <- letter{1} })
	stuckAt(porter, "chan-recv", key, "chan receive")
	stuckAt(pusher, "chan-send", hatch, "chan send")
	otherSide(pusher, porter, "will close it"+place("close the hatch", true),
		"but is itself blocked on chan main.letter at "+address(key))
}

//go:noinline
func (o *office) count(forms chan letter) {
	o.Lock()
	next("unlock the office")
	defer o.Unlock()
	letters += (<-forms).number
}

// Who has the lock waits for a form.
//
//go:noinline
func lockedOffice() {
	o, forms := new(office), make(chan letter)
	clerk := start("clerk", func() { o.count(forms) })
	stuckAt(clerk, "chan-recv", forms, "chan receive")
	customer := start("customer", func() {
		o.Lock()
		o.rings++
		o.Unlock()
	})
	expectMutex(customer, "main.start.func1", o, heldBy(clerk))
	leaked(customer)
	otherSide(customer, clerk, "will unlock it"+place("unlock the office", true),
		"but is itself blocked on chan main.letter at "+address(forms), "main.(*office).count() go_other_side.go")
}

//go:noinline
func carry(group *sync.WaitGroup, stairs chan letter) {
	next("done")
	defer group.Done()
	stairs <- letter{2}
}

//go:noinline
func neverDone() {
	group, stairs := new(sync.WaitGroup), make(chan letter)
	group.Add(1)
	carrier := start("carrier", func() { carry(group, stairs) })
	stuckAt(carrier, "chan-send", stairs, "chan send")
	waiter := start("for carriers", func() { group.Wait() })
	stuckAt(waiter, "waitgroup", group, forWaitGroup...)
	finding("CT212", "P1", []*actor{waiter, carrier}, "proven", "likely")
	otherSide(waiter, carrier, "will call Done of it"+place("done", true),
		"but is itself blocked on chan main.letter at "+address(stairs))
}

//go:noinline
func ring(bell *sync.Cond, coin chan letter) {
	<-coin
	next("ring")
	bell.Signal()
}

//go:noinline
func neverRung() {
	o, coin := new(office), make(chan letter)
	o.bell = sync.NewCond(o)
	bell := o.bell
	guest := start("guest", func() { ring(bell, coin) })
	stuckAt(guest, "chan-recv", coin, "chan receive")
	waiter := start("for the bell", func() {
		o.Lock()
		bell.Wait()
		o.Unlock()
	})
	stuckAt(waiter, "cond", bell, "sync.Cond.Wait")
	otherSide(waiter, guest, "will signal it (go_other_side.go:",
		"but is itself blocked on chan main.letter at "+address(coin))
}

// ---- it will ----

//go:noinline
func fetch(counter chan letter) {
	time.Sleep(24 * time.Hour)
	letters += (<-counter).number
}

//go:noinline
func asleep() {
	counter := make(chan letter)
	sleeper := start("sleeper", func() { fetch(counter) })
	expect(sleeper, "main.fetch", nil, "sleep")
	wait(sleeper, "sleep", nil, fields{"timed": true})
	sender := start("sender", func() { counter <- letter{3} })
	expect(sender, "main.start.func1", nil, "chan send")
	wait(sender, "chan-send", counter, nil)
	otherSide(sender, sleeper, "will receive from it (go_other_side.go:", "; it is asleep")
}

// ---- a timer will ----

//go:noinline
func (f *fleet) park() {
	close(f.first.stop)
	places[f.name] = 0
}

// Waits for what the function of a timer will do: "which a timer calls in at most 23 h", or so.
func byTimer(function string, kind string, object interface{}, does string, waits func(), reasons ...string) {
	a := start("for "+function, waits)
	expect(a, "main.start.func1", nil, reasons...)
	wait(a, kind, object, nil)
	otherSide(a, nil, function, ", which a timer calls in at most ", does)
}

// The channel is behind two pointers of the method's receiver.
//
//go:noinline
func closedByMethod() {
	f := &fleet{"bus", &route{"lane", make(chan letter)}}
	stop := f.first.stop
	time.AfterFunc(23*time.Hour, f.park)
	byTimer("main.(*fleet).park", "chan-recv", stop, "would close it (go_other_side.go:",
		func() { letters += (<-stop).number }, "chan receive")
}

//go:noinline
func doneByTimer() {
	group := new(sync.WaitGroup)
	group.Add(1)
	time.AfterFunc(23*time.Hour, group.Done)
	byTimer("sync.(*WaitGroup).Done", "waitgroup", group, "would call Done of it", func() { group.Wait() }, forWaitGroup...)
}

//go:noinline
func rungByTimer() {
	o := new(office)
	o.bell = sync.NewCond(o)
	bell := o.bell
	time.AfterFunc(23*time.Hour, func() { bell.Broadcast() })
	byTimer("main.rungByTimer.func1", "cond", bell, "would signal it (go_other_side.go:", func() {
		o.Lock()
		bell.Wait()
		o.Unlock()
	}, "sync.Cond.Wait")
}

// It has the channel, and does nothing to it that would end the wait.
//
//go:noinline
func countedByTimer() {
	tray := make(chan letter)
	time.AfterFunc(23*time.Hour, func() { letters += len(tray) })
	a := start("tray", func() { letters += (<-tray).number })
	expect(a, "main.start.func1", nil, "chan receive")
	wait(a, "chan-recv", tray, nil)
	otherSide(a, nil, "nobody was found that will send to it or close it; but a timer that has it calls main.countedByTimer.func1")
}

// It closes one of two that it has: of the other it is told that it has it.
//
//go:noinline
func halfClosedByTimer() {
	left, right := make(chan letter), make(chan letter)
	time.AfterFunc(23*time.Hour, func() {
		letters += len(right)
		close(left)
	})
	byTimer("main.halfClosedByTimer.func1", "chan-recv", left, "would close it (go_other_side.go:",
		func() { letters += (<-left).number }, "chan receive")
	a := start("right", func() { letters += (<-right).number })
	expect(a, "main.start.func1", nil, "chan receive")
	wait(a, "chan-recv", right, nil)
	otherSide(a, nil, "nobody was found that will send to it or close it; but a timer that has it calls main.halfClosedByTimer.func1")
}

// Whom the end of one reader lets go on hangs on the others: of that nothing is said.
//
//go:noinline
func lentByTimer() {
	shelf := new(sync.RWMutex)
	shelf.RLock()
	shelf.RLock()
	time.AfterFunc(23*time.Hour, shelf.RUnlock)
	a := start("shelf", func() { shelf.Lock() })
	expect(a, "main.start.func1", nil, forWriter...)
	wait(a, "rwlock-write", shelf, nil)
	otherSide(a, nil, "nobody was found that will unlock it.")
}

// A timer that never fires is none.
//
//go:noinline
func neverByTimer() {
	bin := make(chan letter)
	time.AfterFunc(1<<63-1, func() { close(bin) })
	a := start("bin", func() { letters += (<-bin).number })
	expect(a, "main.start.func1", nil, "chan receive")
	wait(a, "chan-recv", bin, nil)
	otherSide(a, nil, "nobody was found that will send to it or close it.")
}

//go:noinline
func cancelledByTimer() {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(23*time.Hour, cancel)
	done := ctx.Done()
	byTimer("context.", "chan-recv", done, "would close it (context.go:", func() { <-done }, "chan receive")
}

// ---- nobody is seen ----

//go:noinline
func byVariable() {
	reader := start("reader", func() { letters += (<-board).number })
	expect(reader, "main.start.func1", nil, "chan receive")
	wait(reader, "chan-recv", board, nil)
	otherSide(reader, nil, "nobody was found that will send to it or close it")
	hadBy(board, nil, "variable ")
	depot = &route{"depot", make(chan letter)}
	second := start("second reader", func() { letters += (<-depot.stop).number })
	expect(second, "main.start.func1", nil, "chan receive")
	wait(second, "chan-recv", depot.stop, nil)
	hadBy(depot.stop, nil, "variable ", ", ", routeStop())
	yard = &fleet{"yard", &route{"south", make(chan letter)}}
	third := start("third reader", func() { letters += (<-yard.first.stop).number })
	expect(third, "main.start.func1", nil, "chan receive")
	wait(third, "chan-recv", yard.first.stop, nil)
	hadBy(yard.first.stop, nil, "variable ", ", ", ", ", routeStop())
}

//go:noinline
func drive(r *route) {
	time.Sleep(24 * time.Hour)
	close(r.stop)
	places[r.name] = 0
}

// The driver has what leads to the channel.
//
//go:noinline
func byRoute() {
	r := &route{"north", make(chan letter)}
	stop := r.stop
	driver := start("driver", func() { drive(r) })
	expect(driver, "main.drive", nil, "sleep")
	wait(driver, "sleep", nil, fields{"timed": true})
	passenger := start("passenger", func() { letters += (<-stop).number })
	expect(passenger, "main.start.func1", nil, "chan receive")
	wait(passenger, "chan-recv", stop, nil)
	otherSide(passenger, driver, "will close it (go_other_side.go:", "; it is asleep")
	hadBy(stop, driver, "main.drive() go_other_side.go:", ", by ", routeStop())
}

//go:noinline
func (r *route) ride() {
	letters += (<-r.stop).number
	places[r.name] = 0
}

//go:noinline
func (f *fleet) tour() {
	letters += (<-f.first.stop).number
	places[f.name] = 0
}

// Who waits has what leads to the channel, and nobody else has.
//
//go:noinline
func byItself() {
	r := &route{"east", make(chan letter)}
	stop := r.stop
	rider := start("rider", func() { r.ride() })
	stuckAt(rider, "chan-recv", stop, "chan receive")
	hadByItself(stop)
	f := &fleet{"tram", &route{"west", make(chan letter)}}
	west := f.first.stop
	guide := start("guide", func() { f.tour() })
	stuckAt(guide, "chan-recv", west, "chan receive")
	hadByItself(west)
	otherSide(rider, nil, "nobody will send to it or close it: no goroutine that can run holds the other end")
}

//go:noinline
func selecting() {
	left, right := make(chan letter), make(chan letter)
	a := start("two doors", func() {
		select {
		case <-left:
		case right <- letter{4}:
		}
	})
	expect(a, "main.start.func1", nil, "select")
	tell("select", fields{"tid": a, "cases": []fields{receive(left), send(right)}, "timed": false})
	leaked(a)
	otherSide(a, nil, "nobody will do what any of its cases waits for")
}

func main() {
	self := named("main")
	self.enter()
	bagNeverClosed()
	hatchNeverClosed()
	lockedOffice()
	neverDone()
	neverRung()
	asleep()
	closedByMethod()
	doneByTimer()
	rungByTimer()
	countedByTimer()
	neverByTimer()
	halfClosedByTimer()
	lentByTimer()
	cancelledByTimer()
	byVariable()
	byRoute()
	byItself()
	selecting()
	rest(self)
}
