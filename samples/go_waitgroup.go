// SPDX-License-Identifier: Apache-2.0

// A shop that waits for groups of workers: some whose counter never comes down, and others that look alike but will.
package main

import (
	"errors"
	"runtime"
	"sync"
	"time"
)

type job struct {
	group *sync.WaitGroup
	pages int
}

var (
	queue   = make(chan job, 4) // a variable reaches what is in it
	always  sync.WaitGroup
	pages   int
	errLost = errors.New("a page is lost")
)

// print stands for work that fails now and then.
//
//go:noinline
func print(page int) error {
	if page == 2 {
		return errLost
	}
	return nil
}

//go:noinline
func awaitPages(group *sync.WaitGroup) { group.Wait() }

func waits(label string, group *sync.WaitGroup, counter int) *actor {
	a := start(label, func() { awaitPages(group) })
	expect(a, "main.awaitPages", nil, forWaitGroup...)
	wait(a, "waitgroup", group, nil)
	tell("waitgroup", fields{"resource": address(group), "counter": counter, "waiters": 1})
	return a
}

// ---- never done ----

// The worker of the second page returns early.
//
//go:noinline
func returnsEarly() *actor {
	group, ended := new(sync.WaitGroup), make(chan bool, 3)
	group.Add(3)
	for page := 1; page <= 3; page++ {
		go func(page int) {
			defer func() { ended <- true }()
			if print(page) != nil {
				return
			}
			group.Done()
		}(page)
	}
	for page := 1; page <= 3; page++ {
		<-ended
	}
	return waits("returns early", group, 1)
}

// Add announces more than are started.
//
//go:noinline
func announced() *actor {
	group, ended := new(sync.WaitGroup), make(chan bool)
	group.Add(2)
	go func() {
		group.Done()
		close(ended)
	}()
	<-ended
	return waits("announced", group, 1)
}

// Who finds another page calls Add while somebody waits already, and Done once for both.
//
//go:noinline
func addsLate() *actor {
	group, found, ended := new(sync.WaitGroup), make(chan int), make(chan bool)
	group.Add(1)
	go func() {
		defer close(ended)
		defer group.Done()
		group.Add(<-found)
	}()
	waiter := waits("adds late", group, 1)
	found <- 1
	<-ended
	return waiter
}

// The worker will call Done when somebody takes its page, and nobody does.
//
//go:noinline
func stuckWorker() (*actor, *actor) {
	group, printed := new(sync.WaitGroup), make(chan int)
	group.Add(1)
	worker := start("stuck worker", func() {
		defer group.Done()
		printed <- 7
	})
	expect(worker, "main.stuckWorker.func1", nil, "chan send")
	wait(worker, "chan-send", printed, nil)
	return waits("stuck", group, 1), worker
}

// ---- will be done ----

//go:noinline
func asleep() (*actor, *actor) {
	group := new(sync.WaitGroup)
	group.Add(1)
	worker := start("sleeping worker", func() {
		defer group.Done()
		time.Sleep(24 * time.Hour)
	})
	expect(worker, "time.Sleep", nil, "sleep")
	wait(worker, "sleep", nil, fields{"timed": true})
	return waits("asleep", group, 1), worker
}

//go:noinline
func later() *actor {
	group := new(sync.WaitGroup)
	group.Add(1)
	time.AfterFunc(24*time.Hour, group.Done)
	return waits("later", group, 1)
}

// Whoever takes the job will call Done.
//
//go:noinline
func queued() *actor {
	group := new(sync.WaitGroup)
	group.Add(1)
	queue <- job{group, 12}
	return waits("queued", group, 1)
}

//go:noinline
func inVariable() *actor {
	always.Add(1)
	return waits("variable", &always, 1)
}

//go:noinline
func wipe(depth int) (sum int) {
	var room [64]int
	for i := range room {
		room[i] = depth
	}
	if depth > 0 {
		sum = wipe(depth - 1)
	}
	return sum + room[depth%64]
}

func main() {
	self := named("main")
	self.enter()
	early, more, late := returnsEarly(), announced(), addsLate()
	stuck, worker := stuckWorker()
	sleeping, sleeper := asleep()
	fine := []*actor{sleeping, sleeper, later(), queued(), inVariable()}
	finding("CT212", "P1", []*actor{early, more, late, stuck, worker}, "proven", "likely")
	leaked(early, more, late, stuck, worker)
	finding("CT210", "P1", []*actor{worker}, "proven", "likely")
	tell("not_stuck", fine)
	pages += wipe(20)
	runtime.GC()
	rest(self)
}
