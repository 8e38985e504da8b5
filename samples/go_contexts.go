// SPDX-License-Identifier: Apache-2.0

// A kitchen whose orders have contexts: a tree of them with cancelled, overdue and forgotten branches. Cooks go on with
// orders that are over, and wait for what nobody gives them; near them those who may well wait: for the Done of another
// context, in a deferred function, for helpers, for a lock that will be free again.
package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
	"unsafe"
)

type ticket struct{ number int }

// discreet does not tell its deadline: what is derived from it ends with it, whatever its own deadline is.
type discreet struct{ context.Context }

func (discreet) Deadline() (time.Time, bool) { return time.Time{}, false }

var (
	errClosed  = errors.New("the kitchen is closed")
	plates     = make(chan int) // nobody takes any
	flushed    = make(chan struct{})
	answers    = make(chan int)
	stove      sync.Mutex
	helpers    sync.WaitGroup
	keptCancel context.CancelFunc
	kept       []context.Context
	cancels    []context.CancelFunc
	bares      []*bare
	noted      context.Context // in a variable of its own
	nailed     unsafe.Pointer  // likewise, and bare
)

// addressOf is where the context is.
func addressOf(ctx context.Context) string {
	return fmt.Sprintf("%#x", (*[2]uintptr)(unsafe.Pointer(&ctx))[1])
}

// tree tells what is true of a context. more: what is known but its kind.
func tree(ctx, parent context.Context, kind string, more fields) {
	told := fields{"address": addressOf(ctx), "kind": kind, "lost": false}
	if parent != nil {
		told["parent"] = addressOf(parent)
	}
	for key, value := range more {
		told[key] = value
	}
	tell("context", told)
}

// It asks whether the order is still wanted, but not while it waits for somebody to take the plate.
//
//go:noinline
func cook(ctx context.Context) int {
	n := 0
	for ctx.Err() == nil || n == 0 {
		plates <- n
		n++
	}
	return n
}

// The same, and any context can end it.
//
//go:noinline
func carefulCook(ctx, shift context.Context) int {
	n := 0
	for ctx.Err() == nil || n == 0 {
		select {
		case plates <- n:
		case <-shift.Done():
			return n
		}
		n++
	}
	return n
}

//go:noinline
func settle(ctx context.Context) error {
	<-flushed
	return ctx.Err()
}

// It has seen that the order is over, and cleans up.
//
//go:noinline
func tidyCook(ctx context.Context) (err error) {
	defer func() { err = settle(ctx) }()
	<-ctx.Done()
	return nil
}

//go:noinline
func chef(ctx context.Context) error {
	helpers.Wait()
	return ctx.Err()
}

//go:noinline
func queueForStove(ctx context.Context) error {
	stove.Lock()
	defer stove.Unlock()
	return ctx.Err()
}

//go:noinline
func useStove(until *gate) {
	stove.Lock()
	defer stove.Unlock()
	until.pass()
}

// Its context is not used again.
//
//go:noinline
func ask(ctx context.Context) int {
	if ctx.Err() == context.Canceled {
		return 0
	}
	return <-answers
}

//go:noinline
func watch(ctx context.Context) { <-ctx.Done() }

// The function that would cancel it is lost.
//
//go:noinline
func forget(parent context.Context) context.Context {
	ctx, cancel := context.WithCancel(parent)
	_ = cancel
	return ctx
}

// The words side by side are in its frame: there they need not be one context.Context.
//
//go:noinline
func watchLater(ctx context.Context, when *gate) {
	when.pass()
	<-ctx.Done()
}

// A bare has the address of a context, as only who can cancel it has it, and behind it what looks like half of one.
type bare struct {
	address unsafe.Pointer
	table   uintptr
}

// bareOf are two that lie side by side: what stands before the second one's address is no part of it.
func bareOf(ctx context.Context) []*bare {
	words := (*[2]unsafe.Pointer)(unsafe.Pointer(&ctx))
	var made []*bare
	for len(made) < 2 || uintptr(unsafe.Pointer(made[len(made)-2]))+unsafe.Sizeof(bare{}) !=
		uintptr(unsafe.Pointer(made[len(made)-1])) {
		made = append(made, new(bare))
	}
	made = made[len(made)-2:]
	made[0].table, made[1].address = uintptr(words[0]), words[1]
	return made
}

//go:noinline
func watchUntil(parent context.Context, told chan<- context.Context) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	told <- ctx
	<-ctx.Done()
}

// One that is over for a while when the core is made.
func overdue(parent context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(parent, 5*time.Millisecond)
}

//go:noinline
func watcherOf(ctx context.Context) *actor {
	a := start("watcher", func() { watch(ctx) })
	expect(a, "main.watch", nil, "chan receive")
	wait(a, "chan-recv", ctx.Done(), nil)
	return a
}

// Forgotten ones, and those that are not.
func forgotten(root context.Context) {
	lost := forget(root)
	watcher := watcherOf(lost)
	tree(lost, root, "cancel", fields{"lost": true, "waiters": []*actor{watcher}})
	inField, cancel := context.WithCancel(root)
	keptCancel = cancel
	tree(inField, root, "cancel", nil)
	told := make(chan context.Context)
	tidy := start("watcher with defer", func() { watchUntil(root, told) })
	deferred := <-told
	expect(tidy, "main.watchUntil", nil, "chan receive")
	wait(tidy, "chan-recv", deferred.Done(), nil)
	tree(deferred, root, "cancel", fields{"waiters": []*actor{tidy}})
	later := forget(root)
	inFrame := start("later watcher", func() { watchLater(later, new(gate)) })
	expect(inFrame, "main.(*gate).pass", nil, "sleep")
	tree(later, root, "cancel", fields{"ignored_by": []*actor{inFrame}})
	byAddress := forget(root)
	bares = bareOf(byAddress)
	tree(byAddress, root, "cancel", nil)
	noted = forget(root)
	tree(noted, root, "cancel", fields{"lost": true})
	pinned := forget(root)
	nailed = (*[2]unsafe.Pointer)(unsafe.Pointer(&pinned))[1]
	tree(pinned, root, "cancel", nil)
	// It is cancelled.
	over, cancelOver := context.WithCancel(root)
	cancelOver()
	tree(over, root, "cancel", fields{"err": "context canceled"})
	// Nothing that lives keeps it.
	alone := forget(context.Background())
	tree(alone, nil, "cancel", nil)
	// Its parent ends it by itself.
	timed, cancelTimed := context.WithTimeout(root, time.Hour)
	under, cancelUnder := context.WithCancel(timed)
	cancels = append(cancels, cancelTimed, cancelUnder)
	byDeadline, belowIt := watcherOf(timed), watcherOf(under)
	tree(timed, root, "timer", fields{"deadline": "ahead", "children": 1, "waiters": []*actor{byDeadline}})
	tree(under, timed, "cancel", fields{"waiters": []*actor{belowIt}})
	for _, one := range []struct {
		who *actor
		of  context.Context
	}{{byDeadline, timed}, {belowIt, under}} {
		tell("done_of", fields{"tid": one.who, "address": addressOf(one.of), "ended_by": addressOf(timed)})
		tell("other_side", fields{"tid": one.who, "says": []string{
			"the deadline of timerCtx " + addressOf(timed) + " will close it, in at most "}})
	}
	tell("done_of", fields{"tid": watcher, "address": addressOf(lost)})
	tell("other_side", fields{"tid": watcher, "says": []string{"nobody was found that will send to it or close it"}})
	kept = append(kept, under)
	kept = append(kept, inField, deferred, later, byAddress, pinned, over, alone, timed, lost)
}

func main() {
	self := named("main")
	self.enter()
	root, stop := context.WithCancel(context.Background())
	shift, endShift := context.WithCancel(context.Background())
	order := context.WithValue(root, ticket{}, 7)
	late, cancelLate := overdue(order)
	closed, cancelClosed := context.WithCancel(order)
	below, cancelBelow := context.WithCancel(late)
	var silent context.Context = discreet{late}
	banquet, cancelBanquet := context.WithTimeout(silent, 40*time.Hour)
	// Each of those above is still wanted by somebody.
	kept = append(kept, root, shift, order, late, closed, below, silent, banquet)
	cancelClosed()

	lazy := start("cook", func() { cook(late) })
	deep := start("cook of a part", func() { cook(below) })
	careful := start("careful cook", func() { carefulCook(late, shift) })
	tidy := start("tidy cook", func() { _ = tidyCook(late) })
	helpers.Add(1)
	boss := start("chef", func() { _ = chef(late) })
	until := new(gate)
	busy := start("stove", func() { useStove(until) })
	expect(busy, "main.useStove", nil, "sleep")
	queue := start("queue", func() { _ = queueForStove(late) })
	asker := start("asker", func() { ask(late) })
	unknown := start("cook of a cancelled order", func() { cook(closed) })
	answering := start("answering", func() { until.pass(); answers <- 1; flushed <- struct{}{} })
	forgotten(root)

	for _, one := range []*actor{lazy, deep, unknown} {
		expect(one, "main.cook", nil, "chan send")
		wait(one, "chan-send", plates, nil)
	}
	expect(careful, "main.carefulCook", nil, "select")
	tell("select", fields{"tid": careful, "all": true, "timed": false,
		"cases": []fields{send(plates), receive(shift.Done())}})
	expect(tidy, "main.settle", nil, "chan receive")
	wait(tidy, "chan-recv", flushed, nil)
	expect(boss, "main.chef", nil, forWaitGroup...)
	wait(boss, "waitgroup", &helpers, nil)
	expectMutex(queue, "main.queueForStove", &stove, heldBy(busy))
	holds(busy, &stove, "exclusive")
	expect(asker, "main.ask", nil, "chan receive")
	wait(asker, "chan-recv", answers, nil)
	expect(answering, "main.(*gate).pass", nil, "sleep")
	tree(root, nil, "cancel", fields{"children": 8})
	tree(order, root, "value", fields{"key": "main.ticket", "value": "int"})
	tree(late, order, "timer", fields{"err": "context deadline exceeded", "deadline": "past",
		"ignored_by": []*actor{lazy, boss, queue, tidy}})
	tree(below, late, "cancel", fields{"err": "context deadline exceeded", "ignored_by": []*actor{deep}})
	// It does not say that 40 hours have passed: for others, that end later, neither.
	tree(silent, late, "other", nil)
	tree(banquet, silent, "timer", fields{"err": "context deadline exceeded", "deadline": "ahead"})
	tree(closed, order, "cancel", fields{"err": "context canceled", "ignored_by": []*actor{unknown}})
	tree(shift, nil, "cancel", fields{"waiters": []*actor{careful}})
	tell("done_of", fields{"tid": careful, "address": addressOf(shift)})
	finding("CT213", "P1", []*actor{lazy, deep}, "likely")
	// The collector notes the time of those that wait.
	for begin := time.Now(); time.Since(begin) < 1500*time.Millisecond; {
		time.Sleep(time.Millisecond)
	}
	runtime.GC()
	rest(self)
	runtime.KeepAlive([]interface{}{stop, endShift, cancelLate, cancelBelow, cancelBanquet, errClosed, keptCancel})
}
