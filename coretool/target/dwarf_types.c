/* SPDX-License-Identifier: Apache-2.0 */
#include "target/dwarf_types.h"

#include <ctype.h>
#include <dwarf.h>

#define MAX_CHAIN      64 /* typedefs and qualifiers in a row */
#define MAX_PATH       32 /* members inside one another */
#define MAX_DIMENSIONS 8
#define MAX_LOOKAHEAD  8 /* how deep a lock is looked for, to choose between members of a union */
#define MAX_NAME       256

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

static bool is_lock_name(const char *name)
{
	static const char *const ends[] = {"mutex", "mutex_t", "Mutex", "rwlock_t", "cond_t",
		"sem_t", "spinlock_t", "barrier_t", "once_t", "mtx_t", "cnd_t", "omp_lock_t",
		"condition_variable"};

	for (size_t i = 0; name && i < CT_COUNT(ends); i++)
		if (ends_with(name, ends[i]))
			return true;
	return false;
}

/* Locks of Rust's library: their members are not for people, but have ordinary names. */
static bool is_rust_lock(Dwarf_Die *type)
{
	static const char *const starts[] = {
		"Mutex<", "RwLock<", "ReentrantLock<", "Condvar", "Once", "Barrier"};
	const char *name = dwarf_diename(type);
	Dwarf_Die unit;

	if (!name || !dwarf_diecu(type, &unit, NULL, NULL) || dwarf_srclang(&unit) != DW_LANG_Rust)
		return false;
	for (size_t i = 0; i < CT_COUNT(starts); i++)
		if (!strncmp(name, starts[i], strlen(starts[i])))
			return true;
	return false;
}

/* Of Go's package sync the same. */
static bool is_go_lock(Dwarf_Die *type)
{
	static const char *const names[] = {"sync.Mutex", "sync.RWMutex", "sync.WaitGroup",
		"sync.Once", "sync.Cond", "internal/sync.Mutex"};
	const char *name = dwarf_diename(type);

	for (size_t i = 0; name && i < CT_COUNT(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* Removes typedefs and qualifiers from type; is_lock is set when a name on the way is a lock's. */
static bool peel(struct ct_dwarf *dwarf, Dwarf_Die *type, bool *is_lock)
{
	for (int i = 0; i < MAX_CHAIN && ct_dwarf_spend(dwarf, 1); i++) {
		switch (dwarf_tag(type)) {
		case DW_TAG_typedef:
		case DW_TAG_structure_type:
		case DW_TAG_class_type:
		case DW_TAG_union_type:
			*is_lock |= is_lock_name(dwarf_diename(type));
			break;
		default:
			break;
		}
		switch (dwarf_tag(type)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
		case DW_TAG_atomic_type:
			if (!ct_die_ref(type, DW_AT_type, type))
				return false;
			break;
		case DW_TAG_structure_type:
		case DW_TAG_class_type:
		case DW_TAG_union_type:
			/* The definition may be in a type unit. */
			if (!dwarf_hasattr(type, DW_AT_signature))
				return true;
			if (!ct_die_ref(type, DW_AT_signature, type))
				return false;
			break;
		default:
			return true;
		}
	}
	return false;
}

struct dimensions {
	uint64_t count[MAX_DIMENSIONS]; /* 0: not known */
	size_t n;
};

static bool read_dimensions(struct ct_dwarf *dwarf, Dwarf_Die *array, struct dimensions *ret)
{
	Dwarf_Die die;

	ret->n = 0;
	if (dwarf_child(array, &die))
		return false;
	do {
		uint64_t count = 0;

		if (!ct_dwarf_spend(dwarf, 1) || ret->n == MAX_DIMENSIONS)
			return false;
		if (dwarf_tag(&die) != DW_TAG_subrange_type)
			continue;
		if (!ct_die_number(&die, DW_AT_count, &count) &&
			ct_die_number(&die, DW_AT_upper_bound, &count))
			count++;
		ret->count[ret->n++] = count;
	} while (!dwarf_siblingof(&die, &die));
	return ret->n > 0;
}

/* In bytes; 0: not known. */
static uint64_t size_of(struct ct_dwarf *dwarf, Dwarf_Die type, int depth)
{
	struct dimensions dims;
	bool is_lock = false;
	uint64_t size;

	if (!peel(dwarf, &type, &is_lock))
		return 0;
	if (ct_die_number(&type, DW_AT_byte_size, &size))
		return size;
	if (dwarf_tag(&type) != DW_TAG_array_type)
		return dwarf_tag(&type) == DW_TAG_pointer_type ? 8 : 0;
	if (depth == MAX_DIMENSIONS || !read_dimensions(dwarf, &type, &dims) ||
		!ct_die_ref(&type, DW_AT_type, &type))
		return 0;
	size = size_of(dwarf, type, depth + 1);
	for (size_t i = 0; i < dims.n; i++)
		if (!ct_mul(size, dims.count[i], &size))
			return 0;
	return size;
}

/* Steps into the element at *offset, and adds its indices to path (NULL: not wanted). */
static bool enter_array(
	struct ct_dwarf *dwarf, Dwarf_Die *type, uint64_t *offset, struct ct_str *path)
{
	struct dimensions dims;
	Dwarf_Die element;

	if (!read_dimensions(dwarf, type, &dims) || !ct_die_ref(type, DW_AT_type, &element))
		return false;
	uint64_t size = size_of(dwarf, element, 0), stride = size;
	for (size_t i = 1; i < dims.n; i++)
		if (!ct_mul(stride, dims.count[i], &stride))
			return false;
	if (!stride || (dims.count[0] && *offset / stride >= dims.count[0]))
		return false;
	for (size_t i = 0; i < dims.n; i++) {
		if (path)
			ct_str_add(path, "[%llu]", (unsigned long long)(*offset / stride));
		*offset %= stride;
		if (i + 1 < dims.n)
			stride /= dims.count[i + 1];
	}
	*type = element;
	return true;
}

struct member {
	Dwarf_Die type;
	const char *name; /* NULL: a base class, or without a name */
	uint64_t start;
	uint64_t size; /* 0: not known */
	bool is_base;
};

/* Its offset: a number or, up to DWARF 3, an expression. Union members have none: 0. */
static bool read_start(Dwarf_Die *die, uint64_t *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Op *ops;
	size_t n;

	*ret = 0;
	if (!dwarf_attr(die, DW_AT_data_member_location, &attr) ||
		ct_die_number(die, DW_AT_data_member_location, ret))
		return true;
	if (dwarf_getlocation(&attr, &ops, &n) || n != 1 || ops[0].atom != DW_OP_plus_uconst)
		return false;
	*ret = ops[0].number;
	return true;
}

/* A member or base class with a fixed place. */
static bool read_member(struct ct_dwarf *dwarf, Dwarf_Die *die, struct member *ret)
{
	int tag = dwarf_tag(die);

	/* Before DWARF 5 a static member is a member, too, but declared only. */
	if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) ||
		dwarf_hasattr(die, DW_AT_declaration) || dwarf_hasattr(die, DW_AT_external) ||
		dwarf_hasattr(die, DW_AT_data_bit_offset) ||
		!ct_die_ref(die, DW_AT_type, &ret->type) || !read_start(die, &ret->start))
		return false;
	ret->size = size_of(dwarf, ret->type, 0);
	ret->is_base = tag == DW_TAG_inheritance;
	ret->name = ret->is_base ? NULL : dwarf_diename(die);
	return true;
}

static bool holds_lock(struct ct_dwarf *dwarf, Dwarf_Die type, uint64_t offset, int depth);

/* The choice between the members of one type, while they are read. */
struct choice {
	struct member best;    /* of those that cover the offset */
	struct member nearest; /* the last that starts before it or there */
	bool any, any_near;
	bool has_lock; /* the best one holds a lock at the offset */
};

/* Of several members that cover one offset (a union, an empty base), the first with a lock there.
 */
static void consider(struct ct_dwarf *dwarf, const struct member *member, uint64_t offset,
	int depth, struct choice *choice)
{
	if (member->start > offset)
		return;
	if (!choice->any_near || member->start >= choice->nearest.start)
		choice->nearest = *member;
	choice->any_near = true;
	if (offset - member->start >= member->size || choice->has_lock)
		return;
	if (!choice->any) {
		choice->best = *member;
		choice->any = true;
		return;
	}
	/* The first one is looked into only now that there is a second one. */
	const struct member *best = &choice->best;
	choice->has_lock = holds_lock(dwarf, best->type, offset - best->start, depth);
	if (choice->has_lock)
		return;
	choice->has_lock = holds_lock(dwarf, member->type, offset - member->start, depth);
	if (choice->has_lock || best->is_base)
		choice->best = *member;
}

static bool find_member(
	struct ct_dwarf *dwarf, Dwarf_Die *type, uint64_t offset, int depth, struct member *ret)
{
	struct choice choice = {0};
	struct member member;
	Dwarf_Die die;

	if (dwarf_child(type, &die))
		return false;
	do {
		if (!ct_dwarf_spend(dwarf, 1))
			return false;
		if (read_member(dwarf, &die, &member))
			consider(dwarf, &member, offset, depth, &choice);
	} while (!dwarf_siblingof(&die, &die));
	if (choice.any) {
		*ret = choice.best;
		return true;
	}
	/* An array without bounds, or a class that is declared only: it reaches to the next member.
	 */
	*ret = choice.nearest;
	return choice.any_near && !choice.nearest.size;
}

static bool is_aggregate(int tag)
{
	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

static bool holds_lock(struct ct_dwarf *dwarf, Dwarf_Die type, uint64_t offset, int depth)
{
	for (; depth < MAX_LOOKAHEAD; depth++) {
		struct member member;
		bool is_lock = false;

		if (!peel(dwarf, &type, &is_lock) || is_lock)
			return is_lock;
		if (dwarf_tag(&type) == DW_TAG_array_type) {
			if (!enter_array(dwarf, &type, &offset, NULL))
				return false;
		} else if (is_aggregate(dwarf_tag(&type))) {
			if (!find_member(dwarf, &type, offset, depth + 1, &member))
				return false;
			type = member.type;
			offset -= member.start;
		} else {
			return false;
		}
	}
	return false;
}

/* Reserved for the implementation (C17 7.1.3). The elements of std::array are the exception. */
static bool is_reserved(const char *name)
{
	return name[0] == '_' && (name[1] == '_' || isupper((unsigned char)name[1]));
}

static bool is_transparent(const struct member *member)
{
	return !member->name || !strcmp(member->name, "_M_elems") ||
	       !strcmp(member->name, "__elems_");
}

uint64_t ct_dwarf_type_path(
	struct ct_dwarf *dwarf, Dwarf_Die type, uint64_t offset, struct ct_str *path)
{
	uint64_t at = offset; /* in type */

	for (int depth = 0; depth < MAX_PATH; depth++) {
		struct member member;
		bool is_lock = false;

		if (!peel(dwarf, &type, &is_lock) || is_rust_lock(&type) || is_go_lock(&type))
			break;
		if (dwarf_tag(&type) == DW_TAG_array_type) {
			if (!enter_array(dwarf, &type, &at, path))
				break;
			offset = at;
			continue;
		}
		if (!is_aggregate(dwarf_tag(&type)) || !find_member(dwarf, &type, at, 0, &member))
			break;
		type = member.type;
		at -= member.start;
		if (is_transparent(&member))
			continue;
		/* libgomp's name for what is in an omp_lock_t is an ordinary one. */
		if (is_reserved(member.name) || (is_lock && !strcmp(member.name, "_x")))
			break;
		ct_str_add(path, ".");
		ct_str_add_clean(path, member.name, strnlen(member.name, MAX_NAME + 1), MAX_NAME);
		offset = at;
	}
	return offset;
}

uint64_t ct_dwarf_member_path(
	struct ct_dwarf *dwarf, Dwarf_Die *variable, uint64_t offset, struct ct_str *path)
{
	Dwarf_Die type;

	return ct_die_ref(variable, DW_AT_type, &type)
		       ? ct_dwarf_type_path(dwarf, type, offset, path)
		       : offset;
}

bool ct_dwarf_pointee(struct ct_dwarf *dwarf, Dwarf_Die *variable, Dwarf_Die *type, uint64_t *size)
{
	bool is_lock = false;

	if (!ct_die_ref(variable, DW_AT_type, type) || !peel(dwarf, type, &is_lock) ||
		dwarf_tag(type) != DW_TAG_pointer_type || !ct_die_ref(type, DW_AT_type, type))
		return false;
	*size = size_of(dwarf, *type, 0);
	return *size > 1;
}

static bool is_named(Dwarf_Die *type, const char *const *names)
{
	const char *name = dwarf_diename(type);

	for (; name && *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

/* Is the type itself, or one that it is another name for, of these? */
static bool type_is(struct ct_dwarf *dwarf, Dwarf_Die type, const char *const *names)
{
	for (int i = 0; i < MAX_CHAIN && ct_dwarf_spend(dwarf, 1); i++) {
		if (is_named(&type, names))
			return true;
		switch (dwarf_tag(&type)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_atomic_type:
			if (ct_die_ref(&type, DW_AT_type, &type))
				continue;
			return false;
		default:
			return false;
		}
	}
	return false;
}

bool ct_dwarf_member_is(
	struct ct_dwarf *dwarf, Dwarf_Die *variable, uint64_t offset, const char *const *types)
{
	Dwarf_Die type;

	if (!ct_die_ref(variable, DW_AT_type, &type))
		return false;
	for (int depth = 0; depth < MAX_PATH; depth++) {
		struct member member;
		bool is_lock = false;

		if (!offset && type_is(dwarf, type, types))
			return true;
		if (!peel(dwarf, &type, &is_lock))
			return false;
		if (dwarf_tag(&type) == DW_TAG_array_type) {
			if (!enter_array(dwarf, &type, &offset, NULL))
				return false;
			continue;
		}
		if (!is_aggregate(dwarf_tag(&type)) ||
			!find_member(dwarf, &type, offset, 0, &member))
			return false;
		type = member.type;
		offset -= member.start;
	}
	return false;
}

#define MOST_ELEMENTS 4096 /* of an array that are looked into */

static bool has_part(struct ct_part_types *types, Dwarf_Die type, int depth);

static bool members_have_part(struct ct_part_types *types, Dwarf_Die *type, int depth)
{
	struct member member;
	Dwarf_Die die;

	if (dwarf_child(type, &die))
		return false;
	do {
		if (!ct_dwarf_spend(types->dwarf, 1))
			return false;
		if (read_member(types->dwarf, &die, &member) && has_part(types, member.type, depth))
			return true;
	} while (!dwarf_siblingof(&die, &die));
	return false;
}

static bool look_for_part(struct ct_part_types *types, Dwarf_Die *type, int depth)
{
	Dwarf_Die element;

	switch (dwarf_tag(type)) {
	case DW_TAG_array_type:
		return ct_die_ref(type, DW_AT_type, &element) && has_part(types, element, depth);
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
		return members_have_part(types, type, depth);
	default:
		return false;
	}
}

/* Does the type, which is none of the named ones itself, have one of them inside? */
static bool has_part(struct ct_part_types *types, Dwarf_Die type, int depth)
{
	bool is_lock = false;
	uint32_t i;

	if (type_is(types->dwarf, type, types->names))
		return true;
	if (depth == MAX_LOOKAHEAD || !peel(types->dwarf, &type, &is_lock))
		return false;
	Dwarf_Off offset = dwarf_dieoffset(&type);
	struct ct_hash_it it = ct_hash_find(&types->known_at, ct_hash_u64(offset));
	while (ct_hash_next(&types->known_at, &it, &i))
		if (types->known.items[i].type == offset)
			return types->known.items[i].has;
	bool has = look_for_part(types, &type, depth + 1);
	if (ct_vec_push(&types->known)) {
		types->known.items[types->known.n - 1].type = offset;
		types->known.items[types->known.n - 1].has = has;
		if (!ct_hash_insert(&types->known_at, ct_hash_u64(offset), types->known.n - 1))
			types->known.n--;
	}
	return has;
}

struct parts {
	struct ct_part_types *types;
	ct_lock_visitor *visit;
	void *arg;
};

static bool visit_type(struct parts *parts, Dwarf_Die type, uint64_t address, int depth);

static bool visit_elements(struct parts *parts, Dwarf_Die *array, uint64_t address, int depth)
{
	struct dimensions dims;
	Dwarf_Die element;
	uint64_t n = 1;

	if (!read_dimensions(parts->types->dwarf, array, &dims) ||
		!ct_die_ref(array, DW_AT_type, &element))
		return true;
	uint64_t size = size_of(parts->types->dwarf, element, 0);
	for (size_t i = 0; i < dims.n; i++)
		if (!ct_mul(n, dims.count[i], &n))
			return true;
	for (uint64_t i = 0; size && i < CT_MIN(n, (uint64_t)MOST_ELEMENTS); i++)
		if (!visit_type(parts, element, address + i * size, depth))
			return false;
	return true;
}

static bool visit_members(struct parts *parts, Dwarf_Die *type, uint64_t address, int depth)
{
	struct member member;
	Dwarf_Die die;

	if (dwarf_child(type, &die))
		return true;
	do {
		if (!ct_dwarf_spend(parts->types->dwarf, 1))
			return false;
		if (read_member(parts->types->dwarf, &die, &member) &&
			!visit_type(parts, member.type, address + member.start, depth))
			return false;
	} while (!dwarf_siblingof(&die, &die));
	return true;
}

static bool visit_type(struct parts *parts, Dwarf_Die type, uint64_t address, int depth)
{
	bool is_lock = false;

	if (!has_part(parts->types, type, 0))
		return true;
	if (type_is(parts->types->dwarf, type, parts->types->names))
		return parts->visit(parts->arg, address);
	if (depth == MAX_LOOKAHEAD || !peel(parts->types->dwarf, &type, &is_lock))
		return true;
	if (dwarf_tag(&type) == DW_TAG_array_type)
		return visit_elements(parts, &type, address, depth + 1);
	return visit_members(parts, &type, address, depth + 1);
}

bool ct_dwarf_visit_parts(struct ct_part_types *types, Dwarf_Die *variable, uint64_t address,
	ct_lock_visitor *visit, void *arg)
{
	struct parts parts = {types, visit, arg};
	Dwarf_Die type;

	return !ct_die_ref(variable, DW_AT_type, &type) || visit_type(&parts, type, address, 0);
}

void ct_part_types_free(struct ct_part_types *types)
{
	ct_vec_free(&types->known);
	ct_hash_free(&types->known_at);
}
