// SPDX-License-Identifier: Apache-2.0

// As many goroutines as its argument says, parked on a mix of waits below a few frames each: what a busy server
// looks like. For the benchmarks; by default there are a thousand. A second argument is how many MiB of orders are kept;
// then every tenth goroutine waits for a reply that nobody can send any more, with an order of its own.
package main

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

var (
	lock   sync.Mutex
	table  sync.RWMutex
	ends   sync.WaitGroup
	change = sync.NewCond(&sync.Mutex{})
	queue  = make(chan int)
	full   = make(chan int, 4)
	spare  = make(chan int) // nobody receives from it: who waits in the select stays there
	stop   = make(chan struct{})
	book   *order
)

// order is in a tree by number, as an index of a shop is.
type order struct {
	number      int
	less, more  *order
	buyer, note []byte
}

// enter adds orders until they are so many bytes, in an order that keeps the tree flat.
func enter(bytes int) {
	for number := 0; bytes > 0; number++ {
		o := &order{number: int(uint32(number) * 2654435761), buyer: make([]byte, 24), note: make([]byte, 64+number%400)}
		bytes -= 72 + cap(o.buyer) + cap(o.note)
		at := &book
		for *at != nil {
			if o.number < (*at).number {
				at = &(*at).less
			} else {
				at = &(*at).more
			}
		}
		*at = o
	}
}

//go:noinline
func ask(number int) {
	mine, reply := &order{number: number, note: make([]byte, 200)}, make(chan *order)
	mine.less = <-reply
	runtime.KeepAlive(mine)
}

//go:noinline
func handle(number, depth int) int {
	if depth > 0 {
		return handle(number, depth-1) + 1
	}
	switch number % 8 {
	case 0:
		return <-queue
	case 1:
		full <- number
	case 2:
		select {
		case <-stop:
		case spare <- number:
		case <-time.After(24 * time.Hour):
		}
	case 3:
		lock.Lock()
		lock.Unlock()
	case 4:
		table.RLock()
		table.RUnlock()
	case 5:
		ends.Wait()
	case 6:
		change.L.Lock()
		change.Wait()
		change.L.Unlock()
	case 7:
		time.Sleep(24 * time.Hour)
	}
	return 0
}

//go:noinline
func serve(number int) { handle(number, number/8%5) }

func main() {
	count := 1000
	if len(os.Args) > 1 {
		var err error
		count, err = strconv.Atoi(os.Args[1])
		must(err, "a number of goroutines")
	}
	leaky := len(os.Args) > 2
	if leaky {
		mib, err := strconv.Atoi(os.Args[2])
		must(err, "MiB of orders")
		enter(mib << 20)
	}
	for i := 0; i < cap(full); i++ {
		full <- 0
	}
	lock.Lock()
	table.Lock()
	ends.Add(1)
	for number := 0; number < count; number++ {
		if leaky && number%10 == 0 {
			go ask(number)
		} else {
			go serve(number)
		}
	}
	for round := 0; round < 50; round++ { // who has not run yet would not be parked
		runtime.Gosched()
		time.Sleep(time.Duration(count/1000+1) * time.Millisecond / 5)
	}
	tell("goroutine_count", count+1)
	tell("moving", true) // their waits are not told one by one
	ready()
	time.Sleep(24 * time.Hour)
	lock.Unlock()
	table.Unlock()
}
