/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/rust.h"

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
	/* What is left of "Channel::<i64>::recv". */
	ret[n] = '\0';
	for (char *gap = strstr(ret, "::::"); gap; gap = strstr(gap, "::::"))
		memmove(gap, gap + 2, strlen(gap + 2) + 1);
}

/* The ends of paths, below which a thread sleeps. */
static const struct {
	const char *tail;
	enum ct_rust_place place;
} sleepers[] =
	{
		{"Mutex::lock_contended", CT_RUST_MUTEX},
		{"RwLock::read_contended", CT_RUST_READ},
		{"RwLock::write_contended", CT_RUST_WRITE},
		{"Condvar::wait", CT_RUST_COND},
		{"Condvar::wait_optional_timeout", CT_RUST_COND},
		{"Condvar::wait_timeout", CT_RUST_COND},
		{"Once::call", CT_RUST_ONCE},
		{"Once::wait", CT_RUST_ONCE},
		{"Parker::park", CT_RUST_PARK},
		{"Parker::park_timeout", CT_RUST_PARK},
		{"thread::park", CT_RUST_PARK},
		{"thread::park_timeout", CT_RUST_PARK},
}, /* and those that make it do so, by what it does below them */
	purposes[] = {
		{"Barrier::wait", CT_RUST_BARRIER},
		{"Once::call_inner", CT_RUST_PARKED_ONCE},
		{"once::wait", CT_RUST_PARKED_ONCE},
		{"Channel::recv", CT_RUST_RECV},
		{"Packet::recv", CT_RUST_RECV},
		{"Receiver::recv", CT_RUST_RECV},
		{"Receiver::recv_timeout", CT_RUST_RECV},
		{"Channel::send", CT_RUST_SEND},
		{"Packet::send", CT_RUST_SEND},
		{"SyncSender::send", CT_RUST_SEND},
		{"scoped::scope", CT_RUST_SCOPE},
};

static bool ends_so(const char *path, const char *tail)
{
	size_t n = strlen(path), m = strlen(tail);

	return n > m + 2 && !strcmp(path + n - m, tail) && !strncmp(path + n - m - 2, "::", 2);
}

/* The path of a frame of std; false: it is another's. */
static bool std_path(const char *name, char path[CT_RUST_PATH])
{
	if (!name)
		return false;
	ct_rust_path(name, path);
	return !strncmp(path, "std::", 5);
}

/* On whose behalf? Looked for outwards, for as long as the frames are those of std. */
static enum ct_rust_place purpose(
	const struct ct_blocked *blocked, size_t frame, enum ct_rust_place sleeps)
{
	bool parked = sleeps == CT_RUST_PARK;
	char path[CT_RUST_PATH];

	if (!parked && sleeps != CT_RUST_COND)
		return sleeps;
	for (; frame < blocked->n_callers && std_path(blocked->callers[frame], path); frame++)
		for (size_t i = 0; i < CT_COUNT(purposes); i++)
			if (ends_so(path, purposes[i].tail) &&
				parked == (purposes[i].place != CT_RUST_BARRIER))
				return purposes[i].place;
	return sleeps;
}

enum ct_rust_place ct_rust_place(const struct ct_blocking *ctx, const struct ct_blocked *blocked)
{
	struct ct_futex_op op;
	char path[CT_RUST_PATH];

	if (ct_futex_decode(ct_target_arch(ctx->target), &blocked->call, &op) ||
		op.op != CT_FUTEX_WAIT_BITSET || !op.is_private || blocked->call.args[0] % 4 ||
		ct_blocked_in_libc(ctx, blocked))
		return CT_RUST_NOWHERE;
	for (size_t f = 0; f < blocked->n_callers; f++) {
		if (!std_path(blocked->callers[f], path))
			continue;
		for (size_t i = 0; i < CT_COUNT(sleepers); i++)
			if (ends_so(path, sleepers[i].tail))
				return purpose(blocked, f + 1, sleepers[i].place);
	}
	return CT_RUST_NOWHERE;
}
