// SPDX-License-Identifier: Apache-2.0

// As many goroutines as its argument says, parked on a mix of waits below a few frames each: what a busy server
// looks like. For the benchmarks; by default there are a thousand. A second argument is how many MiB a shop keeps: orders
// in a tree by number, buyers in a map by name, goods in a slice by shelf; then every tenth goroutine waits for a reply
// that nobody can send any more, with an order of its own.
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
	buyers = map[string]*buyer{}
	goods  []article
)

// order is in a tree by number, as an index of a shop is.
type order struct {
	number     int
	less, more *order
	buyer      *buyer
	lines      []line
	note       []byte
}

type line struct {
	article *article
	count   int
	price   float64
}

type article struct {
	name, maker string
	tags        []string
	shelf       int
}

// buyer has an order for each of some, and what is known about him by word.
type buyer struct {
	name   string
	orders []*order
	known  map[string]interface{}
}

// stock fills the shelves.
func stock() {
	for shelf := 0; shelf < 10000; shelf++ {
		name := "article " + strconv.Itoa(shelf)
		goods = append(goods, article{name, "maker " + name, []string{name[:7], name[8:]}, shelf})
	}
}

// enter adds count orders, in a way that keeps the tree flat.
func enter(from, count int) {
	for number := from; number < from+count; number++ {
		o := &order{number: int(uint32(number) * 2654435761), note: make([]byte, 16+number%600)}
		for i := 0; i <= number%6; i++ {
			o.lines = append(o.lines, line{&goods[(number*7+i)%len(goods)], i + 1, 9.95})
		}
		name := "buyer " + strconv.Itoa(number/8)
		if o.buyer = buyers[name]; o.buyer == nil {
			o.buyer = &buyer{name: name, known: map[string]interface{}{"town": name + " town", "since": number}}
			buyers[name] = o.buyer
		}
		o.buyer.orders = append(o.buyer.orders, o)
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

// live is what a collection has left.
func live() uint64 {
	var stats runtime.MemStats

	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// open fills the shop up to so many bytes.
func open(bytes uint64) {
	const some = 20000

	stock()
	empty := live()
	enter(0, some)
	each := (live() - empty) / some
	for number := some; ; {
		has := live()
		if has >= bytes {
			return
		}
		more := int((bytes-has)/each) + some/10
		enter(number, more)
		number += more
	}
}

//go:noinline
func draft(number int) *order { return &order{number: number, note: make([]byte, 200)} }

//go:noinline
func ask(number int) {
	mine, reply := draft(number), make(chan *order)
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
		open(uint64(mib) << 20)
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
	if leaky {
		tell("heap_bytes", live())
		tell("leaked_count", (count+9)/10)
	}
	ready()
	time.Sleep(24 * time.Hour)
	lock.Unlock()
	table.Unlock()
}
