/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/syscall_args.h"

#define AT_CWD     (-100)
#define BITSET_ANY UINT32_MAX

static void print_int(const struct ct_arg_print *print)
{
	ct_str_add_int(print->out, (int32_t)print->value);
}

static void print_uint(const struct ct_arg_print *print)
{
	ct_str_add_int(print->out, (uint32_t)print->value);
}

static void print_long(const struct ct_arg_print *print)
{
	ct_str_add_int(print->out, (int64_t)print->value);
}

static void print_size(const struct ct_arg_print *print)
{
	ct_str_add(print->out, "%llu", (unsigned long long)print->value);
}

static void print_hex(const struct ct_arg_print *print)
{
	ct_str_add(print->out, "%#x", (uint32_t)print->value);
}

static void print_word(const struct ct_arg_print *print)
{
	ct_str_add(print->out, "%#llx", (unsigned long long)print->value);
}

void ct_arg_print_pointer(const struct ct_arg_print *print)
{
	if (print->value)
		ct_str_add_hex(print->out, print->value);
	else
		ct_str_add_text(print->out, "NULL");
}

static void print_dir(const struct ct_arg_print *print)
{
	if ((int32_t)print->value == AT_CWD)
		ct_str_add_text(print->out, "AT_FDCWD");
	else
		print_int(print);
}

static void print_flags(const struct ct_arg_print *print)
{
	ct_flags_add(print->out, print->arg->names, (uint32_t)print->value);
}

static void print_enum(const struct ct_arg_print *print)
{
	const char *name = ct_flags_name(print->arg->names, (uint32_t)print->value);

	if (name)
		ct_str_add_text(print->out, name);
	else
		print_int(print);
}

static void print_bitset(const struct ct_arg_print *print)
{
	if ((uint32_t)print->value == BITSET_ANY)
		ct_str_add_text(print->out, "FUTEX_BITSET_MATCH_ANY");
	else
		print_hex(print);
}

static void print_futex_op(const struct ct_arg_print *print)
{
	struct ct_futex_op op = ct_futex_op_decode(print->value);

	if (!op.name) {
		print_hex(print);
		return;
	}
	ct_str_add_text(print->out, op.name);
	ct_str_add_text(print->out, op.is_private ? "_PRIVATE" : "");
	ct_str_add_text(print->out, op.realtime ? "|FUTEX_CLOCK_REALTIME" : "");
}

void ct_arg_print(struct ct_target *target, const struct ct_call_row *row,
	const struct ct_syscall *call, unsigned index, struct ct_str *out)
{
	static void (*const printers[CT_N_ARG_KINDS])(const struct ct_arg_print *) = {
		[CT_ARG_INT] = print_int,
		[CT_ARG_UINT] = print_uint,
		[CT_ARG_LONG] = print_long,
		[CT_ARG_SIZE] = print_size,
		[CT_ARG_HEX] = print_hex,
		[CT_ARG_WORD] = print_word,
		[CT_ARG_PTR] = ct_arg_print_pointer,
		[CT_ARG_FD] = print_int,
		[CT_ARG_RING] = print_int,
		[CT_ARG_DIR] = print_dir,
		[CT_ARG_FLAGS] = print_flags,
		[CT_ARG_ENUM] = print_enum,
		[CT_ARG_BITSET] = print_bitset,
		[CT_ARG_OP] = print_futex_op,
		[CT_ARG_TIMESPEC] = ct_arg_print_timespec,
		[CT_ARG_TIMEVAL] = ct_arg_print_timeval,
		[CT_ARG_SIGSET] = ct_arg_print_sigset,
		[CT_ARG_POLLFDS] = ct_arg_print_pollfds,
		[CT_ARG_FDSET] = ct_arg_print_fdset,
		[CT_ARG_SOCKADDR] = ct_arg_print_sockaddr,
		[CT_ARG_SEMBUFS] = ct_arg_print_sembufs,
		[CT_ARG_WAITERS] = ct_arg_print_waiters,
		[CT_ARG_LOCK] = ct_arg_print_lock,
	};
	const struct ct_arg *arg = &row->args[index];
	struct ct_arg_print print = {
		.target = target,
		.out = out,
		.arg = arg,
		.value = call->args[index],
		.count = call->args[arg->with],
	};
	bool counted = arg->kind >= CT_ARG_SIGSET && arg->kind <= CT_ARG_WAITERS;

	if (!(call->args_known >> index & 1))
		ct_str_add_text(out, "?");
	else if (counted && !(call->args_known >> arg->with & 1))
		ct_arg_print_pointer(&print);
	else
		printers[arg->kind](&print);
}
