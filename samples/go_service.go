// SPDX-License-Identifier: Apache-2.0

// A web shop that is being shut down. Some handlers do not go on, so that Shutdown does not either; near it a server
// whose handlers go on, and one whose only active connection was taken over. And goroutines that handlers have left
// behind: with the request, its context, or a closure that has it; near them those that may: with a context of their
// own, with what they took out of the request, with one of a client that is over, and one whose handler has not returned
// though its client is gone.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"
)

const papers = 64 << 10 // bytes that come with an order

var (
	stock     = make(chan int) // nobody sends to it
	audit     = make(chan string)
	left      = map[string]*actor{} // goroutines that handlers began
	leftMutex sync.Mutex
)

func leave(label string, run func()) {
	one := start(label, run)
	leftMutex.Lock()
	left[label] = one
	leftMutex.Unlock()
}

func leftBehind(label string) *actor {
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(time.Millisecond) {
		leftMutex.Lock()
		one := left[label]
		leftMutex.Unlock()
		if one != nil {
			return one
		}
	}
	fail("nobody began " + label)
	return nil
}

// detached has the values of another one, and goes on when that ends.
type detached struct{ values context.Context }

func (d detached) Deadline() (time.Time, bool)       { return time.Time{}, false }
func (d detached) Done() <-chan struct{}             { return nil }
func (d detached) Err() error                        { return nil }
func (d detached) Value(key interface{}) interface{} { return d.values.Value(key) }

//go:noinline
func order(r *http.Request) {
	audit <- r.URL.Path
	fmt.Println(r.Header)
}

//go:noinline
func price(ctx context.Context) error {
	audit <- "price"
	return ctx.Err()
}

//go:noinline
func mail(r *http.Request) string {
	time.Sleep(time.Hour)
	return r.URL.Path
}

//go:noinline
func count(path string) {
	audit <- path
	fmt.Println(path)
}

//go:noinline
func fetch(out *http.Request) string {
	audit <- "client"
	return out.URL.Path
}

// The client's request has the context of the server's.
//
//go:noinline
func forward(out *http.Request) string {
	audit <- "forward"
	return out.URL.Path
}

func outgoing(ctx context.Context) *http.Request {
	out, err := http.NewRequestWithContext(ctx, "GET", "http://localhost/", nil)
	must(err, "request")
	return out
}

//go:noinline
func checkOut(w http.ResponseWriter, r *http.Request, who *actor) {
	who.enter()
	n := <-stock
	fmt.Fprintln(w, n, r.URL.Path)
}

//go:noinline
func browse(w http.ResponseWriter, r *http.Request, who *actor) {
	who.enter()
	leave("helper of "+who.label, func() { order(r) })
	time.Sleep(time.Hour)
	fmt.Fprintln(w, r.URL.Path)
}

//go:noinline
func chat(w http.ResponseWriter, r *http.Request, who *actor) {
	who.enter()
	conn, _, err := w.(http.Hijacker).Hijack()
	must(err, "hijack")
	<-stock
	_ = conn.Close()
}

// Its client is gone; it has not seen that yet.
//
//go:noinline
func patient(r *http.Request, who *actor) {
	who.enter()
	leave("helper of one that has not returned", func() { order(r) })
	for r.Context().Err() == nil {
		time.Sleep(time.Millisecond)
	}
	<-stock
	fmt.Println(r.URL.Path)
}

type handlers struct{ checkOut, browse, chat, patient *actor }

func (h *handlers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/checkout":
		checkOut(w, r, h.checkOut)
	case "/browse":
		browse(w, r, h.browse)
	case "/chat":
		chat(w, r, h.chat)
	case "/patient":
		patient(r, h.patient)
	case "/order":
		leave("order", func() { order(r) })
	case "/price":
		ctx := r.Context()
		leave("price", func() { _ = price(ctx) })
	case "/mail":
		leave("mail", func() { mail(r) })
	case "/count":
		path := string(append([]byte(nil), r.URL.Path...))
		leave("count", func() { count(path) })
	case "/fetch":
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		out := outgoing(ctx)
		leave("fetch", func() { fetch(out) })
	case "/forward":
		out := outgoing(r.Context())
		leave("forward", func() { forward(out) })
	case "/detached":
		ctx, end := context.WithCancel(&detached{r.Context()})
		leave("detached", func() {
			defer end()
			_ = price(ctx)
		})
	}
}

// serve has the server serve with these handlers; where it is.
func serve(server *http.Server, h *handlers) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err, "listen")
	server.Handler = h
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String()
}

// ask sends a request and leaves the connection open.
func ask(address, path string) net.Conn {
	conn, err := net.Dial("tcp", address)
	must(err, "dial")
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: shop\r\n\r\n", path)
	must(err, "request")
	return conn
}

// asked waits for the answer, too.
func asked(address, path string) {
	conn := ask(address, path)
	one := make([]byte, 1)
	_, err := conn.Read(one)
	must(err, "answer")
	_ = conn.Close()
}

func shutDown(label string, server *http.Server) *actor {
	return start(label, func() { _ = server.Shutdown(context.Background()) })
}

type contextKey struct{ name string }

// A tour and one stop of it: derived as a server derives the contexts of a connection and of a request, by another key.
//
//go:noinline
func tour(label string, key interface{}) *actor {
	all, end := context.WithCancel(context.WithValue(context.Background(), key, "here"))
	stop, leaveIt := context.WithCancel(all)
	leaveIt()
	guide := start(label, func() {
		defer end()
		_ = price(stop)
	})
	wait(guide, "chan-send", audit, nil)
	return guide
}

// After the order to end came, it waits for those who work.
//
//go:noinline
func endWork(ctx context.Context, work *sync.WaitGroup) error {
	<-ctx.Done()
	work.Wait()
	return ctx.Err()
}

//go:noinline
func work(done *sync.WaitGroup) {
	defer done.Done()
	<-stock
}

//go:noinline
func workOn(done *sync.WaitGroup) {
	defer done.Done()
	time.Sleep(time.Hour)
}

func main() {
	self := named("main")
	self.enter()
	ctx, stop := context.WithCancel(context.Background())
	stop()
	stuckIn := &handlers{checkOut: named("checkout"), browse: named("browse"), patient: named("patient")}
	// Side by side, the healthy one first.
	servers := new([2]http.Server)
	healthy, stuck := &servers[0], &servers[1]
	at := serve(stuck, stuckIn)
	kept := []net.Conn{ask(at, "/checkout"), ask(at, "/browse")}
	asked(at, "/order?papers="+strings.Repeat("p", papers))
	for _, path := range []string{"/price", "/mail", "/count", "/fetch", "/forward", "/detached"} {
		asked(at, path)
	}
	gone := ask(at, "/patient")
	helper := leftBehind("helper of one that has not returned")
	_ = gone.Close()
	calm := &handlers{browse: named("calm browse"), chat: named("chat")}
	atHealthy := serve(healthy, calm)
	kept = append(kept, ask(atHealthy, "/browse"), ask(atHealthy, "/chat"))
	for _, one := range []*actor{stuckIn.checkOut, stuckIn.browse, stuckIn.patient, calm.browse, calm.chat} {
		one.number()
	}
	expect(stuckIn.checkOut, "main.checkOut", nil, "chan receive")
	expect(stuckIn.patient, "main.patient", nil, "chan receive")
	expect(calm.chat, "main.chat", nil, "chan receive")
	closing := shutDown("shutdown", stuck)
	closingToo := shutDown("shutdown of the healthy one", healthy)
	var hard, easy, early sync.WaitGroup
	hard.Add(1)
	easy.Add(1)
	early.Add(1)
	worker := start("worker", func() { work(&hard) })
	sleeper := start("sleeper", func() { workOn(&easy) })
	free := start("worker of an earlier time", func() { work(&early) })
	never, cancelNever := context.WithCancel(context.Background())
	manager := start("manager", func() { _ = endWork(ctx, &hard) })
	other := start("manager of a sleeper", func() { _ = endWork(ctx, &easy) })
	third := start("manager whose context goes on", func() { early.Wait(); _ = never.Err() })
	expect(manager, "main.endWork", nil, forWaitGroup...)
	expect(other, "main.endWork", nil, forWaitGroup...)
	expect(third, "sync.(*WaitGroup).Wait", nil, forWaitGroup...)
	expect(worker, "main.work", nil, "chan receive")
	wait(manager, "waitgroup", &hard, nil)
	wait(other, "waitgroup", &easy, nil)
	wait(third, "waitgroup", &early, nil)
	for _, one := range []*actor{worker, stuckIn.checkOut, stuckIn.patient, calm.chat} {
		wait(one, "chan-recv", stock, nil)
	}
	for _, label := range []string{"order", "price", "count", "fetch", "forward", "detached"} {
		wait(leftBehind(label), "chan-send", audit, nil)
	}
	atWork, atWorkToo := leftBehind("helper of browse"), leftBehind("helper of calm browse")
	for _, one := range []*actor{helper, atWork, atWorkToo} {
		wait(one, "chan-send", audit, nil)
	}
	guide, another := tour("guide", &contextKey{"local-addr"}), tour("guide of a server", http.ServerContextKey)
	finding("CT228", "P1", []*actor{closing}, "likely")
	tell("steps", fields{"rule": "CT228", "tids": []*actor{closing}, "words": []string{
		fmt.Sprintf("goroutine %d (", stuckIn.checkOut.number()), "and may go on"}})
	finding("CT228", "P1", []*actor{manager}, "likely")
	for label, has := range map[string]string{"order": "has the http.Request", "price": "has the context of a request",
		"forward": "has the context of a request"} {
		one := []*actor{leftBehind(label)}
		finding("CT214", "P1", one, "likely")
		tell("steps", fields{"rule": "CT214", "tids": one, "words": []string{has}})
	}
	tell("kept_by", fields{"rule": "CT214", "tids": []*actor{leftBehind("order")}, "bytes": papers})
	finding("CT214", "P2", []*actor{leftBehind("mail")}, "likely")
	tell("none_about", fields{"rules": []string{"CT214", "CT228"}, "tids": []*actor{leftBehind("count"), leftBehind("fetch"),
		leftBehind("detached"), helper, stuckIn.checkOut, stuckIn.patient, closingToo, other, third, worker, sleeper, free,
		guide, another, atWork, atWorkToo}})
	rest(self)
	runtime.KeepAlive([]interface{}{kept, cancelNever})
}
