// SPDX-License-Identifier: Apache-2.0

// A cache that keeps the address of a block as a number, and makes a pointer of it when the block is long gone. The
// collector would end the process when it came to it; it runs no more. Near it a number that stays one, a dead
// object with such a pointer, and a pointer to a block that lives.
package main

import (
	"runtime"
	"runtime/debug"
	"unsafe"
)

const (
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

var (
	cache, good *entry
	noted       *numbers
	source      []byte
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

func main() {
	self := named("main")
	self.enter()
	debug.SetGCPercent(-1)
	cache, good, noted = newEntry(1), newEntry(2), &numbers{key: new(int)}
	source = make([]byte, blockSize)
	good.block = unsafe.Pointer(&source[100])
	block := makeBlock()
	for i := 0; i < 3; i++ {
		runtime.GC()
	}
	spoil(block)
	tell("freed_use", fields{"from": address(cache), "to": address(*(*unsafe.Pointer)(unsafe.Pointer(&block)))})
	tell("absent", []string{"CT203", "CT204", "CT205"})
	rest(self)
}
