// SPDX-License-Identifier: Apache-2.0

// A method locks what its caller has locked; a reader upgrades to a writer; and what a Once calls comes to that Once
// again, behind which another one waits, too. Beside them a reader that reads again
// while a writer waits: readers do not nest in Go.
package main

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

type cache struct {
	lock    sync.Mutex
	entries map[string]string
}

//go:noinline
func (c *cache) get(key string) string {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.entries[key]
}

//go:noinline
func (c *cache) getOrMake(key string) string {
	c.lock.Lock()
	defer c.lock.Unlock()
	if value := c.get(key); value != "" {
		return value
	}
	c.entries[key] = key
	return key
}

var (
	routes   sync.RWMutex
	metrics  sync.RWMutex
	hasRead  gate
	isQueued gate
)

//go:noinline
func upgrade() {
	routes.RLock()
	defer routes.RUnlock()
	routes.Lock()
	routes.Unlock()
}

//go:noinline
func readTwice() {
	metrics.RLock()
	defer metrics.RUnlock()
	hasRead.open()
	isQueued.pass()
	metrics.RLock()
	metrics.RUnlock()
}

//go:noinline
func reset() {
	metrics.Lock()
	defer metrics.Unlock()
}

type settings struct {
	load   sync.Once
	values map[string]string
}

var shop settings

//go:noinline
func (s *settings) get(key string) string {
	s.load.Do(s.read)
	return s.values[key]
}

func (s *settings) read() {
	s.values = map[string]string{"url": "http://" + s.get("host")}
}

// Up to 1.17, and with the race detector, defers are no code of the function: what it has yet to defer is not known, so
// that one of two unlocks may belong to the lock that it waits for.
func defersLater() bool {
	return os.Getenv("GORACE") != "" && strings.HasPrefix(runtime.Version(), "go1.15")
}

func main() {
	self := named("main")
	self.enter()
	shared := &cache{entries: map[string]string{}}
	again := start("again", func() { shared.getOrMake("a") })
	if defersLater() {
		expectMutex(again, "main.(*cache).get", &shared.lock, perhapsHeldBy(again))
		leaked(again) // nor is it told that it waits for itself
	} else {
		expectMutex(again, "main.(*cache).get", &shared.lock, heldBy(again))
		holds(again, &shared.lock, "exclusive")
		cycle(again)
		finding("CT204", "P0", []*actor{again}, "likely")
	}

	loader := start("loader", func() { shop.get("url") })
	expect(loader, "main.(*settings).get", nil, forMutex...)
	wait(loader, "once", &shop.load, heldBy(loader))
	cycle(loader)
	finding("CT204", "P0", []*actor{loader}, "likely")
	asker := start("asker", func() { shop.get("name") })
	expect(asker, "main.(*settings).get", nil, forMutex...)
	wait(asker, "once", &shop.load, heldBy(loader))

	upgrader := start("upgrader", upgrade)
	expect(upgrader, "main.upgrade", nil, append(forWriter, forMutex...)...)
	wait(upgrader, "rwlock-write", &routes, heldBy(upgrader).called("main.routes"))
	cycle(upgrader)
	finding("CT204", "P0", []*actor{upgrader}, "likely")

	reader := start("reader", readTwice)
	hasRead.pass()
	resetter := start("resetter", reset)
	expect(resetter, "main.reset", nil, append(forWriter, forMutex...)...)
	wait(resetter, "rwlock-write", &metrics, heldBy(reader).called("main.metrics"))
	isQueued.open()
	expect(reader, "main.readTwice", nil, forReader...)
	wait(reader, "rwlock-read", &metrics, heldBy(resetter).called("main.metrics"))
	deadlock(reader, resetter)
	time.Sleep(time.Millisecond)
	rest(self)
}
