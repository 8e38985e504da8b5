/* SPDX-License-Identifier: Apache-2.0 */
#include "source/gdb_numbers.h"

#include "base/arena.h"
#include "base/hash.h"
#include "source/gdb_ask.h"

struct numbered {
	struct ct_source inner;
	struct ct_gdb_threads threads;
	struct ct_hash by_lwp;
};

static const char *number_of(struct numbered *n, uint64_t lwp)
{
	struct ct_hash_it it = ct_hash_find(&n->by_lwp, ct_hash_u64(lwp));
	uint32_t i;

	while (ct_hash_next(&n->by_lwp, &it, &i))
		if (n->threads.list.items[i].lwp == lwp)
			return n->threads.list.items[i].number;
	return NULL;
}

static enum ct_status numbered_process(void *self, struct ct_process *ret)
{
	struct numbered *n = self;

	return n->inner.ops->process(n->inner.self, ret);
}

static enum ct_status numbered_next_map(void *self, size_t *cur, struct ct_map *ret)
{
	struct numbered *n = self;

	return n->inner.ops->next_map(n->inner.self, cur, ret);
}

static enum ct_status numbered_next_thread(void *self, size_t *cur, struct ct_thread *ret)
{
	struct numbered *n = self;
	enum ct_status status = n->inner.ops->next_thread(n->inner.self, cur, ret);

	if (!status)
		ret->number = number_of(n, ret->lwp);
	return status;
}

static enum ct_status numbered_read(void *self, uint64_t addr, void *buf, size_t len)
{
	struct numbered *n = self;

	return n->inner.ops->read(n->inner.self, addr, buf, len);
}

static enum ct_status numbered_view(void *self, uint64_t addr, size_t len, const void **ret)
{
	struct numbered *n = self;

	return n->inner.ops->view ? n->inner.ops->view(n->inner.self, addr, len, ret) : CT_FAULT;
}

static enum ct_status numbered_next_data(
	void *self, uint64_t addr, uint64_t end, uint64_t *start, uint64_t *stop)
{
	struct numbered *n = self;

	if (n->inner.ops->next_data)
		return n->inner.ops->next_data(n->inner.self, addr, end, start, stop);
	*start = addr;
	*stop = end;
	return CT_OK;
}

static void numbered_want(void *self, uint64_t addr, uint64_t len)
{
	struct numbered *n = self;

	if (n->inner.ops->want)
		n->inner.ops->want(n->inner.self, addr, len);
}

static void numbered_fetch(void *self)
{
	struct numbered *n = self;

	if (n->inner.ops->fetch)
		n->inner.ops->fetch(n->inner.self);
}

static enum ct_status numbered_auxv(void *self, uint64_t type, uint64_t *ret)
{
	struct numbered *n = self;

	return n->inner.ops->auxv(n->inner.self, type, ret);
}

static void numbered_close(void *self)
{
	struct numbered *n = self;

	n->inner.ops->close(n->inner.self);
	ct_hash_free(&n->by_lwp);
	ct_gdb_threads_free(&n->threads);
	free(n);
}

static const struct ct_source_ops numbered_ops = {
	.name = "core",
	.process = numbered_process,
	.next_map = numbered_next_map,
	.next_thread = numbered_next_thread,
	.read = numbered_read,
	.view = numbered_view,
	.next_data = numbered_next_data,
	.want = numbered_want,
	.fetch = numbered_fetch,
	.auxv = numbered_auxv,
	.close = numbered_close,
};

enum ct_status ct_gdb_number(struct ct_pipe *pipe, struct ct_source *source, struct ct_error *err)
{
	struct numbered *n = calloc(1, sizeof(*n));

	if (!n) {
		source->ops->close(source->self);
		return ct_fail(err, CT_NO_MEMORY, "out of memory");
	}
	n->inner = *source;
	enum ct_status status = ct_gdb_ask_threads(pipe, NULL, &n->threads, err);
	for (uint32_t i = 0; !status && i < n->threads.list.n; i++)
		if (!ct_hash_insert(&n->by_lwp, ct_hash_u64(n->threads.list.items[i].lwp), i))
			status = ct_fail(err, CT_NO_MEMORY, "out of memory");
	if (status)
		numbered_close(n);
	else
		*source = (struct ct_source){&numbered_ops, n};
	return status;
}
