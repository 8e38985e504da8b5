/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/table.h"

#define INLINE_OLD 20 /* size of an inlined call's record up to 1.19 */
#define INLINE_NEW 16

/* Offsets in _func (runtime2.go), by format. */
static const struct {
	uint8_t name, args, deferreturn, pcsp, pcfile, pcln, n_pcdata, unit, flags, n_funcdata,
		size;
} records[] = {
	[CT_GO_FORMAT_2] = {8, 12, 16, 20, 24, 28, 32, 0, 0, 39, 40},
	[CT_GO_FORMAT_16] = {8, 12, 16, 20, 24, 28, 32, 36, 41, 43, 44},
	[CT_GO_FORMAT_18] = {4, 8, 12, 16, 20, 24, 28, 32, 37, 39, 40},
	[CT_GO_FORMAT_20] = {4, 8, 12, 16, 20, 24, 28, 32, 41, 43, 44},
};

static uint32_t get_u32(const struct ct_go_bytes *bytes, size_t at)
{
	uint32_t value = 0;

	if (ct_within(at, sizeof(value), bytes->len))
		memcpy(&value, bytes->at + at, sizeof(value));
	return value;
}

static uint64_t get_u64(const struct ct_go_bytes *bytes, size_t at)
{
	uint64_t value = 0;

	if (ct_within(at, sizeof(value), bytes->len))
		memcpy(&value, bytes->at + at, sizeof(value));
	return value;
}

static uint32_t field(const struct ct_go_function *f, uint8_t offset)
{
	return get_u32(&f->table->functions, f->at + offset);
}

static uint64_t entry_of(const struct ct_go_table *t, uint32_t index)
{
	if (t->format <= CT_GO_FORMAT_16)
		return get_u64(&t->ftab, (size_t)index * 16);
	return t->text + get_u32(&t->ftab, (size_t)index * 8);
}

bool ct_go_function_get(const struct ct_go_table *t, uint32_t index, struct ct_go_function *ret)
{
	if (index >= t->n_functions)
		return false;
	ret->table = t;
	ret->index = index;
	ret->entry = entry_of(t, index);
	ret->end = index + 1 < t->n_functions ? entry_of(t, index + 1) : t->maxpc;
	ret->at = t->format <= CT_GO_FORMAT_16 ? (size_t)get_u64(&t->ftab, (size_t)index * 16 + 8)
					       : get_u32(&t->ftab, (size_t)index * 8 + 4);
	return ct_within(ret->at, records[t->format].size, t->functions.len);
}

bool ct_go_function_at(const struct ct_go_tables *tables, uint64_t pc, struct ct_go_function *ret)
{
	for (uint32_t i = 0; i < tables->n; i++) {
		const struct ct_go_table *t = &tables->list[i];
		uint32_t low = 0, high = t->n_functions;

		if (pc < t->minpc || pc >= t->maxpc)
			continue;
		while (high - low > 1) {
			uint32_t middle = low + (high - low) / 2;

			if (entry_of(t, middle) <= pc)
				low = middle;
			else
				high = middle;
		}
		return ct_go_function_get(t, low, ret) && pc >= ret->entry && pc < ret->end;
	}
	return false;
}

/* The offset of a whole name in the table of names; false: it has no such name. */
static bool find_name(const struct ct_go_bytes *names, const char *name, uint32_t *ret)
{
	size_t size = strlen(name) + 1;
	const uint8_t *at = names->at, *end = names->len ? at + names->len : at, *found;

	while (at < end && (found = memmem(at, (size_t)(end - at), name, size))) {
		if (found == names->at || !found[-1]) {
			*ret = (uint32_t)(found - names->at);
			return true;
		}
		at = found + 1;
	}
	return false;
}

bool ct_go_function_named(
	const struct ct_go_tables *tables, const char *name, struct ct_go_function *ret)
{
	const struct ct_go_table *t = &tables->list[0];
	uint32_t offset;

	if (!tables->n || !find_name(&t->names, name, &offset))
		return false;
	for (uint32_t i = 0; i < t->n_functions; i++)
		if (ct_go_function_get(t, i, ret) && field(ret, records[t->format].name) == offset)
			return true;
	return false;
}

const char *ct_go_name_at(const struct ct_go_table *t, int32_t offset)
{
	if (offset < 0 || (size_t)offset >= t->names.len ||
		!memchr(t->names.at + offset, 0, t->names.len - (size_t)offset))
		return "";
	return (const char *)t->names.at + offset;
}

const char *ct_go_function_name(const struct ct_go_function *f)
{
	return ct_go_name_at(f->table, (int32_t)field(f, records[f->table->format].name));
}

uint8_t ct_go_function_flags(const struct ct_go_function *f)
{
	uint8_t offset = records[f->table->format].flags;

	return offset ? f->table->functions.at[f->at + offset] : 0;
}

uint32_t ct_go_function_args(const struct ct_go_function *f)
{
	return field(f, records[f->table->format].args);
}

uint32_t ct_go_function_deferreturn(const struct ct_go_function *f)
{
	return field(f, records[f->table->format].deferreturn);
}

/* Offset in table->pcs of a column; 0: the function has none. */
static uint32_t column_of(const struct ct_go_function *f, enum ct_go_column column)
{
	enum ct_go_format format = f->table->format;
	uint32_t index;

	switch (column) {
	case CT_GO_PCSP:
		return field(f, records[format].pcsp);
	case CT_GO_PCFILE:
		return field(f, records[format].pcfile);
	case CT_GO_PCLN:
		return field(f, records[format].pcln);
	default:
		index = (uint32_t)column - CT_GO_UNSAFE_POINT;
		if (index >= field(f, records[format].n_pcdata))
			return 0;
		return field(f, (uint8_t)(records[format].size + 4 * index));
	}
}

uint8_t ct_go_function_id(const struct ct_go_function *f)
{
	/* Two bytes of flags and of padding are between the two. */
	return f->table->functions.at[f->at + records[f->table->format].n_funcdata - 3];
}

static bool varint(const struct ct_go_bytes *bytes, size_t *at, uint32_t *ret)
{
	uint32_t value = 0;

	for (unsigned shift = 0; shift < 35 && *at < bytes->len; shift += 7) {
		uint8_t byte = bytes->at[(*at)++];

		value |= (uint32_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = value;
			return true;
		}
	}
	return false;
}

/* Pairs of a change of the value and how many bytes of code it holds for. */
bool ct_go_pc_value(
	const struct ct_go_function *f, enum ct_go_column column, uint64_t pc, int32_t *ret)
{
	const struct ct_go_bytes *pcs = &f->table->pcs;
	size_t at = column_of(f, column);
	uint64_t end = f->entry;
	uint32_t value = UINT32_MAX, change, code;

	for (bool first = true; at; first = false) {
		if (!varint(pcs, &at, &change) || (!change && !first) || !varint(pcs, &at, &code))
			return false;
		value += change >> 1 ^ -(change & 1);
		end += code;
		if (pc < end) {
			*ret = (int32_t)value;
			return true;
		}
	}
	return false;
}

uint64_t ct_go_funcdata(
	struct ct_target *target, const struct ct_go_function *f, enum ct_go_funcdata which)
{
	static const uint8_t old[] = {0, 1, 3, 4, 5};
	const struct ct_go_table *t = f->table;
	uint32_t index = (uint32_t)which;
	size_t at =
		f->at + records[t->format].size + (size_t)4 * field(f, records[t->format].n_pcdata);

	(void)target;
	if (t->format == CT_GO_FORMAT_2)
		index = index < CT_COUNT(old) ? old[index] : UINT32_MAX;
	if (index >= t->functions.at[f->at + records[t->format].n_funcdata])
		return 0;
	if (t->format <= CT_GO_FORMAT_16) /* pointers, aligned as in memory */
		return get_u64(&t->functions, ((at + 7) & ~(size_t)7) + (size_t)8 * index);
	uint32_t offset = get_u32(&t->functions, at + (size_t)4 * index);
	return offset == UINT32_MAX || !t->gofunc ? 0 : t->gofunc + offset;
}

const char *ct_go_file_at(const struct ct_go_function *f, int32_t file)
{
	const struct ct_go_table *t = f->table;
	size_t at;

	if (file < 0)
		return NULL;
	if (t->format == CT_GO_FORMAT_2) {
		const char *name = ct_go_name_at(t, (int32_t)get_u32(&t->files, (size_t)file * 4));

		return *name ? name : NULL;
	}
	at = get_u32(&t->units,
		((size_t)field(f, records[t->format].unit) + (size_t)file) * sizeof(uint32_t));
	if (at >= t->files.len || !memchr(t->files.at + at, 0, t->files.len - at))
		return NULL;
	return (const char *)t->files.at + at;
}

/* An inlined call: its function's name, and a pc of its caller. */
static bool read_inlined(struct ct_target *target, const struct ct_go_function *f, uint64_t tree,
	int32_t index, struct ct_go_inlined *ret, uint64_t *parent)
{
	bool old = f->table->format < CT_GO_FORMAT_20;
	size_t size = old ? INLINE_OLD : INLINE_NEW;
	uint8_t record[INLINE_OLD];
	int32_t name, pc;

	if (ct_read(target, tree + (uint64_t)index * size, record, size))
		return false;
	ret->id = record[old ? 2 : 0];
	memcpy(&name, record + (old ? 12 : 4), sizeof(name));
	memcpy(&pc, record + (old ? 16 : 8), sizeof(pc));
	ret->name = ct_go_name_at(f->table, name);
	*parent = f->entry + (uint64_t)(int64_t)pc;
	return *ret->name && *parent >= f->entry && *parent < f->end;
}

static void place_at(const struct ct_go_function *f, uint64_t pc, struct ct_go_inlined *ret)
{
	int32_t file, line;

	if (ct_go_pc_value(f, CT_GO_PCFILE, pc, &file))
		ret->file = ct_go_file_at(f, file);
	if (ct_go_pc_value(f, CT_GO_PCLN, pc, &line))
		ret->line = line;
}

size_t ct_go_inlined_at(struct ct_target *target, const struct ct_go_function *f, uint64_t pc,
	struct ct_go_inlined ret[CT_GO_MAX_INLINED])
{
	uint64_t tree = ct_go_funcdata(target, f, CT_GO_INLINE_TREE);
	size_t n = 0;
	int32_t index;

	memset(ret, 0, sizeof(*ret) * CT_GO_MAX_INLINED);
	while (tree && n + 1 < CT_GO_MAX_INLINED &&
		ct_go_pc_value(f, CT_GO_INLINE_INDEX, pc, &index) && index >= 0) {
		uint64_t parent;

		place_at(f, pc, &ret[n]);
		if (!read_inlined(target, f, tree, index, &ret[n], &parent))
			break;
		pc = parent;
		n++;
	}
	ret[n].name = ct_go_function_name(f);
	ret[n].id = ct_go_function_id(f);
	place_at(f, pc, &ret[n]);
	return n + 1;
}
