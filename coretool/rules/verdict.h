/* SPDX-License-Identifier: Apache-2.0 */
/* The one-sentence answer and the last lines of a report. Only rules/ includes it. */
#ifndef CT_RULES_VERDICT_H
#define CT_RULES_VERDICT_H

#include "rules/document.h"

/*
 * Fills in summary (verdict, headline, counts) and hints of a document whose findings stand; again
 * when others of them are ignored.
 */
void ct_document_judge(struct ct_document *document);

#endif
