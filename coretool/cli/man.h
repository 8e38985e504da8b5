/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_CLI_MAN_H
#define CT_CLI_MAN_H

#include "base/str.h"

/* Adds the manual page, section 1, in the man macros of roff. */
void ct_add_man_page(struct ct_str *s);

#endif
