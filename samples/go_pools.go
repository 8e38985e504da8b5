// SPDX-License-Identifier: Apache-2.0

// A web shop's pools: some are misused, as people do it, and beside each is one that only looks so. What each has is
// told, with the rules that speak of it.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unsafe"
)

func newBuffer() interface{} { return new(bytes.Buffer) }

var (
	pages    = sync.Pool{New: newBuffer} // put where it is done, and by a defer
	quotes   = sync.Pool{New: newBuffer} // put once each
	chunks   sync.Pool                   // of *[]byte: one array in two of them
	parts    sync.Pool                   // of *[]byte: one array cut into pieces
	sheets   sync.Pool                   // of *[]byte: one variable twice, which is one double
	frames   sync.Pool                   // of []byte: one array in two boxes
	tokens   sync.Pool                   // of *struct{}: all are one
	empties  sync.Pool                   // of []byte without anything
	statics  sync.Pool                   // a variable of the package, twice
	numbers  sync.Pool                   // of small numbers, which are constants in memory
	taken    sync.Pool                   // all were taken again, and some came back
	prices   sync.Pool                   // of order by value: one box, of which each taker has a copy
	left     sync.Pool                   // an object in two pools,
	right    sync.Pool                   // which are not one
	stale    sync.Pool                   // put before a collection and again after it
	kept     sync.Pool                   // put before a collection only
	answers  = sync.Pool{New: newBuffer} // one has grown
	images   sync.Pool                   // all are large, and alike
	sessions sync.Pool                   // all point to one large table
	carts    sync.Pool                   // one leads to many items, none of them large
	baskets  sync.Pool                   // one leads to the catalog, which is not the pool's
	labels   sync.Pool                   // one is larger than the others, and small
	anything sync.Pool                   // of two types
	passed   = sync.Pool{New: newBuffer} // put by another goroutine than the one that took
	orders   sync.Pool                   // of order: who was given one goes on to write to it
	receipts sync.Pool                   // of order: who was given one may
	invoices sync.Pool                   // of order: put, and not looked at again
	letters  sync.Pool                   // of order: put by one defer, while the next waits
	parcels  sync.Pool                   // of order: the same, where the variable itself is what the defer has
	members  sync.Pool                   // of member, which know their pool
	guests   sync.Pool                   // of guest, which know a field of it
	workers  = new(crew)                 // with a pool, of which its workers know what is beside it
	readers  sync.Pool                   // of *bufio.Reader, reset to nil
	writers  sync.Pool                   // of *bufio.Writer, reset to nil
	scanners sync.Pool                   // of *bufio.Reader, which still has what it reads
	slips    sync.Pool                   // of order: who was given one goes on to hand it over
	rolls    sync.Pool                   // of *[]byte: who was given the array still has it

	banner  bytes.Buffer
	table   = new([2 << 20]byte)
	catalog *item
	shop    = &server{name: "shop"} // with a pool of its own
)

// ---- what is in them ----

type request struct {
	server  *server
	path    string
	args    []byte
	headers map[string]string
}

type server struct {
	name     string
	served   int
	requests sync.Pool
}

type image struct{ pixels [64 << 10]byte }

type session struct {
	user  string
	table *[2 << 20]byte
}

type order struct {
	number int
	text   string
}

type member struct {
	pool *sync.Pool
	name string
}

type guest struct {
	make *func() interface{}
	name string
}

type crew struct {
	rooms sync.Pool
	name  string
}

type worker struct {
	crew  *string
	shift int
}

type cart struct{ first *item }

type item struct {
	next *item
	name [100]byte
}

// number of where it is: objects are to be known by the truth alone.
func number(pointer unsafe.Pointer) string { return fmt.Sprintf("%#x", uintptr(pointer)) }

func buffer(pool *sync.Pool, text string) *bytes.Buffer {
	b, ok := pool.Get().(*bytes.Buffer)
	if !ok {
		b = new(bytes.Buffer)
	}
	b.Reset()
	b.WriteString(text)
	return b
}

// ---- put twice ----

//go:noinline
func render(title string) string {
	page := buffer(&pages, title)
	defer pages.Put(page)
	text := page.String()
	pages.Put(page) // it is done with it
	return number(unsafe.Pointer(page)) + text[:0]
}

// release forgets what the request was about.
func (s *server) release(r *request) {
	r.path, r.args, r.server = "", r.args[:0], nil
	s.requests.Put(r)
}

//go:noinline
func (s *server) serve(path string) (where string) {
	r, ok := s.requests.Get().(*request)
	if !ok {
		r = &request{args: make([]byte, 0, 128), headers: map[string]string{}}
	}
	where = number(unsafe.Pointer(r))
	defer s.release(r)
	r.server, r.path = s, path
	if !strings.HasPrefix(path, "/") {
		s.release(r) // nothing more to do
		return where
	}
	s.served++
	return where
}

//go:noinline
func putChunk(chunk []byte) { chunks.Put(&chunk) }

//go:noinline
func putTwice() (doubles map[*sync.Pool]string) {
	doubles = map[*sync.Pool]string{&pages: render("welcome"), &shop.requests: shop.serve("index.html")}
	chunk := make([]byte, 0, 4096)
	putChunk(chunk)
	putChunk(chunk[:10])
	doubles[&chunks] = number(unsafe.Pointer(&chunk[:1][0]))
	sheet := make([]byte, 2048)
	sheets.Put(&sheet)
	sheets.Put(&sheet)
	doubles[&sheets] = number(unsafe.Pointer(&sheet[0]))
	frame := make([]byte, 1500)
	frames.Put(frame)
	frames.Put(frame[:0])
	doubles[&frames] = number(unsafe.Pointer(&frame[0]))
	return doubles
}

//go:noinline
func putOnce() {
	for i := 0; i < 20; i++ {
		quotes.Put(bytes.NewBufferString("each its own"))
	}
	whole := make([]byte, 1<<16)
	for i := 0; i < 8; i++ {
		part := whole[i<<13 : (i+1)<<13]
		parts.Put(&part)
	}
	for i := 0; i < 5; i++ {
		tokens.Put(&struct{}{})
		empties.Put(make([]byte, 0))
		statics.Put(&banner)
		numbers.Put(7)
	}
	for i := 0; i < 20; i++ {
		taken.Put(new(request))
	}
	for i := 0; i < 20; i++ {
		if one := taken.Get(); one != nil && i%2 == 0 {
			taken.Put(one)
		}
	}
	var price interface{} = order{number: 7}
	prices.Put(price)
	prices.Put(price)
	one := new(request)
	left.Put(one)
	right.Put(one)
}

// ---- large ----

//go:noinline
func putLarge() {
	for i := 0; i < 9; i++ {
		b := buffer(&answers, "a usual answer")
		b.Grow(512)
		defer answers.Put(b)
		images.Put(new(image))
		sessions.Put(&session{table: table})
		label := make([]byte, 0, 64)
		labels.Put(&label)
		carts.Put(new(cart))
	}
	large := buffer(&answers, strings.Repeat("every order of the year", 100000))
	large.Reset()
	large.Grow(0)
	answers.Put(large)
	wide := make([]byte, 0, 8<<10)
	labels.Put(&wide)
	full := new(cart)
	for i := 0; i < 20000; i++ {
		full.first = &item{next: full.first}
		catalog = &item{next: catalog}
	}
	carts.Put(full)
	baskets.Put(&cart{catalog})
}

// ---- used after ----

// The one that answers puts the order back, and the one that writes the record is not done.
//
//go:noinline
func record(o *order) {
	pause()
	o.number++
	o.text = "recorded"
}

//go:noinline
func print(o *order, much bool) {
	pause()
	if much {
		fmt.Println(o.text)
	}
}

//go:noinline
func answer(o *order) {
	o.text = "answered"
	invoices.Put(o)
	pause()
}

//go:noinline
func post(o *order) {
	defer pause()
	defer letters.Put(o)
	o.text = "posted"
}

// What a function returns lives until its deferred calls have run. This one gives its order away in another way.
//
//go:noinline
func sendOff() (o *order, done bool) {
	defer pause()
	defer func() {
		if done {
			parcels.Put(o)
			o.text = ""
		}
	}()
	o = &order{text: "sent"}
	return o, true
}

//go:noinline
func seat(g *guest) {
	guests.Put(g)
	pause()
	g.name += "?"
}

//go:noinline
func relieve(w *worker) {
	workers.rooms.Put(w)
	pause()
	w.shift++
}

//go:noinline
func greet(m *member) {
	m.pool.Put(m)
	pause()
	m.name += "!"
}

//go:noinline
func read(r *bufio.Reader) {
	r.Reset(nil)
	readers.Put(r)
	pause()
	if r.Buffered() > 0 {
		fail("a reader of nothing")
	}
}

//go:noinline
func write(w *bufio.Writer) {
	w.Reset(nil)
	writers.Put(w)
	pause()
	if w.Buffered() > 0 {
		fail("a writer to nowhere")
	}
}

//go:noinline
func scan(r *bufio.Reader) {
	defer runtime.KeepAlive(shop)
	scanners.Put(r)
	pause()
	if r.Buffered() > 0 {
		fail("a reader that was not asked")
	}
}

//go:noinline
func handOver(o *order) {
	pause()
	stamp(o)
}

//go:noinline
func stamp(o *order) { o.number++ }

//go:noinline
func unroll(roll []byte) {
	pause()
	roll[0]++
}

// Longer than anybody looks.
//
//go:noinline
func pause() { time.Sleep(time.Hour) }

func useAfter() (will, may *actor, others, near []*actor) {
	one, two, three, roll := &order{text: "one"}, &order{text: "two"}, new(order), make([]byte, 3000)
	will = start("recorder", func() { record(one) })
	others = append(others, start("clerk", func() { handOver(three) }), start("printer of rolls", func() { unroll(roll) }),
		start("scanner", func() { scan(bufio.NewReader(strings.NewReader("x"))) }))
	may = start("printer", func() { print(two, len(two.text) > 100) })
	near = append(near, start("answerer", func() { answer(new(order)) }),
		start("poster", func() { post(new(order)) }),
		start("sender", func() { _, _ = sendOff() }),
		start("member", func() { greet(&member{pool: &members}) }),
		start("guest", func() { seat(&guest{make: &guests.New}) }),
		start("worker", func() { relieve(&worker{crew: &workers.name}) }),
		start("reader", func() { read(bufio.NewReader(strings.NewReader("x"))) }),
		start("writer", func() { write(bufio.NewWriter(io.Discard)) }))
	for _, one := range append(append(near, others...), will, may) {
		expect(one, "main.pause", nil, "sleep")
		wait(one, "sleep", nil, fields{"timed": true})
	}
	orders.Put(one)
	receipts.Put(two)
	slips.Put(three)
	rolls.Put(&roll)
	return will, may, others, near
}

// ---- what is told ----

func tellPool(pool *sync.Pool, objects int, more fields) {
	told := fields{"address": address(pool), "objects": objects, "rules": []string{}}
	for key, value := range more {
		told[key] = value
	}
	tell("pool", told)
}

func types(kinds ...interface{}) fields {
	counts := fields{}
	for i := 0; i < len(kinds); i += 2 {
		counts[kinds[i].(string)] = kinds[i+1]
	}
	return counts
}

func tellUse(will, may *actor, others, near []*actor) {
	used := []string{"CT216"}
	tellPool(&orders, 1, fields{
		"rules": used, "used": []string{"*main.order", "main.record"}, "types": types("*main.order", 1)})
	tellPool(&receipts, 1, fields{"rules": used, "used": []string{"*main.order", "main.print"}})
	tell("finding", fields{"rule": "CT216", "level": "P1", "confidence": []string{"likely"}, "tids": []*actor{will}})
	tell("finding", fields{"rule": "CT216", "level": "P2", "confidence": []string{"possible"}, "tids": []*actor{may}})
	for pool, what := range map[*sync.Pool][]string{&slips: {"*main.order", "main.handOver"},
		&rolls: {"*[]uint8", "main.unroll"}, &scanners: {"*bufio.Reader", "main.scan"}} {
		tellPool(pool, 1, fields{"rules": used, "used": what})
	}
	handed := "P1"
	if !since(17) { // it is passed on the stack
		handed = "P2"
	}
	for i, level := range []string{handed, "P2", "P1"} {
		tell("finding", fields{"rule": "CT216", "level": level, "tids": others[i : i+1],
			"confidence": map[string][]string{"P1": {"likely"}, "P2": {"possible"}}[level]})
	}
	for _, pool := range []*sync.Pool{&invoices, &letters, &parcels, &members, &guests, &workers.rooms, &readers, &writers} {
		tellPool(pool, 1, nil)
	}
	tell("not_stuck", near)
}

func tellAll(doubles map[*sync.Pool]string, victim string) {
	twice := []string{"CT215"}
	for pool, kind := range map[*sync.Pool]string{&pages: "*bytes.Buffer", &shop.requests: "*main.request",
		&chunks: "*[]uint8", &sheets: "*[]uint8", &frames: "[]uint8"} {
		more := fields{"rules": twice, "doubles": []string{doubles[pool]}, "types": types(kind, 2)}
		if pool == &pages {
			more["new"], more["name"] = "main.newBuffer", "main.pages"
		}
		tellPool(pool, 2, more)
	}
	tellPool(&stale, 2, fields{"rules": twice, "doubles": []string{victim}, "victims": 1})
	tellPool(&kept, 3, fields{"victims": 3, "name": "main.kept"})
	tellPool(&quotes, 20, fields{"new": "main.newBuffer", "victims": 0})
	tellPool(&parts, 8, fields{"types": types("*[]uint8", 8)})
	tellPool(&tokens, 5, nil)
	tellPool(&empties, 5, nil)
	tellPool(&statics, 5, nil)
	tellPool(&numbers, 5, fields{"types": types("int", 5)})
	tellPool(&prices, 2, fields{"types": types("main.order", 2)})
	tellPool(&left, 1, nil)
	tellPool(&right, 1, nil)
	tellPool(&answers, 10, fields{"rules": []string{"CT224"}, "large": 1 << 20})
	tellPool(&images, 9, nil)
	tellPool(&sessions, 9, nil)
	tellPool(&labels, 10, nil)
	tellPool(&carts, 10, fields{"deep_rules": []string{"CT224"}, "large": 2000000})
	tellPool(&baskets, 1, nil)
	tellPool(&anything, 3, fields{"rules": []string{"CT225"}, "types": types("*bytes.Buffer", 2, "*strings.Builder", 1)})
	tellPool(&passed, 1, nil)
}

func main() {
	self := named("main")
	self.enter()
	if runtime.GOMAXPROCS(0) < 2 {
		runtime.GOMAXPROCS(2)
	}
	again := new(request)
	stale.Put(again)
	for i := 0; i < 3; i++ {
		kept.Put(new(request))
	}
	debug.SetGCPercent(-1)
	runtime.GC()
	stale.Put(again)
	victim := number(unsafe.Pointer(again))
	again = nil
	doubles := putTwice()
	putOnce()
	putLarge()
	anything.Put(new(bytes.Buffer))
	anything.Put(new(strings.Builder))
	anything.Put(new(bytes.Buffer))
	moved := make(chan *bytes.Buffer)
	go func() { passed.Put(<-moved) }()
	moved <- buffer(&passed, "taken by one, put by another")
	will, may, others, near := useAfter()
	tellAll(doubles, victim)
	tellUse(will, may, others, near)
	tellPool(&taken, 10, nil)
	tell("verdict", []string{"clean"})
	rest(self)
}
