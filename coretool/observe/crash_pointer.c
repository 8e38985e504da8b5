/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of number stands where a pointer should be. */
#include <inttypes.h>

#include "observe/crash.h"

/* The kernel maps nothing below that for a program (vm.mmap_min_addr of all distributions). */
#define LOWEST 0x10000

/* Numbers that programs and allocators write to memory so that its use is noticed. */
static const struct {
	uint64_t value;
	const char *words;
} patterns[] = {
	{0xdeadbeef, "0xdeadbeef, which marks memory as freed or never set"},
	{0xdeadc0de, "0xdeadc0de, which marks memory as freed or never set"},
	{0xdeaddead, "0xdeaddead, which marks memory as freed"},
	{0xbaadf00d, "0xbaadf00d, which marks memory as never set"},
	{0xbadc0ffe, "0xbadc0ffe, which marks memory as never set"},
	{0xbadc0de, "0xbadc0de, which marks memory as never set"},
	{0xfeedface, "0xfeedface, which marks memory as never set"},
	{0xabadcafe, "0xabadcafe, which marks memory as never set"},
	{0xcafebabe, "0xcafebabe, which marks memory"},
	{0xfeeefeee, "0xfeeefeee, which marks memory as freed"},
};

static const struct {
	uint8_t byte;
	const char *words;
} fills[] = {
	{0x5a, "as jemalloc fills memory that is freed"},
	{0xa5, "as jemalloc fills memory that is new"},
	{0xdd, "as allocators fill memory that is freed"},
	{0xcd, "as allocators fill memory that is new"},
	{0xfd, "as allocators fill the space around an object"},
	{0x6b, "as allocators fill memory that is freed"},
	{0xaa, "as compilers fill variables that were never set"},
	{0xfe, "as compilers fill variables that were never set"},
	{0xbe, "as the address sanitizer fills memory that is new"},
};

static const char *pattern_of(struct ct_crash_scene *s, uint64_t value)
{
	uint64_t low = value & UINT32_MAX, byte = value & 0xff;
	const char *words = "as memory is filled on purpose (glibc: M_PERTURB)";

	for (size_t i = 0; i < CT_COUNT(patterns); i++)
		if (low == patterns[i].value && (value >> 32 == low || value >> 32 == 0))
			return patterns[i].words;
	if (value != byte * UINT64_C(0x0101010101010101) || !byte || byte == 0xff)
		return NULL;
	for (size_t i = 0; i < CT_COUNT(fills); i++)
		if (fills[i].byte == byte)
			words = fills[i].words;
	return ct_sink_printf(
		s->o->sink, "the byte 0x%02x again and again, %s", (unsigned)byte, words);
}

/* Eight letters are more likely a string that was written over the pointer. */
static const char *text_of(struct ct_crash_scene *s, uint64_t value)
{
	char text[9] = {0};
	size_t n = 0;

	for (; n < 8 && (value >> 8 * n & 0xff) >= 0x20 && (value >> 8 * n & 0xff) < 0x7f; n++)
		text[n] = (char)(value >> 8 * n);
	/* The end of a string may be among them. */
	if (n < 6 || (n < 8 && value >> 8 * n))
		return NULL;
	return ct_sink_secret(s->o->sink, text);
}

static struct ct_bad_pointer null_pointer(struct ct_crash_scene *s, uint64_t pointer, uint64_t addr)
{
	struct ct_bad_pointer ret = {CT_CRASH_NULL, CT_TRUST_EXACT, "a null pointer", false};

	if (pointer == UINT64_MAX) {
		ret.class = CT_CRASH_UNMAPPED;
		ret.is_pointer = true;
		ret.words = "a pointer that is -1 (MAP_FAILED, or another error that nobody looked "
			    "at)";
	} else if (addr && addr < UINT64_MAX - LOWEST) {
		ret.words = ct_sink_printf(s->o->sink, "a null pointer plus 0x%" PRIx64, addr);
	} else if (addr) {
		ret.words = ct_sink_printf(s->o->sink, "a null pointer minus 0x%" PRIx64, -addr);
	}
	return ret;
}

/* How far from memory: a few bytes behind an array tell more than "nowhere". */
static const char *neighbour_of(struct ct_crash_scene *s, uint64_t addr)
{
	uint64_t near = UINT64_C(1) << 20;

	for (uint64_t back = 0; back <= near && back <= addr; back += CT_CRASH_PAGE) {
		const struct ct_map *map = ct_target_map_at(s->target, addr - back);

		if (map)
			return ct_sink_printf(s->o->sink,
				"where nothing is mapped, 0x%" PRIx64 " bytes behind the end of %s",
				addr - map->end, ct_crash_where(s, map->end - 1));
	}
	return "where nothing is mapped";
}

struct ct_bad_pointer ct_crash_judge_pointer(
	struct ct_crash_scene *s, uint64_t pointer, uint64_t addr)
{
	struct ct_bad_pointer ret = {CT_CRASH_UNMAPPED, CT_TRUST_EXACT, NULL, true};
	bool wild = !ct_is_canonical(addr);
	const char *words;

	if (!pointer || addr < LOWEST || addr >= UINT64_MAX - LOWEST)
		return null_pointer(s, pointer, addr);
	if ((words = pattern_of(s, pointer))) {
		ret.class = CT_CRASH_POISONED;
		ret.words = ct_sink_printf(s->o->sink, "a pointer that is %s", words);
	} else if (!ct_crash_freed(s, pointer, &words)) {
		ret.class = CT_CRASH_FREED;
		ret.trust = CT_TRUST_INFERRED;
		ret.words = words;
	} else if ((words = text_of(s, pointer))) {
		ret.class = CT_CRASH_TEXT;
		ret.trust = CT_TRUST_INFERRED;
		ret.words = ct_sink_printf(
			s->o->sink, "a pointer whose bytes are the text \"%s\"", words);
	} else if (wild) {
		ret.class = CT_CRASH_NON_CANONICAL;
		ret.is_pointer = false;
		ret.words = "which is no address at all (its upper 16 bits are not a sign)";
	} else {
		ret.is_pointer = false;
		ret.words = neighbour_of(s, addr);
	}
	return ret;
}
