// SPDX-License-Identifier: Apache-2.0

// A granary whose heap profile has sampled what was brought in: all of it, some of it, at a rate that was changed on
// the way, or nothing. Grain has no type that a core shows, so that only the profile tells who brought it.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"unsafe"
)

const (
	wheats, ryes = 20000, 5000
	grain        = 48 // bytes
	barns        = 40
	barn         = 256 << 10
	often        = 2048 // a rate
)

type silo struct { // since 1.22 its type stands before it
	fill  int
	walls [90]*silo
}

var (
	wheat, rye, stored []unsafe.Pointer
	sealed             *silo
	label              string
	held               [64]*[1300]byte
	swept              uintptr // of one of them that was thrown out
)

// below is the line so many lines below the one that it is called from.
func below(lines int) int {
	_, _, line, _ := runtime.Caller(1)
	return line + lines
}

//go:noinline
func bringWheat() int {
	line := below(2)
	for i := 0; i < wheats; i++ {
		wheat = append(wheat, unsafe.Pointer(new([grain]byte)))
	}
	return line
}

//go:noinline
func bringRye() int {
	line := below(2)
	for i := 0; i < ryes; i++ {
		rye = append(rye, unsafe.Pointer(new([grain]byte)))
	}
	return line
}

//go:noinline
func raiseBarns() int {
	line := below(2)
	for i := 0; i < barns; i++ {
		stored = append(stored, unsafe.Pointer(new([barn]byte)))
	}
	return line
}

//go:noinline
func seal() int {
	sealed = &silo{fill: 7}
	runtime.SetFinalizer(sealed, broken)
	return below(-2)
}

func broken(*silo) {}

// paint has the standard library allocate.
//
//go:noinline
func paint() int {
	label = strings.Repeat("barley ", 1000)
	return below(-1)
}

//go:noinline
func throwOut() {
	for i := range held {
		held[i] = new([1300]byte)
	}
	swept = uintptr(unsafe.Pointer(held[30]))
	held[30] = nil
}

// use has nothing be sampled any more at the rate that was before: how much is let by is drawn each time.
func use(rate int) {
	runtime.MemProfileRate = rate
	var dust []byte
	for i := 0; rate > 0 && i < 400; i++ {
		dust = make([]byte, 64<<10)
	}
	runtime.KeepAlive(dust)
}

// from tells where the object was allocated; "": that is not recorded.
func from(p uintptr, place string, more fields) {
	word := fields{"address": fmt.Sprintf("%#x", p), "at": place}
	for key, value := range more {
		word[key] = value
	}
	tell("allocated", word)
}

// places tells of one row of the heap how many of its objects came from where, sampled at this rate; scales: the rate
// of the end is the same, so that those which were sampled stand for the others.
func places(row string, rate int, scales bool, counts fields) {
	tell("heap_places", fields{"row": row, "rate": rate, "scales": scales, "places": counts})
}

func at(function string, line int) string {
	return fmt.Sprintf("main.%s() go_allocations.go:%d", function, line)
}

const grains, blocks = "48-byte objects without pointers", "large objects without pointers"

func all(*actor) {
	use(1)
	w, r := bringWheat(), bringRye()
	from(uintptr(wheat[77]), at("bringWheat", w), nil)
	from(uintptr(rye[7]), at("bringRye", r), nil)
	places(grains, 1, true, fields{at("bringWheat", w): wheats, at("bringRye", r): ryes})
	line := seal()
	from(uintptr(unsafe.Pointer(sealed)), at("seal", line), fields{"large_type": "main.silo", "has": "a finalizer: main.broken()"})
	line = paint()
	from(*(*uintptr)(unsafe.Pointer(&label)), at("paint", line), nil)
	throwOut()
	runtime.GC()
	runtime.GC()
	from(swept, "", fields{"free": true})
}

func some(*actor) {
	use(often)
	w, r := bringWheat(), bringRye()
	places(grains, often, true, fields{at("bringWheat", w): wheats, at("bringRye", r): ryes})
}

// changed: of what was brought before all was sampled, and now little is.
func changed(*actor) {
	use(1)
	w := bringWheat()
	use(often)
	from(uintptr(wheat[77]), at("bringWheat", w), nil)
	places(grains, 1, false, fields{at("bringWheat", w): wheats})
}

// stopped: nothing is sampled any more.
func stopped(*actor) {
	use(1)
	w := bringWheat()
	use(0)
	bringRye()
	from(uintptr(wheat[77]), at("bringWheat", w), nil)
	from(uintptr(rye[7]), "", nil)
	places(grains, 1, false, fields{at("bringWheat", w): wheats})
}

func off(*actor) {
	use(0)
	bringWheat()
	from(uintptr(wheat[77]), "", nil)
	seal()
	from(uintptr(unsafe.Pointer(sealed)), "", fields{"has": "a finalizer: main.broken()"})
	places(grains, 0, false, fields{})
}

// usual is at the rate that a program has when it says nothing.
func usual(*actor) {
	use(runtime.MemProfileRate)
	line := raiseBarns()
	places(blocks, runtime.MemProfileRate, true, fields{at("raiseBarns", line): barns})
}

func main() {
	run := choose(map[string]func(*actor){"all": all, "some": some, "changed": changed, "stopped": stopped, "off": off,
		"usual": usual}, os.Args[1:])
	// The linker switches the profile off where nothing reads it.
	if pprof.Lookup("heap") == nil {
		fail("there is no heap profile")
	}
	// One processor, so that what it sampled at a rate before does not come in later.
	runtime.GOMAXPROCS(1)
	self := named("main")
	self.enter()
	run(self)
	debug.SetGCPercent(-1)
	rest(self)
}
