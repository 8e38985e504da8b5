// SPDX-License-Identifier: Apache-2.0

// Panics that are no crash: one that was recovered, whose deferred function still runs; one that is on its way through
// defers and may be recovered; a goroutine that ends by Goexit, in its defers. Nothing is wrong with the process.
package main

import (
	"runtime"
	"time"
)

//go:noinline
func risky(list []int, index int) (value int) {
	defer func() {
		if recover() != nil {
			report()
		}
	}()
	return list[index]
}

//go:noinline
func report() { time.Sleep(time.Hour) }

//go:noinline
func onItsWay() {
	defer func() { _ = recover() }()
	defer cleanUp()
	panic("closed for today")
}

//go:noinline
func cleanUp() { time.Sleep(time.Hour) }

//go:noinline
func leave() {
	defer cleanUp()
	runtime.Goexit()
}

func main() {
	self := named("main")
	self.enter()
	clerk := start("clerk", func() { risky([]int{1, 2}, 5) })
	expect(clerk, "main.report", nil, "sleep")
	closing := start("closing", onItsWay)
	expect(closing, "main.cleanUp", nil, "sleep")
	leaving := start("leaving", leave)
	expect(leaving, "main.cleanUp", nil, "sleep")
	for _, one := range []*actor{clerk, closing, leaving} {
		wait(one, "sleep", nil, fields{"timed": true})
	}
	tell("absent", []string{"CT203", "CT204", "CT205"})
	tell("verdict", []string{"clean"})
	rest(self)
}
