// SPDX-License-Identifier: Apache-2.0

// Stages that wait for each other by channels: a client and a server that both send first; a cycle through a channel
// and a mutex; a WaitGroup that waits for one who sends to the waiter. Near them a pipeline whose source only sleeps.
package main

import (
	"sync"
	"time"
)

type message struct {
	from string
	body []byte
}

var (
	state   sync.Mutex
	updates = make(chan message)
	workers sync.WaitGroup
	results = make(chan int)
)

//go:noinline
func talk(name string, out, in chan message) {
	out <- message{from: name}
	<-in
}

// It sends with the lock held; who would receive needs the lock first.
//
//go:noinline
func publish() {
	state.Lock()
	defer state.Unlock()
	updates <- message{from: "publisher"}
}

//go:noinline
func apply() message {
	state.Lock()
	state.Unlock()
	return <-updates
}

//go:noinline
func compute(n int) {
	defer workers.Done()
	results <- n * n
}

//go:noinline
func collect() (sum int) {
	workers.Wait()
	for one := range results {
		sum += one
	}
	return sum
}

//go:noinline
func source(out chan<- int) {
	defer close(out)
	time.Sleep(time.Hour)
	out <- 1
}

//go:noinline
func double(in <-chan int, out chan<- int) {
	defer close(out)
	for one := range in {
		out <- 2 * one
	}
}

//go:noinline
func sink(in <-chan int) {
	for range in {
	}
}

func main() {
	self := named("main")
	self.enter()
	requests, replies := make(chan message), make(chan message)
	client := start("client", func() { talk("client", requests, replies) })
	server := start("server", func() { talk("server", replies, requests) })
	expect(client, "main.talk", nil, "chan send")
	wait(client, "chan-send", requests, nil)
	tell("peers_among", fields{"tid": client, "peers": []*actor{server}})
	expect(server, "main.talk", nil, "chan send")
	wait(server, "chan-send", replies, nil)
	tell("peers_among", fields{"tid": server, "peers": []*actor{client}})
	perhapsDeadlock(client, server)
	leaked(client, server) // as nobody else has their channels

	publisher := start("publisher", publish)
	expect(publisher, "main.publish", nil, "chan send")
	wait(publisher, "chan-send", updates, nil)
	holds(publisher, &state, "exclusive")
	applier := start("applier", func() { apply() })
	expectMutex(applier, "main.apply", &state, heldBy(publisher).called("main.state"))
	tell("peers_among", fields{"tid": publisher, "peers": []*actor{applier}})
	deadlock(publisher, applier)

	workers.Add(2)
	first := start("first", func() { compute(3) })
	second := start("second", func() { compute(4) })
	for _, one := range []*actor{first, second} {
		expect(one, "main.compute", nil, "chan send")
		wait(one, "chan-send", results, nil)
	}
	collector := start("collector", func() { collect() })
	expect(collector, "main.collect", nil, forWaitGroup...)
	wait(collector, "waitgroup", &workers, nil)
	tell("waitgroup", fields{"resource": address(&workers), "counter": 2, "waiters": 1})
	tell("peers_among", fields{"tid": collector, "peers": []*actor{first, second}})
	for _, one := range []*actor{first, second} {
		tell("peers_among", fields{"tid": one, "peers": []*actor{collector}})
	}
	perhapsDeadlock(first, second, collector)

	numbers, doubled := make(chan int), make(chan int)
	sinking := start("sink", func() { sink(doubled) })
	doubling := start("double", func() { double(numbers, doubled) })
	sleeping := start("source", func() { source(numbers) })
	expect(sinking, "main.sink", nil, "chan receive")
	wait(sinking, "chan-recv", doubled, nil)
	tell("peers_among", fields{"tid": sinking, "peers": []*actor{doubling}})
	expect(doubling, "main.double", nil, "chan receive")
	wait(doubling, "chan-recv", numbers, nil)
	tell("peers_among", fields{"tid": doubling, "peers": []*actor{sleeping}})
	expect(sleeping, "main.source", nil, "sleep")
	wait(sleeping, "sleep", nil, fields{"timed": true})
	tell("not_stuck", []*actor{sinking, doubling, sleeping})
	rest(self)
}
