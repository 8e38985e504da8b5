// SPDX-License-Identifier: Apache-2.0

// A shop that has been open for a while. Couriers report to a counter where nobody stands any more: the registry still
// has their channels, so that no proof tells that they are leaked. Beside them there are as many of others that wait
// just as long, and that nobody should suspect: workers of pools, who have work or had it, clients that are quiet, and
// who can be told to go home.
package main

import (
	"io"
	"net"
	"net/http"
	"runtime"
	"time"
)

const (
	rounds = 8
	each   = 8 // of a kind come in a round
	pause  = 250 * time.Millisecond
)

type order struct{ number int }

var (
	registry = map[int]chan order{} // one entry for each courier, and never removed
	desks    = map[int]chan order{} // what else is to be found
	jobs     = make(chan order)
	handled  int
)

// ---- left behind ----

//go:noinline
func deliver(reports chan<- order, number int) {
	reports <- order{number}
}

// Who asked for it has waited for a moment, and gone.
//
//go:noinline
func dispatch(number int) *actor {
	reports := make(chan order)
	registry[number] = reports
	courier := named("courier")
	go func() {
		courier.enter()
		deliver(reports, number)
	}()
	courier.number()
	return courier
}

// ---- near misses ----

func desk(number int) chan order {
	c := make(chan order)
	desks[number] = c
	return c
}

// A pool that grows when it has to; the first of them is at work.
//
//go:noinline
func hirePacker(number int, busy *gate) *actor {
	packer, done := named("packer"), desk(1000+number)
	go func() {
		packer.enter()
		if number == 0 {
			busy.pass()
		}
		pack(done, number)
	}()
	packer.number()
	return packer
}

//go:noinline
func pack(done chan<- order, number int) { done <- order{number} }

// All of them take from one channel.
//
//go:noinline
func hirePorter() *actor {
	porter := named("porter")
	go func() {
		porter.enter()
		carry()
	}()
	porter.number()
	return porter
}

//go:noinline
func carry() {
	for job := range jobs {
		handled += job.number
	}
}

// They are there from the beginning, each with a desk of its own.
//
//go:noinline
func hireClerk(number int) *actor {
	clerk, letters := named("clerk"), desk(2000+number)
	go func() {
		clerk.enter()
		read(letters)
	}()
	clerk.number()
	return clerk
}

//go:noinline
func read(letters <-chan order) { handled += (<-letters).number }

// Each can be told to go.
//
//go:noinline
func hireGuard(number int) *actor {
	guard, alarm, home := named("guard"), desk(3000+number), make(chan struct{})
	homes = append(homes, home)
	go func() {
		guard.enter()
		watch(alarm, home)
	}()
	guard.number()
	return guard
}

var homes []chan struct{}

//go:noinline
func watch(alarm <-chan order, home <-chan struct{}) {
	select {
	case o := <-alarm:
		handled += o.number
	case <-home:
	}
}

// Each waits for an hour at most.
//
//go:noinline
func hireCook(number int) *actor {
	cook, orders := named("cook"), desk(4000+number)
	go func() {
		cook.enter()
		cookFor(orders)
	}()
	cook.number()
	return cook
}

//go:noinline
func cookFor(orders <-chan order) {
	select {
	case o := <-orders:
		handled += o.number
	case <-time.After(time.Hour):
	}
}

// A client of a web server that is done with its request, and keeps the connection.
//
//go:noinline
func visit(address string) net.Conn {
	conn, err := net.Dial("tcp", address)
	must(err, "dial")
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
	must(err, "request")
	_, err = conn.Read(make([]byte, 1))
	must(err, "answer")
	return conn
}

func web() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err, "listen")
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {})}
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String()
}

func main() {
	self := named("main")
	self.enter()
	var couriers, others []*actor
	var visitors []net.Conn
	var busy gate
	address := web()
	for i := 0; i < rounds*each; i++ {
		others = append(others, hireClerk(i))
	}
	for round := 0; round < rounds; round++ {
		for i := round * each; i < (round+1)*each; i++ {
			couriers = append(couriers, dispatch(i))
			others = append(others, hirePacker(i, &busy), hirePorter(), hireGuard(i), hireCook(i))
			visitors = append(visitors, visit(address))
		}
		time.Sleep(pause)
		runtime.GC()
	}
	for _, courier := range couriers {
		await(courier, "main.deliver", "chan send")
	}
	tell("suspects", fields{"least": rounds * each, "age": 1, "tids": couriers})
	tell("none_about", fields{"rules": []string{"CT220"}, "tids": append(append(couriers, others...), self)})
	rest(self)
	busy.open()
	runtime.KeepAlive([]interface{}{visitors, registry, desks, homes, handled})
}
