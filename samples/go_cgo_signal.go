// SPDX-License-Identifier: Apache-2.0

// A signal in C code that Go called: the runtime takes it for an error of its own and ends the process. What is told is
// the crash in C, and who has called it.
package main

/*
#include <stdlib.h>

__attribute__((noinline)) static int sum_list(volatile int *list)
{
	return list[0] + list[1];
}

__attribute__((noinline)) static void give_up(void)
{
	abort();
}
*/
import "C"

import (
	"os"
	"runtime"
	"syscall"
)

// crashes says where the calling goroutine will crash in C.
func crashes(a *actor, class, function string, more fields) {
	told := fields{"tid": syscall.Gettid(), "class": []string{class}, "function": function, "called_by": a}
	for key, value := range more {
		told[key] = value
	}
	tell("crash", told)
	tell("native_frame", fields{"tid": a, "name": function})
	tell("verdict", []string{"crash"})
}

func readNull(a *actor) {
	crashes(a, "null-pointer", "sum_list", fields{"address": "0x0"})
	untilAsked()
	C.sum_list(nil)
}

func abort(a *actor) {
	crashes(a, "abort", "give_up", nil)
	untilAsked()
	C.give_up()
}

func main() {
	run := choose(map[string]func(*actor){"null": readNull, "abort": abort}, os.Args[1:])
	self := named("main")
	runtime.LockOSThread()
	self.enter()
	run(self)
}
