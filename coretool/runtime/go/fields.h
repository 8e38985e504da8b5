/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of the Go runtime's own types that are read here, and of std's types that the compiler
 * knows nothing special about: X(id, type, field). Where they are is a matter of the Go version:
 * the files of layouts/ say so, and for a program with DWARF its own DWARF does. A field of a field
 * has a path ("sched.sp"); "" is the size of the type. To read one more: a row here, then the
 * command in layouts/README for each Go version.
 *
 * The files of the runtime that declare them: runtime2.go (g, m, p, schedt, sudog, _defer, _panic,
 * gobuf, stack), chan.go (hchan), sema.go (semaRoot, notifyList), time.go (timer, timers),
 * netpoll.go (pollDesc), symtab.go (moduledata), mheap.go, sync/, internal/sync, internal/poll.
 */
#ifndef CT_RUNTIME_GO_FIELDS_H
#define CT_RUNTIME_GO_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#define CT_GO_FIELDS(X)                                                                            \
	X(G_STACK_LO, "runtime.g", "stack.lo")                                                     \
	X(G_STACK_HI, "runtime.g", "stack.hi")                                                     \
	X(G_PANIC, "runtime.g", "_panic")                                                          \
	X(G_DEFER, "runtime.g", "_defer")                                                          \
	X(G_M, "runtime.g", "m")                                                                   \
	X(G_SCHED_SP, "runtime.g", "sched.sp")                                                     \
	X(G_SCHED_PC, "runtime.g", "sched.pc")                                                     \
	X(G_SCHED_CTXT, "runtime.g", "sched.ctxt")                                                 \
	X(G_SCHED_BP, "runtime.g", "sched.bp")                                                     \
	X(G_SYSCALLSP, "runtime.g", "syscallsp")                                                   \
	X(G_SYSCALLPC, "runtime.g", "syscallpc")                                                   \
	X(G_ATOMICSTATUS, "runtime.g", "atomicstatus")                                             \
	X(G_GOID, "runtime.g", "goid")                                                             \
	X(G_SCHEDLINK, "runtime.g", "schedlink")                                                   \
	X(G_WAITSINCE, "runtime.g", "waitsince")                                                   \
	X(G_WAITREASON, "runtime.g", "waitreason")                                                 \
	X(G_PARAM, "runtime.g", "param")                                                           \
	X(G_LOCKEDM, "runtime.g", "lockedm")                                                       \
	X(G_SIG, "runtime.g", "sig")                                                               \
	X(G_SIGCODE0, "runtime.g", "sigcode0")                                                     \
	X(G_SIGCODE1, "runtime.g", "sigcode1")                                                     \
	X(G_SIGPC, "runtime.g", "sigpc")                                                           \
	X(G_GOPC, "runtime.g", "gopc")                                                             \
	X(G_PARENTGOID, "runtime.g", "parentGoid")                                                 \
	X(G_STARTPC, "runtime.g", "startpc")                                                       \
	X(G_WAITING, "runtime.g", "waiting")                                                       \
	X(G_CGOCTXT, "runtime.g", "cgoCtxt")                                                       \
	X(G_LABELS, "runtime.g", "labels")                                                         \
	X(G_TIMER, "runtime.g", "timer")                                                           \
	X(G_SLEEPWHEN, "runtime.g", "sleepWhen")                                                   \
	X(G_SELECTDONE, "runtime.g", "selectDone")                                                 \
	X(G_SYNCGROUP, "runtime.g", "syncGroup")                                                   \
	X(G_BUBBLE, "runtime.g", "bubble")                                                         \
	X(G_COROARG, "runtime.g", "coroarg")                                                       \
	X(G_RUNNINGCLEANUPS, "runtime.g", "runningCleanups")                                       \
	X(G_ANCESTORS, "runtime.g", "ancestors")                                                   \
	X(G_SIZE, "runtime.g", "")                                                                 \
	X(M_G0, "runtime.m", "g0")                                                                 \
	X(M_PROCID, "runtime.m", "procid")                                                         \
	X(M_GSIGNAL, "runtime.m", "gsignal")                                                       \
	X(M_CURG, "runtime.m", "curg")                                                             \
	X(M_P, "runtime.m", "p")                                                                   \
	X(M_NEXTP, "runtime.m", "nextp")                                                           \
	X(M_OLDP, "runtime.m", "oldp")                                                             \
	X(M_ID, "runtime.m", "id")                                                                 \
	X(M_MALLOCING, "runtime.m", "mallocing")                                                   \
	X(M_THROWING, "runtime.m", "throwing")                                                     \
	X(M_LOCKS, "runtime.m", "locks")                                                           \
	X(M_DYING, "runtime.m", "dying")                                                           \
	X(M_SPINNING, "runtime.m", "spinning")                                                     \
	X(M_BLOCKED, "runtime.m", "blocked")                                                       \
	X(M_INCGO, "runtime.m", "incgo")                                                           \
	X(M_NCGO, "runtime.m", "ncgo")                                                             \
	X(M_ALLLINK, "runtime.m", "alllink")                                                       \
	X(M_LOCKEDG, "runtime.m", "lockedg")                                                       \
	X(M_WAITUNLOCKF, "runtime.m", "waitunlockf")                                               \
	X(M_WAITLOCK, "runtime.m", "waitlock")                                                     \
	X(M_LIBCALLPC, "runtime.m", "libcallpc")                                                   \
	X(M_LIBCALLSP, "runtime.m", "libcallsp")                                                   \
	X(M_LIBCALLG, "runtime.m", "libcallg")                                                     \
	X(M_VDSOSP, "runtime.m", "vdsoSP")                                                         \
	X(M_VDSOPC, "runtime.m", "vdsoPC")                                                         \
	X(M_SIZE, "runtime.m", "")                                                                 \
	X(P_ID, "runtime.p", "id")                                                                 \
	X(P_STATUS, "runtime.p", "status")                                                         \
	X(P_M, "runtime.p", "m")                                                                   \
	X(P_SCHEDTICK, "runtime.p", "schedtick")                                                   \
	X(P_RUNQHEAD, "runtime.p", "runqhead")                                                     \
	X(P_RUNQTAIL, "runtime.p", "runqtail")                                                     \
	X(P_RUNQ, "runtime.p", "runq")                                                             \
	X(P_RUNNEXT, "runtime.p", "runnext")                                                       \
	X(P_TIMERS, "runtime.p", "timers")                                                         \
	X(P_SYSMONTICK_SCHEDWHEN, "runtime.p", "sysmontick.schedwhen")                             \
	X(P_SYSMONTICK_SYSCALLWHEN, "runtime.p", "sysmontick.syscallwhen")                         \
	X(P_PREEMPT, "runtime.p", "preempt")                                                       \
	X(P_SIZE, "runtime.p", "")                                                                 \
	X(SCHED_LASTPOLL, "runtime.schedt", "lastpoll")                                            \
	X(SCHED_POLLUNTIL, "runtime.schedt", "pollUntil")                                          \
	X(SCHED_MIDLE, "runtime.schedt", "midle")                                                  \
	X(SCHED_NMIDLE, "runtime.schedt", "nmidle")                                                \
	X(SCHED_MNEXT, "runtime.schedt", "mnext")                                                  \
	X(SCHED_MAXMCOUNT, "runtime.schedt", "maxmcount")                                          \
	X(SCHED_NMSYS, "runtime.schedt", "nmsys")                                                  \
	X(SCHED_NMFREED, "runtime.schedt", "nmfreed")                                              \
	X(SCHED_NGSYS, "runtime.schedt", "ngsys")                                                  \
	X(SCHED_PIDLE, "runtime.schedt", "pidle")                                                  \
	X(SCHED_NPIDLE, "runtime.schedt", "npidle")                                                \
	X(SCHED_NMSPINNING, "runtime.schedt", "nmspinning")                                        \
	X(SCHED_RUNQ_HEAD, "runtime.schedt", "runq.head")                                          \
	X(SCHED_RUNQSIZE, "runtime.schedt", "runqsize")                                            \
	X(SCHED_RUNQ_SIZE, "runtime.schedt", "runq.size")                                          \
	X(SCHED_GCWAITING, "runtime.schedt", "gcwaiting")                                          \
	X(SCHED_STOPWAIT, "runtime.schedt", "stopwait")                                            \
	X(SCHED_SYSMONWAIT, "runtime.schedt", "sysmonwait")                                        \
	X(SCHED_PROCRESIZETIME, "runtime.schedt", "procresizetime")                                \
	X(SUDOG_G, "runtime.sudog", "g")                                                           \
	X(SUDOG_NEXT, "runtime.sudog", "next")                                                     \
	X(SUDOG_PREV, "runtime.sudog", "prev")                                                     \
	X(SUDOG_ELEM, "runtime.sudog", "elem")                                                     \
	X(SUDOG_ISSELECT, "runtime.sudog", "isSelect")                                             \
	X(SUDOG_TICKET, "runtime.sudog", "ticket")                                                 \
	X(SUDOG_PARENT, "runtime.sudog", "parent")                                                 \
	X(SUDOG_WAITLINK, "runtime.sudog", "waitlink")                                             \
	X(SUDOG_WAITTAIL, "runtime.sudog", "waittail")                                             \
	X(SUDOG_C, "runtime.sudog", "c")                                                           \
	X(SUDOG_SIZE, "runtime.sudog", "")                                                         \
	X(HCHAN_QCOUNT, "runtime.hchan", "qcount")                                                 \
	X(HCHAN_DATAQSIZ, "runtime.hchan", "dataqsiz")                                             \
	X(HCHAN_BUF, "runtime.hchan", "buf")                                                       \
	X(HCHAN_ELEMSIZE, "runtime.hchan", "elemsize")                                             \
	X(HCHAN_CLOSED, "runtime.hchan", "closed")                                                 \
	X(HCHAN_TIMER, "runtime.hchan", "timer")                                                   \
	X(HCHAN_ELEMTYPE, "runtime.hchan", "elemtype")                                             \
	X(HCHAN_SENDX, "runtime.hchan", "sendx")                                                   \
	X(HCHAN_RECVX, "runtime.hchan", "recvx")                                                   \
	X(HCHAN_RECVQ_FIRST, "runtime.hchan", "recvq.first")                                       \
	X(HCHAN_RECVQ_LAST, "runtime.hchan", "recvq.last")                                         \
	X(HCHAN_SENDQ_FIRST, "runtime.hchan", "sendq.first")                                       \
	X(HCHAN_SENDQ_LAST, "runtime.hchan", "sendq.last")                                         \
	X(HCHAN_BUBBLE, "runtime.hchan", "bubble")                                                 \
	X(HCHAN_SYNCTEST, "runtime.hchan", "synctest")                                             \
	X(HCHAN_SIZE, "runtime.hchan", "")                                                         \
	X(SEMAROOT_TREAP, "runtime.semaRoot", "treap")                                             \
	X(SEMAROOT_NWAIT, "runtime.semaRoot", "nwait")                                             \
	X(NOTIFYLIST_WAIT, "runtime.notifyList", "wait")                                           \
	X(NOTIFYLIST_NOTIFY, "runtime.notifyList", "notify")                                       \
	X(NOTIFYLIST_HEAD, "runtime.notifyList", "head")                                           \
	X(NOTIFYLIST_TAIL, "runtime.notifyList", "tail")                                           \
	X(RWMUTEX_W, "sync.RWMutex", "w")                                                          \
	X(RWMUTEX_WRITERSEM, "sync.RWMutex", "writerSem")                                          \
	X(RWMUTEX_READERSEM, "sync.RWMutex", "readerSem")                                          \
	X(RWMUTEX_READERCOUNT, "sync.RWMutex", "readerCount")                                      \
	X(RWMUTEX_READERWAIT, "sync.RWMutex", "readerWait")                                        \
	X(WAITGROUP_STATE, "sync.WaitGroup", "state")                                              \
	X(WAITGROUP_STATE1, "sync.WaitGroup", "state1")                                            \
	X(WAITGROUP_STATE2, "sync.WaitGroup", "state2")                                            \
	X(WAITGROUP_SEMA, "sync.WaitGroup", "sema")                                                \
	X(WAITGROUP_SIZE, "sync.WaitGroup", "")                                                    \
	X(COND_L, "sync.Cond", "L")                                                                \
	X(COND_NOTIFY, "sync.Cond", "notify")                                                      \
	X(ONCE_DONE, "sync.Once", "done")                                                          \
	X(ONCE_M, "sync.Once", "m")                                                                \
	X(TIMER_WHEN, "runtime.timer", "when")                                                     \
	X(TIMER_PERIOD, "runtime.timer", "period")                                                 \
	X(TIMER_F, "runtime.timer", "f")                                                           \
	X(TIMER_ARG, "runtime.timer", "arg")                                                       \
	X(TIMER_SEQ, "runtime.timer", "seq")                                                       \
	X(TIMER_NEXTWHEN, "runtime.timer", "nextwhen")                                             \
	X(TIMER_STATUS, "runtime.timer", "status")                                                 \
	X(TIMER_STATE, "runtime.timer", "state")                                                   \
	X(TIMER_ISCHAN, "runtime.timer", "isChan")                                                 \
	X(TIMERS_HEAP, "runtime.timers", "heap")                                                   \
	X(POLLDESC_FD, "runtime.pollDesc", "fd")                                                   \
	X(POLLDESC_CLOSING, "runtime.pollDesc", "closing")                                         \
	X(POLLDESC_RG, "runtime.pollDesc", "rg")                                                   \
	X(POLLDESC_RT, "runtime.pollDesc", "rt")                                                   \
	X(POLLDESC_RD, "runtime.pollDesc", "rd")                                                   \
	X(POLLDESC_WG, "runtime.pollDesc", "wg")                                                   \
	X(POLLDESC_WT, "runtime.pollDesc", "wt")                                                   \
	X(POLLDESC_WD, "runtime.pollDesc", "wd")                                                   \
	X(POLLDESC_LINK, "runtime.pollDesc", "link")                                               \
	X(POLLDESC_SIZE, "runtime.pollDesc", "")                                                   \
	X(FD_SYSFD, "internal/poll.FD", "Sysfd")                                                   \
	X(FD_PD, "internal/poll.FD", "pd")                                                         \
	X(FD_SIZE, "internal/poll.FD", "")                                                         \
	X(PANIC_ARG, "runtime._panic", "arg")                                                      \
	X(PANIC_LINK, "runtime._panic", "link")                                                    \
	X(PANIC_RECOVERED, "runtime._panic", "recovered")                                          \
	X(PANIC_GOEXIT, "runtime._panic", "goexit")                                                \
	X(PANIC_DEFERBITSPTR, "runtime._panic", "deferBitsPtr")                                    \
	X(PANIC_SLOTSPTR, "runtime._panic", "slotsPtr")                                            \
	X(DEFER_HEAP, "runtime._defer", "heap")                                                    \
	X(DEFER_OPENDEFER, "runtime._defer", "openDefer")                                          \
	X(DEFER_RANGEFUNC, "runtime._defer", "rangefunc")                                          \
	X(DEFER_SP, "runtime._defer", "sp")                                                        \
	X(DEFER_PC, "runtime._defer", "pc")                                                        \
	X(DEFER_FN, "runtime._defer", "fn")                                                        \
	X(DEFER_LINK, "runtime._defer", "link")                                                    \
	X(DEFER_HEAD, "runtime._defer", "head")                                                    \
	X(MODULEDATA_FUNCNAMETAB, "runtime.moduledata", "funcnametab")                             \
	X(MODULEDATA_CUTAB, "runtime.moduledata", "cutab")                                         \
	X(MODULEDATA_FILETAB, "runtime.moduledata", "filetab")                                     \
	X(MODULEDATA_PCTAB, "runtime.moduledata", "pctab")                                         \
	X(MODULEDATA_PCLNTABLE, "runtime.moduledata", "pclntable")                                 \
	X(MODULEDATA_FTAB, "runtime.moduledata", "ftab")                                           \
	X(MODULEDATA_MINPC, "runtime.moduledata", "minpc")                                         \
	X(MODULEDATA_MAXPC, "runtime.moduledata", "maxpc")                                         \
	X(MODULEDATA_TEXT, "runtime.moduledata", "text")                                           \
	X(MODULEDATA_ETEXT, "runtime.moduledata", "etext")                                         \
	X(MODULEDATA_NOPTRDATA, "runtime.moduledata", "noptrdata")                                 \
	X(MODULEDATA_DATA, "runtime.moduledata", "data")                                           \
	X(MODULEDATA_EDATA, "runtime.moduledata", "edata")                                         \
	X(MODULEDATA_BSS, "runtime.moduledata", "bss")                                             \
	X(MODULEDATA_EBSS, "runtime.moduledata", "ebss")                                           \
	X(MODULEDATA_NOPTRBSS, "runtime.moduledata", "noptrbss")                                   \
	X(MODULEDATA_ENOPTRBSS, "runtime.moduledata", "enoptrbss")                                 \
	X(MODULEDATA_GCDATA, "runtime.moduledata", "gcdata")                                       \
	X(MODULEDATA_GCBSS, "runtime.moduledata", "gcbss")                                         \
	X(MODULEDATA_TYPES, "runtime.moduledata", "types")                                         \
	X(MODULEDATA_ETYPES, "runtime.moduledata", "etypes")                                       \
	X(MODULEDATA_RODATA, "runtime.moduledata", "rodata")                                       \
	X(MODULEDATA_GOFUNC, "runtime.moduledata", "gofunc")                                       \
	X(MODULEDATA_TYPELINKS, "runtime.moduledata", "typelinks")                                 \
	X(MODULEDATA_ITABLINKS, "runtime.moduledata", "itablinks")                                 \
	X(MODULEDATA_TYPEDESCLEN, "runtime.moduledata", "typedesclen")                             \
	X(MODULEDATA_ITABOFFSET, "runtime.moduledata", "itaboffset")                               \
	X(MODULEDATA_ITABSIZE, "runtime.moduledata", "itabsize")                                   \
	X(MODULEDATA_MODULENAME, "runtime.moduledata", "modulename")                               \
	X(MODULEDATA_GCDATAMASK, "runtime.moduledata", "gcdatamask")                               \
	X(MODULEDATA_GCBSSMASK, "runtime.moduledata", "gcbssmask")                                 \
	X(MODULEDATA_NEXT, "runtime.moduledata", "next")                                           \
	X(MODULEDATA_SIZE, "runtime.moduledata", "")                                               \
	X(MHEAP_ARENAS, "runtime.mheap", "arenas")                                                 \
	X(MHEAP_SWEEPGEN, "runtime.mheap", "sweepgen")                                             \
	X(MHEAP_ALLARENAS, "runtime.mheap", "allArenas")                                           \
	X(MHEAP_HEAPARENAS, "runtime.mheap", "heapArenas")                                         \
	X(MHEAP_USERARENAARENAS, "runtime.mheap", "userArenaArenas")                               \
	X(MHEAP_SIZE, "runtime.mheap", "")                                                         \
	X(HEAPARENA_SPANS, "runtime.heapArena", "spans")                                           \
	X(HEAPARENA_BITMAP, "runtime.heapArena", "bitmap")                                         \
	X(HEAPARENA_NOMOREPTRS, "runtime.heapArena", "noMorePtrs")                                 \
	X(HEAPARENA_PAGEUSESPANINLINEMARKBITS, "runtime.heapArena", "pageUseSpanInlineMarkBits")   \
	X(MSPAN_STARTADDR, "runtime.mspan", "startAddr")                                           \
	X(MSPAN_NPAGES, "runtime.mspan", "npages")                                                 \
	X(MSPAN_FREEINDEX, "runtime.mspan", "freeindex")                                           \
	X(MSPAN_NELEMS, "runtime.mspan", "nelems")                                                 \
	X(MSPAN_ALLOCBITS, "runtime.mspan", "allocBits")                                           \
	X(MSPAN_SPANCLASS, "runtime.mspan", "spanclass")                                           \
	X(MSPAN_STATE, "runtime.mspan", "state")                                                   \
	X(MSPAN_ELEMSIZE, "runtime.mspan", "elemsize")                                             \
	X(MSPAN_LIMIT, "runtime.mspan", "limit")                                                   \
	X(MSPAN_LARGETYPE, "runtime.mspan", "largeType")                                           \
	X(MSPAN_SWEEPGEN, "runtime.mspan", "sweepgen")                                             \
	X(MSPAN_SPECIALS, "runtime.mspan", "specials")                                             \
	X(MSPAN_SIZE, "runtime.mspan", "")                                                         \
	X(SPECIAL_NEXT, "runtime.special", "next")                                                 \
	X(SPECIAL_OFFSET, "runtime.special", "offset")                                             \
	X(SPECIAL_KIND, "runtime.special", "kind")                                                 \
	X(SPECIAL_SIZE, "runtime.special", "")                                                     \
	X(SPECIALFINALIZER_FN, "runtime.specialfinalizer", "fn")                                   \
	X(SPECIALWEAKHANDLE_HANDLE, "runtime.specialWeakHandle", "handle")                         \
	X(SPECIALCLEANUP_FN, "runtime.specialCleanup", "fn")                                       \
	X(SPECIALCLEANUP_CLEANUP, "runtime.specialCleanup", "cleanup")                             \
	X(BUBBLE_ID, "runtime.synctestBubble", "id")                                               \
	X(BUBBLE_ROOT, "runtime.synctestBubble", "root")                                           \
	X(BUBBLE_TOTAL, "runtime.synctestBubble", "total")                                         \
	X(BUBBLE_RUNNING, "runtime.synctestBubble", "running")                                     \
	X(SYNCGROUP_ROOT, "runtime.synctestGroup", "root")                                         \
	X(SYNCGROUP_TOTAL, "runtime.synctestGroup", "total")                                       \
	X(SYNCGROUP_RUNNING, "runtime.synctestGroup", "running")                                   \
	X(CORO_GP, "runtime.coro", "gp")                                                           \
	X(CANCELCTX_CONTEXT, "context.cancelCtx", "Context")                                       \
	X(CANCELCTX_DONE, "context.cancelCtx", "done")                                             \
	X(CANCELCTX_ERR, "context.cancelCtx", "err")

enum ct_go_field {
#define CT_GO_FIELD_ID(id, type, field) CT_GO_##id,
	CT_GO_FIELDS(CT_GO_FIELD_ID)
#undef CT_GO_FIELD_ID
		CT_GO_N_FIELDS,
};

#define CT_GO_ABSENT UINT32_MAX

/* Where the fields are in one Go version, in bytes from the start of their type. */
struct ct_go_layout {
	uint8_t major, minor;
	uint32_t offset[CT_GO_N_FIELDS]; /* CT_GO_ABSENT: this version has no such field */
};

extern const struct ct_go_layout *const ct_go_layouts[]; /* in the order of the versions */
extern const size_t ct_go_n_layouts;

#endif
