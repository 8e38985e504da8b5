// SPDX-License-Identifier: Apache-2.0

// Locks of both worlds in one cycle: a goroutine holds a mutex of Go and waits in C for one of pthread, whose owner is
// the thread of another goroutine, which waits for the mutex of Go: once called back from C, once locked to its thread.
// Near them one that sleeps in C, and a thread of C's own that waits for a channel.
package main

/*
#cgo LDFLAGS: -pthread
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void calledBack(uintptr_t which);
extern void fromThread(uintptr_t which);

static pthread_mutex_t g_ledger = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_printer = PTHREAD_MUTEX_INITIALIZER;

static pthread_mutex_t *ledger(void) { return &g_ledger; }
static pthread_mutex_t *printer(void) { return &g_printer; }
static int own_tid(void) { return (int)syscall(SYS_gettid); }

__attribute__((noinline)) static void post_entry(void)
{
	pthread_mutex_lock(&g_ledger);
	pthread_mutex_unlock(&g_ledger);
	__asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void balance(uintptr_t which)
{
	pthread_mutex_lock(&g_ledger);
	calledBack(which);
	pthread_mutex_unlock(&g_ledger);
	__asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void print_page(void)
{
	pthread_mutex_lock(&g_printer);
	pthread_mutex_unlock(&g_printer);
	__asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void doze(void)
{
	sleep(86400);
	__asm__ volatile("" ::: "memory");
}

static void *run_thread(void *arg)
{
	fromThread((uintptr_t)arg);
	return NULL;
}

static int start_thread(uintptr_t which)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, run_thread, (void *)which);
}
*/
import "C"

import (
	"fmt"
	"io/ioutil"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

const sysFutex = "202"

var (
	books, pages sync.Mutex
	tids         [8]C.int
	actors       [8]*actor
	news         = make(chan string)
	atBooks      = meeting{needed: 2}
	atPrinter    = meeting{needed: 2}
)

// arrive is said by a goroutine that stays on its thread and holds its first lock.
func arrive(which C.uintptr_t, at *meeting) {
	tids[which] = C.own_tid()
	actors[which].enter()
	at.attend()
}

// awaitFutex waits until the thread sleeps on that word.
func awaitFutex(tid C.int, word unsafe.Pointer) {
	want := fmt.Sprintf("%s %#x ", sysFutex, uintptr(word))
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(time.Millisecond) {
		text, _ := ioutil.ReadFile(fmt.Sprintf("/proc/self/task/%d/syscall", tid))
		if strings.HasPrefix(string(text), want) {
			return
		}
	}
	fail("a thread does not wait for its mutex")
}

//go:noinline
func enterBooks() {
	runtime.LockOSThread()
	books.Lock()
	defer books.Unlock()
	arrive(0, &atBooks)
	C.post_entry()
}

//export calledBack
func calledBack(which C.uintptr_t) {
	arrive(which, &atBooks)
	books.Lock()
	books.Unlock()
}

//go:noinline
func printReport() {
	runtime.LockOSThread()
	pages.Lock()
	defer pages.Unlock()
	arrive(2, &atPrinter)
	C.print_page()
}

// It has locked in C, is back, and keeps its thread.
//
//go:noinline
func reservePrinter() {
	runtime.LockOSThread()
	C.pthread_mutex_lock(C.printer())
	arrive(3, &atPrinter)
	pages.Lock()
	pages.Unlock()
	C.pthread_mutex_unlock(C.printer())
}

//go:noinline
func dozeInC() {
	runtime.LockOSThread()
	arrive(4, new(meeting))
	C.doze()
}

//export fromThread
func fromThread(which C.uintptr_t) {
	arrive(which, new(meeting))
	<-news
}

// carrier waits until the goroutine has said which thread is its own.
func carrier(which int) fields {
	tid := (*int32)(unsafe.Pointer(&tids[which]))
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(time.Millisecond) {
		if atomic.LoadInt32(tid) != 0 {
			break
		}
	}
	return fields{"carrier": int(atomic.LoadInt32(tid))}
}

// native tells of a wait for a mutex of pthread, which knows its owner.
func native(a *actor, mutex *C.pthread_mutex_t, owner *actor) {
	tell("wait", fields{"tid": a, "kind": "mutex", "resource": fmt.Sprintf("%#x", uintptr(unsafe.Pointer(mutex))),
		"timed": false, "on": []*actor{owner}})
}

func main() {
	self := named("main")
	self.enter()
	for which, label := range []string{"bookkeeper", "auditor", "reporter", "printer", "dozer", "stranger"} {
		actors[which] = named(label)
	}
	go enterBooks()
	go C.balance(1)
	go printReport()
	go reservePrinter()
	go dozeInC()
	if C.start_thread(5) != 0 {
		fail("pthread_create")
	}
	bookkeeper, auditor, reporter, printer := actors[0], actors[1], actors[2], actors[3]
	expect(bookkeeper, "main.enterBooks", carrier(0), "syscall")
	awaitFutex(tids[0], unsafe.Pointer(C.ledger()))
	native(bookkeeper, C.ledger(), auditor)
	expect(auditor, "main.calledBack", carrier(1), forMutex...)
	wait(auditor, "mutex", &books, heldBy(bookkeeper).called("main.books"))
	deadlock(bookkeeper, auditor)
	expect(reporter, "main.printReport", carrier(2), "syscall")
	awaitFutex(tids[2], unsafe.Pointer(C.printer()))
	native(reporter, C.printer(), printer)
	expect(printer, "main.reservePrinter", carrier(3), forMutex...)
	wait(printer, "mutex", &pages, heldBy(reporter).called("main.pages"))
	deadlock(reporter, printer)
	for which, function := range []string{0: "post_entry", 1: "balance", 2: "print_page", 4: "doze", 5: "run_thread"} {
		if function != "" {
			tell("native_frame", fields{"tid": actors[which], "name": function})
		}
	}
	expect(actors[4], "main.dozeInC", carrier(4), "syscall")
	expect(actors[5], "main.fromThread", carrier(5), "chan receive")
	wait(actors[5], "chan-recv", news, nil)
	rest(self)
}
