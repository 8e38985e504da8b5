// SPDX-License-Identifier: Apache-2.0

// A receiver will close the channel that others can still send on. Near it the sole sender closes, a receiver closes what
// nobody sends on: a signal to stop; one closes when it has received what each of them sends once; and one who does not
// receive closes when all have sent.
package main

import (
	"sync"
	"time"
)

type reading struct{ sensor, value int }

var (
	readings = make(chan reading)
	lines    = make(chan string)
	stop     = make(chan struct{})
	resume   = make(chan int)
)

// It stops after a few, and closes what the sensors still send on.
//
//go:noinline
func average() (sum int) {
	for count := 0; count < 3; count++ {
		sum += (<-readings).value
		time.Sleep(time.Hour)
	}
	close(readings)
	return sum
}

//go:noinline
func measure(sensor int) {
	for value := 0; ; value++ {
		readings <- reading{sensor, value}
	}
}

//go:noinline
func readLines() {
	defer close(lines)
	lines <- "first"
	lines <- "second"
}

//go:noinline
func printLines() {
	for range lines {
		time.Sleep(time.Hour)
	}
}

//go:noinline
func finish() {
	<-resume
	close(stop)
}

//go:noinline
func untilStopped() { <-stop }

// Each sends once.
//
//go:noinline
func answer(answers chan int) { answers <- 1 }

//go:noinline
func collect(answers chan int, from int) (sum int) {
	for ; from > 0; from-- {
		time.Sleep(time.Hour)
		sum += <-answers
	}
	close(answers)
	return sum
}

//go:noinline
func closeBehind(all *sync.WaitGroup, parts chan string) {
	all.Wait()
	close(parts)
}

//go:noinline
func produce(all *sync.WaitGroup, parts chan string) {
	defer all.Done()
	for {
		parts <- "part"
	}
}

//go:noinline
func consume(parts chan string) {
	for range parts {
		time.Sleep(time.Hour)
	}
}

func nearMisses() {
	answers := make(chan int)
	start("collector", func() { collect(answers, 2) })
	for _, name := range []string{"first", "second"} {
		one := start(name, func() { answer(answers) })
		expect(one, "main.answer", nil, "chan send")
		wait(one, "chan-send", answers, nil)
	}
	all, parts := new(sync.WaitGroup), make(chan string)
	all.Add(1)
	consumer := start("consumer", func() { consume(parts) })
	producer := start("producer", func() { produce(all, parts) })
	expect(consumer, "main.consume", nil, "sleep")
	wait(consumer, "sleep", nil, fields{"timed": true})
	expect(producer, "main.produce", nil, "chan send")
	wait(producer, "chan-send", parts, nil)
	closer := start("closer", func() { closeBehind(all, parts) })
	expect(closer, "main.closeBehind", nil, forWaitGroup...)
	wait(closer, "waitgroup", all, nil)
}

func main() {
	self := named("main")
	self.enter()
	averager := start("averager", func() { average() })
	north := start("north", func() { measure(1) })
	south := start("south", func() { measure(2) })
	expect(averager, "main.average", nil, "sleep")
	wait(averager, "sleep", nil, fields{"timed": true})
	for _, one := range []*actor{north, south} {
		expect(one, "main.measure", nil, "chan send")
		wait(one, "chan-send", readings, nil)
		tell("peers_among", fields{"tid": one, "peers": []*actor{averager}})
	}
	finding("CT219", "P2", []*actor{averager}, "likely", "possible")

	printer := start("printer", printLines)
	reader := start("reader", readLines)
	expect(printer, "main.printLines", nil, "sleep")
	wait(printer, "sleep", nil, fields{"timed": true})
	expect(reader, "main.readLines", nil, "chan send")
	wait(reader, "chan-send", lines, nil)
	finisher := start("finisher", finish)
	expect(finisher, "main.finish", nil, "chan receive")
	wait(finisher, "chan-recv", resume, nil)
	stopped := start("stopped", untilStopped)
	expect(stopped, "main.untilStopped", nil, "chan receive")
	wait(stopped, "chan-recv", stop, nil)
	tell("peers_among", fields{"tid": stopped, "peers": []*actor{finisher}})
	nearMisses()
	rest(self)
}
