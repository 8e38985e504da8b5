// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strconv"
	"strings"
	"syscall"
)

const dontDump = 16 // MADV_DONTDUMP

// mapsRoom is for /proc/self/maps; read by system calls, since an os.File would start the network poller.
var mapsRoom [1 << 16]byte

// hideReserved keeps the address space that the runtime has reserved, and cannot read itself, out of gdb's cores: a
// gigabyte of zeros. The kernel's have none of it anyway. What the runtime takes into use later it maps anew, which
// ends the advice; C's allocator does not, so programs with C keep theirs as it is.
func hideReserved() {
	maps := readMaps()
	if strings.Contains(maps, "/libc") {
		return
	}
	for _, line := range strings.Split(maps, "\n") {
		words := strings.Fields(line) // range, rights, offset, device, inode; and a name
		if len(words) != 5 || words[1] != "---p" {
			continue
		}
		ends := strings.Split(words[0], "-")
		from, err := strconv.ParseUint(ends[0], 16, 64)
		must(err, "where a mapping begins")
		to, err := strconv.ParseUint(ends[1], 16, 64)
		must(err, "where a mapping ends")
		if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, uintptr(from), uintptr(to-from), dontDump); errno != 0 {
			fail("madvise: " + errno.Error())
		}
	}
}

func readMaps() string {
	file, err := syscall.Open("/proc/self/maps", syscall.O_RDONLY, 0)
	must(err, "/proc/self/maps")
	defer syscall.Close(file)
	end := 0
	for end < len(mapsRoom) {
		n, err := syscall.Read(file, mapsRoom[end:])
		must(err, "/proc/self/maps")
		if n == 0 {
			break
		}
		end += n
	}
	return string(mapsRoom[:end])
}
