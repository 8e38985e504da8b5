// SPDX-License-Identifier: Apache-2.0

// A cache that keeps the address of a block as a number, and makes a pointer of it when the block is long gone; one that
// does so with a record that was one of many in its pages, some of which live; and a variable and a function that do. The
// collector would end the process when it came to them; it runs no more. Near them a number that stays one, a dead
// object with such a pointer, pointers to what lives, and a variable of a function that is used no more.
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"unsafe"
)

const (
	decoySize = 64 << 10
	blockSize = 8 << 20 // it has a span of its own
	inside    = 7 << 20 // where nothing that is allocated later comes to lie
)

type entry struct {
	key   int
	block unsafe.Pointer
}

type numbers struct {
	key   *int
	block uintptr
}

// A record's size is nobody else's, so that nothing comes to lie where one was.
type record struct {
	next *record
	text [1160]byte
}

const recordText = 16 // where in it the pointers point to

var (
	cache, good *entry
	loose, held *entry
	direct      unsafe.Pointer
	records     []*record
	noted       *numbers
	source      []byte
	decoys      [][]byte
	graveyard   *entry
)

// Nothing but a number is left of the block.
//
//go:noinline
func makeBlock() uintptr {
	block := make([]byte, blockSize)
	block[inside] = 1
	return uintptr(unsafe.Pointer(&block[inside]))
}

//go:noinline
func newEntry(key int) *entry { return &entry{key: key} }

// It is dead as soon as this returns.
//
//go:noinline
func forget(block unsafe.Pointer) *int {
	dead := &entry{key: 3, block: block}
	graveyard = dead
	graveyard = nil
	return &[]int{dead.key}[0]
}

//go:noinline
func spoil(block uintptr) {
	cache.block = *(*unsafe.Pointer)(unsafe.Pointer(&block))
	noted.block = block
	*noted.key = *forget(cache.block)
}

// What the runtime needs a record for takes that of the pages that were freed last. If that were the block's, and for
// pages of a stack, the collector would not mind pointers to it; so it gets others first.
//
//go:noinline
func makeDecoys() {
	for i := 0; i < 64; i++ {
		decoys = append(decoys, make([]byte, decoySize))
	}
}

// Every other one lives. Of the rest nothing but numbers is left.
//
//go:noinline
func makeRecords() (gone, kept uintptr) {
	for i := 0; i < 100; i++ {
		one := new(record)
		at := uintptr(unsafe.Pointer(one)) + recordText
		if i%2 == 0 {
			records = append(records, one)
			kept = at
		} else {
			gone = at
		}
	}
	return gone, kept
}

//go:noinline
func pointer(number uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&number)) }

//go:noinline
func use(unsafe.Pointer) {}

var begun, closed gate

//go:noinline
func usesLater(number uintptr) {
	stale := pointer(number)
	closed.pass()
	use(stale)
}

//go:noinline
func usedBefore(number uintptr) {
	stale := pointer(number)
	use(stale)
	closed.pass()
}

func main() {
	self := named("main")
	self.enter()
	runtime.GOMAXPROCS(1) // else each processor has records of its own
	debug.SetGCPercent(-1)
	makeDecoys()
	cache, good, noted = newEntry(1), newEntry(2), &numbers{key: new(int)}
	source = make([]byte, blockSize)
	good.block = unsafe.Pointer(&source[100])
	loose, held = newEntry(4), newEntry(5)
	// Their stacks are there before the block goes: else its record may be that of a stack's pages then.
	gone, kept := makeRecords()
	later := start("later", func() {
		begun.pass()
		usesLater(gone)
	})
	start("before", func() {
		begun.pass()
		usedBefore(gone)
	})
	block := makeBlock()
	runtime.GC()
	decoys = nil
	for i := 0; i < 3; i++ {
		runtime.GC()
	}
	spoil(block)
	loose.block, held.block, direct = pointer(gone), pointer(kept), pointer(block)
	begun.open()
	text := func(at uintptr) string { return fmt.Sprintf("%#x", at) }
	tell("freed_use", fields{"from": address(cache), "to": text(block)})
	tell("freed_use", fields{"from": address(loose), "to": text(gone)})
	tell("freed_use", fields{"from": address(&direct), "to": text(block)})
	tell("freed_use", fields{"in": fmt.Sprintf("main.usesLater() in the stack of goroutine %d at ", later.number()),
		"to": text(gone)})
	tell("absent", []string{"CT203", "CT204", "CT205"})
	rest(self)
}
