/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The locks of musl's own (1.1.24 to 1.2.5), which are words among its variables:
 *
 *	LOCK (src/thread/__lock.c)            FUTEX_WAIT, private; expects the sign bit and how many
 *	                                      want it, the owner among them. Most locks: of malloc
 *	                                      (mallocng), atexit, the list of FILEs, abort, locales
 *	the list of threads (pthread_create.c) FUTEX_WAIT, shared; expects the id of the owner
 *	malloc's up to 1.2.0 (oldmalloc)      FUTEX_WAIT, private; expects 1
 *	vmlock (vmlock.c)                     FUTEX_WAIT, private; expects how many have it
 *
 * Only the second records who has it. Which one of the others it is, and that it is one at all
 * where the number could be anything, is told by the function that wants it.
 */
#include "blocking/musl.h"
#include "blocking/owner.h"
#include "blocking/rows.h"
#include "target/symbols.h"

#define LOCKED  0x80000000u
#define MOST    (1u << 20) /* threads that want it */
#define MAX_TID ((uint32_t)4 * 1024 * 1024)

#define OF_MALLOC "the lock of malloc"

enum form { FORM_NONE, FORM_LOCK, FORM_THREADS, FORM_OLD, FORM_MEMORY };

static const struct row {
	const char *function; /* without leading underscores; NULL: for the symbol alone */
	enum form form;
	const char *name;
} rows[] = {
	{"malloc", FORM_LOCK, OF_MALLOC},
	{"libc_malloc", FORM_LOCK, OF_MALLOC},
	{"libc_malloc_impl", FORM_LOCK, OF_MALLOC},
	{"free", FORM_LOCK, OF_MALLOC},
	{"libc_free", FORM_LOCK, OF_MALLOC},
	{"realloc", FORM_LOCK, OF_MALLOC},
	{"libc_realloc", FORM_LOCK, OF_MALLOC},
	{"aligned_alloc", FORM_LOCK, OF_MALLOC},
	{"cxa_atexit", FORM_LOCK, "the lock of atexit"},
	{"atexit", FORM_LOCK, "the lock of atexit"},
	{"funcs_on_exit", FORM_LOCK, "the lock of atexit"},
	{"at_quick_exit", FORM_LOCK, "the lock of at_quick_exit"},
	{"ofl_lock", FORM_LOCK, "the lock of the list of FILEs"},
	{"abort", FORM_LOCK, "the lock of abort"},
	{"sigaction", FORM_LOCK, "the lock of abort"},
	{"Fork", FORM_LOCK, "the lock of abort"},
	{"posix_spawn", FORM_LOCK, "the lock of abort"},
	{"setlocale", FORM_LOCK, "the lock of locales"},
	{"newlocale", FORM_LOCK, "the lock of locales"},
	{"random", FORM_LOCK, "the lock of random"},
	{"srandom", FORM_LOCK, "the lock of random"},
	{"pthread_atfork", FORM_LOCK, "the lock of pthread_atfork"},
	{"vm_wait", FORM_MEMORY, "the lock of mappings (vmlock)"},
	{"munmap", FORM_MEMORY, "the lock of mappings (vmlock)"},
	{"mremap", FORM_MEMORY, "the lock of mappings (vmlock)"},
	{"mmap", FORM_MEMORY, "the lock of mappings (vmlock)"},
	{NULL, FORM_OLD, "a lock of malloc"},
	{NULL, FORM_THREADS, "the lock of the list of threads"},
};

/* What the innermost function that is in the table wants; NULL: none is. */
static const struct row *row_of(const struct ct_blocked *blocked, enum form form)
{
	for (size_t c = 0; c < blocked->n_callers; c++)
		for (size_t i = 0; blocked->callers[c] && i < CT_COUNT(rows); i++)
			if (rows[i].form == form && rows[i].function &&
				!strcmp(rows[i].function,
					blocked->callers[c] + strspn(blocked->callers[c], "_")))
				return &rows[i];
	return NULL;
}

/* Among the variables of the C library, and not of a program that it is linked into. */
static bool is_libcs(const struct ct_blocking *ctx, uint64_t addr)
{
	return !ctx->libc->in_program && ct_libc_owns(ctx->target, ctx->libc, addr);
}

static bool is_variable(const struct ct_blocking *ctx, uint64_t addr, const char *name)
{
	struct ct_symbol symbol;

	return !ct_symbol_at(ctx->target, addr, CT_SYMBOL_DATA, &symbol) && symbol.start == addr &&
	       !strcmp(symbol.name, name);
}

/* The list of threads has one lock; in a static program its name tells. */
static bool is_of_threads(const struct ct_blocking *ctx, const struct ct_musl_sleep *sleep)
{
	uint32_t word;

	return !sleep->is_private && sleep->expected && sleep->expected <= MAX_TID &&
	       !ct_read_u32(ctx->target, sleep->word, &word) && word == sleep->expected &&
	       (is_variable(ctx, sleep->word, "__thread_list_lock") ||
		       (is_libcs(ctx, sleep->word) &&
			       ct_sink_thread_by_id(ctx->sink, word) != CT_NONE));
}

static enum form form_of(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	const struct ct_musl_sleep *sleep, const struct row **row)
{
	uint32_t wanted = sleep->expected & ~LOCKED;

	*row = NULL;
	if (is_of_threads(ctx, sleep)) {
		*row = &rows[CT_COUNT(rows) - 1];
		return FORM_THREADS;
	}
	if (!sleep->is_private || !wanted || wanted > MOST ||
		!ct_libc_owns(ctx->target, ctx->libc, sleep->word) ||
		ct_blocked_calls(blocked, "pthread_mutex") ||
		ct_blocked_calls(blocked, "pthread_rwlock"))
		return FORM_NONE;
	if (sleep->expected & LOCKED) {
		*row = row_of(blocked, FORM_LOCK);
		return *row || is_libcs(ctx, sleep->word) ? FORM_LOCK : FORM_NONE;
	}
	/* It has one for each size, and another. */
	*row = row_of(blocked, FORM_LOCK);
	if (*row && wanted == 1 && !strcmp((*row)->name, OF_MALLOC)) {
		*row = &rows[CT_COUNT(rows) - 2];
		return FORM_OLD;
	}
	*row = row_of(blocked, FORM_MEMORY);
	return *row ? FORM_MEMORY : FORM_NONE;
}

/*
 * Who has the lock of the list, which only a waiter tells from other words. An owner that is not
 * here is about to end, and the kernel about to clear the word.
 */
static enum ct_status add_owner(const struct ct_blocking *ctx, const struct ct_musl_sleep *sleep)
{
	bool known = ct_sink_has_resource(ctx->sink, sleep->word);
	uint32_t resource;
	enum ct_status status = ct_libc_internal_read(ctx, sleep->word, &resource);
	uint32_t id = sleep->expected;

	if (status || known)
		return status;
	ct_owner_add(ctx, resource,
		&(struct ct_owner){
			.id = ct_sink_thread_by_id(ctx->sink, id) == CT_NONE ? 0 : id,
			.taken = true,
			.field = "the lock of the list of threads names this thread",
		});
	return CT_OK;
}

static const char *say_why(const struct ct_blocking *ctx, const struct row *row, uint32_t expected)
{
	if (!row)
		return ct_sink_string(ctx->sink,
			"the futex is a variable of musl's own, and looks as a lock of its does "
			"that somebody has; who is not recorded");
	if (row->form == FORM_THREADS)
		return ct_sink_printf(ctx->sink,
			"the futex is the lock of musl's list of threads, which names thread %u",
			expected);
	return ct_sink_printf(ctx->sink,
		"the function that it is in sleeps so for %s, which records no owner", row->name);
}

static enum ct_status match(
	const struct ct_blocking *ctx, const struct ct_blocked *blocked, struct ct_match *ret)
{
	static const uint8_t trust[] = {
		[FORM_LOCK] = CT_TRUST_LAYOUT,
		[FORM_THREADS] = CT_TRUST_EXACT,
		[FORM_OLD] = CT_TRUST_LAYOUT,
		[FORM_MEMORY] = CT_TRUST_INFERRED,
	};
	struct ct_musl_sleep sleep;
	const struct row *row;

	if (!ct_musl_sleep(blocked, &sleep) || sleep.pi || sleep.timed)
		return CT_NOT_FOUND;
	enum form form = form_of(ctx, blocked, &sleep, &row);
	if (form == FORM_NONE)
		return CT_NOT_FOUND;
	if (form == FORM_THREADS) {
		enum ct_status status = add_owner(ctx, &sleep);

		if (status)
			return status;
	}
	*ret = (struct ct_match){.kind = CT_WAIT_LIBC,
		.address = sleep.word,
		.trust = row ? trust[form] : CT_TRUST_INFERRED,
		.why = say_why(ctx, row, sleep.expected),
		.name = row ? ct_sink_string(ctx->sink, row->name) : NULL};
	return CT_OK;
}

const struct ct_primitive ct_primitive_musl_internal = {
	.name = "libc_internal",
	.libcs = CT_IN_MUSL,
	.match = match,
	.place = CT_SLEEPS_IN_LIBC,
	.read = ct_libc_internal_read,
};
