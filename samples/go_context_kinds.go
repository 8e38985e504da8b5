// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

// An office with the contexts that Go 1.21 brought: causes, functions that run afterwards, and contexts that go on when
// what they come from is over. Who works on with such a one may wait, after an HTTP handler has returned too; nobody has to
// stop an AfterFunc.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"time"
	"unsafe"
)

// Keys as packages have them, and what a trace is known by.
type (
	field    string
	traceKey struct{}
	traceID  [16]byte
	label    struct{ name string }
)

// long is longer than a value may be that is told.
const long = "a letter that nobody reads, though it was written with great care and some ink"

var (
	errStrike = errors.New("the office is on strike")
	letters   = make(chan int) // nobody reads any
	kept      []interface{}
)

// addressOf is where the context is.
func addressOf(ctx context.Context) string {
	return fmt.Sprintf("%#x", (*[2]uintptr)(unsafe.Pointer(&ctx))[1])
}

func tree(ctx, parent context.Context, kind string, more fields) {
	told := fields{"address": addressOf(ctx), "kind": kind, "lost": false}
	if parent != nil {
		told["parent"] = addressOf(parent)
	}
	for key, value := range more {
		told[key] = value
	}
	tell("context", told)
}

//go:noinline
func write(ctx context.Context) int {
	n := 0
	for ctx.Err() == nil || n == 0 {
		letters <- n
		n++
	}
	return n
}

// byNet has two clerks write for requests whose handlers have returned: with the request's context, and apart from it.
func byNet() (with, apart *actor) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err, "listen")
	clerks := make(chan *actor, 2)
	go func() {
		_ = http.Serve(listener, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			ctx, end := r.Context(), func() {}
			if r.URL.Path == "/apart" {
				ctx, end = context.WithTimeout(context.WithoutCancel(ctx), time.Hour)
			}
			clerks <- start("clerk of "+r.URL.Path, func() {
				defer end()
				write(ctx)
			})
		}))
	}()
	for _, path := range []string{"/with", "/apart"} {
		answer, err := http.Get("http://" + listener.Addr().String() + path)
		must(err, path)
		must(answer.Body.Close(), path)
	}
	return <-clerks, <-clerks
}

func main() {
	self := named("main")
	self.enter()
	day, endDay := context.WithCancelCause(context.Background())
	late, cancelLate := context.WithTimeoutCause(day, 5*time.Millisecond, errStrike)
	apart := context.WithoutCancel(late)
	below, cancelBelow := context.WithCancel(apart)
	over, end := context.WithCancelCause(day)
	end(errStrike)
	request := context.WithValue(day, field("requestID"), "r-4711")
	traced := context.WithValue(request, traceKey{}, traceID{0x0a, 0xf7, 15: 0x9c})
	said := context.WithValue(traced, &label{"letter"}, long)
	kept = append(kept, request, traced, said)
	stop := context.AfterFunc(day, func() { <-letters })
	_ = stop
	kept = append(kept, day, late, apart, below, over, endDay, cancelLate, cancelBelow)

	clerk := start("clerk", func() { write(below) })
	expect(clerk, "main.write", nil, "chan send")
	wait(clerk, "chan-send", letters, nil)
	left, apartLeft := byNet()
	for _, one := range []*actor{left, apartLeft} {
		expect(one, "main.write", nil, "chan send")
		wait(one, "chan-send", letters, nil)
	}
	finding("CT214", "P1", []*actor{left}, "likely")
	for late.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	tree(day, nil, "cancel", fields{"children": 1})
	tree(late, day, "timer", fields{"err": "context deadline exceeded", "cause": "the office is on strike",
		"deadline": "past"})
	tree(apart, late, "without-cancel", nil)
	tree(below, apart, "cancel", fields{"ignored_by": []*actor{clerk}})
	tree(over, day, "cancel", fields{"err": "context canceled", "cause": "the office is on strike"})
	tree(request, day, "value", fields{"key": "main.field", "value": "string"})
	tree(traced, request, "value", fields{"key": "main.traceKey", "value": "main.traceID"})
	tree(said, traced, "value", fields{"key": "*main.label letter", "value": "string"})
	tell("not_stuck", []*actor{clerk, apartLeft})
	for begin := time.Now(); time.Since(begin) < 1500*time.Millisecond; {
		time.Sleep(time.Millisecond)
	}
	runtime.GC()
	rest(self)
}
