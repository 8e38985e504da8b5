// SPDX-License-Identifier: Apache-2.0

// The runtime finds that no goroutine can run, and ends the process. Why none can is one of these.
package main

import (
	"os"
	"sync"
)

var (
	first, second sync.Mutex
	both          = meeting{needed: 2}
	jobs          = make(chan int)
	pending       sync.WaitGroup
	updates       = make(chan string)
)

//go:noinline
func take(one, two *sync.Mutex) {
	one.Lock()
	defer one.Unlock()
	both.attend()
	two.Lock()
	defer two.Unlock()
}

// publish sends with the lock in hand that whoever receives takes first.
//
//go:noinline
func publish() {
	first.Lock()
	defer first.Unlock()
	both.attend()
	updates <- "news"
}

//go:noinline
func apply() string {
	both.attend()
	first.Lock()
	first.Unlock()
	return <-updates
}

// work waits for jobs that nobody sends, and would be done after that.
//
//go:noinline
func work() {
	defer pending.Done()
	for range jobs {
	}
}

func abba(self *actor) {
	other := start("other", func() { take(&second, &first) })
	wait(self, "mutex", &second, heldBy(other).called("main.second"))
	wait(other, "mutex", &first, heldBy(self).called("main.first"))
	cycle(self, other)
	finding("CT204", "P0", []*actor{self, other}, "likely")
	finding("CT203", "P0", []*actor{self, other}, "proven", "likely")
	untilAsked()
	take(&first, &second)
}

func knot(self *actor) {
	other := start("other", func() { apply() })
	wait(self, "chan-send", updates, nil)
	wait(other, "mutex", &first, heldBy(self).called("main.first"))
	cycle(self, other)
	finding("CT204", "P0", []*actor{self, other}, "likely")
	finding("CT203", "P0", []*actor{self, other}, "proven", "likely")
	untilAsked()
	publish()
}

// Nobody ever sends.
func nothingSent(self *actor) {
	wait(self, "chan-recv", jobs, nil)
	finding("CT203", "P0", []*actor{self}, "proven", "likely")
	untilAsked()
	<-jobs
}

func waitgroup(self *actor) {
	pending.Add(1)
	worker := start("worker", work)
	wait(self, "waitgroup", &pending, nil)
	wait(worker, "chan-recv", jobs, nil)
	tell("waitgroup", fields{"resource": address(&pending), "counter": 1, "waiters": 1})
	finding("CT203", "P0", []*actor{self, worker}, "proven", "likely")
	untilAsked()
	pending.Wait()
}

func empty(self *actor) {
	tell("select", fields{"tid": self, "cases": []fields{}, "timed": false})
	finding("CT203", "P0", []*actor{self}, "proven", "likely")
	untilAsked()
	select {}
}

func main() {
	cases := map[string]func(*actor){"abba": abba, "knot": knot, "receive": nothingSent,
		"waitgroup": waitgroup, "empty": empty}
	run := choose(cases, os.Args[1:])
	self := named("main")
	self.enter()
	tell("fatal", fields{"text": "all goroutines are asleep - deadlock!"})
	tell("verdict", []string{"deadlock"})
	run(self)
}
