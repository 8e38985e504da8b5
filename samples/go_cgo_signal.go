// SPDX-License-Identifier: Apache-2.0

// A signal in C code that Go called: the runtime takes it for an error of its own and ends the process.
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

import "os"

func readNull(a *actor) {
	tell("fatal", fields{"tid": a, "class": "signal-in-c", "signal": 11, "address": "0x0"})
	tell("native_frame", fields{"tid": a, "name": "sum_list"})
	tell("verdict", []string{"crash"})
	untilAsked()
	C.sum_list(nil)
}

func abort(a *actor) {
	tell("fatal", fields{"tid": a, "class": "signal-in-c", "signal": 6})
	tell("native_frame", fields{"tid": a, "name": "give_up"})
	tell("verdict", []string{"crash"})
	untilAsked()
	C.give_up()
}

func main() {
	run := choose(map[string]func(*actor){"null": readNull, "abort": abort}, os.Args[1:])
	self := named("main")
	self.enter()
	run(self)
}
