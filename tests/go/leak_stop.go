// SPDX-License-Identifier: Apache-2.0

// Package stop stands where the runtime's own tests of leaked goroutines have runtime/pprof. A profile
// to stdout first prints all goroutines, once they are at rest, and waits for a line on stdin: then
// the core is taken. After that the runtime's own profile follows, where this Go has it, and the end.
package stop

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"syscall"
	"time"
)

const (
	roomForAll = 16 << 20
	looks      = 25 // at most so many, until two are equal
	pause      = 20 * time.Millisecond
	dontDump   = 16 // MADV_DONTDUMP
	doDump     = 17
)

// Profile is the runtime's, or one that has nothing to tell.
type Profile struct{ own *pprof.Profile }

// Lookup gives one in any version. It is the first that a program does.
func Lookup(name string) *Profile {
	fillTiny()
	return &Profile{pprof.Lookup(name)}
}

// WriteTo does not return when w is stdout.
func (p *Profile) WriteTo(w io.Writer, debug int) error {
	last := w == io.Writer(os.Stdout)
	if last {
		runtime.GOMAXPROCS(1) // the others' blocks of small objects are let go
		fillTiny()
		printAtRest()
		fmt.Println("\n{\"ready\":true}")
		awaitLine()
		fillTiny()
	}
	if p.own != nil {
		if err := p.own.WriteTo(w, debug); err != nil {
			panic(err)
		}
	}
	if last {
		os.Exit(0)
	}
	return nil
}

var tiny *byte

// fillTiny fills the block of 16 bytes from which the allocator cuts the next small objects. Else what
// package variables or the profile itself have there would keep alive what leaked goroutines have
// beside it, a lock for one.
func fillTiny() {
	for i := 0; i < 16; i++ {
		tiny = new(byte)
	}
	tiny = nil
}

// printAtRest prints all goroutines. That leaves nothing in the heap, and no room outside of it.
func printAtRest() {
	room, err := syscall.Mmap(-1, 0, 2*roomForAll, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		panic(err)
	}
	now, before := room[:roomForAll], room[roomForAll:]
	n := runtime.Stack(now, true)
	for i := 0; i < looks; i++ {
		time.Sleep(pause)
		now, before = before, now
		m := n
		if n = runtime.Stack(now, true); bytes.Equal(now[:n], before[:m]) {
			break
		}
	}
	os.Stdout.Write(now[:n])
	hideReserved(before)
	if err := syscall.Munmap(room); err != nil {
		panic(err)
	}
}

// hideReserved keeps a gigabyte of address space, of which nothing is used, out of gdb's core. What
// came into use meanwhile is shown again.
func hideReserved(room []byte) {
	advise(room, "---p", dontDump)
	advise(room, "rw-p", doDump)
}

// advise tells the kernel how to treat all mappings with these rights.
func advise(room []byte, rights string, advice uintptr) {
	file, err := syscall.Open("/proc/self/maps", syscall.O_RDONLY, 0)
	if err != nil {
		panic(err)
	}
	defer syscall.Close(file)
	end := 0
	for n := 1; n > 0 && end < len(room); end += n {
		if n, err = syscall.Read(file, room[end:]); err != nil {
			panic(err)
		}
	}
	for _, line := range bytes.Split(room[:end], []byte("\n")) {
		var from, to uintptr
		var has string
		fmt.Sscanf(string(line), "%x-%x %s", &from, &to, &has)
		if has == rights {
			syscall.Syscall(syscall.SYS_MADVISE, from, to-from, advice)
		}
	}
}

func awaitLine() {
	var line [1]byte
	for {
		n, err := syscall.Read(0, line[:])
		if err == syscall.EINTR {
			continue
		}
		if n != 1 {
			os.Exit(1)
		}
		return
	}
}
