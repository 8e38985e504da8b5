/* SPDX-License-Identifier: Apache-2.0 */
/* A source that a fuzzer answers for: it defines what is declared here. Included once. */
#ifndef CT_FUZZ_FAKE_SOURCE_H
#define CT_FUZZ_FAKE_SOURCE_H

#include "target/target.h"

static enum ct_status get_process(void *self, struct ct_process *ret);
static enum ct_status get_map(void *self, size_t *cur, struct ct_map *ret);
static enum ct_status get_thread(void *self, size_t *cur, struct ct_thread *ret);
static enum ct_status get_auxv(void *self, uint64_t type, uint64_t *ret);
/* Where the bytes are; CT_FAULT: not all of them are there. */
static enum ct_status find_memory(const void *self, uint64_t addr, size_t len, const void **ret);
/* Are they to be had in place? */
static bool has_views(const void *self);

static enum ct_status view_memory(void *self, uint64_t addr, size_t len, const void **ret)
{
	return has_views(self) ? find_memory(self, addr, len, ret) : CT_FAULT;
}

static enum ct_status read_memory(void *self, uint64_t addr, void *buf, size_t len)
{
	const void *bytes;

	if (find_memory(self, addr, len, &bytes))
		return CT_FAULT;
	memcpy(buf, bytes, len);
	return CT_OK;
}

static void close_source(void *self)
{
	(void)self;
}

static const struct ct_source_ops fake_source = {.name = "fuzz",
	.process = get_process,
	.next_map = get_map,
	.next_thread = get_thread,
	.read = read_memory,
	.view = view_memory,
	.auxv = get_auxv,
	.close = close_source};

#endif
