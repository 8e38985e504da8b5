# SPDX-License-Identifier: Apache-2.0
"""A small Go process made by hand, for fuzz_go.c: what coretool reads of one, and nothing else.

It has an ELF image without sections, a function table with functions of the runtime that refer to its
variables as the compiler lets them, types, goroutines that wait in every way, and a heap. Where fields lie
says the layout of the version (coretool/runtime/go/layouts). No tool is needed, and each run makes the same.
"""
import pathlib
import re
import struct

from go_image import ARGS, DEFERS, INLINE_TREE, LOCALS, OBJECTS, TEXT, Code, Memory, varint

LAYOUTS = pathlib.Path(__file__).resolve().parents[2] / "coretool/runtime/go/layouts"
IMAGE, RODATA, DATA = 0x400000, 0x404000, 0x410000
IMAGE_END = 0x430000
STACKS, HEAP, RUNTIME, RECORD = 0x7f0000000000, 0xc000000000, 0x7f0000100000, 0x7f0000200000
PAGE = 8192
READ, WRITE, EXEC = 1, 2, 4
WITH_HEAP, WITHOUT_VIEWS, WITH_REPORTS, WITH_RETAINED = 1, 2, 4, 8  # of fuzz_go.c
REASONS = ("", "GC assist marking", "chan receive", "chan send", "select", "select (no cases)",
           "chan receive (nil chan)", "sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock",
           "sync.WaitGroup.Wait", "sync.Cond.Wait", "sleep", "IO wait", "semacquire", "coroutine",
           "finalizer wait")
WAITING, RUNNING, SYSCALL, DEAD = 4, 2, 3, 6
INT, CHAN, FUNC, INTERFACE, MAP, POINTER, SLICE, STRING, STRUCT = 2, 18, 19, 20, 21, 22, 23, 24, 25


def layout(version):
    """{"G_GOID": 152, …}; fields that the version lacks are left out."""
    text = (LAYOUTS / f"go1_{version}.h").read_text(encoding="utf-8")
    return {name: int(value) for name, value in re.findall(r"\[CT_GO_(\w+)\] = (\d+),", text)}


class Process:
    """One of Go 1.version; its parts refer to each other by address."""

    def __init__(self, version):
        self.version, self.fields, self.memory = version, layout(version), Memory()
        m = self.memory
        m.map(IMAGE, TEXT - IMAGE, READ, True)
        m.map(TEXT, RODATA - TEXT, READ | EXEC, True)
        m.map(RODATA, DATA - RODATA, READ, True)
        m.map(DATA, IMAGE_END - DATA, READ | WRITE, True)
        m.map(HEAP, 16 * PAGE, READ | WRITE)
        m.map(STACKS, 0xb000, READ | WRITE)
        m.map(RUNTIME, 0x20000, READ | WRITE)
        # The bitmap of pointers in an arena's record is of 2 MiB in 1.19, and none in 1.22 on.
        spans = self.fields["HEAPARENA_SPANS"]
        m.map(RECORD, spans + 8 * 8192, READ | WRITE)
        self.moduledata, self.threads = DATA + 0x100, []
        self.free = {"data": DATA + 0x800, "runtime": RUNTIME, "rodata": RODATA + 0x4000,
                     "gofunc": RODATA + 0x3800}
        self.free_pages, self.spans, self.goroutines = 0, [], []
        self.rip = {}
        self.write_all()

    # ---- memory ----

    def take(self, size, where="runtime"):
        at = self.free[where]
        self.free[where] = at + size + 15 & ~15
        return at

    def set(self, at, field, value, size=8):
        if field in self.fields:
            self.memory.put(at + self.fields[field], (value & (1 << 8 * size) - 1).to_bytes(size, "little"))

    def word(self, at, field):
        return self.memory.word(at + self.fields[field])

    def make(self, kind, **values):
        """A new object of the runtime's, and its address: make("SUDOG", G=g)."""
        at = self.take(self.fields[kind + "_SIZE"])
        for name, value in values.items():
            self.set(at, f"{kind}_{name}", value)
        return at

    def string(self, text):
        at = self.take(len(text), "rodata")
        self.memory.put(at, text.encode())
        return at, len(text)

    # ---- the image ----

    def write_elf(self):
        rows = ((4, IMAGE, TEXT), (5, TEXT, RODATA), (4, RODATA, DATA), (6, DATA, IMAGE_END))
        head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, TEXT, 64, 0, 0, 64, 56,
                                                         len(rows), 0, 0, 0)
        for flags, start, end in rows:
            head += struct.pack("<IIQQQQQQ", 1, flags, start - IMAGE, start, start, end - start,
                                end - start, 4096)
        self.memory.put(IMAGE, head)
        version = f"go1.{self.version}.1".encode()
        head = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0")
        self.memory.put(DATA, head + varint(len(version)) + version)

    def write_variables(self):
        names = {"allgs": 24, "allm": 8, "allp": 24, "sched": 512, "semtable": 251 * 64, "gcphase": 8,
                 "fing": 8, "itabs": 8, "allfin": 8, "finc": 8, "mutex": 8, "group": 16, "rwmutex": 24,
                 "shop": 64, "allpools": 24, "oldpools": 24, "pool": 48}
        self.rip = {name: self.take(size, "data") for name, size in names.items()}
        self.rip["mheap"] = DATA + 0x6000
        self.rip["reasons"] = self.take(16 * len(REASONS), "rodata")
        for index, reason in enumerate(REASONS):
            if reason:
                self.memory.words(self.rip["reasons"] + 16 * index, *self.string(reason))

    def write_code(self):
        load, lea, load32, store = b"\x48\x8b\x0d", b"\x48\x8d\x05", b"\x8b\x05", b"\x48\x89\x05"
        call, r = b"\xe8", self.rip
        code = self.code = Code(self)
        code.add("runtime.text", 0)
        code.add("runtime.allgadd", 24, (load, r["allgs"]), (load, r["allgs"] + 8), (load, r["allgs"] + 16))
        code.add("runtime.mexit", 24, (load, r["allm"]))
        code.add("runtime.timeSleepUntil", 24, (load, r["allp"]), (load, r["allp"] + 8))
        code.add("runtime.checkmcount", 24, (load, r["sched"] + self.fields["SCHED_MNEXT"]))
        code.add("runtime.waitReason.String", 24, (lea, r["reasons"]))
        code.add("runtime.semacquire1", 120, (lea, r["semtable"]), (lea, r["semtable"]))
        code.add("runtime.queuefinalizer", 24, (load32, r["gcphase"]), (load, r["allfin"]),
                 (load, r["finc"]), (store, r["allfin"]))
        code.add("runtime.isSystemGoroutine", 24, (load32, r["fing"]))
        code.add("runtime.getitab", 24, (load, r["itabs"]))
        code.add("runtime.spanOfHeap", 24, (load, r["mheap"] + self.fields["MHEAP_ARENAS"]))
        code.add("sync.(*Pool).pinSlow", 24, *((store, r["allpools"] + offset) for offset in (0, 8, 16)))
        code.add("sync.poolCleanup", 24, *((load, r[name] + offset) for name in ("allpools", "oldpools")
                                           for offset in (0, 8, 16)))
        code.add("runtime.goexit", 0, b"\x90", flags=1)
        for name in ("gopark", "goparkunlock", "chansend", "chanrecv", "selectgo", "closechan", "futex",
                     "notetsleepg", "netpollblock", "main", "deferproc", "deferreturn", "block"):
            code.add(f"runtime.{name}", 64)
        code.add("runtime.gopanic", 120)
        for name, below in (("chansend1", "chansend"), ("chanrecv1", "chanrecv")):
            code.add(f"runtime.{name}", 24, (call, code.at(f"runtime.{below}")))
        for name in ("sync.(*Mutex).Lock", "sync.(*Mutex).Unlock", "sync.(*RWMutex).RLock",
                     "sync.(*RWMutex).RUnlock", "sync.(*RWMutex).Lock", "sync.(*WaitGroup).Wait",
                     "sync.(*WaitGroup).Done", "sync.(*Cond).Wait", "sync.(*Cond).Signal", "time.Sleep",
                     "internal/poll.(*FD).Read", "net.(*conn).Read", "time.sendTime", "syscall.Syscall"):
            code.add(name, 40)
        take = (lea, r["mutex"])
        rest = b"\x48\x8b\x44\x24\x20"  # of the frame: mov rax, [rsp + 32]
        code.add("main.waits", 56, take, (call, code.at("sync.(*Mutex).Lock")), rest,
                 (call, code.at("runtime.chanrecv1")), take, (call, code.at("sync.(*Mutex).Unlock")),
                 left=3, data={ARGS: 0, LOCALS: 0, OBJECTS: 32})
        code.add("main.sends", 56, rest, (call, code.at("runtime.chansend1")), (lea, r["group"]),
                 (call, code.at("sync.(*WaitGroup).Done")), b"\xeb\xe4", left=1,
                 data={ARGS: 0, LOCALS: 0, INLINE_TREE: 64})
        code.add("main.defers", 56, take, (call, code.at("sync.(*Mutex).Lock")), b"\xff\xd2",
                 (call, code.at("runtime.deferreturn")), left=2, data={ARGS: 0, LOCALS: 0, DEFERS: 96})
        code.add("main.worker", 56, (call, code.at("main.waits")), data={ARGS: 0, LOCALS: 0})

    def write_tables(self):
        gofunc = RODATA + 0x3800
        m = self.memory
        m.put(gofunc, struct.pack("<ii", 2, 6) + b"\x15\x2a")  # stack maps
        m.put(gofunc + 32, struct.pack("<QiiiI", 1, -32, 16, 16, 0))  # a stack object
        m.put(gofunc + 64, struct.pack("<BxxxiiI", 0, 1, 0, 0) * 2)  # inlined calls
        m.put(gofunc + 96, varint(24) + (varint(32) if self.version >= 22 else varint(1) + varint(32)))
        end = self.code.write(RODATA, gofunc)
        assert end <= gofunc, hex(end)

    # ---- types ----

    def name(self, text):
        at = self.take(3 + len(text), "rodata")
        self.memory.put(at, b"\1" + varint(len(text)) + text.encode())
        return at

    def type(self, text, kind, size, pointers, mask, *more, direct=False):
        at = self.take(48 + 8 * len(more), "rodata") + 7 & ~7
        bits = self.take(8, "rodata")
        self.memory.put(bits, mask.to_bytes(8, "little"))
        new = self.version >= 26
        flags = (32 if direct and new else 0)
        self.memory.put(at, struct.pack("<QQIBBBBQQii", size, pointers, 1, flags, 8, 8,
                                        kind | (32 if direct and not new else 0), 0, bits,
                                        self.name(text) - self.types, 0))
        self.memory.words(at + 48, *more)
        return at

    def write_types(self):
        self.types = self.take(16, "rodata")
        t = self.t = {}
        t["int"] = self.type("int", INT, 8, 0, 0)
        t["empty"] = self.type("struct {}", STRUCT, 0, 0, 0, 0, 0, 0, 0)
        t["string"] = self.type("string", STRING, 16, 8, 1)
        t["time"] = self.type("time.Time", STRUCT, 24, 24, 4, 0, 0, 0, 0)
        t["any"] = self.type("interface {}", INTERFACE, 16, 16, 3, 0, 0, 0, 0)
        t["slice"] = self.type("[]string", SLICE, 24, 8, 1, t["string"])
        fields = self.take(4 * 24, "rodata")
        order = t["order"] = self.type("main.order", STRUCT, 64, 64, 0xff, 0, fields, 4, 4)
        t["*order"] = self.type("*main.order", POINTER, 8, 8, 1, order, direct=True)
        t["chan"] = self.type("chan int", CHAN, 8, 8, 1, t["int"], 3, direct=True)
        t["map"] = self.type("map[string]int", MAP, 8, 8, 1, t["string"], t["int"], order, 0, 0, direct=True)
        t["error"] = self.type("*errors.errorString", POINTER, 8, 8, 1, t["string"], direct=True)
        for index, (name, of, at) in enumerate((("next", "*order", 0), ("items", "slice", 8),
                                                ("by", "map", 32), ("any", "any", 40))):
            self.memory.words(fields + 24 * index, self.name(name), t[of], at)
        self.itab = self.take(32, "rodata")
        self.memory.words(self.itab, t["any"], t["*order"], 1)
        self.set(self.moduledata, "MODULEDATA_TYPES", self.types)
        self.set(self.moduledata, "MODULEDATA_ETYPES", self.free["rodata"])

    # ---- the heap ----

    def span(self, size, n, scan=True, pages=1, **more):
        """A span of n objects in use; returns the first."""
        start, index = HEAP + self.free_pages * PAGE, len(self.spans)
        elements = pages * PAGE // size if size < PAGE else 1
        if scan and size <= 512 and self.version >= 22:
            elements = (pages * PAGE - pages * PAGE // 64 - 128) // size
        wide = 2 if self.version >= 22 else 8
        at = self.make("MSPAN", STARTADDR=start, NPAGES=pages, ELEMSIZE=size, LIMIT=start + elements * size,
                       ALLOCBITS=self.take(1024), **more)
        self.set(at, "MSPAN_NELEMS", elements, wide)
        self.set(at, "MSPAN_FREEINDEX", n, wide)
        self.set(at, "MSPAN_SPANCLASS", (0 if elements == 1 else 2 + 2 * (index % 60)) | (not scan), 1)
        self.set(at, "MSPAN_STATE", 1, 1)
        for page in range(self.free_pages, self.free_pages + pages):
            self.memory.words(RECORD + self.fields["HEAPARENA_SPANS"] + 8 * page, at)
        if scan and size <= 512 and self.version >= 22:
            self.memory.put(start + pages * PAGE - pages * PAGE // 64, b"\xff" * min(64, n * size // 64 + 1))
        self.free_pages += pages
        self.spans.append(at)
        return start

    def write_heap(self):
        m, heap, t = self.memory, self.rip["mheap"], self.t
        arenas, index = self.take(16), self.take(16)
        number = HEAP + (1 << 47) >> 26
        # The table is of 2^22 entries; only the one in use is in memory.
        m.words(arenas, RECORD)
        m.words(index, number)
        self.set(heap, "MHEAP_ARENAS", arenas - 8 * number)
        for name in ("MHEAP_ALLARENAS", "MHEAP_HEAPARENAS"):
            self.set(heap, name, index)
            if name in self.fields:
                m.words(heap + self.fields[name], index, 1, 1)
        if "HEAPARENA_BITMAP" in self.fields:
            m.put(RECORD + self.fields["HEAPARENA_BITMAP"], b"\xff" * 256)
        closure = self.take(16, "rodata")
        m.words(closure, self.code.at("main.worker"))
        small, self.orders = self.span(64, 100), self.span(64, 20)
        header, large = self.span(1024, 4), self.span(3 * PAGE, 1, pages=3, LARGETYPE=t["order"])
        text = self.span(32, 40, scan=False)
        for i in range(20):
            m.words(self.orders + 64 * i, self.orders + 64 * (i + 1), text + 32 * i, 3, 3, header,
                    t["*order"], self.orders, small + 64 * i)
        m.words(header, t["order"], self.orders, text, 2, 2)
        m.words(header + 1024, t["map"], small)
        m.words(large, self.orders + 64, text, 1, 1)
        m.words(small, self.code.at("main.worker"), self.orders)
        m.words(small + 64, 2, 0, large, 0)
        m.words(self.rip["shop"], self.orders, large, self.itab, small + 64, t["chan"], header, text)
        kinds = (("FINALIZER", 2 if self.version >= 25 else 1), ("CLEANUP", 7 if self.version >= 25 else 6),
                 ("WEAK", 3 if self.version >= 25 else 2))
        before = 0
        for offset, (name, kind) in enumerate(kinds):
            at = self.take(64)
            m.words(at, 0, 0, 0, closure, self.orders, small, text)
            self.set(at, "SPECIAL_NEXT", before)
            self.set(at, "SPECIAL_OFFSET", 64 * offset, 2 if self.version < 24 else 8)
            self.set(at, "SPECIAL_KIND", kind, 1)
            before = at
        self.set(self.spans[1], "MSPAN_SPECIALS", before)
        block = self.take(4096)
        m.words(block, 0, 0, 1, closure, self.orders)
        m.words(self.rip["allfin"], block)
        bits = self.take(64, "rodata")
        m.put(bits, b"\xff" * 64)
        low, high = self.rip["shop"], self.rip["shop"] + 64
        for part in ("", "BSS"):
            names = ("DATA", "EDATA", "GCDATAMASK") if not part else ("BSS", "EBSS", "GCBSSMASK")
            self.set(self.moduledata, "MODULEDATA_" + names[0], low)
            self.set(self.moduledata, "MODULEDATA_" + names[1], high)
            mask = self.fields["MODULEDATA_" + names[2]]
            m.words(self.moduledata + mask, 8, bits)

    def write_pools(self):
        """One that was used, in the heap's program variable, with victims; an object is in it twice."""
        m, pool, t = self.memory, self.rip["pool"], self.t
        local, victim = self.span(256, 2), self.span(128, 1)
        ring, slots = self.span(48, 2), self.span(128, 2)
        closure = self.take(16, "rodata")
        m.words(closure, self.code.at("main.worker"))
        boxes, array = self.span(24, 2), self.span(8192, 1, scan=False)
        m.words(boxes, array, 0, 8192)
        m.words(pool, local, 2, victim, 1, closure)
        m.words(local, t["*order"], self.orders + 64, ring, ring)
        m.words(local + 128, t["slice"], boxes)
        m.words(victim, t["*order"], self.orders + 128)
        m.words(ring, 9 << 32 | 6, slots, 8, 8, ring + 48)
        m.words(ring + 48, 1 << 32, slots + 128, 8, 8)
        for i in range(8):
            m.words(slots + 16 * i, t["*order"], self.orders + 64 * (i % 3 + 1))
        m.words(slots + 128, t["error"], self.orders + 512)
        for name in ("allpools", "oldpools"):
            listed = self.take(16)
            m.words(listed, pool)
            m.words(self.rip[name], listed, 1, 1)

    # ---- goroutines ----

    def stack(self, *calls, words=()):
        """Frames, innermost first, down to goexit; returns the registers and the stack's ends."""
        low = STACKS + 0x800 * len(self.goroutines)
        at = low + 0x400
        begin = at
        pcs = [self.code.returns[name] for name in calls] + [self.code.returns["runtime.goexit"]]
        for name, back in zip(calls, pcs[1:]):
            self.memory.words(at, *words)
            at += self.code.row(name)[2]
            self.memory.words(at, back)
            at += 8
        return pcs[0], begin, low, low + 0x800

    def go(self, reason, *calls, status=WAITING, words=(), **more):
        """A goroutine that stands in these functions."""
        pc, sp, low, high = self.stack("runtime.gopark", *calls, words=words)
        number = len(self.goroutines) + 1
        g = self.make("G", STACK_LO=low, STACK_HI=high, SCHED_PC=pc, SCHED_SP=sp, GOID=number,
                      GOPC=self.code.at("runtime.main") + 8, STARTPC=self.code.at("main.worker"),
                      PARENTGOID=1, WAITSINCE=10**12 + number, **more)
        self.set(g, "G_ATOMICSTATUS", status, 4)
        self.set(g, "G_WAITREASON", REASONS.index(reason), 1)
        self.goroutines.append(g)
        return g

    def sudog(self, g, channel=0, elem=0, **more):
        at = self.make("SUDOG", G=g, **more)
        second = 8 if self.fields["SUDOG_SIZE"] - self.fields["SUDOG_C"] >= 16 else 0
        self.memory.words(at + self.fields["SUDOG_C"] + second, channel)
        self.memory.words(at + self.fields["SUDOG_ELEM"] + second, elem)
        self.set(g, "G_WAITING", at)
        return at

    def channel(self, elem, length=0, room=0, **more):
        at = self.make("HCHAN", QCOUNT=length, DATAQSIZ=room, BUF=self.orders, ELEMTYPE=self.t[elem], **more)
        self.set(at, "HCHAN_ELEMSIZE", 8, 2)
        return at

    def queue(self, channel, side, *sudogs):
        for before, behind in zip(sudogs, sudogs[1:]):
            self.set(before, "SUDOG_NEXT", behind)
            self.set(behind, "SUDOG_PREV", before)
        self.set(channel, f"HCHAN_{side}Q_FIRST", sudogs[0])
        self.set(channel, f"HCHAN_{side}Q_LAST", sudogs[-1])

    def at_semaphore(self, g, address):
        """In the table, or by its own sudog."""
        root = self.rip["semtable"] + (address >> 3) % 251 * 64 + self.fields["SEMAROOT_TREAP"]
        sudog = self.sudog(g, elem=address)
        if self.version < 26:
            self.set(g, "G_WAITING", 0)
        old = self.roots.get(root)
        if old:
            self.set(sudog, "SUDOG_WAITLINK" if old[1] == address else "SUDOG_NEXT", old[0])
        self.roots[root] = (sudog, address)
        self.memory.words(root, sudog)

    def write_channels(self):
        full, none, done = self.channel("int", 3, 3), self.channel("*order"), self.channel("empty")
        tick = self.channel("time", 0, 1)
        timer = self.take(128)
        self.timer = timer
        for name, value in (("WHEN", 2 * 10**12), ("F", self.take(16)), ("ARG", self.t["chan"])):
            self.set(timer, "TIMER_" + name, value)
        self.memory.words(timer + self.fields["TIMER_ARG"] + 8, tick)
        self.set(timer, "TIMER_STATUS", 1, 4)
        self.set(timer, "TIMER_STATE", 1, 1)
        self.set(tick, "HCHAN_TIMER", timer)
        sends = [self.go("chan send", "runtime.chansend", "runtime.chansend1", "main.sends", "main.worker",
                         words=(full, 1, 2, full, full)) for _ in range(2)]
        self.queue(full, "SEND", *(self.sudog(g, full) for g in sends))
        holder = self.go("chan receive", "runtime.chanrecv", "runtime.chanrecv1", "main.waits",
                         "main.worker", words=(none, self.rip["mutex"], 0, none, none))
        self.queue(none, "RECV", self.sudog(holder, none))
        select = self.go("select", "runtime.selectgo", "main.worker", words=(done, tick, full))
        cases = [self.sudog(select, channel) for channel in (done, tick)]
        self.set(cases[0], "SUDOG_WAITLINK", cases[1])
        self.set(select, "G_WAITING", cases[0])
        self.queue(done, "RECV", cases[0])
        self.queue(tick, "RECV", cases[1])
        self.go("select (no cases)", "runtime.block", "main.worker")
        self.go("chan receive (nil chan)", "runtime.chanrecv", "runtime.chanrecv1", "main.worker")

    def write_locks(self):
        r = self.rip
        self.roots = {}
        m = self.memory
        m.put(r["mutex"], struct.pack("<iI", 1 | 2 << 3, 0))
        m.words(r["group"], 2 << 32 | 1)
        m.put(r["rwmutex"] + self.fields["RWMUTEX_READERCOUNT"], struct.pack("<ii", 2 - (1 << 30), 1))
        for _ in range(2):
            self.at_semaphore(self.go("sync.Mutex.Lock", "runtime.semacquire1", "sync.(*Mutex).Lock",
                                      "main.waits", "main.worker"), r["mutex"] + 4)
        self.at_semaphore(self.go("sync.RWMutex.RLock", "runtime.semacquire1", "sync.(*RWMutex).RLock",
                                  "main.worker"), r["rwmutex"] + self.fields["RWMUTEX_READERSEM"])
        self.at_semaphore(self.go("sync.RWMutex.Lock", "runtime.semacquire1", "sync.(*RWMutex).Lock",
                                  "main.worker"), r["rwmutex"] + self.fields["RWMUTEX_WRITERSEM"])
        self.at_semaphore(self.go("sync.WaitGroup.Wait", "runtime.semacquire1", "sync.(*WaitGroup).Wait",
                                  "runtime.main"), r["group"] + self.fields.get("WAITGROUP_SEMA", 8))
        cond = self.take(64)
        notify = cond + self.fields["COND_NOTIFY"]
        g = self.go("sync.Cond.Wait", "sync.(*Cond).Wait", "main.worker", words=(cond, notify))
        sudog = self.sudog(g, elem=notify)
        m.put(notify, struct.pack("<II", 1, 0))
        self.set(notify, "NOTIFYLIST_HEAD", sudog)
        self.set(notify, "NOTIFYLIST_TAIL", sudog)

    def write_others(self):
        labels = self.take(64)
        text = self.string("tenant7")
        self.memory.words(labels, labels + 32, 1, 1, 0, text[0], 6, text[0] + 6, 1)
        self.go("sleep", "time.Sleep", "main.worker", SLEEPWHEN=3 * 10**12, TIMER=self.timer, LABELS=labels)
        desc, fd = self.take(320), self.take(128)
        g = self.go("IO wait", "runtime.netpollblock", "internal/poll.(*FD).Read", "net.(*conn).Read",
                    "main.worker", words=(desc, fd))
        for field, value in (("POLLDESC_RG", g), ("POLLDESC_FD", 7), ("POLLDESC_RD", 4 * 10**12)):
            self.set(desc, field, value)
        self.set(fd, "FD_SYSFD", 7)
        self.set(fd, "FD_PD", desc)
        self.memory.words(fd + self.fields["FD_SIZE"] + 24, *self.string("tcp"))
        self.go("semacquire", "runtime.semacquire1", "main.worker")
        self.go("coroutine", "main.worker", status=WAITING)
        self.go("", "main.worker", status=DEAD)

    def write_panic(self):
        """One that panics again on its thread, in a function that it had deferred."""
        text = self.take(32)
        self.memory.words(text, *self.string("out of stock"))
        value = (self.t["error"], text)
        twice = ("runtime.gopanic", "main.defers") * 2
        g = self.go("", *twice, "main.worker", status=RUNNING, words=value)
        # In the frames of gopanic, of which each has its panic.
        first = self.word(g, "G_SCHED_SP") + 72
        panics = [first, first + 128 + 64]
        for at in panics:
            self.memory.words(at, *([0] * 15))
            self.memory.words(at + self.fields["PANIC_ARG"], *value)
        self.set(panics[0], "PANIC_LINK", panics[1])
        self.set(g, "G_PANIC", panics[0])
        closure = self.take(16, "rodata")
        self.memory.words(closure, self.code.at("sync.(*Mutex).Unlock"))
        records = [self.make_defer(at + 128, closure) for at in panics]
        self.set(records[0], "DEFER_LINK", records[1])
        self.set(g, "G_DEFER", records[0])
        self.set(g, "G_SIG", 11, 4)
        return g

    def make_defer(self, sp, closure):
        at = self.take(96)
        for name, value in (("SP", sp), ("PC", self.code.returns["main.defers"]), ("FN", closure)):
            self.set(at, "DEFER_" + name, value)
        return at

    def write_scheduler(self, running):
        in_call = self.go("", "syscall.Syscall", "main.worker", status=SYSCALL)
        m, before = self.memory, 0
        ps = [self.take(self.fields["P_SIZE"]) for _ in range(2)]
        for index, p in enumerate(ps):
            self.set(p, "P_ID", index, 4)
            self.set(p, "P_STATUS", 1, 4)
            self.set(p, "P_SYSMONTICK_SCHEDWHEN", 15 * 10**11)
            timers = p + self.fields["P_TIMERS"] + self.fields.get("TIMERS_HEAP", 0)
            heap = self.take(32)
            m.words(heap, self.timer, 2 * 10**12)
            m.words(timers, heap, 1, 1)
        for number, g in enumerate((running, in_call, 0)):
            g0 = self.make("G", STACK_LO=STACKS + 0xa800, STACK_HI=STACKS + 0xb000)
            at = self.make("M", G0=g0, PROCID=100 + number, CURG=g, ALLLINK=before, P=ps[number % 2])
            self.set(g0, "G_M", at)
            sp = self.word(g, "G_SCHED_SP") if g else STACKS + 0xac00
            if g:
                self.set(g, "G_M", at)
                self.set(g, "G_SYSCALLSP", sp)
                self.set(g, "G_SYSCALLPC", self.word(g, "G_SCHED_PC"))
            pc = self.code.returns["runtime.gopark" if g == running else "runtime.futex"]
            self.threads.append((100 + number, pc, sp, 0, 0 if g == running else 202))
            self.set(at, "M_DYING", g == running, 4)
            self.set(ps[number % 2], "P_M", at)
            before = at
        m.words(self.rip["allm"], before)
        listed = self.take(16)
        m.words(listed, *ps)
        m.words(self.rip["allp"], listed, 2, 2)
        self.set(self.rip["sched"], "SCHED_MAXMCOUNT", 10000, 4)
        self.set(self.rip["sched"], "SCHED_LASTPOLL", 16 * 10**11)
        self.set(self.rip["sched"], "SCHED_MNEXT", 3)

    def write_all(self):
        self.write_elf()
        self.write_variables()
        self.write_code()
        self.write_tables()
        self.write_types()
        self.write_heap()
        self.write_pools()
        self.write_channels()
        self.write_locks()
        self.write_others()
        self.write_scheduler(self.write_panic())
        n = len(self.goroutines)
        listed = self.take(8 * n)
        self.memory.words(listed, *self.goroutines)
        self.memory.words(self.rip["allgs"], listed, n, n)

    def bytes(self, flags, address=0):
        """As fuzz_go.c reads it."""
        chunks = list(self.memory.chunks())
        out = struct.pack("<QIBBH", address, flags, len(self.threads), len(self.memory.maps), len(chunks))
        for thread in self.threads:
            out += struct.pack("<5Q", *thread)
        for start, data, prot, image in self.memory.maps:
            out += struct.pack("<QIBBH", start, len(data), prot, image, 0)
        for at, data in chunks:
            out += struct.pack("<QQ", at, len(data))
        return out + b"".join(data for _, data in chunks)


def processes():
    """name: bytes."""
    found = {}
    for version in (19, 21, 24, 27):
        process = Process(version)
        found[f"go1.{version}"] = process.bytes(WITHOUT_VIEWS)
        found[f"go1.{version}-heap"] = process.bytes(WITH_HEAP, process.orders + 64)
        found[f"go1.{version}-report"] = process.bytes(WITH_REPORTS)
        found[f"go1.{version}-retained"] = process.bytes(WITH_REPORTS | WITH_RETAINED)
    return found
