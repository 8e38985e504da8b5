/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/document.h"

const char *ct_level_name(enum ct_level level)
{
	static const char *const names[] = {"P0", "P1", "P2"};

	_Static_assert(CT_COUNT(names) == CT_N_LEVELS, "one name for each level");
	return names[level];
}

const char *ct_confidence_name(enum ct_confidence confidence)
{
	static const char *const names[] = {"proven", "likely", "possible"};

	return names[confidence];
}

const char *ct_verdict_name(enum ct_verdict verdict)
{
	static const char *const names[] = {
		"crash", "deadlock", "stuck", "leak", "clean", "unknown"};

	_Static_assert(CT_COUNT(names) == CT_N_VERDICTS, "one name for each verdict");
	return names[verdict];
}

void ct_document_free(struct ct_document *document)
{
	if (!document)
		return;
	ct_graph_free((struct ct_graph *)(uintptr_t)document->graph);
	struct ct_arena arena = document->arena; /* the document lies in it */
	ct_arena_free(&arena);
}
