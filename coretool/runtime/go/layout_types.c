/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the runtime's fields are by the program's own type descriptors. The linker keeps one of
 * each type that is allocated as such, and the runtime allocates its own: g, m, p, sudog, hchan and
 * most others have theirs in every program.
 */
#include "runtime/go/layout.h"
#include "runtime/go/types.h"

#define MAX_TYPES  (UINT64_C(256) << 20) /* bytes of descriptors */
#define BLOCK      65536                 /* bytes that are looked at in one piece */
#define PIECE      512
#define HEAD       48 /* of a descriptor, the same in all versions */
#define HEAD_KIND  23
#define KIND_MASK  31
#define MAX_STRUCT (1u << 20)
#define MAX_LOOKS  (1u << 20) /* structs whose names are looked at */
#define MAX_OURS   64         /* types of fields.h */

struct ours { /* a type that is looked for */
	const char *type;
	char name[64];    /* as its descriptor has it: "poll.FD" */
	char package[64]; /* "internal/poll" */
	uint64_t at;      /* of the descriptor; 0: not found */
};

struct search {
	struct ct_go_fitting *f;
	struct ours list[MAX_OURS];
	uint32_t n, n_found, n_looks;
};

static void add_ours(struct search *s, const char *type)
{
	const char *slash = strrchr(type, '/'), *dot = strchr(slash ? slash : type, '.');

	for (uint32_t i = 0; i < s->n; i++)
		if (!strcmp(s->list[i].type, type))
			return;
	if (s->n == MAX_OURS || !dot)
		return;
	struct ours *o = &s->list[s->n++];
	*o = (struct ours){.type = type};
	snprintf(o->name, sizeof(o->name), "%s", slash ? slash + 1 : type);
	snprintf(o->package, sizeof(o->package), "%.*s", (int)(dot - type), type);
}

static const struct ours *find_ours(const struct search *s, const char *type)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (!strcmp(s->list[i].type, type))
			return &s->list[i];
	return NULL;
}

/* A struct of ours? A program may have types with the same name in packages of its own. */
static void look_at(struct search *s, uint64_t at)
{
	const struct ct_go *go = s->f->go;
	char package[CT_GO_TYPE_NAME];
	struct ct_go_type type;

	if (ct_go_type_at(go, at, &type) || type.kind != CT_GO_KIND_STRUCT)
		return;
	for (uint32_t i = 0; i < s->n; i++) {
		struct ours *o = &s->list[i];

		if (o->at || strcmp(o->name, type.name) != 0 ||
			!ct_go_type_package(go, at, package) || strcmp(o->package, package) != 0)
			continue;
		o->at = at;
		s->n_found++;
	}
}

/* Does it look like the head of a struct's descriptor? */
static bool is_head(const uint8_t *head, uint64_t names)
{
	uint64_t size, pointers;
	int32_t name;

	memcpy(&size, head, sizeof(size));
	memcpy(&pointers, head + 8, sizeof(pointers));
	memcpy(&name, head + 40, sizeof(name));
	return (head[HEAD_KIND] & KIND_MASK) == CT_GO_KIND_STRUCT && size <= MAX_STRUCT &&
	       pointers <= size && name > 0 && (uint64_t)name < names;
}

/* What cannot be read is zeros: a segment ends within a page. */
static void read_block(const struct ct_go *go, uint64_t at, uint8_t *block, size_t n)
{
	if (!ct_read(go->target, at, block, n))
		return;
	for (size_t i = 0; i < n; i += PIECE) {
		size_t len = CT_MIN(n - i, (size_t)PIECE);

		if (ct_read(go->target, at + i, block + i, len))
			memset(block + i, 0, len);
	}
}

static void search(struct search *s, uint64_t start, uint64_t end)
{
	ct_autofree uint8_t *block = malloc(BLOCK);

	for (uint64_t at = start; block && at + HEAD <= end && s->n_found < s->n;) {
		size_t n = (size_t)CT_MIN(end - at, (uint64_t)BLOCK) & ~(size_t)7;

		read_block(s->f->go, at, block, n);
		for (size_t i = 0; i + HEAD <= n; i += 8)
			if (is_head(block + i, end - start) && s->n_looks++ < MAX_LOOKS)
				look_at(s, at + i);
		at += n == BLOCK ? BLOCK - HEAD : n;
	}
}

/* The offset of "a.b" in the type. */
static uint32_t offset_of(const struct ct_go *go, uint64_t type, const char *path)
{
	uint64_t offset = 0;

	while (*path) {
		size_t n = strcspn(path, ".");
		struct ct_go_member member;
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		if (!ct_go_type_find_member(go, type, name, &member) || member.offset > MAX_STRUCT)
			return CT_GO_ABSENT;
		offset += member.offset;
		type = member.type;
		path += n + (path[n] == '.');
	}
	return (uint32_t)offset;
}

/* What the descriptor has not, the type of this version has not. */
static void tell(struct search *s)
{
	struct ct_go_fitting *f = s->f;
	uint32_t offset[CT_GO_N_FIELDS];

	for (uint32_t i = 0; i < CT_GO_N_FIELDS; i++) {
		const struct ct_go_field_name *name = &ct_go_field_names[i];
		const struct ours *o = find_ours(s, name->type);
		struct ct_go_type type;

		if (!o || !o->at)
			continue;
		offset[i] = offset_of(f->go, o->at, name->field);
		if (!*name->field)
			offset[i] = ct_go_type_at(f->go, o->at, &type) ? CT_GO_ABSENT
								       : (uint32_t)type.size;
		f->how[i] = CT_GO_TOLD;
	}
	/* Only now: they say, too, where they are themselves. */
	for (uint32_t i = 0; i < CT_GO_N_FIELDS; i++)
		if (f->how[i] == CT_GO_TOLD)
			f->go->layout.offset[i] = offset[i];
}

static bool by_range(struct ct_go_fitting *f)
{
	uint64_t data = f->go->tables.list[0].moduledata;
	uint64_t start = ct_go_word(f->go, data, CT_GO_MODULEDATA_TYPES);
	uint64_t end = ct_go_word(f->go, data, CT_GO_MODULEDATA_ETYPES);
	const struct ct_module *module = f->go->module;
	struct search s = {.f = f};

	if (start < module->start || end > module->end || start >= end || start % 8 ||
		end - start > MAX_TYPES)
		return false;
	for (uint32_t i = 0; i < CT_GO_N_FIELDS; i++)
		add_ours(&s, ct_go_field_names[i].type);
	search(&s, start, end);
	const struct ours *g = find_ours(&s, "runtime.g");
	if (!g || !g->at || offset_of(f->go, g->at, "atomicstatus") == CT_GO_ABSENT)
		return false;
	tell(&s);
	return true;
}

/* ---- a version whose moduledata is another one ---- */

#define MAX_WORDS 128u /* of moduledata */
#define MAX_NAMES 8
#define LEAST_G   256u /* bytes */
#define MOST_G    4096u

struct hunt { /* for the descriptor of runtime.g, and the start of all that its name counts from */
	const struct ct_go *go;
	uint64_t words[MAX_WORDS]; /* of moduledata: one of them is that start */
	uint64_t names[MAX_NAMES]; /* where "*runtime.g" is, as a name */
	uint32_t n_words, n_names;
	uint32_t types; /* index of the word; CT_NONE: not found */
	uint64_t last;  /* of the descriptor and its name the one that is further behind */
};

/* Calls look() with each block of the module's memory that can be read; blocks overlap by HEAD. */
static void each_block(
	struct hunt *h, void (*look)(struct hunt *, const uint8_t *, size_t, uint64_t))
{
	const struct ct_module *module = h->go->module;
	ct_autofree uint8_t *block = malloc(BLOCK);

	for (size_t i = 0; block && i < ct_target_n_maps(h->go->target); i++) {
		const struct ct_map *map = ct_target_map(h->go->target, i);
		uint64_t end = CT_MIN(map->end, module->end), at = map->start;

		for (; at >= module->start && at < end && h->types == CT_NONE; at += BLOCK - HEAD) {
			size_t n = (size_t)CT_MIN(end - at, (uint64_t)BLOCK);

			read_block(h->go, at, block, n);
			look(h, block, n, at);
		}
	}
}

/* A flag byte and the length stand before it: of one byte since 1.17, of two before. */
static void look_for_name(struct hunt *h, const uint8_t *block, size_t n, uint64_t at)
{
	static const char name[] = "\x0a*runtime.g";
	size_t len = sizeof(name) - 1, back = ct_go_since(h->go, 17) ? 1 : 2;
	const uint8_t *found = block;

	while ((found = memmem(found, n - (size_t)(found - block), name, len))) {
		uint64_t head = at + (size_t)(found - block) - back;

		if (h->n_names < MAX_NAMES && (!h->n_names || h->names[h->n_names - 1] != head))
			h->names[h->n_names++] = head;
		found++;
	}
}

static void try_descriptor(struct hunt *h, uint64_t at, uint32_t offset)
{
	for (uint32_t i = 0; i < h->n_names; i++)
		for (uint32_t k = 0; k < h->n_words; k++)
			if (h->words[k] == h->names[i] - offset && h->words[k] <= at) {
				h->types = k;
				h->last = CT_MAX(at + HEAD, h->names[i] + 16);
			}
}

static void look_for_descriptor(struct hunt *h, const uint8_t *block, size_t n, uint64_t at)
{
	for (size_t i = 0; i + HEAD <= n; i += 8) {
		uint64_t size;
		uint32_t name;

		memcpy(&size, block + i, sizeof(size));
		memcpy(&name, block + i + 40, sizeof(name));
		if (size >= LEAST_G && size <= MOST_G && is_head(block + i, INT32_MAX))
			try_descriptor(h, at + i, name);
	}
}

/* Where the range ends: what moduledata names next behind what was found. */
static uint32_t end_of(const struct hunt *h)
{
	uint32_t best = CT_NONE;

	for (uint32_t i = 0; i < h->n_words; i++)
		if (h->words[i] >= h->last && h->words[i] < h->go->module->end &&
			(best == CT_NONE || h->words[i] < h->words[best]))
			best = i;
	return best;
}

static bool find_range(struct ct_go *go)
{
	uint64_t data = go->tables.list[0].moduledata;
	struct hunt h = {.go = go, .types = CT_NONE};

	while (h.n_words < MAX_WORDS &&
		!ct_read_u64(go->target, data + 8 * (uint64_t)h.n_words, &h.words[h.n_words]))
		h.n_words++;
	each_block(&h, look_for_name);
	if (h.n_names)
		each_block(&h, look_for_descriptor);
	uint32_t end = h.types == CT_NONE ? CT_NONE : end_of(&h);
	if (end == CT_NONE)
		return false;
	go->layout.offset[CT_GO_MODULEDATA_TYPES] = 8 * h.types;
	go->layout.offset[CT_GO_MODULEDATA_ETYPES] = 8 * end;
	return true;
}

bool ct_go_layout_by_types(struct ct_go_fitting *f)
{
	return by_range(f) || (find_range(f->go) && by_range(f));
}
