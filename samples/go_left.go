// SPDX-License-Identifier: Apache-2.0

// A shop before and after its tests, for coretool diff: in "after" five goroutines that asked suppliers for a price are
// left over, since who asked took the first answer; a packer has moved on and waits elsewhere, which is none; articles
// were added that nobody takes out again, and baskets are in the pool. What os/signal starts is never a leak.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

type article struct {
	number int
	name   string
}

type basket struct{ articles [512]*article }

var (
	parcels = make(chan *article)
	ramp    = make(chan *article)
	answers = map[string]chan int{} // whoever can see it may still receive: the collector finds no leak
	shelf   = map[int]*article{}
	baskets = sync.Pool{New: func() interface{} { return new(basket) }}
)

//go:noinline
func pack() {
	for a := range parcels {
		ship(a)
	}
}

//go:noinline
func ship(a *article) { ramp <- a }

//go:noinline
func quote(answer chan int, price int) { answer <- price }

// stands waits until one is there, and tells nothing.
func stands(a *actor, function string) {
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(time.Millisecond) {
		if in := traceback()[a.number()]; in != nil && in.in(function) && in.state == "waiting" {
			return
		}
	}
	fail(a.label + " does not come to " + function)
}

// cheapest asks all and takes the first answer, which is the first one's.
func cheapest(product string, prices []int) int {
	answer := make(chan int)
	answers[product] = answer
	asked := []*actor{}
	for n, price := range prices {
		price := price
		asked = append(asked, start(fmt.Sprint("supplier", n), func() { quote(answer, price) }))
		stands(asked[n], "main.quote")
	}
	first := <-answer
	for _, other := range asked[1:] {
		expect(other, "main.quote", nil, "chan send")
		wait(other, "chan-send", answer, nil)
	}
	return first
}

func stock(n int) {
	used := []*basket{}
	for i := 0; i < n; i++ {
		shelf[i] = &article{i, "pen"}
		if i%400 == 0 {
			used = append(used, baskets.Get().(*basket))
		}
	}
	for _, b := range used {
		baskets.Put(b)
	}
}

func packer() *actor {
	a := start("packer", pack)
	stands(a, "main.pack")
	return a
}

func packs(a *actor) {
	expect(a, "main.pack", nil, "chan receive")
	wait(a, "chan-recv", parcels, nil)
}

func before(*actor) {
	packs(packer())
	packs(packer())
	stock(10)
}

func after(*actor) {
	shipping, packing := packer(), packer()
	parcels <- &article{7, "ink"}
	stands(shipping, "main.ship")
	expect(shipping, "main.ship", nil, "chan send")
	wait(shipping, "chan-send", ramp, nil)
	packs(packing)
	cheapest("pen", []int{3, 1, 4, 1, 5, 9})
	stock(2000)
}

func main() {
	run := choose(map[string]func(*actor){"before": before, "after": after}, os.Args[1:])
	self := named("main")
	self.enter()
	signal.Notify(make(chan os.Signal, 1), syscall.SIGUSR1)
	run(self)
	rest(self)
}
