/* SPDX-License-Identifier: Apache-2.0 */
/* A source's part of being told what is going to be read: a record of what it was told. */
#ifndef WANT_LOG_H
#define WANT_LOG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "coretool.h"

struct wanted { /* both 0: it is fetched now */
	uint64_t addr, len;
};

static struct wanted want_log[256];
static size_t n_want_log;

static void log_want(void *self, uint64_t addr, uint64_t len)
{
	(void)self;
	assert_true(n_want_log < sizeof(want_log) / sizeof(*want_log));
	want_log[n_want_log++] = (struct wanted){addr, len};
}

static void log_fetch(void *self)
{
	log_want(self, 0, 0);
}

static inline void check_want_log(const struct wanted *rows, size_t n)
{
	assert_int_equal(n_want_log, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(want_log[i].addr, rows[i].addr);
		assert_int_equal(want_log[i].len, rows[i].len);
	}
	n_want_log = 0;
}

#endif
