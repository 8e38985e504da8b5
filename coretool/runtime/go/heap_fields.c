/* SPDX-License-Identifier: Apache-2.0 */
/* The pointers in a type and what they lead to, by its descriptor (runtime/type.go). */
#include "runtime/go/heap_types.h"
#include "runtime/go/types.h"

#define MAX_FIELDS 4096 /* of one type */
#define MAX_STEPS  65536
#define MAX_DEPTH  16
#define MAX_KNOWN  (1u << 20)

/* Behind the head that all have; the same from 1.14 to 1.27. */
#define TYPE_HEAD     48
#define TYPE_ELEM     48 /* of pointers, slices, channels, arrays */
#define ARRAY_LEN     64
#define STRUCT_FIELDS 56 /* a slice */
#define MAP_BUCKET    64 /* of a bucket, or a group since 1.24 */
#define FIELD_SIZE    24 /* name, type, offset */
#define FIELD_TYPE    8
#define FIELD_OFFSET  16

bool ct_go_type_head(const struct ct_go *go, uint64_t type, struct ct_go_type_head *ret)
{
	uint8_t head[24];
	bool in_types = false;

	for (uint32_t i = 0; i < go->tables.n && !in_types; i++) {
		uint64_t data = go->tables.list[i].moduledata;

		in_types = type >= ct_go_word(go, data, CT_GO_MODULEDATA_TYPES) &&
			   type < ct_go_word(go, data, CT_GO_MODULEDATA_ETYPES);
	}
	if (!in_types || type % 8 || ct_read(go->target, type, head, sizeof(head)))
		return false;
	memcpy(&ret->size, head, 8);
	memcpy(&ret->pointers, head + 8, 8);
	ret->kind = head[23] & 31;
	/* A bit of the kind, and since 1.26 one of the flags. */
	ret->direct = (ct_go_since(go, 26) ? head[20] : head[23]) >> 5 & 1;
	return ret->kind && ret->kind <= CT_GO_KIND_UNSAFE && ret->pointers <= ret->size &&
	       ret->size < CT_GO_ADDRESSES;
}

static uint64_t word_at(const struct ct_go_typing *t, uint64_t at)
{
	uint64_t value = 0;

	return ct_read_u64(t->heap->target, at, &value) ? 0 : value;
}

/* What the runtime itself has of channels, whatever is sent through them. */
static bool is_channel(const struct ct_go_typing *t, uint64_t type, uint64_t size)
{
	struct ct_go_type named;

	return size == ct_go_at(t->heap->go, HCHAN_SIZE) &&
	       !ct_go_type_at(t->heap->go, type, &named) && !strcmp(named.name, "runtime.hchan");
}

uint32_t ct_go_typing_add(struct ct_go_typing *t, uint64_t type, enum ct_go_form form)
{
	uint64_t hash = ct_hash_u64(type * 8 + form);
	struct ct_hash_it it = ct_hash_find(&t->keys, hash);
	struct ct_go_type_head head = {0};
	uint32_t i;

	while (ct_hash_next(&t->keys, &it, &i))
		if (t->known.items[i].type == type && t->known.items[i].form == form)
			return i;
	bool typed = form <= CT_GO_FORM_CHAN;
	if (t->known.n >= MAX_KNOWN || (typed && !ct_go_type_head(t->heap->go, type, &head)))
		return CT_NONE;
	i = t->known.n;
	struct ct_go_known *slot = ct_vec_push(&t->known);
	if (!slot || !ct_hash_insert(&t->keys, hash, i)) {
		t->failed = true;
		return CT_NONE;
	}
	*slot = (struct ct_go_known){.type = type,
		.form = (uint8_t)form,
		.pointers = head.pointers,
		.channel = form == CT_GO_FORM_VALUE && is_channel(t, type, head.size),
		.size = form == CT_GO_FORM_CHAN ? 0 : head.size};
	return i;
}

uint32_t ct_go_typing_behind(struct ct_go_typing *t, uint64_t type)
{
	struct ct_go_type_head head;

	if (!ct_go_type_head(t->heap->go, type, &head))
		return CT_NONE;
	switch (head.kind) {
	case CT_GO_KIND_POINTER:
		return ct_go_typing_add(t, word_at(t, type + TYPE_ELEM), CT_GO_FORM_VALUE);
	case CT_GO_KIND_MAP:
		return ct_go_typing_add(t, type, CT_GO_FORM_MAP);
	case CT_GO_KIND_CHAN:
		return ct_go_typing_add(t, word_at(t, type + TYPE_ELEM), CT_GO_FORM_CHAN);
	default:
		return CT_NONE;
	}
}

struct flat { /* a type being gone through */
	struct ct_go_typing *t;
	uint32_t first;
	uint32_t steps; /* that are left: types in types can be more than anybody can go through */
};

static void add_field(struct flat *f, uint64_t offset, uint32_t known, bool inside)
{
	struct ct_go_lead *slot;

	if (known == CT_NONE || offset > UINT32_MAX || f->t->fields.n - f->first >= MAX_FIELDS)
		return;
	slot = ct_vec_push(&f->t->fields);
	if (!slot) {
		f->t->failed = true;
		return;
	}
	*slot = (struct ct_go_lead){
		.offset = (uint32_t)offset, .n = 1, .known = known, .inside = inside};
}

static void flatten(struct flat *f, uint64_t type, uint64_t base, unsigned depth);

static void flatten_struct(struct flat *f, uint64_t type, uint64_t base, unsigned depth)
{
	struct ct_go_typing *t = f->t;
	uint64_t list = word_at(t, type + STRUCT_FIELDS);
	uint64_t n = CT_MIN(word_at(t, type + STRUCT_FIELDS + 8), (uint64_t)MAX_FIELDS);

	for (uint64_t i = 0; i < n && f->t->fields.n - f->first < MAX_FIELDS; i++) {
		uint64_t field[FIELD_SIZE / 8];

		if (ct_read(t->heap->target, list + i * FIELD_SIZE, field, sizeof(field)))
			return;
		/* The lowest bit said that it is embedded, until 1.18. */
		uint64_t offset = field[2];
		if (!ct_go_since(t->heap->go, 19))
			offset >>= 1;
		if (offset < UINT32_MAX)
			flatten(f, field[1], base + offset, depth + 1);
	}
}

/* What one element has, all have; false: that is an array itself. */
static bool repeat_leads(struct flat *f, uint32_t from, uint64_t n, uint64_t stride)
{
	struct ct_go_lead *leads = f->t->fields.items;

	for (uint32_t i = from; i < f->t->fields.n; i++)
		if (leads[i].n > 1)
			return false;
	for (uint32_t i = from; i < f->t->fields.n && stride <= UINT32_MAX; i++) {
		leads[i].n = (uint32_t)CT_MIN(n, (uint64_t)UINT32_MAX);
		leads[i].stride = (uint32_t)stride;
	}
	return true;
}

static void flatten_array(struct flat *f, uint64_t type, uint64_t base, unsigned depth)
{
	uint64_t elem = word_at(f->t, type + TYPE_ELEM), n = word_at(f->t, type + ARRAY_LEN);
	uint32_t first = f->t->fields.n;
	struct ct_go_type_head head;

	if (!n || !ct_go_type_head(f->t->heap->go, elem, &head) || !head.pointers)
		return;
	flatten(f, elem, base, depth + 1);
	if (first == f->t->fields.n || repeat_leads(f, first, n, head.size))
		return;
	for (uint64_t i = 1; i < CT_MIN(n, (uint64_t)MAX_FIELDS) &&
			     f->t->fields.n - f->first < MAX_FIELDS && base < UINT32_MAX;
		i++) {
		base += head.size;
		flatten(f, elem, base, depth + 1);
	}
}

static void flatten(struct flat *f, uint64_t type, uint64_t base, unsigned depth)
{
	struct ct_go_typing *t = f->t;
	struct ct_go_type_head head;

	if (depth > MAX_DEPTH || !f->steps || !ct_go_type_head(t->heap->go, type, &head) ||
		!head.pointers)
		return;
	f->steps--;
	switch (head.kind) {
	case CT_GO_KIND_STRUCT:
		flatten_struct(f, type, base, depth);
		break;
	case CT_GO_KIND_ARRAY:
		flatten_array(f, type, base, depth);
		break;
	case CT_GO_KIND_SLICE:
		add_field(f, base,
			ct_go_typing_add(t, word_at(t, type + TYPE_ELEM), CT_GO_FORM_ARRAY), true);
		break;
	case CT_GO_KIND_STRING:
		add_field(f, base, ct_go_typing_add(t, 0, CT_GO_FORM_BYTES), true);
		break;
	default:
		add_field(f, base, ct_go_typing_behind(t, type), false);
		break;
	}
}

/* hmap's buckets and old buckets; or a directory of tables or one group, since 1.24. */
static void flatten_map(struct flat *f, uint64_t type)
{
	struct ct_go_typing *t = f->t;
	uint64_t bucket = word_at(t, type + MAP_BUCKET);
	uint32_t known = ct_go_typing_add(t, bucket, CT_GO_FORM_ARRAY);

	add_field(f, 16, known, false);
	if (!ct_go_since(t->heap->go, 24))
		add_field(f, 24, known, false);
}

/* Whatever a descriptor says: no more words than a value has, so that following them is linear. */
static void cut_to_size(struct flat *f, uint64_t size)
{
	uint64_t room = size / 8;
	uint32_t kept = f->first;

	for (uint32_t i = f->first; i < f->t->fields.n; i++) {
		struct ct_go_lead lead = f->t->fields.items[i];
		uint64_t behind = size - CT_MIN(size, (uint64_t)lead.offset);
		uint64_t most = behind < 8 ? 0 : lead.n == 1 ? 1 : (behind - 8) / lead.stride + 1;

		lead.n = (uint32_t)CT_MIN(CT_MIN(most, room), (uint64_t)lead.n);
		room -= lead.n;
		if (lead.n)
			f->t->fields.items[kept++] = lead;
	}
	f->t->fields.n = kept;
}

void ct_go_typing_flatten(struct ct_go_typing *t, uint32_t known)
{
	struct ct_go_known k = t->known.items[known];
	struct flat f = {t, t->fields.n, MAX_STEPS};

	if (k.form == CT_GO_FORM_VALUE || k.form == CT_GO_FORM_ARRAY) {
		flatten(&f, k.type, 0, 0);
		cut_to_size(&f, k.size);
	} else if (k.form == CT_GO_FORM_MAP)
		flatten_map(&f, k.type);
	else if (k.form == CT_GO_FORM_CHAN && ct_go_at(t->heap->go, HCHAN_BUF) != CT_GO_ABSENT)
		add_field(&f, ct_go_at(t->heap->go, HCHAN_BUF),
			ct_go_typing_add(t, k.type, CT_GO_FORM_ARRAY), false);
	t->known.items[known].flat = true;
	t->known.items[known].first = f.first;
	t->known.items[known].n = t->fields.n - f.first;
}
