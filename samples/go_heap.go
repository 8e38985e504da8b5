// SPDX-License-Identifier: Apache-2.0

// A depot whose heap is known: what is kept and by what, what is garbage, and how much lives. The collector runs once
// and then no more, so that garbage stays where it was made.
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"unsafe"
)

type order struct {
	number int
	next   *order
	label  string
	lines  []int64
	owner  interface{}
}

type parcel struct {
	weight, height int64
	content        *order
}

type truck struct { // larger than what has a bitmap
	plate string
	load  [90]*order
}

type seal struct {
	owner *order
	code  [4]int64
}

// crate is reached by its seal alone: who knows that pointer's type must not take the crate for a seal.
type crate struct {
	seal  seal
	bolts [12]*order
}

type pallet struct { // large: it has a span of its own
	head  int64
	boxes [9000]*parcel
}

// An object as the truth has it; debug_type is what only debug information tells of it,
// debug_part, likewise, which part of another one leads to it. Only the number of its address is kept.
type object struct {
	address uintptr
	word    fields
}

var (
	objects []object

	chain    *order // the first of many
	shelf    []*order
	byName   map[string]*order
	byNumber map[int64]parcel
	fleet    *truck
	yard     *pallet
	anything interface{}
	printer  fmt.Stringer
	callback func() int
	queue    = make(chan *order, 4)
	manual   string
	sealed   *seal
	never    = make(chan struct{})
)

func (p parcel) String() string { return fmt.Sprint(p.weight) }

// note remembers what is true of the object at p. kept: in what words the root is told; "": nothing leads to it.
func note(p unsafe.Pointer, kept string, more fields) {
	word := fields{"alive": kept != ""}
	if kept != "" {
		word["kept_by"] = kept
	}
	for key, value := range more {
		word[key] = value
	}
	objects = append(objects, object{uintptr(p), word})
}

//go:noinline
func newOrder(number int) *order {
	return &order{number: number, lines: make([]int64, 100)}
}

//go:noinline
func build() {
	for i := 0; i < 5000; i++ {
		chain = &order{number: i, next: chain, label: strings.Repeat("x", 40)}
	}
	last := chain
	for i := 0; i < 30; i++ {
		last = last.next
	}
	note(unsafe.Pointer(last), "main.chain", fields{"steps": 31, "debug_part": "main.order.next"})
	shelf = make([]*order, 20000)
	for i := range shelf {
		if i%10 == 0 {
			shelf[i] = newOrder(i)
		}
	}
	note(unsafe.Pointer(&shelf[0]), "main.shelf", fields{"debug_type": "[]*main.order"})
	note(unsafe.Pointer(shelf[19990]), "main.shelf",
		fields{"steps": 2, "debug_type": "main.order", "debug_part": "[]*main.order[19990]"})
	note(unsafe.Pointer(&shelf[10].lines[99]), "main.shelf", fields{"steps": 3})
	byName, byNumber = map[string]*order{}, map[int64]parcel{}
	for i := 0; i < 1000; i++ {
		byName[fmt.Sprintf("customer %d", i)] = newOrder(i)
		byNumber[int64(i)] = parcel{content: newOrder(i)}
	}
	note(unsafe.Pointer(byName["customer 500"]), "main.byName", fields{"debug_type": "main.order"})
	note(unsafe.Pointer(byNumber[700].content), "main.byNumber", fields{"debug_type": "main.order"})
}

//go:noinline
func equip() {
	fleet = &truck{plate: "B-17"}
	fleet.load[89] = newOrder(89)
	note(unsafe.Pointer(fleet), "main.fleet", fields{"large_type": "main.truck"})
	note(unsafe.Pointer(fleet.load[89]), "main.fleet",
		fields{"steps": 2, "debug_part": "main.truck.load[89]"})
	yard = &pallet{}
	yard.boxes[8999] = &parcel{content: newOrder(3)}
	note(unsafe.Pointer(yard), "main.yard", fields{"large_type": "main.pallet"})
	note(unsafe.Pointer(yard.boxes[8999].content), "main.yard",
		fields{"steps": 3, "debug_type": "main.order", "debug_part": "main.parcel.content"})
	inside := &parcel{weight: 7, content: newOrder(4)}
	anything = *inside
	note((*[2]unsafe.Pointer)(unsafe.Pointer(&anything))[1], "main.anything", fields{"type": "main.parcel"})
	printer = parcel{weight: 8, content: newOrder(5)}
	note((*[2]unsafe.Pointer)(unsafe.Pointer(&printer))[1], "main.printer", fields{"type": "main.parcel"})
	note(unsafe.Pointer(inside.content), "main.anything", fields{"steps": 2, "type": "main.order"})
	caught := newOrder(6)
	caught.owner = &parcel{weight: 1}
	callback = func() int { caught.number++; return caught.number }
	note(unsafe.Pointer(caught), "main.callback", fields{"steps": 2})
	note((*[2]unsafe.Pointer)(unsafe.Pointer(&caught.owner))[1], "main.callback",
		fields{"steps": 3, "type": "main.parcel"})
	note(*(*unsafe.Pointer)(unsafe.Pointer(&callback)), "main.callback",
		fields{"type": "closure of main.equip.func1"})
	waiting := newOrder(7)
	queue <- waiting
	note(unsafe.Pointer(waiting), "main.queue", fields{"debug_type": "main.order"})
	note(*(*unsafe.Pointer)(unsafe.Pointer(&queue)), "main.queue", fields{"debug_type": "chan *main.order"})
	manual = strings.Repeat("lift with care ", 10000)
	note((*[2]unsafe.Pointer)(unsafe.Pointer(&manual))[0], "main.manual",
		fields{"steps": 1, "debug_type": "bytes of strings"})
	box := &crate{}
	box.seal.owner, box.bolts[11] = newOrder(18), newOrder(19)
	sealed = &box.seal
	note(unsafe.Pointer(box), "main.sealed", fields{"steps": 1, "debug_type": "144-byte objects"})
}

// keepOnStack has one order that it still needs, one whose address it has taken, and one that it is done with.
//
//go:noinline
func keepOnStack(m *meeting) {
	needed, done := newOrder(8), newOrder(9)
	var local parcel
	local.content = newOrder(10)
	pointer := &local
	escape(&pointer)
	note(unsafe.Pointer(needed), "main.keepOnStack", fields{"on_stack": true, "steps": 1, "debug_type": "main.order"})
	note(unsafe.Pointer(local.content), "main.keepOnStack", fields{"on_stack": true, "steps": 1, "debug_type": "main.order"})
	note(unsafe.Pointer(done), "", nil)
	defer func(o *order) { o.number++ }(needed)
	m.attend()
	<-never
	pointer.content.number++
	needed.number++
}

//go:noinline
func escape(**parcel) {}

// throwAway leaves garbage: some that refers to what is kept, a ring, and some that only garbage leads to.
//
//go:noinline
func throwAway() {
	alone := newOrder(11)
	alone.next = chain
	note(unsafe.Pointer(alone), "", nil)
	one, other := newOrder(12), newOrder(13)
	one.next, other.next = other, one
	note(unsafe.Pointer(one), "", nil)
	note(unsafe.Pointer(other), "", nil)
	big := &pallet{}
	big.boxes[5] = &parcel{content: newOrder(14)}
	note(unsafe.Pointer(big), "", nil)
	note(unsafe.Pointer(big.boxes[5].content), "", nil)
	dropped := map[string]*order{"gone": newOrder(15)}
	note(unsafe.Pointer(dropped["gone"]), "", nil)
	text := strings.Repeat("y", 5000)
	note((*[2]unsafe.Pointer)(unsafe.Pointer(&text))[0], "", nil)
}

// finalize: the object itself is garbage, but its finalizer will see all that it refers to.
//
//go:noinline
func finalize() {
	ending := newOrder(16)
	ending.next = newOrder(17)
	runtime.SetFinalizer(ending, func(o *order) { fmt.Println(o.next) })
	note(unsafe.Pointer(ending), "", nil)
	note(unsafe.Pointer(ending.next), "finalizer", nil)
}

//go:noinline
func wipe(depth int) (sum int) {
	var room [64]int
	for i := range room {
		room[i] = depth
	}
	if depth > 0 {
		sum = wipe(depth - 1)
	}
	return sum + room[depth%64]
}

func main() {
	self := named("main")
	self.enter()
	objects = make([]object, 0, 64)
	build()
	equip()
	debug.SetGCPercent(-1)
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	live, count := stats.HeapAlloc, stats.HeapObjects
	m := meeting{needed: 1}
	keeper := start("keeper", func() { keepOnStack(&m) })
	m.wait()
	expect(keeper, "main.keepOnStack", nil, "chan receive")
	wait(keeper, "chan-recv", never, nil)
	throwAway()
	finalize()
	wipe(50)
	tell("heap", fields{"live": live, "objects": count})
	for _, one := range objects {
		one.word["address"] = fmt.Sprintf("%#x", one.address)
		tell("heap_object", one.word)
	}
	var here int
	tell("stack_word", fields{"tid": self, "address": fmt.Sprintf("%#x", uintptr(unsafe.Pointer(&here)))})
	rest(self)
}
