/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/heap_pointers.h"

void ct_go_heap_close(struct ct_go_heap *heap)
{
	if (!heap)
		return;
	for (uint32_t i = 0; i < heap->n_arenas; i++)
		free(heap->arenas[i].spans);
	free(heap->arenas);
	free(heap->spans);
	free(heap->arena_of);
	ct_go_late_masks_free(heap);
	pthread_mutex_destroy(&heap->lock);
	free(heap);
}

void ct_go_object_get(const struct ct_go_heap *heap, uint32_t id, struct ct_go_object *ret)
{
	uint32_t low = 0, high = heap->n_spans;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (heap->spans[middle].first <= id)
			low = middle;
		else
			high = middle;
	}
	ret->span = &heap->spans[low];
	ret->id = id;
	ret->index = id - ret->span->first;
	ret->start = ret->span->start + ret->index * ret->span->elemsize;
}

bool ct_go_heap_read(const struct ct_go_heap *heap, uint64_t addr, void *buf, size_t len)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)&heap->lock;

	pthread_mutex_lock(lock);
	enum ct_status status = ct_read(heap->target, addr, buf, len);
	pthread_mutex_unlock(lock);
	return !status;
}

bool ct_go_heap_view(const struct ct_go_heap *heap, const struct ct_go_span *span, uint64_t addr,
	size_t len, void *copy, const void **ret)
{
	if (span->data) {
		*ret = span->data + (addr - span->start);
		return true;
	}
	*ret = copy;
	return ct_go_heap_read(heap, addr, copy, len);
}
