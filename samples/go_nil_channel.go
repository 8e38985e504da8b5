// SPDX-License-Identifier: Apache-2.0

// Channels that nobody made: a field that the constructor forgot, a variable that was never set, both in a select with
// nothing else. Near them a select whose nil case is meant, and main, which waits for ever on purpose.
package main

import "time"

type worker struct {
	tasks chan string
	done  chan bool
}

var updates chan int

//go:noinline
func (w *worker) run() {
	for task := range w.tasks {
		_ = task
	}
}

//go:noinline
func (w *worker) stop() { w.done <- true }

//go:noinline
func update() { updates <- 1 }

//go:noinline
func both(w *worker) {
	select {
	case <-w.tasks:
	case updates <- 2:
	}
}

// A case is switched off by nil: that is how it is done.
//
//go:noinline
func switchedOff(in chan string, out chan int) {
	select {
	case <-in:
	case out <- 1:
	}
}

func main() {
	self := named("main")
	self.enter()
	w := &worker{}
	live := make(chan string)
	runner := start("runner", w.run)
	stopper := start("stopper", w.stop)
	updater := start("updater", update)
	either := start("either", func() { both(w) })
	off := start("switched off", func() { switchedOff(live, updates) })
	expect(runner, "main.(*worker).run", nil, "chan receive (nil chan)")
	wait(runner, "chan-recv", nil, nil)
	expect(stopper, "main.(*worker).stop", nil, "chan send (nil chan)")
	wait(stopper, "chan-send", nil, nil)
	expect(updater, "main.update", nil, "chan send (nil chan)")
	wait(updater, "chan-send", nil, nil)
	expect(either, "main.both", nil, "select")
	tell("select", fields{"tid": either, "cases": []fields{}, "timed": false})
	expect(off, "main.switchedOff", nil, "select")
	tell("select", fields{"tid": off, "all": true, "cases": []fields{receive(live)}, "timed": false})
	finding("CT211", "P1", []*actor{runner, stopper, updater, either}, "proven", "likely")
	tell("not_stuck", []*actor{off, self})
	time.AfterFunc(time.Hour, func() { live <- "late" })
	tell("goroutine", fields{"tid": self, "label": "main", "state": "waiting", "reason": "select (no cases)"})
	ready()
	select {}
}
