/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels lie in the heap, where nothing has a name; but many are what a variable of a package
 * holds, or a field of one. So the words of all such variables are looked through once.
 */
#include "runtime/go/waits.h"
#include "target/object_name.h"
#include "target/symbols.h"

#define CHUNK     512                       /* words: a page */
#define MAX_WORDS (UINT64_C(256) << 20) / 8 /* of all variables that are looked at */

/* The first variable that has it names it. */
static void name(struct ct_go_observation *o, const struct ct_go_channel *c, uint64_t variable)
{
	struct ct_resource *r = ct_sink_get_resource(o->sink, c->resource);
	struct ct_symbol symbol;
	const char *found;
	bool from_dwarf;

	if ((r->name && !r->name_of_type) ||
		ct_symbol_at(o->target, variable, CT_SYMBOL_DATA, &symbol) ||
		ct_object_name(o->target, variable, ct_sink_arena(o->sink), &found, &from_dwarf))
		return;
	r->name = ct_sink_string(o->sink, found);
	r->name_of_type = false;
}

static void look_through(
	struct ct_go_observation *o, uint64_t start, uint64_t end, uint64_t *words_left)
{
	uint64_t words[CHUNK];

	for (uint64_t at = (start + 7) & ~UINT64_C(7); at + 8 <= end && *words_left;) {
		uint64_t n = CT_MIN(CT_MIN((end - at) / 8, (uint64_t)CHUNK), *words_left);

		*words_left -= n;
		bool readable = !ct_read(o->target, at, words, n * 8);
		for (uint64_t i = 0; readable && i < n; i++) {
			const struct ct_go_channel *c =
				words[i] ? ct_go_known_channel(o->waits, words[i]) : NULL;

			if (c)
				name(o, c, at + 8 * i);
		}
		at += 8 * n;
	}
}

void ct_go_name_channels(struct ct_go_observation *o)
{
	const struct ct_go *go = o->go;
	uint64_t words_left = MAX_WORDS;

	for (uint32_t i = 0; o->waits->channels.n && i < go->tables.n; i++) {
		uint64_t data = go->tables.list[i].moduledata;

		look_through(o, ct_go_word(go, data, CT_GO_MODULEDATA_DATA),
			ct_go_word(go, data, CT_GO_MODULEDATA_EDATA), &words_left);
		look_through(o, ct_go_word(go, data, CT_GO_MODULEDATA_BSS),
			ct_go_word(go, data, CT_GO_MODULEDATA_EBSS), &words_left);
	}
}
