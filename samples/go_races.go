// SPDX-License-Identifier: Apache-2.0

// Goroutines that count in one place without a lock, and that read while another one writes. They do nothing else, and
// there are more of them than instructions in their loops, so that at any moment two are about to touch the same number.
// Near them those that may: atomically, under a lock, each what is its own, all to read, all to set the same, and some
// that call a method of what begins with a number that others change under its lock.
package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const tills = 12

type day struct {
	sales    int
	articles int
	cents    int
}

var today = &day{}

//go:noinline
func (d *day) sell() {
	for {
		d.sales++
		d.articles += 3
		d.cents += 1999
	}
}

var rate = 119

//go:noinline
func changeRate() {
	for next := 0; ; next++ {
		rate = next
	}
}

//go:noinline
func addTax(cents int) int {
	for {
		cents += rate
		cents ^= rate
		cents -= rate
		cents ^= rate
	}
}

var orders int64

//go:noinline
func countOrders() {
	for {
		atomic.AddInt64(&orders, 1)
	}
}

// Its number comes first: whoever takes the address of the lock looks whether there is a store at all.
type store struct {
	stock int
	lock  sync.Mutex
}

var depot = &store{}

//go:noinline
func (s *store) take() {
	for {
		s.lock.Lock()
		s.stock++
		s.lock.Unlock()
	}
}

//go:noinline
func (s *store) lockOf() *sync.Mutex { return &s.lock }

//go:noinline
func (s *store) look() {
	for s.lockOf() != nil {
	}
}

var busy [3]bool

//go:noinline
func toggle(own *bool) {
	for {
		*own = !*own
	}
}

var prices [64]int

//go:noinline
func readPrices() int {
	for sum := 0; ; {
		for _, price := range prices {
			sum += price
		}
		if sum != 0 {
			return sum
		}
	}
}

var changed bool

//go:noinline
func setChanged() {
	for {
		changed = true
		changed = true
	}
}

var room []byte

// All begin at once, when they are all there.
var (
	opened  gate
	running int32
)

func startLater(label string, run func()) *actor {
	return start(label, func() {
		opened.pass()
		atomic.AddInt32(&running, 1)
		run()
	})
}

func main() {
	self := named("main")
	self.enter()
	runtime.GOMAXPROCS(64)
	// Room for all that comes, so that no memory is taken into use while hideReserved looks at what is not.
	room = make([]byte, 6<<20)
	room = nil
	runtime.GC()
	racing, near := []*actor{}, []*actor{}
	for i := 0; i < tills; i++ {
		racing = append(racing, startLater("till", today.sell))
	}
	for i := 0; i < 3; i++ {
		own := &busy[i]
		racing = append(racing, startLater("tax", func() { addTax(i) }), startLater("rate", changeRate))
		near = append(near, startLater("orders", countOrders), startLater("toggle", func() { toggle(own) }),
			startLater("prices", func() { readPrices() }), startLater("changed", setChanged),
			startLater("take", depot.take), startLater("look", depot.look))
	}
	opened.open()
	for int(atomic.LoadInt32(&running)) < len(racing)+len(near) {
		time.Sleep(time.Millisecond)
	}
	tell("finding", fields{"rule": "CT218", "level": "P1", "confidence": []string{"likely"}, "tids": racing,
		"recorded": false})
	tell("fires", []string{"CT218"})
	tell("none_about", fields{"rules": []string{"CT218"}, "tids": near})
	tell("absent", []string{"CT203", "CT204", "CT205", "CT210"})
	tell("moving", true)
	rest(self)
}
