/* SPDX-License-Identifier: Apache-2.0 */
/* A table of functions as Go 1.20 to 1.27 have it, of functions that are told by hand. */
#ifndef GO_CODE_H
#define GO_CODE_H

#include "runtime/go/go.h"

#define CODE          UINT64_C(0x400000)
#define CODE_SIZE     0x100u /* bytes of each function */
#define CODE_MAX      8u
#define CODE_RECORD   56u /* _func, and three FUNCDATA */
#define CODE_FUNCDATA 3u

struct go_code {
	struct ct_go_table table;
	uint32_t ftab[2 * CODE_MAX];
	uint8_t functions[CODE_MAX * CODE_RECORD];
	uint8_t pcs[CODE_MAX * 8];
	char names[CODE_MAX * 32];
	uint32_t n;
};

static void code_begin(struct go_code *code)
{
	*code = (struct go_code){0};
	code->table = (struct ct_go_table){.format = CT_GO_FORMAT_20,
		.text = CODE,
		.minpc = CODE,
		.maxpc = CODE,
		.names = {(const uint8_t *)code->names, sizeof(code->names)},
		.pcs = {code->pcs, sizeof(code->pcs)},
		.functions = {code->functions, sizeof(code->functions)},
		.ftab = {(const uint8_t *)code->ftab, sizeof(code->ftab)}};
}

static void code_put(struct go_code *code, uint32_t i, uint32_t offset, uint32_t value)
{
	memcpy(code->functions + i * CODE_RECORD + offset, &value, sizeof(value));
}

/* Returns its entry. frame: bytes up to its return address, at most 56, all through it. */
static uint64_t code_add(struct go_code *code, const char *name, uint32_t frame)
{
	uint32_t i = code->n++, pcs = 1 + i * 7;
	/* The change from -1, as an even number; for 0x100 bytes; the end. */
	const uint8_t sizes[] = {(uint8_t)(2 * (frame + 1)), 0x80, 2, 0};

	code->ftab[2 * i] = i * CODE_SIZE;
	code->ftab[2 * i + 1] = i * CODE_RECORD;
	code_put(code, i, 0, i * CODE_SIZE);
	code_put(code, i, 4, i * 32);
	code_put(code, i, 16, pcs);
	code->functions[i * CODE_RECORD + 43] = CODE_FUNCDATA;
	for (uint32_t k = 0; k < CODE_FUNCDATA; k++)
		code_put(code, i, 44 + 4 * k, UINT32_MAX);
	memcpy(code->pcs + pcs, sizes, sizeof(sizes));
	snprintf(code->names + (size_t)i * 32, 32, "%s", name);
	code->table.n_functions = code->n;
	code->table.maxpc = CODE + (uint64_t)code->n * CODE_SIZE;
	return CODE + (uint64_t)i * CODE_SIZE;
}

#endif
