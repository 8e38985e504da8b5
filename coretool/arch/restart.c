/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/restart.h"

#define LOWEST_POINTER   4096       /* mmap_min_addr's usual value; nothing is mapped below */
#define USER_BITS        56         /* of an address, with five-level page tables */
#define MOST_DESCRIPTORS (1u << 20) /* fs.nr_open's default: poll refuses more */
#define MOST_CLOCKS      16 /* MAX_CLOCKS; negative ids are clocks of processes and devices */

enum { FUTEX_COMMAND = 0x7f, FUTEX_PRIVATE = 0x80, FUTEX_REALTIME = 0x100 };
enum { FUTEX_WAIT = 0, FUTEX_WAIT_BITSET = 9 };

static bool is_pointer(uint64_t value)
{
	return value >= LOWEST_POINTER && value >> USER_BITS == 0;
}

static bool is_pointer_or_null(uint64_t value)
{
	return value == 0 || is_pointer(value);
}

static bool fits_poll(const uint64_t args[6])
{
	uint32_t n = (uint32_t)args[1];

	/* With a timeout of 0 it never sleeps. */
	return n <= MOST_DESCRIPTORS && (uint32_t)args[2] != 0 &&
	       (n == 0 ? is_pointer_or_null(args[0]) : is_pointer(args[0]));
}

static bool fits_nanosleep(const uint64_t args[6])
{
	return is_pointer(args[0]) && is_pointer_or_null(args[1]);
}

/* A wait without a timeout, and every lock of a PI futex, starts again as itself. */
static bool fits_futex(const uint64_t args[6])
{
	uint32_t op = (uint32_t)args[1];
	uint32_t command = op & FUTEX_COMMAND;

	if (op & ~(uint32_t)(FUTEX_COMMAND | FUTEX_PRIVATE | FUTEX_REALTIME))
		return false;
	if (command == FUTEX_WAIT_BITSET ? (uint32_t)args[5] == 0 : command != FUTEX_WAIT)
		return false;
	return is_pointer(args[0]) && args[0] % 4 == 0 && is_pointer(args[3]);
}

/* A sleep until a given time starts again as itself, so flags are none. */
static bool fits_clock_nanosleep(const uint64_t args[6])
{
	int32_t clock = (int32_t)args[0];

	return clock < MOST_CLOCKS && (uint32_t)args[1] == 0 && is_pointer(args[2]) &&
	       is_pointer_or_null(args[3]);
}

/* All calls that the kernel restarts so (the users of restart_block in Linux 6.18). */
static const struct {
	const char *name;
	bool (*fits)(const uint64_t args[6]);
} calls[] = {
	{"poll", fits_poll},
	{"nanosleep", fits_nanosleep},
	{"futex", fits_futex},
	{"clock_nanosleep", fits_clock_nanosleep},
};

bool ct_restart_fits(const struct ct_arch *arch, int64_t number, const uint64_t args[6])
{
	const char *name = ct_syscall_name(arch, number);

	for (size_t i = 0; name && i < CT_COUNT(calls); i++)
		if (!strcmp(calls[i].name, name))
			return calls[i].fits(args);
	return false;
}

bool ct_restart_only(const struct ct_arch *arch, const uint64_t args[6], int64_t *ret)
{
	const char *only = NULL;

	for (size_t i = 0; i < CT_COUNT(calls); i++) {
		if (!calls[i].fits(args))
			continue;
		if (only)
			return false;
		only = calls[i].name;
	}
	if (!only || ct_syscall_number(arch, only) < 0)
		return false;
	*ret = ct_syscall_number(arch, only);
	return true;
}
