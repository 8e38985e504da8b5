/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/defers.h"

#define MAX_TABLE 256 /* bytes of a table of open-coded defers */

struct bytes {
	const uint8_t *at;
	size_t len;
	bool bad;
};

static uint32_t take(struct bytes *b)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 35 && b->len; shift += 7) {
		uint8_t byte = *b->at++;

		b->len--;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value <= UINT32_MAX ? (uint32_t)value : 0;
	}
	b->bad = true;
	return 0;
}

/* Since 1.22: the slots of all closures lie side by side, the first of all at slots. */
static void decode_slots(struct bytes *b, struct ct_go_open_defers *ret)
{
	uint32_t slots = take(b);

	for (uint32_t i = CT_GO_MAX_OPEN_DEFERS; i-- > 0;) {
		if (slots < 8 * (i + 1))
			continue;
		ret->closures[ret->n] = slots - 8 * i;
		ret->bit[ret->n++] = (uint8_t)i;
	}
}

/* Where it is, its size, and where the call has it. False: there is none. */
static bool take_arguments(struct bytes *b, uint32_t ret[CT_GO_MAX_DEFER_ARGS])
{
	uint32_t n = take(b);
	bool any = n > 0;

	for (; n > 0 && !b->bad; n--) {
		uint32_t at = take(b), size = take(b), to = take(b);

		for (uint32_t i = to / 8; to % 8 == 0 && size >= 8 && i < CT_GO_MAX_DEFER_ARGS;
			i++, size -= 8, at -= 8)
			ret[i] = at;
	}
	return any;
}

static void decode_list(struct bytes *b, unsigned minor, struct ct_go_open_defers *ret)
{
	uint32_t n = take(b);

	for (uint32_t i = 0; i < n && i < CT_GO_MAX_OPEN_DEFERS && !b->bad; i++) {
		if (minor < 17) /* bytes of its arguments */
			(void)take(b);
		ret->closures[ret->n] = take(b);
		if (minor < 17)
			ret->takes[ret->n] = take_arguments(b, ret->args[ret->n]);
		ret->bit[ret->n++] = (uint8_t)(n - 1 - i);
	}
	b->bad |= n > CT_GO_MAX_OPEN_DEFERS;
}

bool ct_go_open_defers_decode(
	const uint8_t *bytes, size_t len, unsigned minor, struct ct_go_open_defers *ret)
{
	struct bytes b = {bytes, len, false};

	*ret = (struct ct_go_open_defers){0};
	if (minor < 17) /* bytes of the largest list of arguments */
		(void)take(&b);
	ret->bits = take(&b);
	if (minor < 22)
		decode_list(&b, minor, ret);
	else
		decode_slots(&b, ret);
	return !b.bad;
}

/* Those of the function, in a frame that ends at cfa; end: where its locals do. */
static bool read_open(const struct ct_go *go, const struct ct_go_function *function, uint64_t sp,
	uint64_t cfa, struct ct_go_open_defers *ret, uint64_t *end)
{
	uint64_t table = ct_go_funcdata(go->target, function, CT_GO_OPEN_DEFERS);
	uint8_t bytes[MAX_TABLE];
	size_t len = sizeof(bytes);

	/* Below the return address, and the frame pointer where the frame has room for one. */
	*end = cfa - 8 > sp ? cfa - 16 : cfa - 8;
	while (table && len && ct_read(go->target, table, bytes, len))
		len /= 2;
	return table && ct_go_open_defers_decode(bytes, len, go->version.minor, ret);
}

static void add_arg(const struct ct_go *go, uint64_t at, unsigned i, struct ct_stack_args *ret)
{
	if (!ct_read_u64(go->target, at, &ret->value[i]))
		ret->known |= (uint8_t)(1u << i);
}

size_t ct_go_open_defers(const struct ct_go *go, const struct ct_go_function *function, uint64_t sp,
	uint64_t cfa, struct ct_go_defer ret[CT_GO_MAX_OPEN_DEFERS])
{
	struct ct_go_open_defers defers;
	uint64_t end;
	uint8_t bits;
	size_t n = 0;

	if (!read_open(go, function, sp, cfa, &defers, &end) || defers.bits > end - sp ||
		ct_read(go->target, end - defers.bits, &bits, 1))
		return 0;
	for (uint32_t i = 0; i < defers.n; i++) {
		struct ct_go_defer *d = &ret[n];

		*d = (struct ct_go_defer){.sp = sp, .takes = defers.takes[i]};
		for (unsigned k = 0; k < CT_GO_MAX_DEFER_ARGS; k++) {
			uint32_t arg = defers.args[i][k];

			if (arg && arg <= end - sp)
				add_arg(go, end - arg, k, &d->args);
		}
		if (bits >> defers.bit[i] & 1 && defers.closures[i] <= end - sp &&
			!ct_read_u64(go->target, end - defers.closures[i], &d->closure) &&
			d->closure)
			n++;
	}
	return n;
}

bool ct_go_may_defer(const struct ct_go *go, const struct ct_go_function *function, uint64_t sp,
	uint64_t cfa, uint64_t callee)
{
	struct ct_go_open_defers defers;
	uint64_t end, closure, entry;

	if (!read_open(go, function, sp, cfa, &defers, &end))
		return false;
	for (uint32_t i = 0; i < defers.n; i++)
		if (defers.closures[i] <= end - sp &&
			!ct_read_u64(go->target, end - defers.closures[i], &closure) && closure &&
			!ct_read_u64(go->target, closure, &entry) && entry == callee)
			return true;
	return false;
}

struct records {
	const struct ct_go *go;
	struct ct_go_defer *items;
	size_t n;
};

#define BEHIND_LINK 32 /* link, fd, varp, framepc of struct _defer, up to 1.16 */

/* Up to 1.16 a closure may want arguments: their size is the first field, they lie behind the
 * record (deferArgs() of runtime/panic.go). */
static void add_record(struct records *r, uint64_t at, uint64_t sp)
{
	struct ct_go_defer *d = &r->items[r->n++];
	uint64_t args = at + ct_go_at(r->go, DEFER_LINK) + BEHIND_LINK;
	uint32_t size = 0;

	*d = (struct ct_go_defer){.sp = sp, .closure = ct_go_word(r->go, at, CT_GO_DEFER_FN)};
	if (ct_go_since(r->go, 17))
		return;
	d->takes = ct_read_u32(r->go->target, at, &size) || size;
	for (unsigned i = 0; i < CT_GO_MAX_DEFER_ARGS && 8 * (i + 1) <= size; i++)
		add_arg(r->go, args + 8u * i, i, &d->args);
}

/*
 * What the body of a range over functions has deferred for the function that the loop is in: a list
 * of its own, of records that do not name a frame yet (deferprocat). Its end may be marked by 1.
 */
static void add_of_loop(struct records *r, uint64_t at, uint64_t sp)
{
	uint64_t head = ct_go_word(r->go, at, CT_GO_DEFER_HEAD), next;

	if (!head || ct_read_u64(r->go->target, head, &next))
		return;
	for (; next > 1 && r->n < CT_GO_MAX_DEFERS;
		next = ct_go_word(r->go, next, CT_GO_DEFER_LINK))
		add_record(r, next, sp);
}

size_t ct_go_defers(
	const struct ct_go *go, const struct ct_go_g *g, struct ct_go_defer ret[CT_GO_MAX_DEFERS])
{
	struct records r = {go, ret, 0};
	uint64_t at = ct_go_word(go, g->at, CT_GO_G_DEFER);

	for (size_t i = 0; at && i < CT_GO_MAX_DEFERS && r.n < CT_GO_MAX_DEFERS; i++) {
		uint8_t open = 0, range = 0;
		uint64_t sp = ct_go_word(go, at, CT_GO_DEFER_SP);

		/* Only a panic makes records of open-coded ones (up to 1.21). */
		(void)!ct_go_u8(go, at, CT_GO_DEFER_OPENDEFER, &open);
		(void)!ct_go_u8(go, at, CT_GO_DEFER_RANGEFUNC, &range);
		if (range)
			add_of_loop(&r, at, sp);
		else if (!open)
			add_record(&r, at, sp);
		at = ct_go_word(go, at, CT_GO_DEFER_LINK);
	}
	return r.n;
}
