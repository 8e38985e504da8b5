// SPDX-License-Identifier: Apache-2.0

// Goroutines in the middle of operations on maps, one of which marks the map as being written while another one is in it.
// They stay there because the memory that they read next never comes: userfaultfd(2) has it, and nobody fills it. What is
// missing of a key stops who takes its hash, before anything is marked; what is missing of a key that is in the map stops
// who has to compare it, which is when a writer has marked the map. Near them one that writes alone, readers alone, a
// reader of another map, one that waits for the lock that a writer has, one that writes but has marked nothing, and one
// whose writing has ended in a panic.
package main

import (
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// linux/userfaultfd.h, for amd64
const (
	sysUserfaultfd  = 323
	userModeOnly    = 1
	uffdAPI         = 0xc018aa3f
	uffdRegister    = 0xc020aa00
	uffdMissing     = 1
	uffdPagefault   = 0x12
	uffdVersion     = 0xaa
	madviseDontDump = 16
	page            = 4096
)

var faults int

func ioctl(request uintptr, argument unsafe.Pointer) {
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(faults), request, uintptr(argument)); errno != 0 {
		fail("ioctl of a userfaultfd: " + errno.Error())
	}
}

func openFaults() {
	fd, _, errno := syscall.Syscall(sysUserfaultfd, syscall.O_CLOEXEC|userModeOnly, 0, 0)
	if errno != 0 {
		cannot("userfaultfd(2): " + errno.Error())
	}
	faults = int(fd)
	ioctl(uffdAPI, unsafe.Pointer(&[3]uint64{uffdVersion}))
}

// A stretch is memory of which nothing is there any more once it is withdrawn. It is no part of cores: to read it would
// not end.
type stretch []byte

func newStretch() stretch {
	memory, err := syscall.Mmap(-1, 0, page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	must(err, "mmap")
	must(syscall.Madvise(memory, madviseDontDump), "madvise")
	return memory
}

func (s stretch) address() uint64 { return uint64(uintptr(unsafe.Pointer(&s[0]))) }

// text is as long as it is told, and zero all over.
func (s stretch) text(length int) string {
	head := struct {
		data   *byte
		length int
	}{&s[0], length}
	return *(*string)(unsafe.Pointer(&head))
}

func (s stretch) withdraw() {
	must(syscall.Madvise(s, syscall.MADV_DONTNEED), "madvise")
	ioctl(uffdRegister, unsafe.Pointer(&[4]uint64{s.address(), page, uffdMissing}))
}

// await waits until somebody waits for it.
func (s stretch) await() {
	for message := [4]uint64{}; message[0]&0xff != uffdPagefault || message[2]&^(page-1) != s.address(); {
		_, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(faults), uintptr(unsafe.Pointer(&message)), 32)
		if errno != 0 && errno != syscall.EINTR {
			fail("read of a userfaultfd: " + errno.Error())
		}
	}
}

// absent is a key that no map has. Whoever takes its hash waits.
func absent(length int) (string, stretch) {
	s := newStretch()
	s.withdraw()
	return s.text(length), s
}

type article struct{ shop, name string }

var names = []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"}

const long = 3000 // bytes of the key that is withdrawn; others are longer

// A store is of strings, which have functions of their own in the runtime.
func newStore() (map[string]int, stretch) {
	store, key := make(map[string]int, 64), newStretch()
	for i, name := range names {
		store[name] = i
	}
	store[key.text(long)] = 1
	return store, key
}

//go:noinline
func lookUp(store map[string]int, key string) int { return store[key] }

//go:noinline
func put(store map[string]int, key string) { store[key] = 2 }

//go:noinline
func lookUpArticle(stock map[article]int, key article) int { return stock[key] }

//go:noinline
func drop(stock map[article]int, key article) { delete(stock, key) }

// It is made to grow while it is gone through, so that keys are looked up again. The one that is withdrawn then is still to
// come.
//
//go:noinline
func count(store map[string]int, grow func()) {
	for grown := false; !grown; {
		for key := range store {
			if !grown && len(key) == long {
				break
			}
			if !grown {
				grow()
			}
			grown = true
		}
	}
}

var lock sync.Mutex

//go:noinline
func putLocked(store map[string]int, key string) {
	lock.Lock()
	defer lock.Unlock()
	store[key] = 3
}

//go:noinline
func lookUpLocked(store map[string]int, key string) int {
	lock.Lock()
	defer lock.Unlock()
	return store[key]
}

// It touches what may not be touched, and stays where the panic has brought it.
//
//go:noinline
func putInVain(store map[string]int, key string) {
	debug.SetPanicOnFault(true)
	defer func() {
		for {
			time.Sleep(time.Hour)
		}
	}()
	store[key] = 4
}

// Its steps come one after the other, when all goroutines are there: nothing may stop them all any more.
type step struct {
	label string
	run   func()
	until stretch // that it waits for; nil: it comes to rest elsewhere
	begin gate
	actor *actor
}

var steps []*step

func plan(label string, until stretch, run func()) *actor {
	s := &step{label: label, run: run, until: until}
	s.actor = start(label, func() {
		s.begin.pass()
		s.run()
	})
	steps = append(steps, s)
	return s.actor
}

func reader(label string, store map[string]int) *actor {
	key, memory := absent(long + 1)
	return plan(label, memory, func() { lookUp(store, key) })
}

func writer(label string, store map[string]int, present stretch) *actor {
	key := string(make([]byte, long))
	present.withdraw()
	return plan(label, present, func() { put(store, key) })
}

func race(actors ...*actor) { finding("CT201", "P0", actors, "proven") }

func planRaces() {
	prices, price := newStore()
	race(reader("customer", prices), writer("clerk", prices, price))

	stock, dropped := make(map[article]int, 64), newStretch()
	for i, name := range names {
		stock[article{"here", name}] = i
	}
	stock[article{"here", dropped.text(long)}] = 1
	first, firstMemory := absent(long + 1)
	second, secondMemory := absent(long + 2)
	dropped.withdraw()
	race(plan("first", firstMemory, func() { lookUpArticle(stock, article{"here", first}) }),
		plan("second", secondMemory, func() { lookUpArticle(stock, article{"here", second}) }),
		plan("dropper", dropped, func() { drop(stock, article{"here", string(make([]byte, long))}) }))

	orders, order := newStore()
	unknown, memory := absent(long + 1)
	stores, kept := newStore()
	race(plan("counter", kept, func() {
		count(stores, func() {
			for i := 0; i < 1000; i++ {
				stores[strconv.Itoa(i)] = i
			}
			kept.withdraw()
		})
	}), plan("changer", kept, func() { put(stores, string(make([]byte, long))) }))
	race(plan("early", memory, func() { put(orders, unknown) }), writer("late", orders, order))
}

func planNearMisses() (near []*actor) {
	own, key := newStore()
	near = append(near, writer("alone", own, key))

	shared, _ := newStore()
	near = append(near, reader("one", shared), reader("other", shared))

	left, key := newStore()
	right, _ := newStore()
	near = append(near, reader("right", right), writer("left", left, key))

	guarded, key := newStore()
	key.withdraw()
	near = append(near, plan("guard", key, func() { putLocked(guarded, string(make([]byte, long))) }),
		plan("patient", nil, func() { lookUpLocked(guarded, "a") }))

	untouched, _ := newStore()
	unknown, memory := absent(long + 2)
	near = append(near, reader("looks", untouched), plan("not yet", memory, func() { put(untouched, unknown) }))

	broken, key := newStore()
	copied := string(make([]byte, long))
	must(syscall.Mprotect(key, syscall.PROT_NONE), "mprotect")
	return append(near, reader("before", broken), plan("in vain", nil, func() { putInVain(broken, copied) }))
}

func main() {
	self := named("main")
	self.enter()
	runtime.GOMAXPROCS(64)
	debug.SetGCPercent(-1)
	openFaults()
	planRaces()
	near := planNearMisses()
	tell("none_about", fields{"rules": []string{"CT201"}, "tids": near})
	tell("absent", []string{"CT203", "CT205", "CT218"})
	ids := []string{self.String()}
	for _, s := range steps {
		ids = append(ids, s.actor.String())
	}
	tell("goroutines", ids)
	tell("goroutine", fields{"tid": self, "label": self.label, "state": "waiting", "reason": "sleep"})
	hideReserved()
	for _, s := range steps {
		s.begin.open()
		if s.until != nil {
			s.until.await()
		}
	}
	time.Sleep(100 * time.Millisecond)
	ready()
	for {
		time.Sleep(time.Hour)
	}
}
