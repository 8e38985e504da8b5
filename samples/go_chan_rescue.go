// SPDX-License-Identifier: Apache-2.0

// Who sends has the lock that who would receive needs first: a deadlock, but for somebody else who may receive, too.
// That is a timer's function, a goroutine that a file wakes or one that a signal does, and whom they call is in a map:
// it may be that they wait for each other, and no more.
package main

import (
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

var (
	journal sync.Mutex
	entries = make(chan string)
	rescues = map[string]func(){"drain": drain}
)

//go:noinline
func drain() { <-entries }

//go:noinline
func record() {
	journal.Lock()
	defer journal.Unlock()
	entries <- "opened"
}

//go:noinline
func replay() string {
	journal.Lock()
	journal.Unlock()
	return <-entries
}

func byTimer(*actor) { time.AfterFunc(time.Hour, func() { rescues["drain"]() }) }

//go:noinline
func serve(listener net.Listener) {
	for {
		if _, err := listener.Accept(); err == nil {
			rescues["drain"]()
		}
	}
}

func byNetwork(*actor) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err, "listen")
	server := start("server", func() { serve(listener) })
	expect(server, "main.serve", nil, "IO wait")
	wait(server, "io", nil, nil)
}

//go:noinline
func relay(signals chan os.Signal) {
	for range signals {
		rescues["drain"]()
	}
}

func bySignal(*actor) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	relaying := start("relay", func() { relay(signals) })
	expect(relaying, "main.relay", nil, "chan receive")
	wait(relaying, "chan-recv", signals, nil)
}

func main() {
	run := choose(map[string]func(*actor){"timer": byTimer, "network": byNetwork, "signal": bySignal}, os.Args[1:])
	self := named("main")
	self.enter()
	run(self)
	recorder := start("recorder", record)
	expect(recorder, "main.record", nil, "chan send")
	wait(recorder, "chan-send", entries, nil)
	replayer := start("replayer", func() { replay() })
	expectMutex(replayer, "main.replay", &journal, heldBy(recorder).called("main.journal"))
	tell("cycle", fields{"tids": []*actor{recorder, replayer}, "timed": false, "recorded": false})
	tell("finding", fields{"rule": "CT204", "level": "P2", "confidence": []string{"possible"},
		"tids": []*actor{recorder, replayer}, "recorded": false})
	tell("verdict", []string{"clean"})
	rest(self)
}
