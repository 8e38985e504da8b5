/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_SOURCE_CORE_HEADERS_H
#define CT_SOURCE_CORE_HEADERS_H

#include <elf.h>

#include "source/core_file.h"

/* Fills core's loads, in the order of the file, and all that the notes tell. */
CT_WARN_UNUSED enum ct_status ct_core_read_headers(struct ct_core *core, const Elf64_Ehdr *header);

#endif
