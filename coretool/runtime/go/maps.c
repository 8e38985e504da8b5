/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/go/maps.h"

static const struct ct_go_map_operation operations[] = {
	{"runtime.mapassign", .writes = true, .at = 1, .type_at = 0},
	{"runtime.mapdelete", .writes = true, .at = 1, .type_at = 0},
	{"runtime.mapclear", .writes = true, .at = 1, .type_at = 0},
	{"runtime.mapaccess", .at = 1, .type_at = 0},
	{"runtime.mapiterinit", .at = 1, .type_at = 0},
	{"runtime.mapIterStart", .at = 1, .type_at = 0},
	{"runtime.mapiternext", .iterates = true, .at = 0, .until = 24},
	{"runtime.mapIterNext", .iterates = true, .at = 0},
	{"internal/runtime/maps.(*Iter).Next", .iterates = true, .at = 0},
	{"internal/runtime/maps.(*Map).Put", .writes = true, .at = 0, .type_at = 1},
	{"internal/runtime/maps.(*Map).Delete", .writes = true, .at = 0, .type_at = 1},
	{"internal/runtime/maps.(*Map).Clear", .writes = true, .at = 0, .type_at = 1},
};

static bool begins_with_one(const char *name, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (!strncmp(name, *prefixes, strlen(*prefixes)))
			return true;
	return false;
}

const struct ct_go_map_operation *ct_go_map_operation(const char *name)
{
	for (size_t i = 0; i < CT_COUNT(operations); i++)
		if (!strncmp(name, operations[i].name, strlen(operations[i].name)))
			return &operations[i];
	return NULL;
}

/* What a map's operation calls: hashes and comparisons are made by the compiler, or assembly. */
bool ct_go_map_calls(const char *name)
{
	static const char *const of_runtime[] = {"runtime.", "internal/runtime/",
		"internal/bytealg.", "type:.", "type..", "memeqbody", "aeshashbody", NULL};
	/* From these it does not come back. */
	static const char *const ends[] = {"runtime.gopanic", "runtime.sigpanic", "runtime.panic",
		"runtime.goPanic", "runtime.throw", "runtime.fatal", "internal/runtime/maps.fatal",
		NULL};

	return begins_with_one(name, of_runtime) && !begins_with_one(name, ends);
}

/* hmap: count, flags, log of the number of buckets, … buckets, old buckets (to 1.23). */
static bool is_hmap(const uint64_t word[6], bool *marked)
{
	uint8_t flags = (uint8_t)word[1], log = (uint8_t)(word[1] >> 8);

	*marked = flags & 4; /* hashWriting */
	return flags < 16 && log < 48 && word[0] <= UINT64_C(16) << log && word[2] &&
	       word[2] % 8 == 0 && word[3] % 8 == 0 && word[3] != word[2];
}

/*
 * maps.Map: used, seed, directory or the only group, length of the directory; its logarithm, 64
 * less that, whether the map is being written, whether it has tombstones (since 1.25).
 */
static bool is_swiss(const uint64_t word[6], bool *marked)
{
	uint8_t depth = (uint8_t)word[4], shift = (uint8_t)(word[4] >> 8);
	bool alone = !word[3] && !depth && (!shift || shift == 64) && word[0] <= 8;
	bool directory = depth < 48 && shift == 64 - depth && word[3] == UINT64_C(1) << depth;

	*marked = word[4] >> 16 & 1;
	return (alone || directory) && (word[4] >> 16 & ~UINT64_C(0x101)) == 0 && word[2] &&
	       word[2] % 8 == 0;
}

bool ct_go_map_marked(const struct ct_go *go, uint64_t at, bool *marked)
{
	uint64_t word[6];

	if (at % 8 || ct_read(go->target, at, word, sizeof(word)))
		return false;
	return ct_go_since(go, 24) ? is_swiss(word, marked) : is_hmap(word, marked);
}
