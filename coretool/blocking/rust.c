/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/rust.h"

#include "blocking/inlined.h"

void ct_rust_path(const char *name, char ret[CT_RUST_PATH])
{
	size_t n = 0, depth = 0;

	if (*name == '<') /* the type that a method is of */
		name++;
	for (; *name && n < CT_RUST_PATH - 1; name++) {
		if (!strncmp(name, " as ", 4) && !depth) /* … and the trait: up to its end */
			depth++;
		else if (*name == '<')
			depth++;
		else if (*name == '>' && depth && name[-1] != '-') /* not that of "->" */
			depth--;
		else if (!depth && *name != '>')
			ret[n++] = *name;
	}
	/* What is left of "Channel::<i64>::recv" and of "scope::<()>". */
	ret[n] = '\0';
	for (char *gap = strstr(ret, "::::"); gap; gap = strstr(gap, "::::"))
		memmove(gap, gap + 2, strlen(gap + 2) + 1);
	n = strlen(ret);
	if (n > 2 && !strcmp(ret + n - 2, "::"))
		ret[n - 2] = '\0';
}

/* The ends of paths in which a thread sleeps, */
static const struct row {
	const char *tail;
	enum ct_rust_place place;
} sleepers[] = {
	{"Mutex::lock_contended", CT_RUST_MUTEX},
	{"RwLock::read_contended", CT_RUST_READ},
	{"RwLock::write_contended", CT_RUST_WRITE},
	{"Condvar::wait", CT_RUST_COND},
	{"Condvar::wait_optional_timeout", CT_RUST_COND},
	{"Condvar::wait_timeout", CT_RUST_COND},
	{"Barrier::wait", CT_RUST_BARRIER},
	{"Once::call", CT_RUST_ONCE},
	{"Once::wait", CT_RUST_ONCE},
	{"Once::call_inner", CT_RUST_PARKED_ONCE},
	{"Parker::park", CT_RUST_PARK},
	{"Parker::park_timeout", CT_RUST_PARK},
	{"Thread::park", CT_RUST_PARK},
	{"Thread::park_timeout", CT_RUST_PARK},
	{"thread::park", CT_RUST_PARK},
	{"thread::park_timeout", CT_RUST_PARK},
	{"functions::park", CT_RUST_PARK},
	{"functions::park_timeout", CT_RUST_PARK},
	{"WaitToken::wait", CT_RUST_PARK},
	{"WaitToken::wait_max_until", CT_RUST_PARK},
};

/* and those further out on whose behalf it does. */
static const struct row purposes[] = {
	{"Barrier::wait", CT_RUST_BARRIER},
	{"Once::call_inner", CT_RUST_PARKED_ONCE},
	{"Channel::recv", CT_RUST_RECV},
	{"Packet::recv", CT_RUST_RECV},
	{"Receiver::recv", CT_RUST_RECV},
	{"Receiver::recv_timeout", CT_RUST_RECV},
	{"Channel::send", CT_RUST_SEND},
	{"Packet::send", CT_RUST_SEND},
	{"SyncSender::send", CT_RUST_SEND},
	{"scoped::scope", CT_RUST_SCOPE},
};

bool ct_rust_path_ends(const char *path, const char *tail)
{
	size_t n = strlen(path), m = strlen(tail);

	return n > m + 2 && !strcmp(path + n - m, tail) && !strncmp(path + n - m - 2, "::", 2);
}

static enum ct_rust_place find_row(const struct row *rows, size_t n_rows, const char *path)
{
	for (size_t i = 0; i < n_rows; i++)
		if (ct_rust_path_ends(path, rows[i].tail))
			return rows[i].place;
	return CT_RUST_NOWHERE;
}

#define FIND(rows, path) find_row(rows, CT_COUNT(rows), path)

/* The path of a function of std, closures of it too; false: it is another's. */
static bool std_path(const char *name, char path[CT_RUST_PATH])
{
	if (!name)
		return false;
	ct_rust_path(name, path);
	char *closure = strstr(path, "::{");
	if (closure)
		*closure = '\0';
	return !strncmp(path, "std::", 5);
}

/* What a walk outwards through the functions of std has found. */
struct walk {
	enum ct_rust_place sleeps, purpose;
};

/* False: it is no function of std, which ends the walk. */
static bool step(struct walk *walk, const char *name)
{
	char path[CT_RUST_PATH];

	if (!std_path(name, path))
		return false;
	if (!walk->sleeps)
		walk->sleeps = FIND(sleepers, path);
	else if (!walk->purpose)
		walk->purpose = FIND(purposes, path);
	return true;
}

/* The functions of std that are inlined in the program's own one of this frame. */
static void step_inlined(const struct ct_blocking *ctx, const struct ct_blocked *blocked,
	size_t frame, struct walk *walk)
{
	struct ct_inlined inlined;

	ct_blocked_inlined(ctx, blocked, frame, &inlined);
	for (size_t i = 0; i < inlined.n && step(walk, inlined.names[i]); i++)
		;
}

static enum ct_rust_place conclude(const struct walk *walk)
{
	if (walk->sleeps == CT_RUST_COND && walk->purpose == CT_RUST_BARRIER)
		return CT_RUST_BARRIER;
	if (walk->sleeps == CT_RUST_PARK && walk->purpose && walk->purpose != CT_RUST_BARRIER)
		return walk->purpose;
	return walk->sleeps;
}

enum ct_rust_place ct_rust_place(const struct ct_blocking *ctx, const struct ct_blocked *blocked)
{
	struct walk walk = {CT_RUST_NOWHERE, CT_RUST_NOWHERE};
	const struct ct_futex_op *op = &blocked->futex;
	size_t frame = 1; /* libc's syscall() is the innermost */

	if (op->op != CT_FUTEX_WAIT_BITSET || !op->is_private || blocked->call.args[0] % 4)
		return CT_RUST_NOWHERE;
	while (frame < blocked->n_callers && step(&walk, blocked->callers[frame]))
		frame++;
	if (frame < blocked->n_callers && blocked->callers[frame])
		step_inlined(ctx, blocked, frame, &walk);
	return conclude(&walk);
}

void ct_rust_say_poisoned(const struct ct_blocking *ctx, uint32_t resource, uint64_t addr)
{
	uint8_t poisoned;

	if (!ct_read(ctx->target, addr, &poisoned, 1) && poisoned == 1)
		ct_sink_value_bool(ctx->sink, resource, "poisoned", true);
}
