// SPDX-License-Identifier: Apache-2.0

// A warehouse in which everyone waits in a way of his own: each reason that a goroutine can be parked for, system
// calls, the network poller. Nobody is stuck for good: some will wake by themselves, and so whom they wake.
package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"
)

type parcel struct {
	number int
	to     string
}

var (
	orders      = make(chan parcel)      // nobody sends
	shelf       = make(chan *parcel, 3)  // full
	returns     = make(chan parcel, 8)   // empty
	unopened    chan int                 // nil
	dock        = make(chan struct{}, 1) // empty
	complaints  = make(chan string, 1)   // full
	stock       sync.Mutex
	prices      sync.RWMutex
	catalogue   sync.RWMutex
	loaders     sync.WaitGroup
	rampLock    sync.Mutex
	rampFree    = sync.NewCond(&rampLock)
	rampIsFree  bool
	openOnce    sync.Once
	nightShift  = 24 * time.Hour
	everyone    = map[string]*actor{}
	mainActor   = named("main")
	finalizerAt = named("finalizer")
)

func begin(label string, run func()) *actor {
	everyone[label] = start(label, run)
	return everyone[label]
}

// ---- channels ----

//go:noinline
func takeOrder() parcel { return <-orders }

//go:noinline
func putOnShelf() { shelf <- &parcel{4, "Oslo"} }

//go:noinline
func takeReturn() {
	for one := range returns {
		_ = one
	}
}

//go:noinline
func openUnopened() int { return <-unopened }

//go:noinline
func fillUnopened() { unopened <- 1 }

//go:noinline
func sleepForEver() { select {} }

//go:noinline
func dispatch(ctx context.Context) string {
	select {
	case one := <-orders:
		return one.to
	case shelf <- &parcel{5, "Rome"}:
		return "shelf"
	case <-time.After(nightShift):
		return "late"
	case <-ctx.Done():
		return "closed"
	}
}

//go:noinline
func oneCase(ctx context.Context) { <-ctx.Done() }

//go:noinline
func nilAmong() {
	select {
	case <-unopened:
	case complaints <- "cold":
	}
}

// ---- through functions that the compiler makes, which no traceback shows ----

type bell struct{ rung chan int }

var bells = []*bell{{make(chan int)}, {make(chan int)}, {make(chan int)}}

func (b *bell) listen() { <-b.rung }

type house struct{ *bell }

type listener interface{ listen() }

//go:noinline
func atHome(l listener) { l.listen() }

//go:noinline
func atLast(b *bell, times int) {
	defer func(n int) { b.rung <- n }(times)
	defer b.listen()
}

func wrappers() {
	method := bells[2].listen
	for _, one := range []struct {
		label, function string
		run             func()
		bell            *bell
	}{
		{"neighbour", "main.atHome", func() { atHome(house{bells[0]}) }, bells[0]},
		{"leaving", "main.atLast", func() { atLast(bells[1], 3) }, bells[1]},
		{"listening", "main.(*bell).listen", method, bells[2]},
	} {
		a := begin(one.label, one.run)
		expect(a, one.function, nil, "chan receive")
		wait(a, "chan-recv", one.bell.rung, nil)
	}
}

func channels() {
	for number := 1; number <= 3; number++ {
		shelf <- &parcel{number, "Bern"}
	}
	complaints <- "wet"
	ctx, cancel := context.WithCancel(context.Background())
	child, cancelChild := context.WithTimeout(context.WithValue(ctx, parcel{}, 7), nightShift)
	_, _ = cancel, cancelChild

	clerk := begin("clerk", func() { takeOrder() })
	expect(clerk, "main.takeOrder", nil, "chan receive")
	wait(clerk, "chan-recv", orders, nil)
	packer := begin("packer", putOnShelf)
	expect(packer, "main.putOnShelf", nil, "chan send")
	wait(packer, "chan-send", shelf, nil)
	returner := begin("returner", takeReturn)
	expect(returner, "main.takeReturn", nil, "chan receive")
	wait(returner, "chan-recv", returns, nil)

	guest := begin("guest", func() { openUnopened() })
	expect(guest, "main.openUnopened", nil, "chan receive (nil chan)")
	wait(guest, "chan-recv", nil, nil)
	other := begin("other guest", fillUnopened)
	expect(other, "main.fillUnopened", nil, "chan send (nil chan)")
	wait(other, "chan-send", nil, nil)
	watchman := begin("watchman", sleepForEver)
	expect(watchman, "main.sleepForEver", nil, "select (no cases)")
	tell("select", fields{"tid": watchman, "cases": []fields{}, "timed": false})
	finding("CT211", "P1", []*actor{guest, other, watchman}, "proven", "likely")

	dispatcher := begin("dispatcher", func() { dispatch(child) })
	expect(dispatcher, "main.dispatch", nil, "select")
	tell("select", fields{"tid": dispatcher, "timed": true, "all": false,
		"cases": []fields{receive(orders), send(shelf), receive(child.Done())}})
	closer := begin("closer", func() { oneCase(ctx) })
	expect(closer, "main.oneCase", nil, "chan receive")
	wait(closer, "chan-recv", ctx.Done(), nil)
	complainer := begin("complainer", nilAmong)
	expect(complainer, "main.nilAmong", nil, "select")
	tell("select", fields{"tid": complainer, "timed": false, "all": true, "cases": []fields{send(complaints)}})

	tell("channel", fields{"resource": address(orders), "len": 0, "cap": 0, "closed": false, "elem": "main.parcel",
		"senders": []*actor{}, "receivers": []*actor{clerk, dispatcher}})
	tell("channel", fields{"resource": address(shelf), "len": 3, "cap": 3, "closed": false, "elem": "*main.parcel",
		"senders": []*actor{packer, dispatcher}, "receivers": []*actor{}})
	tell("channel", fields{"resource": address(returns), "len": 0, "cap": 8, "closed": false, "elem": "main.parcel",
		"senders": []*actor{}, "receivers": []*actor{returner}})
	tell("channel", fields{"resource": address(complaints), "len": 1, "cap": 1, "closed": false, "elem": "string",
		"senders": []*actor{complainer}, "receivers": []*actor{}})
}

// ---- package sync ----

//go:noinline
func restock() {
	stock.Lock()
	defer stock.Unlock()
	time.Sleep(nightShift)
}

//go:noinline
func countStock() {
	stock.Lock()
	defer stock.Unlock()
}

//go:noinline
func readPrices() {
	prices.RLock()
	defer prices.RUnlock()
	time.Sleep(nightShift)
}

//go:noinline
func changePrices() {
	prices.Lock()
	defer prices.Unlock()
}

//go:noinline
func rewriteCatalogue() {
	catalogue.Lock()
	time.Sleep(nightShift)
	catalogue.Unlock()
}

//go:noinline
func readCatalogue() {
	catalogue.RLock()
	defer catalogue.RUnlock()
}

//go:noinline
func load() {
	defer loaders.Done()
	time.Sleep(nightShift)
}

//go:noinline
func awaitLoaders() { loaders.Wait() }

//go:noinline
func awaitRamp() {
	rampLock.Lock()
	defer rampLock.Unlock()
	for !rampIsFree {
		rampFree.Wait()
	}
}

//go:noinline
func openDoors() {
	openOnce.Do(func() { time.Sleep(nightShift) })
}

func locks() {
	restocker := begin("restocker", restock)
	expect(restocker, "main.restock", nil, "sleep")
	wait(restocker, "sleep", nil, fields{"timed": true})
	holds(restocker, &stock, "exclusive")
	counter := begin("counter", countStock)
	expectMutex(counter, "main.countStock", &stock, heldBy(restocker).called("main.stock"))

	reader := begin("price reader", readPrices)
	expect(reader, "main.readPrices", nil, "sleep")
	wait(reader, "sleep", nil, fields{"timed": true})
	holds(reader, &prices, "shared")
	changer := begin("price changer", changePrices)
	expect(changer, "main.changePrices", nil, append(forWriter, "sync.Mutex.Lock")...)
	wait(changer, "rwlock-write", &prices, heldBy(reader).called("main.prices"))

	writer := begin("catalogue writer", rewriteCatalogue)
	expect(writer, "main.rewriteCatalogue", nil, "sleep")
	wait(writer, "sleep", nil, fields{"timed": true})
	holds(writer, &catalogue, "exclusive")
	browser := begin("browser", readCatalogue)
	expect(browser, "main.readCatalogue", nil, forReader...)
	wait(browser, "rwlock-read", &catalogue, heldBy(writer).called("main.catalogue"))

	loaders.Add(2)
	first := begin("first loader", load)
	second := begin("second loader", load)
	for _, one := range []*actor{first, second} {
		expect(one, "main.load", nil, "sleep")
		wait(one, "sleep", nil, fields{"timed": true})
	}
	foreman := begin("foreman", awaitLoaders)
	expect(foreman, "main.awaitLoaders", nil, forWaitGroup...)
	wait(foreman, "waitgroup", &loaders, nil)
	tell("peers_among", fields{"tid": foreman, "peers": []*actor{first, second}})
	tell("waitgroup", fields{"resource": address(&loaders), "counter": 2, "waiters": 1})

	driver := begin("driver", awaitRamp)
	expect(driver, "main.awaitRamp", nil, "sync.Cond.Wait")
	wait(driver, "cond", rampFree, nil)
	notHeldBy(driver, &rampLock)

	opener := begin("opener", openDoors)
	expect(opener, "main.openDoors", nil, "sleep")
	wait(opener, "sleep", nil, fields{"timed": true})
	visitor := begin("visitor", openDoors)
	expect(visitor, "main.openDoors", nil, forMutex...)
	wait(visitor, "once", &openOnce, heldBy(opener))
}

// ---- time, labels, the thread ----

//go:noinline
func nap() { time.Sleep(nightShift) }

//go:noinline
func tick(ticker *time.Ticker) {
	for range ticker.C {
	}
}

//go:noinline
func inTenant(ctx context.Context) { <-dock }

//go:noinline
func keepThread(a *actor, tid *int) {
	runtime.LockOSThread()
	*tid = syscall.Gettid()
	a.enter()
	time.Sleep(nightShift)
}

func others() {
	sleeper := begin("sleeper", nap)
	expect(sleeper, "main.nap", nil, "sleep")
	wait(sleeper, "sleep", nil, fields{"timed": true})
	ticker := time.NewTicker(nightShift)
	ticking := begin("ticking", func() { tick(ticker) })
	expect(ticking, "main.tick", nil, "chan receive")
	wait(ticking, "chan-recv", ticker.C, fields{"timed": true})
	tenant := begin("tenant", func() {
		pprof.Do(context.Background(), pprof.Labels("tenant", "red", "request", "17"), inTenant)
	})
	expect(tenant, "main.inTenant", fields{"labels": fields{"tenant": "red", "request": "17"}}, "chan receive")
	wait(tenant, "chan-recv", dock, nil)
	var tid int
	pinned := named("pinned")
	go keepThread(pinned, &tid)
	pinned.number()
	expect(pinned, "main.keepThread", fields{"carrier": tid}, "sleep")
	wait(pinned, "sleep", nil, fields{"timed": true})
	time.AfterFunc(nightShift, takeReturn)

	runtime.SetFinalizer(&parcel{9, "nowhere"}, func(*parcel) {
		finalizerAt.enter()
		time.Sleep(nightShift)
	})
	runtime.GC()
	runtime.GC()
	expect(finalizerAt, "time.Sleep", nil, "sleep")
	wait(finalizerAt, "sleep", nil, fields{"timed": true})
}

// ---- the world outside ----

func polled(a *actor, function, mode string, conn syscall.Conn) {
	expect(a, function, nil, "IO wait")
	told := fields{"tid": a, "mode": mode}
	if listener, is := conn.(net.Listener); is {
		told["local"] = listener.Addr().String()
	}
	if socket, is := conn.(net.Conn); is {
		told["local"] = socket.LocalAddr().String()
		if there := socket.RemoteAddr(); there != nil {
			told["remote"] = there.String()
		}
	}
	if conn != nil {
		raw, err := conn.SyscallConn()
		must(err, "SyscallConn")
		must(raw.Control(func(fd uintptr) { told["fd"] = fd }), "Control")
	}
	tell("polled", told)
}

//go:noinline
func accept(listener net.Listener) { listener.Accept() }

//go:noinline
func read(conn interface{ Read([]byte) (int, error) }) {
	some := make([]byte, 16)
	conn.Read(some)
}

//go:noinline
func write(conn net.Conn) {
	much := make([]byte, 1<<20)
	for {
		if _, err := conn.Write(much); err != nil {
			return
		}
	}
}

func network() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err, "listen")
	near, err := net.Dial("tcp", listener.Addr().String())
	must(err, "dial")
	far, err := listener.Accept()
	must(err, "accept")
	doorman := begin("doorman", func() { accept(listener) })
	polled(doorman, "main.accept", "read", listener.(*net.TCPListener))
	hearer := begin("hearer", func() { read(near) })
	polled(hearer, "main.read", "read", near.(*net.TCPConn))
	talker := begin("talker", func() { write(near) })
	polled(talker, "main.write", "write", near.(*net.TCPConn))
	_ = far

	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(err, "udp")
	postman := begin("postman", func() { read(packets.(*net.UDPConn)) })
	polled(postman, "main.read", "read", packets.(*net.UDPConn))
	six, err := net.Dial("udp", "[::1]:9")
	if err == nil { // without IPv6 there is none
		courier := begin("courier", func() { read(six) })
		polled(courier, "main.read", "read", six.(*net.UDPConn))
	}
	local, err := net.Listen("unix", "socket")
	must(err, "unix")
	porter := begin("porter", func() { accept(local) })
	polled(porter, "main.accept", "read", local.(*net.UnixListener))
	from, _, err := os.Pipe()
	must(err, "pipe")
	plumber := begin("plumber", func() { read(from) })
	polled(plumber, "main.read", "read", from)
	connect()
}

// A socket whose queue is full does not answer.
//
//go:noinline
func dial(at string) { net.Dial("tcp", at) }

func connect() {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	must(err, "socket")
	must(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), "bind")
	must(syscall.Listen(fd, 0), "listen")
	name, err := syscall.Getsockname(fd)
	must(err, "getsockname")
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*syscall.SockaddrInet4).Port}
	_, err = net.DialTCP("tcp", nil, at)
	must(err, "dial")
	caller := begin("caller", func() { dial(at.String()) })
	polled(caller, "main.dial", "write", nil)
}

//go:noinline
func readRaw(fd int) { syscall.Read(fd, make([]byte, 8)) }

//go:noinline
func supervise(command *exec.Cmd) { command.Wait() }

func calls() {
	var ends [2]int
	must(syscall.Pipe(ends[:]), "pipe")
	raw := begin("raw reader", func() { readRaw(ends[0]) })
	expect(raw, "main.readRaw", fields{"syscall": "read"}, "syscall")
	command := exec.Command("sleep", "86400")
	must(command.Start(), "sleep")
	parent := begin("parent", func() { supervise(command) })
	expect(parent, "main.supervise", nil, "syscall")
}

func main() {
	mainActor.enter()
	channels()
	wrappers()
	locks()
	others()
	network()
	calls()
	tell("absent", []string{"CT203", "CT204", "CT205", "CT217", "CT219"})
	rest(mainActor)
}
