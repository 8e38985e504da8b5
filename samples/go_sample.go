// SPDX-License-Identifier: Apache-2.0

// What sample.h is for the samples in C, for those in Go: goroutines that say who they are, a check that each of
// them waits as it should, by what the runtime itself prints of it, and the truth about it as JSON lines on stdout.
//
// The words are those of sample.h, where "tid" and the like is "g:18" for a goroutine; and these:
//
//	goroutine   {tid, label, state, reason, frames, creator, parent, locked, carrier, labels, syscall}: as the
//	            runtime's own traceback has it: frames are [function, file, line] without the runtime's own; states
//	            instead of state where it changes; carrier: the thread that it is tied to, and one with in cycles
//	goroutines  [ids]: all that a traceback lists; a report has no others but those of the system
//	select      {tid, cases: [{kind, resource}], timed}: all of its cases
//	channel     {resource, len, cap, closed, elem, senders, receivers}
//	waitgroup   {resource, counter, waiters}
//	polled      {tid, fd, mode, local, remote}: it waits until it can read or write there; addresses of a socket
//	panic       {tid, values: [{value, type, recovered}], class, function}: the values that it panics with, the
//	            newest first
//	panic_channel {tid, channel, users: [ids]}: the channel that it panics at, and who else has code that uses it;
//	            no channel where it cannot be known; others are near misses
//	fatal       {tid, class, text, function, address}: the runtime ends the process with this message
//	goroutine_count  N: how many there are beside those of the system
//	crash       of sample.h, with called_by: the goroutine that called the C code
//	native_frame  {tid, name}: a function of C in its stack, where such names are known
//	bubble      [ids]: the goroutines of one bubble of testing/synctest
//	peers_among {tid, peers}: whoever is said to end its wait is one of these
//	fires       [rule]: there are findings of these, whoever they are about
//	finding_says {rule, level, words}: exactly one finding of the rule, with these words in its title; likely at most
//	steps       {rule, tids, words}: the finding of the rule about one of these has a step with each of the words
//	none_about  {rules, tids}: no finding of these rules is about them
//	not_stuck   [ids]: no finding is about them
//	leaked      [ids]: these wait for what nobody has who can go on, and no others do; told of every sample
//	suspects    {least, age, tids}: with these thresholds of CT220 exactly these look leaked, without them nobody
//	retained    {tids, bytes, stacks}: leaked goroutines of one place, that keep this and little more alive, and have
//	            at least so much of stacks
//	kept_by     {rule, tids, bytes}: the finding of the rule about one of these says that so much is kept alive, and
//	            little more
//	heap        {live, objects}: bytes and objects that the runtime counted just before, right after a collection
//	heap_object {address, alive, kept_by, steps, type, large_type}: an object; kept_by is in the words for its root,
//	            steps is how many objects lead to it, itself included; large_type is known since 1.22
//	allocated   {address, at, has, large_type, free}: explain says that it was allocated at "main.f() file.go:1", or there
//	            for others, or nothing of that; what it has; that its slot is free
//	heap_places {row, rate, scales, places: {place: objects}}: objects of a row of the heap by where they were allocated,
//	            sampled at that rate; scales: they are said to stand for the others
//	stack_word  {tid, address}: the address is on its stack
//	context     {address, kind, parent, key, value, err, cause, deadline, children, waiters, ignored_by, lost}: a context
//	            that lives; deadline is past or ahead; lost: nothing can cancel it but its parent
//	done_of     {tid, address, ended_by}: it waits at the Done() of the context there, and of no other; ended_by: that
//	            one's deadline will cancel it; none: none will
//	timer       {kind, count, first_ns, calls, period_ns, mode, tids, alone, retained, listed, leaked_keepers}: timers
//	            that coretool timers has in one record, with about that until the first fires, and about these bytes
//	            retained; leaked_keepers: only these have it, and they are leaked
//	no_timer    {kind, calls, period_ns}: there is none such
//	pool        {address, objects, victims, types, doubles, new, name, large, rules, deep_rules}: a sync.Pool: how many
//	            objects it has, of which types, which of them twice; large: its largest has more bytes; the rules that
//	            speak of it, and those of coretool pools where they differ
//	kept_profile  {kind, pprof}: a profile that the process has kept of itself, as runtime/pprof writes it
//	waiting_now {tids, function, contentions}: as many wait in that function, for others
//	other_side  {tid, says, waker}: of its wait it is said who ends it, with these words in this order; waker: by whom
//	had_by      {address, words}: explain says that whoever these words name has it; none: nobody
//	freed_use   {from, in, to}: one of the pointers into memory of the heap in which no object is, as coretool heap
//	            has them: the object or variable that has it, or in words what does
//	nobody      resource: none holds it, though it is locked: whoever locked it will never unlock it
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"
)

const patience = 20 * time.Second

// fields is a JSON object.
type fields map[string]interface{}

// tell prints one line of truth.
func tell(word string, value interface{}) {
	text, err := json.Marshal(fields{word: value})
	if err != nil {
		fail(err.Error())
	}
	fmt.Println(string(text))
}

func fail(what string) {
	fmt.Fprintln(os.Stderr, "sample: "+what)
	os.Exit(2)
}

// cannot ends a sample whose case this kernel, or a missing privilege, does not allow.
func cannot(what string) {
	fmt.Fprintln(os.Stderr, what)
	os.Exit(77)
}

func must(err error, what string) {
	if err != nil {
		fail(what + ": " + err.Error())
	}
}

// ---- who is who ----

// An actor is a goroutine by the name that the truth has for it, and by the number that the runtime has.
type actor struct {
	label string
	id    int64
}

func named(label string) *actor { return &actor{label: label} }

// enter is said by the goroutine itself.
func (a *actor) enter() {
	text := make([]byte, 64)
	text = text[:runtime.Stack(text, false)]
	number := strings.Fields(string(text))[1]
	id, err := strconv.ParseInt(number, 10, 64)
	must(err, "a goroutine's number")
	atomic.StoreInt64(&a.id, id)
}

// number waits until the goroutine has said it.
func (a *actor) number() int64 {
	for start := time.Now(); time.Since(start) < patience; time.Sleep(time.Millisecond) {
		if id := atomic.LoadInt64(&a.id); id != 0 {
			return id
		}
	}
	fail(a.label + " does not come")
	return 0
}

func (a *actor) String() string { return fmt.Sprintf("g:%d", a.number()) }

func (a *actor) MarshalJSON() ([]byte, error) { return json.Marshal(a.String()) }

// start runs it as a goroutine that the truth knows by this name.
func start(label string, run func()) *actor {
	a := named(label)
	go func() {
		a.enter()
		run()
	}()
	a.number()
	return a
}

// A meeting is where all stay until as many as needed have come; no channel or lock, so that it is no part of what is
// found later.
type meeting struct{ needed, come int32 }

func (m *meeting) attend() {
	atomic.AddInt32(&m.come, 1)
	m.wait()
}

func (m *meeting) wait() {
	for atomic.LoadInt32(&m.come) < m.needed {
		time.Sleep(time.Millisecond)
	}
}

// A gate is closed until it is opened.
type gate int32

func (g *gate) open() { atomic.StoreInt32((*int32)(g), 1) }

func (g *gate) pass() {
	for atomic.LoadInt32((*int32)(g)) == 0 {
		time.Sleep(time.Millisecond)
	}
}

// ---- what the runtime says of them ----

type seen struct {
	state, reason, creator string
	frames                 [][]interface{}
	parent                 int64
	locked                 bool
}

var (
	headLine    = regexp.MustCompile(`^goroutine (\d+)(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[([^]]*)\](?: \{.*\})?:$`)
	creatorLine = regexp.MustCompile(`^created by (.*?)(?: in goroutine (\d+))?$`)
	placeLine   = regexp.MustCompile(`^\t(?:.*/)?([^/]+):(\d+)`)
)

var states = map[string]string{"running": "running", "runnable": "runnable", "syscall": "syscall",
	"preempted": "runnable", "copystack": "running"}

func atoi(text string) int64 {
	number, _ := strconv.ParseInt(text, 10, 64)
	return number
}

// parse reads one goroutine of a traceback.
func parse(text string) (int64, *seen) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	head := headLine.FindStringSubmatch(lines[0])
	if head == nil {
		fail("a traceback begins " + lines[0])
	}
	says := strings.Split(head[2], ", ")
	s := &seen{reason: strings.TrimSuffix(says[0], " (scan)")}
	for _, more := range says[1:] {
		s.locked = s.locked || more == "locked to thread"
	}
	s.state = states[s.reason]
	if s.state == "" {
		s.state = "waiting"
	}
	for at := 1; at+1 < len(lines); at += 2 {
		if creator := creatorLine.FindStringSubmatch(lines[at]); creator != nil {
			s.creator, s.parent = creator[1], atoi(creator[2])
			break
		}
		place := placeLine.FindStringSubmatch(lines[at+1])
		end := strings.LastIndex(lines[at], "(")
		if place == nil || end < 0 {
			break // "additional frames elided"
		}
		s.frames = append(s.frames, []interface{}{lines[at][:end], place[1], atoi(place[2])})
	}
	return atoi(head[1]), s
}

// traceback is of all goroutines that are not the system's.
func traceback() map[int64]*seen {
	text := make([]byte, 1<<20)
	for {
		length := runtime.Stack(text, true)
		if length < len(text) {
			text = text[:length]
			break
		}
		text = make([]byte, 2*len(text))
	}
	found := map[int64]*seen{}
	for _, one := range strings.Split(string(text), "\n\n") {
		id, s := parse(one)
		found[id] = s
	}
	return found
}

func (s *seen) in(function string) bool {
	for _, frame := range s.frames {
		if frame[0] == function {
			return true
		}
	}
	return false
}

func contains(list []string, text string) bool {
	for _, one := range list {
		if one == text {
			return true
		}
	}
	return false
}

// await waits until the goroutine is in that function, in a state of one of these names, twice in a row.
func await(a *actor, function string, reasons ...string) *seen {
	var now *seen
	before := false
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(2 * time.Millisecond) {
		now = traceback()[a.number()]
		as := now != nil && contains(reasons, now.reason) && now.in(function)
		if as && before {
			return now
		}
		before = as
	}
	fail(fmt.Sprintf("%s (%v) does not wait in %s for %v: %+v", a.label, a, function, reasons, now))
	return nil
}

// expect waits for that, and tells. more: what the traceback does not say of it.
func expect(a *actor, function string, more fields, reasons ...string) {
	tellGoroutine(a, await(a, function, reasons...), more)
}

func tellGoroutine(a *actor, s *seen, more fields) {
	told := fields{"tid": a, "label": a.label, "state": s.state, "frames": s.frames}
	if s.state == "waiting" {
		told["reason"] = s.reason
	}
	if s.creator != "" {
		told["creator"] = s.creator
	}
	if s.parent != 0 {
		told["parent"] = fmt.Sprintf("g:%d", s.parent)
	}
	if s.locked {
		told["locked"] = true
	}
	for key, value := range more {
		told[key] = value
	}
	tell("goroutine", told)
}

// expectRunning tells the function alone: the place in it changes, and whether it runs or could.
func expectRunning(a *actor, function string, more fields) {
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(time.Millisecond) {
		now := traceback()[a.number()]
		if now != nil && (now.state == "running" || now.state == "runnable") && now.in(function) {
			told := fields{"tid": a, "label": a.label, "states": []string{"running", "runnable"}}
			for key, value := range more {
				told[key] = value
			}
			tell("goroutine", told)
			tell("function", fields{"tid": a, "name": function, "inlined": false})
			return
		}
	}
	fail(a.label + " does not run in " + function)
}

// ---- objects ----

// address is of what the pointer points to, or the channel itself.
func address(object interface{}) string {
	return fmt.Sprintf("%#x", (*[2]uintptr)(unsafe.Pointer(&object))[1])
}

// Where versions call it differently.
var (
	forMutex     = []string{"sync.Mutex.Lock", "semacquire"}
	forReader    = []string{"sync.RWMutex.RLock", "semacquire"}
	forWriter    = []string{"sync.RWMutex.Lock", "semacquire"}
	forWaitGroup = []string{"sync.WaitGroup.Wait", "semacquire"}
)

// wait tells what one waits for. more: "on" and "inferred" or "recorded", "peers", "name", "timed" ...
func wait(a *actor, kind string, object interface{}, more fields) {
	told := fields{"tid": a, "kind": kind, "timed": false}
	if object != nil {
		told["resource"] = address(object)
	}
	for key, value := range more {
		told[key] = value
	}
	tell("wait", told)
}

// heldBy is who holds it, which only its code tells; it must be found.
func heldBy(holders ...*actor) fields { return fields{"on": holders} }

// perhapsHeldBy is who holds it, which may be found or not.
func perhapsHeldBy(holders ...*actor) fields { return fields{"on": holders, "recorded": false} }

// called adds the name of the object, as the symbols have it.
func (f fields) called(name string) fields {
	f["name"] = name
	return f
}

func expectMutex(a *actor, function string, mutex interface{}, more fields) {
	expect(a, function, nil, forMutex...)
	wait(a, "mutex", mutex, more)
}

// holds tells that it will unlock it, as its code shows.
func holds(a *actor, object interface{}, mode string) {
	tell("inferred", fields{"tid": a, "resource": address(object), "mode": mode, "sure": true})
}

func notHeldBy(a *actor, object interface{}) {
	tell("free_of", fields{"tid": a, "resource": address(object)})
}

func receive(object interface{}) fields {
	return fields{"kind": "chan-recv", "resource": address(object)}
}

func send(object interface{}) fields {
	return fields{"kind": "chan-send", "resource": address(object)}
}

// ---- judgement ----

// since tells whether the program is of this Go version, 1.minor, or of a later one.
func since(minor int) bool {
	digits := strings.TrimPrefix(runtime.Version(), "go1.")
	if end := strings.IndexAny(digits, ".rb-+ "); end >= 0 {
		digits = digits[:end]
	}
	found, err := strconv.Atoi(digits)
	must(err, "the version "+runtime.Version())
	return found >= minor
}

func cycle(actors ...*actor) { tell("cycle", fields{"tids": actors, "timed": false}) }

// finding: confidence is one of these words.
func finding(rule, level string, actors []*actor, confidence ...string) {
	tell("finding", fields{"rule": rule, "level": level, "confidence": confidence, "tids": actors})
}

func deadlock(actors ...*actor) {
	cycle(actors...)
	finding("CT204", "P0", actors, "likely")
	tell("verdict", []string{"deadlock"})
}

// perhapsDeadlock is one whose cycle is through channels: it may be found, and then as likely, or not.
func perhapsDeadlock(actors ...*actor) {
	tell("cycle", fields{"tids": actors, "timed": false, "recorded": false})
	tell("finding", fields{"rule": "CT204", "level": "P0", "confidence": []string{"likely"}, "tids": actors,
		"recorded": false})
}

var lost = []*actor{}

// leaked: nobody who can go on has what they wait for.
func leaked(actors ...*actor) { lost = append(lost, actors...) }

// ---- the end ----

// ready: all told is so from now on. The kernel makes a core of the process when it dies.
func ready() {
	debug.SetTraceback("crash")
	tell("leaked", lost)
	tell("ready", true)
}

// rest lists all there are; main sleeps from then on, so that the runtime takes nobody's waiting for a deadlock.
func rest(main *actor) {
	ids := []string{}
	for id := range traceback() {
		ids = append(ids, fmt.Sprintf("g:%d", id))
	}
	tell("goroutines", ids)
	tell("goroutine", fields{"tid": main, "label": main.label, "state": "waiting", "reason": "sleep"})
	wait(main, "sleep", nil, fields{"timed": true})
	hideReserved()
	ready()
	for {
		time.Sleep(time.Hour)
	}
}

// choose lists the cases that the program has when it is told none.
func choose(cases map[string]func(*actor), args []string) func(*actor) {
	if len(args) == 1 && cases[args[0]] != nil {
		return cases[args[0]]
	}
	names := []string{}
	for name := range cases {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Println(strings.Join(names, "\n"))
	os.Exit(0)
	return nil
}

// untilAsked waits until stdin ends: the sample goes on to its crash.
func untilAsked() {
	ready()
	one := make([]byte, 1)
	for {
		if n, _ := os.Stdin.Read(one); n == 0 {
			return
		}
	}
}
