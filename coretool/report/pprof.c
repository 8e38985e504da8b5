/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile for go tool pprof: profile.proto of github.com/google/pprof, whose fields the numbers
 * below are, compressed.
 */
#include <zlib.h>

#include "report/pprof_writer.h"
#include "report/rows.h"
#include "report/shown.h"
#include "rules/words.h"

enum profile_field {
	SAMPLE_TYPE = 1,
	SAMPLE,
	MAPPING,
	LOCATION,
	FUNCTION,
	STRING,
	TIME = 9,
	PERIOD_TYPE = 11,
	PERIOD,
	COMMENT
};
enum value_type_field { VALUE_TYPE = 1, VALUE_UNIT };
enum sample_field { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES, SAMPLE_LABEL };
enum label_field { LABEL_KEY = 1, LABEL_TEXT, LABEL_NUMBER };
enum mapping_field {
	MAPPING_ID = 1,
	MAPPING_START,
	MAPPING_END,
	MAPPING_FILE = 5,
	MAPPING_BUILD_ID,
	MAPPING_FUNCTIONS,
	MAPPING_FILES,
	MAPPING_LINES,
	MAPPING_INLINED
};
enum location_field { LOCATION_ID = 1, LOCATION_MAPPING, LOCATION_ADDRESS, LOCATION_LINE };
enum line_field { LINE_FUNCTION = 1, LINE_NUMBER };
enum function_field { FUNCTION_ID = 1, FUNCTION_NAME, FUNCTION_SYSTEM_NAME, FUNCTION_FILE };

/* The first string is "". */
static uint64_t string_id(struct ct_pprof *w, const char *text)
{
	uint64_t hash = ct_hash_bytes(text, strlen(text));
	struct ct_hash_it it = ct_hash_find(&w->string_ids, hash);
	uint32_t i;

	while (ct_hash_next(&w->string_ids, &it, &i))
		if (!strcmp(w->strings.items[i], text))
			return i;
	const char *copy = ct_arena_strndup(&w->arena, text, strlen(text));
	const char **slot = copy ? ct_vec_push(&w->strings) : NULL;
	if (!slot || !ct_hash_insert(&w->string_ids, hash, w->strings.n - 1)) {
		w->failed = true;
		return 0;
	}
	*slot = copy;
	return w->strings.n - 1;
}

static uint64_t function_id(struct ct_pprof *w, const char *name, const char *file)
{
	struct ct_pprof_function f = {string_id(w, name), string_id(w, file ? file : "")};
	uint64_t hash = ct_hash_bytes(&f, sizeof(f));
	struct ct_hash_it it = ct_hash_find(&w->function_ids, hash);
	uint32_t i;

	while (ct_hash_next(&w->function_ids, &it, &i))
		if (!memcmp(&w->functions.items[i], &f, sizeof(f)))
			return i + UINT64_C(1);
	struct ct_pprof_function *slot = ct_vec_push(&w->functions);
	if (!slot || !ct_hash_insert(&w->function_ids, hash, w->functions.n - 1)) {
		w->failed = true;
		return 0;
	}
	*slot = f;
	return w->functions.n;
}

static void put_type(struct ct_pprof *w, unsigned field, struct ct_pprof_type type)
{
	ct_proto_int(&w->part, VALUE_TYPE, string_id(w, type.type));
	ct_proto_int(&w->part, VALUE_UNIT, string_id(w, type.unit));
	ct_proto_message(&w->profile, field, &w->part);
}

void ct_pprof_types(struct ct_pprof *w, const struct ct_pprof_type *types, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		put_type(w, SAMPLE_TYPE, types[i]);
}

void ct_pprof_period(struct ct_pprof *w, struct ct_pprof_type type, int64_t period)
{
	put_type(w, PERIOD_TYPE, type);
	ct_proto_int(&w->profile, PERIOD, (uint64_t)period);
}

void ct_pprof_comment(struct ct_pprof *w, const char *text)
{
	ct_proto_int(&w->profile, COMMENT, string_id(w, text));
}

void ct_pprof_label(struct ct_pprof *w, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	ct_proto_int(&w->inner, LABEL_KEY, string_id(w, key));
	ct_proto_int(&w->inner, LABEL_TEXT, string_id(w, text));
	ct_proto_message(&w->part, SAMPLE_LABEL, &w->inner);
}

void ct_pprof_number(struct ct_pprof *w, const char *key, int64_t number)
{
	ct_proto_int(&w->inner, LABEL_KEY, string_id(w, key));
	ct_proto_int(&w->inner, LABEL_NUMBER, (uint64_t)number);
	ct_proto_message(&w->part, SAMPLE_LABEL, &w->inner);
}

void ct_pprof_sample(
	struct ct_pprof *w, uint32_t stack, uint32_t frame, const int64_t *values, unsigned n)
{
	const struct ct_stack *frames = stack != CT_NONE ? &w->facts->stacks[stack] : NULL;
	uint64_t numbers[CT_PPROF_MAX_VALUES];

	w->stack.n = 0;
	for (uint32_t i = frame; frames && i < frames->n_frames; i++) {
		uint64_t *slot = ct_vec_push(&w->stack);

		if (!slot) {
			w->failed = true;
			return;
		}
		*slot = frames->frames[i].site + UINT64_C(1);
		w->used[frames->frames[i].site] = true;
	}
	for (unsigned i = 0; i < n; i++)
		numbers[i] = (uint64_t)values[i];
	ct_proto_ints(&w->part, SAMPLE_LOCATIONS, w->stack.items, w->stack.n);
	ct_proto_ints(&w->part, SAMPLE_VALUES, numbers, n);
	ct_proto_message(&w->profile, SAMPLE, &w->part);
}

static void put_location(struct ct_pprof *w, uint32_t index)
{
	const struct ct_site *site = &w->facts->sites[index];

	ct_proto_int(&w->part, LOCATION_ID, index + UINT64_C(1));
	if (site->module != CT_NONE)
		ct_proto_int(&w->part, LOCATION_MAPPING, site->module + UINT64_C(1));
	/* As in Go's own profiles: an address in the call. */
	ct_proto_int(&w->part, LOCATION_ADDRESS, site->pc - site->is_call);
	for (uint32_t i = 0; i < ct_site_calls(site); i++) {
		const struct ct_line *line = i < site->n_lines ? &site->lines[i] : NULL;
		ct_autostr name = {0};

		ct_str_add_frame(&name, w->facts, site, i);
		w->failed |= name.failed;
		ct_proto_int(&w->inner, LINE_FUNCTION,
			function_id(w, ct_str_text(&name), line ? line->file : NULL));
		ct_proto_int(&w->inner, LINE_NUMBER, line ? line->line : 0);
		ct_proto_message(&w->part, LOCATION_LINE, &w->inner);
	}
	ct_proto_message(&w->profile, LOCATION, &w->part);
}

/* All is symbolized: nothing is left for pprof to look up. */
static void put_mapping(struct ct_pprof *w, uint32_t index)
{
	const struct ct_fact_module *module = &w->facts->modules[index];

	ct_proto_int(&w->part, MAPPING_ID, index + UINT64_C(1));
	ct_proto_int(&w->part, MAPPING_START, module->base);
	ct_proto_int(&w->part, MAPPING_END, module->base + module->size);
	ct_proto_int(&w->part, MAPPING_FILE, string_id(w, module->path));
	if (module->build_id)
		ct_proto_int(&w->part, MAPPING_BUILD_ID, string_id(w, module->build_id));
	for (unsigned field = MAPPING_FUNCTIONS; field <= MAPPING_INLINED; field++)
		ct_proto_int(&w->part, field, 1);
	ct_proto_message(&w->profile, MAPPING, &w->part);
}

static void put_functions(struct ct_pprof *w)
{
	for (uint32_t i = 0; i < w->functions.n; i++) {
		ct_proto_int(&w->part, FUNCTION_ID, i + UINT64_C(1));
		ct_proto_int(&w->part, FUNCTION_NAME, w->functions.items[i].name);
		ct_proto_int(&w->part, FUNCTION_SYSTEM_NAME, w->functions.items[i].name);
		ct_proto_int(&w->part, FUNCTION_FILE, w->functions.items[i].file);
		ct_proto_message(&w->profile, FUNCTION, &w->part);
	}
}

static enum ct_status put_samples(struct ct_pprof *w)
{
	switch (w->document->selection.sample) {
	case CT_SAMPLE_GOROUTINES:
		return ct_pprof_goroutines(w);
	case CT_SAMPLE_WAITING:
		return ct_pprof_waits(w);
	default:
		return ct_pprof_kept(w);
	}
}

static enum ct_status put_profile(struct ct_pprof *w)
{
	string_id(w, "");
	enum ct_status status = put_samples(w);
	for (uint32_t i = 0; i < w->facts->n_modules; i++)
		put_mapping(w, i);
	for (uint32_t i = 0; i < w->facts->n_sites; i++)
		if (w->used[i])
			put_location(w, i);
	put_functions(w);
	if (w->facts->target.time > 0)
		ct_proto_int(
			&w->profile, TIME, (uint64_t)w->facts->target.time * UINT64_C(1000000000));
	for (uint32_t i = 0; i < w->strings.n; i++)
		ct_proto_bytes(
			&w->profile, STRING, w->strings.items[i], strlen(w->strings.items[i]));
	w->failed |= w->profile.failed || w->part.failed || w->inner.failed || w->arena.failed;
	return status ? status : w->failed ? CT_NO_MEMORY : CT_OK;
}

static enum ct_status write_compressed(const struct ct_proto *profile, FILE *out)
{
	z_stream z = {.next_in = profile->at};
	uint8_t buffer[16384];
	size_t left = profile->n;
	int result;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8,
		    Z_DEFAULT_STRATEGY) != Z_OK)
		return CT_NO_MEMORY;
	do {
		if (!z.avail_in) {
			z.avail_in = (uInt)CT_MIN(left, (size_t)1 << 30);
			left -= z.avail_in;
		}
		z.next_out = buffer;
		z.avail_out = sizeof(buffer);
		result = deflate(&z, left ? Z_NO_FLUSH : Z_FINISH);
		fwrite(buffer, 1, sizeof(buffer) - z.avail_out, out);
	} while (result == Z_OK && !ferror(out));
	deflateEnd(&z);
	return ferror(out) ? CT_IO : result == Z_STREAM_END ? CT_OK : CT_NO_MEMORY;
}

static void close_writer(struct ct_pprof *w)
{
	free(w->used);
	ct_proto_free(&w->profile);
	ct_proto_free(&w->part);
	ct_proto_free(&w->inner);
	ct_vec_free(&w->strings);
	ct_vec_free(&w->functions);
	ct_vec_free(&w->stack);
	ct_hash_free(&w->string_ids);
	ct_hash_free(&w->function_ids);
	ct_arena_free(&w->arena);
}

static enum ct_status pprof_write(
	const struct ct_document *document, const struct ct_style *style, FILE *out)
{
	struct ct_pprof w = {.document = document, .facts = document->facts};
	enum ct_status status = CT_NO_MEMORY;

	(void)style;
	ct_arena_init(&w.arena);
	w.used = calloc((size_t)w.facts->n_sites + 1, sizeof(*w.used));
	if (w.used)
		status = put_profile(&w);
	if (!status)
		status = write_compressed(&w.profile, out);
	close_writer(&w);
	return status;
}

const struct ct_format ct_format_pprof = {
	.name = "pprof",
	.summary = "a profile of goroutines, for go tool pprof (--sample)",
	.documents = CT_DOCUMENT_GOROUTINES,
	.write = pprof_write,
};
