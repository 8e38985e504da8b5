// SPDX-License-Identifier: Apache-2.0

//go:build go1.25

// Goroutines in a bubble of testing/synctest, durably blocked and not: the bubble cannot move on because two of them
// wait for a lock that is held outside. What is told is told from outside, where time passes.
package main

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var (
	outside                sync.Mutex
	root, receiver, sender = named("root"), named("receiver"), named("sender")
	waiter, locker         = named("waiter"), named("locker")
	replies                chan int
	group                  *sync.WaitGroup
	begun                  gate
)

//go:noinline
func inBubble(*testing.T) {
	root.enter()
	replies = make(chan int)
	group = new(sync.WaitGroup)
	group.Add(1)
	go func() {
		receiver.enter()
		<-replies
	}()
	go func() {
		sender.enter()
		select {
		case make(chan int) <- 1:
		case <-time.After(time.Hour):
		}
	}()
	go func() {
		waiter.enter()
		group.Wait()
	}()
	go func() {
		locker.enter()
		outside.Lock()
	}()
	begun.open()
	outside.Lock()
}

func describe(holder *actor) {
	begun.pass()
	expect(receiver, "main.inBubble.func1", nil, "chan receive (durable)")
	wait(receiver, "chan-recv", replies, nil)
	expect(sender, "main.inBubble.func2", nil, "select (durable)")
	tell("select", fields{"tid": sender, "timed": true, "all": false, "cases": []fields{}})
	expect(waiter, "main.inBubble.func3", nil, "sync.WaitGroup.Wait (durable)")
	wait(waiter, "waitgroup", group, nil)
	expectMutex(locker, "main.inBubble.func4", &outside, heldBy(holder).called("main.outside"))
	expectMutex(root, "main.inBubble", &outside, heldBy(holder).called("main.outside"))
	tell("bubble", []*actor{root, receiver, sender, waiter, locker})
	ready()
	time.Sleep(time.Hour)
}

//go:noinline
func hold(holder *actor) {
	outside.Lock()
	holder.enter()
	defer outside.Unlock()
	begun.pass()
	time.Sleep(time.Hour)
}

func main() {
	holder := named("holder")
	go hold(holder)
	holder.number()
	go describe(holder)
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: "bubble", F: func(t *testing.T) {
		synctest.Test(t, inBubble)
	}}}, nil, nil)
}
