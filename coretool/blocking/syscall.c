/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/syscall.h"

#include "blocking/syscall_args.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define NS_PER_MS     UINT64_C(1000000)
#define NS_PER_US     UINT64_C(1000)
#define RING_TIMEOUT  16 /* offset of ts in struct io_uring_getevents_arg */

/* The row of a call whose number is known and names a call that can block. */
static const struct ct_call_row *find_row(
	struct ct_target *target, const struct ct_syscall *call, const char **name)
{
	*name = ct_syscall_name(ct_target_arch(target), call->number);
	return *name && call->number_known ? ct_call_row(*name, call->args) : NULL;
}

/*
 * Seconds and a fraction of so many nanoseconds; what does not fit is for ever, and what is past is
 * now.
 */
static uint64_t to_ns(const int64_t time[2], uint64_t fraction_ns)
{
	uint64_t ns, fraction;

	if (time[0] < 0 || time[1] < 0)
		return 0;
	if (!ct_mul((uint64_t)time[0], NS_PER_SECOND, &ns) ||
		!ct_mul((uint64_t)time[1], fraction_ns, &fraction) || !ct_add(ns, fraction, &ns))
		return UINT64_MAX;
	return ns;
}

static void describe_timeout(struct ct_target *target, const struct ct_call_row *row,
	uint64_t value, struct ct_syscall_info *ret)
{
	uint64_t fraction_ns = row->timeout == CT_TIMEOUT_TIMEVAL ? NS_PER_US : 1;
	int64_t time[2];

	if (row->timeout == CT_TIMEOUT_MS) {
		ret->timed = ret->timeout_known = (int32_t)value >= 0;
		ret->timeout_ns = ret->timed ? (uint32_t)value * NS_PER_MS : 0;
		return;
	}
	uint64_t pointer;
	if (row->timeout == CT_TIMEOUT_URING && (!ct_add(value, (uint64_t)RING_TIMEOUT, &pointer) ||
							ct_read_u64(target, pointer, &value)))
		return;
	ret->timed = value != 0;
	if (!ret->timed || ct_read(target, value, time, sizeof(time)))
		return;
	ret->timeout_known = true;
	ret->timeout_ns = to_ns(time, fraction_ns);
}

/* The descriptor that the call is about, or the only one in a poll's list. */
static void describe_fd(struct ct_target *target, const struct ct_call_row *row,
	const struct ct_syscall *call, struct ct_syscall_info *ret)
{
	for (unsigned i = 0; i < CT_N_ARGS && row->args[i].kind != CT_ARG_END; i++) {
		const struct ct_arg *arg = &row->args[i];
		uint32_t fd = (uint32_t)call->args[i];
		bool is_list = arg->kind == CT_ARG_POLLFDS;
		bool is_fd =
			arg->kind == CT_ARG_FD ||
			(arg->kind == CT_ARG_RING && !(call->args[arg->with] & CT_REGISTERED_RING));

		if (!(is_fd || is_list) || !(call->args_known >> i & 1))
			continue;
		if (is_list && ((uint32_t)call->args[arg->with] != 1 ||
				       ct_read_u32(target, call->args[i], &fd)))
			return;
		ret->fd = (int32_t)fd;
		ret->fd_known = ret->fd >= 0;
		return;
	}
}

void ct_syscall_describe(
	struct ct_target *target, const struct ct_syscall *call, struct ct_syscall_info *ret)
{
	const char *name;
	const struct ct_call_row *row = find_row(target, call, &name);

	*ret = (struct ct_syscall_info){.name = name, .class = CT_CLASS_OTHER, .fd = -1};
	if (!row)
		return;
	ret->class = row->class;
	if (row->timeout != CT_TIMEOUT_NONE && call->args_known >> row->timeout_arg & 1) {
		describe_timeout(target, row, call->args[row->timeout_arg], ret);
		ret->absolute = ret->timed && row->absolute;
	}
	describe_fd(target, row, call, ret);
}

static void add_args(struct ct_target *target, const struct ct_call_row *row,
	const struct ct_syscall *call, struct ct_str *out)
{
	const char *between = "";

	for (unsigned i = 0; i < CT_N_ARGS && row->args[i].kind != CT_ARG_END; i++) {
		if (row->args[i].kind == CT_ARG_SKIP)
			continue;
		ct_str_add_text(out, between);
		ct_arg_print(target, row, call, i, out);
		between = ", ";
	}
}

enum ct_status ct_syscall_text(struct ct_target *target, const struct ct_syscall *call,
	struct ct_arena *arena, const char **ret)
{
	/* How many arguments a call takes that we do not know is not known either: all six. */
	static const struct ct_call_row any = {
		.args = {{.kind = CT_ARG_WORD}, {.kind = CT_ARG_WORD}, {.kind = CT_ARG_WORD},
			{.kind = CT_ARG_WORD}, {.kind = CT_ARG_WORD}, {.kind = CT_ARG_WORD}}};
	ct_autostr text = {0};
	const char *name;
	const struct ct_call_row *row = find_row(target, call, &name);

	if (name)
		ct_str_add_text(&text, name);
	else
		ct_str_add(&text, "syscall_%lld", (long long)call->number);
	ct_str_add_text(&text, "(");
	if (call->number_known)
		add_args(target, row ? row : &any, call, &text);
	else
		ct_str_add_text(&text, "<… resuming interrupted system call …>");
	ct_str_add_text(&text, ")");
	char *copy = text.failed ? NULL : ct_arena_strndup(arena, text.text, text.len);
	if (!copy)
		return CT_NO_MEMORY;
	*ret = copy;
	return CT_OK;
}
