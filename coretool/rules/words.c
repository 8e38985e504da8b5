/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/words.h"

#include "graph/graph.h"

/* Where a library begins every thread says nothing of one. */
static bool is_start_of_all(const char *function)
{
	static const char *const ends[] = {
		"::new::thread_start" /* Rust */, "execute_native_thread_routine" /* C++ */};
	size_t n = strlen(function);

	for (size_t i = 0; i < CT_COUNT(ends); i++)
		if (n >= strlen(ends[i]) && !strcmp(function + n - strlen(ends[i]), ends[i]))
			return true;
	return false;
}

const char *ct_actor_label(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];

	if (a->name)
		return a->name;
	const char *start = a->start_site != CT_NONE ? facts->sites[a->start_site].function : NULL;
	if (start && a->kind == CT_ACTOR_GOROUTINE && !strcmp(start, "runtime.main"))
		return "main";
	return start && !is_start_of_all(start) ? start : NULL;
}

const char *ct_say_kind(const struct ct_facts *facts, const uint32_t *actors, uint32_t n)
{
	uint32_t goroutines = 0;

	for (uint32_t i = 0; i < n; i++)
		goroutines += facts->actors[actors[i]].kind == CT_ACTOR_GOROUTINE;
	if (!goroutines)
		return n == 1 ? "thread" : "threads";
	if (goroutines < n)
		return "threads and goroutines";
	return n == 1 ? "goroutine" : "goroutines";
}

uint32_t ct_goroutine_creator(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];
	uint32_t site = a->kind == CT_ACTOR_GOROUTINE && a->id != 1 ? a->created_at : CT_NONE;

	return site != CT_NONE && facts->sites[site].function ? site : CT_NONE;
}

const char *ct_say_actor(struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor)
{
	return ct_actor_words(arena, facts, actor, ct_actor_label(facts, actor));
}

const char *ct_say_carried(struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor)
{
	uint32_t node = ct_graph_node(facts, actor);

	return node == actor ? ct_say_actor(arena, facts, actor)
			     : ct_arena_printf(arena, "%s on %s", ct_say_actor(arena, facts, node),
				       ct_actor_words(arena, facts, actor, NULL));
}

const char *ct_say_resource(struct ct_arena *arena, const struct ct_facts *facts, uint32_t resource)
{
	const struct ct_resource *r = &facts->resources[resource];
	static const struct {
		const char *kind, *word;
	} words[] = {{"pthread_mutex", "mutex"}, {"pthread_rwlock", "rwlock"},
		{"pthread_cond", "condition variable"}, {"sem", "semaphore"},
		{"pthread_barrier", "barrier"}, {"pthread_once", "once control"},
		{"libc_lock", "lock of libc"}, {"libc_internal", "lock of libc"},
		{"cxx_guard", "guard variable"}, {"cxx_future", "future"}, {"cxx_latch", "latch"},
		{"cxx_barrier", "barrier"}, {"cxx_semaphore", "semaphore"},
		{"cxx_atomic", "atomic"}, {"rust_mutex", "Mutex"}, {"rust_rwlock", "RwLock"},
		{"rust_condvar", "Condvar"}, {"rust_barrier", "Barrier"}, {"rust_once", "Once"},
		{"rust_parker", "parker"}, {"rust_channel", "channel"}, {"rust_scope", "scope"},
		{"omp_lock", "OpenMP lock"}, {"omp_barrier", "OpenMP barrier"},
		{"omp_sem", "OpenMP semaphore"}, {"go_chan", "channel"}, {"go_mutex", "Mutex"},
		{"go_rwmutex", "RWMutex"}, {"go_waitgroup", "WaitGroup"}, {"go_cond", "Cond"},
		{"go_once", "Once"}, {"go_sema", "semaphore"},
		{"go_runtime_sema", "semaphore of the runtime"}, {"go_fd", "file"},
		{"go_pool", "pool"}};
	const char *kind = r->kind;

	if (r->name && r->place == CT_PLACE_TLS && r->place_actor != CT_NONE)
		return ct_arena_printf(arena, "%s of %s", r->name,
			ct_actor_words(arena, facts, r->place_actor, NULL));
	if (r->name && r->name_of_type)
		return ct_arena_printf(
			arena, "%s at 0x%llx", r->name, (unsigned long long)r->address);
	/* Not one of the program's. */
	if (r->name && !strcmp(kind, "go_runtime_sema") && strncmp(r->name, "runtime.", 8) != 0)
		return ct_arena_printf(arena, "the runtime's %s", r->name);
	if (r->name)
		return r->name;
	for (size_t i = 0; i < CT_COUNT(words); i++)
		if (!strcmp(words[i].kind, kind))
			kind = words[i].word;
	return ct_arena_printf(arena, "the %s at 0x%llx", kind, (unsigned long long)r->address);
}

/* Files whose frames nobody means when they ask where a thread is. */
static bool is_runtime_library(const char *path)
{
	static const char *const prefixes[] = {"libc.so", "libc-2.", "libpthread", "ld-linux",
		"ld-2.", "libstdc++.so", "libgcc_s.so", "libgomp.so", "libc++", "ld-musl",
		"libc.musl", "linux-vdso", "[vdso]"};
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	for (size_t i = 0; i < CT_COUNT(prefixes); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static bool begins_with_any(const char *name, const char *const *prefixes, size_t n)
{
	for (size_t i = 0; name && i < n; i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/*
 * Modules of Rust's core and alloc whose functions call the program's: what is between two of its
 * functions is not its own. By name each, since a program in C++ may well have a namespace core.
 */
static bool is_rust_library_function(const char *name)
{
	static const char *const modules[] = {"core::ops::", "core::panic::", "core::panicking::",
		"core::ptr::", "core::iter::", "core::result::", "core::option::", "core::slice::",
		"core::array::", "core::cell::", "core::sync::", "core::task::", "core::future::",
		"core::pin::", "core::str::", "core::fmt::", "core::mem::", "alloc::boxed::",
		"alloc::sync::", "alloc::rc::", "alloc::vec::", "alloc::slice::", "alloc::string::",
		"alloc::task::", "alloc::collections::", "__rust_try"};

	return name && begins_with_any(name + (*name == '<'), modules, CT_COUNT(modules));
}

/* The C++ library's templates are compiled into the program's own file, as is all of Rust's, whose
 * methods newer compilers name "<std::thread::Thread>::park". */
static bool is_template_function(const char *name)
{
	static const char *const prefixes[] = {"__gthread_", "__gnu_cxx::", "std::", "<std::",
		/* and Go's */ "runtime.", "runtime/", "internal/", "sync.", "sync/atomic.",
		"syscall.", "time.Sleep"};

	return begins_with_any(name, prefixes, CT_COUNT(prefixes)) ||
	       is_rust_library_function(name);
}

/* A static program has all of the library's functions in its own file: known by their names. */
static bool is_libc_function(const char *name)
{
	static const char *const prefixes[] = {"__lll_", "__pthread_", "___pthread_", "pthread_",
		"__futex_", "futex_", "__libc_", "__syscall_", "syscall", "__internal_syscall",
		"__timedwait", "__wait", "__new_sem_", "sem_wait", "sem_timedwait", "sem_clockwait",
		"__lockfile"};

	return begins_with_any(name, prefixes, CT_COUNT(prefixes));
}

bool ct_own_code(const char *module, const char *function, bool is_static)
{
	return !is_runtime_library(module) && !is_template_function(function) &&
	       (!is_static || !is_libc_function(function));
}

bool ct_own_site(const struct ct_facts *facts, uint32_t index)
{
	const struct ct_site *site = &facts->sites[index];

	return site->module != CT_NONE && ct_own_code(facts->modules[site->module].path,
						  site->function, facts->target.is_static);
}

const struct ct_line *ct_own_line(const struct ct_site *site)
{
	for (uint32_t i = 0; i < site->n_lines; i++)
		if (!is_template_function(site->lines[i].function))
			return &site->lines[i];
	return site->n_lines ? &site->lines[site->n_lines - 1] : NULL;
}

/* The C library's wrapper of the system call that a thread of a static program is in. */
static bool is_wrapper(const struct ct_facts *facts, uint32_t actor, uint32_t site)
{
	const struct ct_actor_call *call = ct_actor_call(&facts->actors[actor]);
	const char *function = facts->sites[site].function;

	if (!facts->target.is_static || !call || !call->name || !function)
		return false;
	return !strcmp(function + strspn(function, "_"), call->name);
}

uint32_t ct_own_frame(const struct ct_facts *facts, uint32_t actor)
{
	return ct_own_frame_from(facts, actor, 0);
}

uint32_t ct_own_frame_from(const struct ct_facts *facts, uint32_t actor, uint32_t frame)
{
	uint32_t index = facts->actors[actor].stack;
	const struct ct_stack *stack = index != CT_NONE ? &facts->stacks[index] : NULL;

	for (uint32_t i = frame; stack && i < stack->n_frames; i++)
		if (ct_own_site(facts, stack->frames[i].site) &&
			!is_wrapper(facts, actor, stack->frames[i].site))
			return i;
	return CT_NONE;
}

const char *ct_say_frame(
	struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor, uint32_t frame)
{
	uint32_t index = facts->actors[actor].stack;

	if (index == CT_NONE || frame == CT_NONE || frame >= facts->stacks[index].n_frames)
		return NULL;
	const struct ct_site *site = &facts->sites[facts->stacks[index].frames[frame].site];
	const struct ct_line *line = ct_own_line(site);
	const char *function = line && line->function ? line->function : site->function;
	if (line && line->file && function) {
		const char *file = strrchr(line->file, '/');

		return ct_arena_printf(
			arena, "%s() %s:%u", function, file ? file + 1 : line->file, line->line);
	}
	if (function)
		return ct_arena_printf(arena, "%s()", function);
	if (site->module == CT_NONE)
		return NULL;
	const char *path = facts->modules[site->module].path;
	const char *name = strrchr(path, '/');
	return ct_arena_printf(
		arena, "%s+0x%llx", name ? name + 1 : path, (unsigned long long)site->offset);
}

const char *ct_say_function(
	struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor, uint32_t frame)
{
	uint32_t index = facts->actors[actor].stack;

	if (index == CT_NONE || frame == CT_NONE || frame >= facts->stacks[index].n_frames)
		return NULL;
	const struct ct_site *site = &facts->sites[facts->stacks[index].frames[frame].site];
	return site->function ? ct_arena_printf(arena, "%s()", site->function)
			      : ct_say_frame(arena, facts, actor, frame);
}

const char *ct_say_site(struct ct_arena *arena, const struct ct_facts *facts, uint32_t site)
{
	const struct ct_site *s = &facts->sites[site];
	const struct ct_line *line = s->n_lines ? &s->lines[s->n_lines - 1] : NULL;
	const char *slash = line && line->file ? strrchr(line->file, '/') : NULL;

	if (!s->function)
		return NULL;
	return line && line->file && line->line
		       ? ct_arena_printf(arena, "%s() %s:%u", s->function,
				 slash ? slash + 1 : line->file, line->line)
		       : ct_arena_printf(arena, "%s()", s->function);
}

const char *ct_say_line(struct ct_arena *arena, const struct ct_facts *facts, uint32_t site)
{
	const struct ct_line *line = ct_own_line(&facts->sites[site]);
	const char *slash = line && line->file ? strrchr(line->file, '/') : NULL;

	if (!line || !line->file || !line->line)
		return NULL;
	return ct_arena_printf(arena, "%s:%u", slash ? slash + 1 : line->file, line->line);
}

uint32_t ct_doing_actor(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];

	return !a->n_waits && a->state == CT_STATE_SYSCALL && a->carrier != CT_NONE &&
			       facts->actors[a->carrier].n_waits
		       ? a->carrier
		       : actor;
}

bool ct_is_in_c(const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];
	const struct ct_stack *stack = a->stack == CT_NONE ? NULL : &facts->stacks[a->stack];

	for (uint32_t i = 0; a->state == CT_STATE_SYSCALL && stack && i < stack->n_frames; i++) {
		const char *function = facts->sites[stack->frames[i].site].function;

		if (function && !strcmp(function, "runtime.cgocall"))
			return true;
	}
	return false;
}

static const char *say_call(
	struct ct_arena *arena, const struct ct_facts *facts, uint32_t goroutine, uint32_t thread)
{
	const struct ct_actor_call *call = ct_actor_call(&facts->actors[thread]);
	const char *where = ct_is_in_c(facts, goroutine) ? "in C code" : "in a system call";

	if (thread == goroutine || !call || !call->name)
		return where;
	return ct_is_in_c(facts, goroutine)
		       ? ct_arena_printf(arena, "in C code, asleep in %s", call->name)
		       : ct_arena_printf(arena, "in the system call %s", call->name);
}

const char *ct_say_activity(struct ct_arena *arena, const struct ct_facts *facts, uint32_t actor)
{
	const struct ct_actor *a = &facts->actors[actor];
	const struct ct_actor_call *call = ct_actor_call(a);

	if (a->reason)
		return strcmp(facts->reasons[a->reason], "sleep") != 0
			       ? ct_arena_printf(arena, "waiting: %s", facts->reasons[a->reason])
			       : "asleep";
	if (a->kind == CT_ACTOR_GOROUTINE && a->state == CT_STATE_SYSCALL)
		return say_call(arena, facts, actor, ct_doing_actor(facts, actor));
	if (call && call->name)
		return ct_arena_printf(arena, "asleep in %s", call->name);
	if (call)
		return ct_arena_printf(
			arena, "asleep in system call %lld", (long long)call->number);
	return ct_actor_state_name(a->state);
}

/* Nobody sends to the channel of a timer but the timer. */
static bool is_of_timer(const struct ct_facts *facts, const struct ct_wait *wait)
{
	return wait->resource != CT_NONE &&
	       ct_resource_value(&facts->resources[wait->resource], "timer") != NULL;
}

const char *ct_say_release(const struct ct_facts *facts, const struct ct_wait *wait)
{
	switch (wait->kind) {
	case CT_WAIT_COND:
		return "signal";
	case CT_WAIT_SEM:
		return "post";
	case CT_WAIT_BARRIER:
		return "come to";
	case CT_WAIT_SEND:
		return "receive from";
	case CT_WAIT_RECV:
		return is_of_timer(facts, wait) ? "reset the timer of" : "send to or close";
	case CT_WAIT_WAITGROUP:
		return "call Done of";
	default:
		return "release";
	}
}
