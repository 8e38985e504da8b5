// SPDX-License-Identifier: Apache-2.0

// A chain and a diamond of locks that end at a goroutine that will wake: long waits, and no deadlock.
package main

import (
	"sync"
	"time"
)

var (
	printer, scanner, stapler sync.Mutex
)

//go:noinline
func printAll() {
	printer.Lock()
	defer printer.Unlock()
	time.Sleep(time.Hour)
}

//go:noinline
func scan() {
	scanner.Lock()
	defer scanner.Unlock()
	printer.Lock()
	defer printer.Unlock()
}

//go:noinline
func staple() {
	stapler.Lock()
	printer.Lock()
	printer.Unlock()
	stapler.Unlock()
}

//go:noinline
func bind() {
	scanner.Lock()
	defer scanner.Unlock()
	stapler.Lock()
	defer stapler.Unlock()
}

func main() {
	self := named("main")
	self.enter()
	printing := start("printing", printAll)
	expect(printing, "main.printAll", nil, "sleep")
	wait(printing, "sleep", nil, fields{"timed": true})
	scanning := start("scanning", scan)
	expectMutex(scanning, "main.scan", &printer, heldBy(printing).called("main.printer"))
	stapling := start("stapling", staple)
	expectMutex(stapling, "main.staple", &printer, heldBy(printing).called("main.printer"))
	binding := start("binding", bind)
	expectMutex(binding, "main.bind", &scanner, heldBy(scanning).called("main.scanner"))
	holds(printing, &printer, "exclusive")
	holds(scanning, &scanner, "exclusive")
	notHeldBy(binding, &stapler)
	tell("absent", []string{"CT203", "CT204"})
	rest(self)
}
