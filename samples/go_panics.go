// SPDX-License-Identifier: Apache-2.0

// Panics and fatal errors, one a run: in which goroutine, with which values, of which class.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

type stockError struct{ missing int }

func (e *stockError) Error() string { return fmt.Sprintf("stock: %d missing", e.missing) }

type colour int

func (c colour) String() string { return [...]string{"red", "green"}[c] }

type oddity struct {
	one, two int
	name     string
}

var (
	events   = make(chan int, 1)
	noEvents chan int
	group    = new(sync.WaitGroup)
	mutex    sync.Mutex
	readers  sync.RWMutex
	visits   map[string]int
	hits     = map[int]int{}
	nowhere  *oddity
	few      = []int{1, 2, 3}
	many     = 9
	zero     int
	anything interface{} = "text"
	inAction             = meeting{needed: 2}
)

func value(text, kind string) fields { return fields{"value": text, "type": kind} }

// panics tells what it will do, newest first, and waits until it may.
func panics(a *actor, class, function string, values ...fields) {
	tell("panic", fields{"tid": a, "class": class, "function": function, "values": values})
	tell("finding", fields{"rule": "CT205", "level": "P0", "confidence": []string{"proven"}, "tids": []*actor{a}})
	tell("verdict", []string{"crash"})
	tell("absent", []string{"CT201"})
	untilAsked()
}

func dies(a *actor, class, function, text string) {
	tell("fatal", fields{"tid": a, "class": class, "function": function, "text": text})
	tell("finding", fields{"rule": "CT205", "level": "P0", "confidence": []string{"proven"}, "tids": []*actor{a}})
	tell("verdict", []string{"crash"})
	tell("absent", []string{"CT201"})
	untilAsked()
}

// ---- channels ----

//go:noinline
func sendLate() { events <- 1 }

func sendClosed(a *actor) {
	close(events)
	panics(a, "send-on-closed", "main.sendLate", value("send on closed channel", "runtime.plainError"))
	sendLate()
}

// It waits to send, and is woken by the close.
func closedUnderSender(a *actor) {
	events <- 1
	sender := start("sender", sendLate)
	time.Sleep(100 * time.Millisecond)
	panics(sender, "send-on-closed", "main.sendLate", value("send on closed channel", "runtime.plainError"))
	close(events)
	time.Sleep(time.Hour)
}

// Two cases can go on, and the one that cannot is taken at once: a default does not help.
//
//go:noinline
func trySend() {
	select {
	case events <- 1:
	default:
	}
}

func trySendClosed(a *actor) {
	close(events)
	panics(a, "send-on-closed", "main.trySend", value("send on closed channel", "runtime.plainError"))
	trySend()
}

//go:noinline
func closeIt(events chan int) { close(events) }

func closeClosed(a *actor) {
	close(events)
	panics(a, "close-of-closed", "main.closeIt", value("close of closed channel", "runtime.plainError"))
	closeIt(events)
}

// shop is a channel that others use, too: who panics at it is one of several.
type shop struct{ orders, other chan int }

// It would close what it receives from; of a channel that somebody panics at only that is told.
//
//go:noinline
func (s *shop) takeOrders() (sum int) {
	time.Sleep(time.Hour)
	for order := range s.orders {
		sum += order
	}
	close(s.orders)
	return sum
}

//go:noinline
func (s *shop) order(count int) {
	time.Sleep(time.Hour)
	for i := 0; i < count; i++ {
		s.orders <- i
	}
}

// The near miss: it uses another channel, which nobody has closed.
//
//go:noinline
func (s *shop) orderElsewhere() {
	time.Sleep(time.Hour)
	s.other <- 1
}

//go:noinline
func (s *shop) shut() { close(s.orders) }

// At a select that sends, one of several cases is that of the closed channel.
//
//go:noinline
func (s *shop) orderAnywhere() {
	select {
	case s.other <- 1:
	case s.orders <- 1:
	case <-noEvents:
	}
}

//go:noinline
func (s *shop) orderNow() { s.orders <- 1 }

// openShop has one who will receive, one who will send, and one who does neither.
func openShop() (s *shop, users []*actor, others []*actor) {
	s = &shop{orders: make(chan int), other: make(chan int)}
	users = append(users, start("clerk", func() { s.takeOrders() }))
	users = append(users, start("customer", func() { s.order(3) }))
	others = append(others, start("stranger", s.orderElsewhere))
	time.Sleep(100 * time.Millisecond)
	s.shut()
	return s, users, others
}

func inShop(a *actor, class, text, function string, panic func(*shop)) {
	s, users, others := openShop()
	tell("panic_channel", fields{"tid": a, "channel": address(s.orders), "users": users, "others": others})
	panics(a, class, function, value(text, "runtime.plainError"))
	panic(s)
}

func sendShop(a *actor) {
	inShop(a, "send-on-closed", "send on closed channel", "main.(*shop).orderNow", (*shop).orderNow)
}

// Up to 1.15 a select is made in another way, and nothing is said.
func selectShop(a *actor) {
	if strings.HasPrefix(runtime.Version(), "go1.15") {
		s, _, _ := openShop()
		tell("panic_channel", fields{"tid": a})
		panics(a, "send-on-closed", "main.(*shop).orderAnywhere", value("send on closed channel", "runtime.plainError"))
		s.orderAnywhere()
	}
	inShop(a, "send-on-closed", "send on closed channel", "main.(*shop).orderAnywhere", (*shop).orderAnywhere)
}

func closeShop(a *actor) {
	inShop(a, "close-of-closed", "close of closed channel", "main.(*shop).shut", (*shop).shut)
}

// Both channels of the select are closed: which one it was is not said.
func selectBoth(a *actor) {
	s, _, _ := openShop()
	close(s.other)
	tell("panic_channel", fields{"tid": a})
	panics(a, "send-on-closed", "main.(*shop).orderAnywhere", value("send on closed channel", "runtime.plainError"))
	s.orderAnywhere()
}

func closeNil(a *actor) {
	panics(a, "close-of-nil", "main.closeIt", value("close of nil channel", "runtime.plainError"))
	closeIt(noEvents)
}

// ---- package sync ----

func negativeWaitGroup(a *actor) {
	group.Add(1)
	group.Done()
	panics(a, "negative-waitgroup", "sync.(*WaitGroup).Add", value("sync: negative WaitGroup counter", "string"))
	group.Done()
}

// As if a Wait had come in between: one waits, and the counter is 0.
func waitGroupMisuse(a *actor) {
	*(*uint64)(unsafe.Pointer(group)) = 1
	panics(a, "waitgroup-misuse", "sync.(*WaitGroup).Add",
		value("sync: WaitGroup misuse: Add called concurrently with Wait", "string"))
	group.Add(1)
}

//go:noinline
func unlock() { mutex.Unlock() }

func unlockUnlocked(a *actor) {
	dies(a, "unlock-of-unlocked", "main.unlock", "sync: unlock of unlocked mutex")
	unlock()
}

//go:noinline
func unlockReaders() { readers.RUnlock() }

func unlockReader(a *actor) {
	dies(a, "unlock-of-unlocked", "main.unlockReaders", "sync: RUnlock of unlocked RWMutex")
	unlockReaders()
}

func unlockWriter(a *actor) {
	dies(a, "unlock-of-unlocked", "sync.(*RWMutex).Unlock", "sync: Unlock of unlocked RWMutex")
	readers.Unlock()
}

// ---- maps, pointers, bounds ----

//go:noinline
func visit(who string) { visits[who]++ }

type entry struct {
	who   string
	times int
}

var entries sync.Pool

// Who panics does not come to what its code would do next.
//
//go:noinline
func countVisit(one *entry) {
	entries.Put(one)
	visit("ada")
	one.times++
}

func nilMap(a *actor) {
	tell("absent", []string{"CT216"})
	panics(a, "nil-map-write", "main.visit", value("assignment to entry in nil map", "runtime.plainError"))
	countVisit(new(entry))
}

//go:noinline
func nameOf(o *oddity) string { return o.name }

func nilDereference(a *actor) {
	panics(a, "nil-dereference", "main.nameOf",
		value("runtime error: invalid memory address or nil pointer dereference", "runtime.errorString"))
	nameOf(nowhere)
}

//go:noinline
func at(list []int, index int) int { return list[index] }

func bounds(a *actor) {
	panics(a, "bounds", "main.at",
		value("runtime error: index out of range [9] with length 3", "runtime.boundsError"))
	at(few, many)
}

//go:noinline
func upTo(list []int, end int) []int { return list[:end] }

func sliceBounds(a *actor) {
	panics(a, "bounds", "main.upTo",
		value("runtime error: slice bounds out of range [:9] with capacity 3", "runtime.boundsError"))
	upTo(few, many)
}

//go:noinline
func share(whole, parts int) int { return whole / parts }

func divide(a *actor) {
	panics(a, "divide", "main.share", value("runtime error: integer divide by zero", "runtime.errorString"))
	share(many, zero)
}

//go:noinline
func asInt(any interface{}) int { return any.(int) }

func assertion(a *actor) {
	panics(a, "type-assertion", "main.asInt",
		value("interface conversion: interface {} is string, not int", "*runtime.TypeAssertionError"))
	asInt(anything)
}

// An address that no page has: the runtime takes it for damage, not for a nil pointer.
func wild(a *actor) {
	dies(a, "fault", "main.nameOf", "fault")
	nameOf((*oddity)(unsafe.Pointer(uintptr(0x5ead0000beef) + uintptr(zero))))
}

//go:noinline
func descend(depth int) int {
	var room [64]int
	room[depth%64] = depth
	return descend(depth+1) + room[(depth+1)%64]
}

func overflow(a *actor) {
	debug.SetMaxStack(1 << 20)
	dies(a, "stack-overflow", "main.descend", "stack overflow")
	descend(0)
}

//go:noinline
func hoard() []byte {
	return make([]byte, many<<30)
}

// The system gives no more: the runtime notices that on the thread's own stack.
func outOfMemory(a *actor) {
	must(syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: 4 << 30, Max: 4 << 30}), "setrlimit")
	dies(a, "out-of-memory", "main.hoard", "out of memory")
	hoard()
}

//go:noinline
func blockIn(pipe int) {
	syscall.Read(pipe, make([]byte, 1))
}

func tooManyThreads(a *actor) {
	var ends [2]int
	must(syscall.Pipe(ends[:]), "pipe")
	debug.SetMaxThreads(16)
	tell("fatal", fields{"class": "thread-exhaustion", "text": "thread exhaustion"})
	tell("verdict", []string{"crash"})
	tell("fires", []string{"CT205"})
	untilAsked()
	for i := 0; i < 32; i++ {
		go blockIn(ends[0])
	}
	time.Sleep(time.Hour)
}

//go:noinline
func count() {
	inAction.attend()
	for round := 0; ; round++ {
		hits[round%100]++
	}
}

// Either of them may be the one that notices.
func concurrentMap(a *actor) {
	tell("fatal", fields{"class": "concurrent-map", "text": "concurrent map writes", "function": "main.count"})
	tell("fires", []string{"CT201"})
	tell("absent", []string{"CT205"})
	tell("verdict", []string{"crash"})
	runtime.GOMAXPROCS(4)
	untilAsked()
	go count()
	count()
}

//go:noinline
func lookUp() (sum int) {
	inAction.attend()
	for round := 0; ; round++ {
		sum += hits[round%100]
	}
}

// Only the reader notices.
func concurrentRead(a *actor) {
	runtime.GOMAXPROCS(4)
	var go1 gate
	start("writer", func() {
		go1.pass()
		count()
	})
	reader := start("reader", func() {
		go1.pass()
		lookUp()
	})
	tell("fatal", fields{"tid": reader, "class": "concurrent-map", "text": "concurrent map read and map write",
		"function": "main.lookUp"})
	tell("finding", fields{"rule": "CT201", "level": "P0", "confidence": []string{"proven"}, "tids": []*actor{reader}})
	tell("absent", []string{"CT205"})
	tell("verdict", []string{"crash"})
	untilAsked()
	go1.open()
	time.Sleep(time.Hour)
}

// ---- values of one's own ----

//go:noinline
func raise(value interface{}) { panic(value) }

func customError(a *actor) {
	panics(a, "panic", "main.raise", value("stock: 3 missing", "*main.stockError"))
	raise(&stockError{3})
}

func wrappedError(a *actor) {
	panics(a, "panic", "main.raise", value("shop: no such file", "*errors.errorString"))
	raise(errors.New("shop: no such file"))
}

func stringer(a *actor) {
	panics(a, "panic", "main.raise", value("green", "main.colour"))
	raise(colour(1))
}

func integer(a *actor) {
	panics(a, "panic", "main.raise", value("42", "int"))
	raise(42)
}

func structure(a *actor) {
	panics(a, "panic", "main.raise", fields{"type": "main.oddity"})
	raise(oddity{1, 2, "x"})
}

func inGoroutine(a *actor) {
	var go1 gate
	other := start("other", func() {
		go1.pass()
		raise("out of paper")
	})
	panics(other, "panic", "main.raise", value("out of paper", "string"))
	go1.open()
	time.Sleep(time.Hour)
}

func inDefers(a *actor) {
	panics(a, "panic", "main.raise", value("third", "string"), value("second", "string"), value("first", "string"))
	defer raise("third")
	defer raise("second")
	raise("first")
}

func again(a *actor) {
	panics(a, "panic", "main.again.func1", value("stock: 5 missing", "*main.stockError"),
		fields{"value": "stock: 5 missing", "type": "*main.stockError", "recovered": true})
	defer func() {
		panic(recover())
	}()
	raise(&stockError{5})
}

// The first was recovered and is over; the second is what it dies of.
func afterRecovery(a *actor) {
	panics(a, "panic", "main.raise", value("second", "string"))
	func() {
		defer func() { _ = recover() }()
		raise("first")
	}()
	raise("second")
}

func mainGone(a *actor) {
	tell("fatal", fields{"class": "all-asleep", "text": "no goroutines (main called runtime.Goexit) - deadlock!"})
	tell("verdict", []string{"crash"})
	tell("fires", []string{"CT205"})
	tell("absent", []string{"CT203"})
	untilAsked()
	runtime.Goexit()
}

// A watchdog ends its own process: neither abort() nor another process.
func watchdog(self *actor) {
	tell("crash", fields{"tid": "any", "class": []string{"abort"}, "cause": "raised SIGABRT itself",
		"function": "main.watchdog"})
	untilAsked()
	syscall.Kill(os.Getpid(), syscall.SIGABRT)
	time.Sleep(time.Hour) // somebody must be able to go on, or the runtime ends it for that
}

// A signal that no runtime raises of itself: it came from the process.
func quitter(self *actor) {
	tell("crash", fields{"tid": "any", "class": []string{"raised"}, "cause": "took SIGQUIT"})
	untilAsked()
	syscall.Kill(os.Getpid(), syscall.SIGQUIT)
	time.Sleep(time.Hour)
}

// The size comes from elsewhere.
//
//go:noinline
func room(size int) []byte { return make([]byte, size) }

func badSize(a *actor) {
	panics(a, "bad-size", "main.room", value("runtime error: makeslice: len out of range", "runtime.errorString"))
	room(-many)
}

func uncomparable(a *actor) {
	panics(a, "uncomparable", "main.same", value("runtime error: comparing uncomparable type []int", "runtime.errorString"))
	same([]int{1}, []int{1})
}

//go:noinline
func same(one, other interface{}) bool { return one == other }

func main() {
	run := choose(map[string]func(*actor){
		"send_closed": sendClosed, "closed_under_sender": closedUnderSender, "try_send_closed": trySendClosed,
		"close_closed": closeClosed, "send_shop": sendShop, "select_shop": selectShop, "close_shop": closeShop, "select_both": selectBoth,
		"close_nil": closeNil, "negative_waitgroup": negativeWaitGroup,
		"waitgroup_misuse": waitGroupMisuse, "unlock_unlocked": unlockUnlocked, "unlock_reader": unlockReader,
		"unlock_writer": unlockWriter, "nil_map": nilMap, "nil_dereference": nilDereference, "bounds": bounds,
		"slice_bounds": sliceBounds, "divide": divide, "assertion": assertion, "wild": wild, "overflow": overflow,
		"concurrent_map": concurrentMap, "concurrent_read": concurrentRead, "custom_error": customError, "wrapped_error": wrappedError,
		"stringer": stringer, "integer": integer, "structure": structure, "in_goroutine": inGoroutine,
		"in_defers": inDefers, "again": again, "after_recovery": afterRecovery, "main_gone": mainGone,
		"watchdog": watchdog, "quitter": quitter, "bad_size": badSize, "uncomparable": uncomparable,
		"out_of_memory": outOfMemory, "too_many_threads": tooManyThreads,
	}, os.Args[1:])
	self := named("main")
	self.enter()
	run(self)
}
