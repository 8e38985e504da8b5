/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What arguments point to. Layouts are the kernel's for 64-bit machines. A count is the attacker's:
 * no more elements are read than are shown, and of a set of descriptors no more than the kernel
 * ever allows by default.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "blocking/syscall_args.h"

#define MAX_SHOWN 8
#define MAX_FDS   (1u << 16)
#define WORD_BITS 64
#define N_SIGNALS 64

/* ints of the width that they have in the kernel's structs; at is an offset. */
static uint16_t get16(const uint8_t *bytes, size_t at)
{
	uint16_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static uint32_t get32(const uint8_t *bytes, size_t at)
{
	uint32_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static uint64_t get64(const uint8_t *bytes, size_t at)
{
	uint64_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static void add_address(struct ct_str *out, uint64_t addr)
{
	ct_str_add(out, "0x%llx", (unsigned long long)addr);
}

static bool read_or_print(const struct ct_arg_print *print, void *buf, size_t len)
{
	if (print->value && !ct_read(print->target, print->value, buf, len))
		return true;
	ct_arg_print_pointer(print);
	return false;
}

static void print_time(const struct ct_arg_print *print, const char *fraction)
{
	uint8_t time[16];

	if (read_or_print(print, time, sizeof(time)))
		ct_str_add(print->out, "{tv_sec=%lld, %s=%lld}", (long long)get64(time, 0),
			fraction, (long long)get64(time, 8));
}

void ct_arg_print_timespec(const struct ct_arg_print *print)
{
	print_time(print, "tv_nsec");
}

void ct_arg_print_timeval(const struct ct_arg_print *print)
{
	print_time(print, "tv_usec");
}

/* "[INT TERM]", or "~[KILL STOP]" where fewer signals are missing than there are. */
void ct_arg_print_sigset(const struct ct_arg_print *print)
{
	const char *between = "";
	uint8_t bytes[8];

	if (print->count != sizeof(bytes)) {
		ct_arg_print_pointer(print);
		return;
	}
	if (!read_or_print(print, bytes, sizeof(bytes)))
		return;
	uint64_t set = get64(bytes, 0);
	bool inverse = __builtin_popcountll(set) > N_SIGNALS / 2;

	if (inverse)
		set = ~set;
	ct_str_add(print->out, inverse ? "~[" : "[");
	for (unsigned i = 0; i < N_SIGNALS; i++) {
		if (!(set >> i & 1))
			continue;
		ct_str_add(print->out, "%s", between);
		ct_flags_add_signal(print->out, i + 1);
		between = " ";
	}
	ct_str_add(print->out, "]");
}

/*
 * An array of count elements; from the first one that is not readable on its address stands for the
 * rest.
 */
static void print_array(const struct ct_arg_print *print, size_t size,
	void (*add)(struct ct_str *out, const uint8_t *element))
{
	uint32_t n = (uint32_t)print->count; /* the kernel takes ints */
	uint64_t addr = print->value;
	uint8_t element[32];

	if (!addr || (n && ct_read(print->target, addr, element, size))) {
		ct_arg_print_pointer(print);
		return;
	}
	ct_str_add(print->out, "[");
	for (uint32_t i = 0; i < n; i++) {
		ct_str_add(print->out, i ? ", " : "");
		if (i == MAX_SHOWN) {
			ct_str_add(print->out, "…");
			break;
		}
		if (ct_read(print->target, addr, element, size)) {
			add_address(print->out, addr);
			break;
		}
		add(print->out, element);
		addr += size; /* wraps to where nothing is mapped */
	}
	ct_str_add(print->out, "]");
}

static void add_pollfd(struct ct_str *out, const uint8_t *pollfd)
{
	ct_str_add(out, "{fd=%d, events=", (int32_t)get32(pollfd, 0));
	ct_flags_add(out, &ct_flags_poll, get16(pollfd, 4));
	ct_str_add(out, "}");
}

void ct_arg_print_pollfds(const struct ct_arg_print *print)
{
	print_array(print, 8, add_pollfd);
}

static void add_sembuf(struct ct_str *out, const uint8_t *sembuf)
{
	ct_str_add(out, "{sem_num=%u, sem_op=%d, sem_flg=", get16(sembuf, 0),
		(int16_t)get16(sembuf, 2));
	ct_flags_add(out, &ct_flags_semop, get16(sembuf, 4));
	ct_str_add(out, "}");
}

void ct_arg_print_sembufs(const struct ct_arg_print *print)
{
	print_array(print, 6, add_sembuf);
}

static void add_waiter(struct ct_str *out, const uint8_t *waiter)
{
	ct_str_add(out, "{val=%llu, uaddr=", (unsigned long long)get64(waiter, 0));
	add_address(out, get64(waiter, 8));
	ct_str_add(out, ", flags=");
	ct_flags_add(out, &ct_flags_futex2, get32(waiter, 16));
	ct_str_add(out, "}");
}

void ct_arg_print_waiters(const struct ct_arg_print *print)
{
	print_array(print, 24, add_waiter);
}

/* Adds the members of one word of a set; false: more would not fit. */
static bool add_fds(struct ct_str *out, uint64_t word, uint32_t first, uint32_t n, unsigned *shown)
{
	for (uint32_t bit = 0; bit < WORD_BITS && first + bit < n; bit++) {
		if (!(word >> bit & 1))
			continue;
		if (*shown == MAX_SHOWN)
			return false;
		ct_str_add(out, *shown ? " %u" : "%u", first + bit);
		++*shown;
	}
	return true;
}

/* "[3 7]", as strace does. */
void ct_arg_print_fdset(const struct ct_arg_print *print)
{
	uint32_t all = (uint32_t)CT_MAX((int32_t)print->count, 0);
	uint32_t n = CT_MIN(all, MAX_FDS);
	uint64_t addr = print->value, word;
	unsigned shown = 0;

	if (!addr || (n && ct_read_u64(print->target, addr, &word))) {
		ct_arg_print_pointer(print);
		return;
	}
	ct_str_add(print->out, "[");
	bool complete = true;
	for (uint32_t first = 0; complete && first < n; first += WORD_BITS) {
		complete = !ct_read_u64(print->target, addr, &word) &&
			   add_fds(print->out, word, first, n, &shown);
		addr += sizeof(word);
	}
	if (!complete || n < all)
		ct_str_add(print->out, shown ? " …" : "…");
	ct_str_add(print->out, "]");
}

static void add_sockaddr(struct ct_str *out, const uint8_t *bytes, size_t len)
{
	char text[INET6_ADDRSTRLEN];
	uint16_t family = get16(bytes, 0);
	const char *name = ct_flags_name(&ct_flags_family, family);

	if (name)
		ct_str_add(out, "{%s", name);
	else
		ct_str_add(out, "{AF_%u", family);
	if (family == AF_INET && len >= sizeof(struct sockaddr_in) &&
		inet_ntop(AF_INET, bytes + offsetof(struct sockaddr_in, sin_addr), text,
			sizeof(text)))
		ct_str_add(out, ", %s:%u", text,
			ntohs(get16(bytes, offsetof(struct sockaddr_in, sin_port))));
	if (family == AF_INET6 && len >= offsetof(struct sockaddr_in6, sin6_scope_id) &&
		inet_ntop(AF_INET6, bytes + offsetof(struct sockaddr_in6, sin6_addr), text,
			sizeof(text)))
		ct_str_add(out, ", [%s]:%u", text,
			ntohs(get16(bytes, offsetof(struct sockaddr_in6, sin6_port))));
	ct_str_add(out, "}");
}

/* Of a local socket only the family: its name is a path. */
void ct_arg_print_sockaddr(const struct ct_arg_print *print)
{
	uint8_t bytes[sizeof(struct sockaddr_in6)] = {0};
	size_t len = CT_MIN((uint32_t)print->count, (uint32_t)sizeof(bytes));

	if (len < sizeof(sa_family_t))
		ct_arg_print_pointer(print);
	else if (read_or_print(print, bytes, len))
		add_sockaddr(print->out, bytes, len);
}

void ct_arg_print_lock(const struct ct_arg_print *print)
{
	uint8_t lock[24];

	if (!read_or_print(print, lock, sizeof(lock)))
		return;
	ct_str_add(print->out, "{l_type=");
	ct_flags_add(print->out, &ct_flags_lock_type, get16(lock, 0));
	ct_str_add(print->out, ", l_whence=");
	ct_flags_add(print->out, &ct_flags_whence, get16(lock, 2));
	ct_str_add(print->out, ", l_start=%lld, l_len=%lld}", (long long)get64(lock, 8),
		(long long)get64(lock, 16));
}
