/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles that a process has kept of itself, as runtime/pprof writes them. */
#include "facts/go.h"
#include "facts/go_heap.h"
#include "facts/go_profiles.h"
#include "report/pprof_writer.h"

static const struct ct_go_profile *profile_of(const struct ct_pprof *w)
{
	unsigned kind = w->document->selection.sample - CT_SAMPLE_HEAP;

	return w->facts->go_profiles ? &w->facts->go_profiles->profiles[kind] : NULL;
}

/* A rate of 1 or less scales nothing. */
static void scale(int64_t count, int64_t bytes, int64_t rate, int64_t *ret)
{
	double factor = 1;

	ret[0] = ret[1] = 0;
	if (count <= 0 || bytes <= 0)
		return;
	if (rate > 1)
		factor = 1 / ct_go_sample_chance(rate, (double)bytes / (double)count);
	double scaled[2] = {(double)count * factor, (double)bytes * factor};
	for (unsigned i = 0; i < 2; i++)
		ret[i] = scaled[i] < 9e18 ? (int64_t)scaled[i] : INT64_MAX;
}

/* The functions of the allocator itself are left out, unless there is nothing else. */
static uint32_t first_frame(const struct ct_facts *facts, uint32_t stack)
{
	const struct ct_stack *s = &facts->stacks[stack];

	for (uint32_t i = 0; i < s->n_frames; i++) {
		const char *function = facts->sites[s->frames[i].site].function;

		if (!function || (strncmp(function, "runtime.", 8) != 0 &&
					 strncmp(function, "internal/runtime/", 17) != 0))
			return i;
	}
	return 0;
}

static int64_t difference(int64_t a, int64_t b)
{
	int64_t ret;

	return __builtin_sub_overflow(a, b, &ret) ? 0 : ret;
}

static void put_heap(struct ct_pprof *w, const struct ct_go_profile *profile)
{
	static const struct ct_pprof_type types[] = {{"alloc_objects", "count"},
		{"alloc_space", "bytes"}, {"inuse_objects", "count"}, {"inuse_space", "bytes"}};
	int64_t rate = CT_MAX(w->facts->go->heap_rate, 0);

	ct_pprof_types(w, types, CT_COUNT(types));
	ct_pprof_period(w, (struct ct_pprof_type){"space", "bytes"}, rate);
	for (uint32_t i = 0; i < profile->n; i++) {
		const struct ct_go_profile_record *r = &profile->records[i];
		int64_t values[4];

		scale(r->allocs, r->alloc_bytes, rate, values);
		scale(difference(r->allocs, r->frees), difference(r->alloc_bytes, r->free_bytes),
			rate, values + 2);
		ct_pprof_number(w, "bytes", (int64_t)CT_MIN(r->size, (uint64_t)INT64_MAX));
		ct_pprof_sample(w, r->stack, first_frame(w->facts, r->stack), values, 4);
	}
}

static void put_waits(struct ct_pprof *w, const struct ct_go_profile *profile)
{
	double per_second = (double)w->facts->go_profiles->cycles_per_second;
	const struct ct_pprof_type types[] = {
		{"contentions", "count"}, {"delay", per_second > 0 ? "nanoseconds" : "cycles"}};

	ct_pprof_types(w, types, CT_COUNT(types));
	ct_pprof_period(w, types[0], 1);
	if (!(per_second > 0))
		ct_pprof_comment(w, "the program has not measured how many cycles of its CPU's "
				    "counter a second has: delays are cycles");
	for (uint32_t i = 0; i < profile->n; i++) {
		const struct ct_go_profile_record *r = &profile->records[i];
		double delay =
			per_second > 0 ? (double)r->cycles / (per_second / 1e9) : (double)r->cycles;
		/* A sampled wait may count as less than one. */
		int64_t values[2] = {
			CT_MAX((int64_t)r->count, 1), delay < 9e18 ? (int64_t)delay : INT64_MAX};

		ct_pprof_sample(w, r->stack, 0, values, 2);
	}
}

enum ct_status ct_pprof_kept(struct ct_pprof *w)
{
	const struct ct_go_profile *profile = profile_of(w);

	if (!profile || !w->facts->go)
		return CT_UNSUPPORTED;
	if (profile->cut)
		ct_pprof_comment(w, "a part of it could not be read");
	if (w->document->selection.sample == CT_SAMPLE_HEAP)
		put_heap(w, profile);
	else
		put_waits(w, profile);
	return CT_OK;
}
