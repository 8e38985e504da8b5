/* SPDX-License-Identifier: Apache-2.0 */
/* Where the record of a module, made by hand, says what its variables are. */
#ifndef FAKE_GO_MODULE_H
#define FAKE_GO_MODULE_H

#include "runtime/go/go.h"

static inline void set_module_layout(struct ct_go_layout *layout)
{
	layout->offset[CT_GO_MODULEDATA_DATA] = 0;
	layout->offset[CT_GO_MODULEDATA_EDATA] = 8;
	layout->offset[CT_GO_MODULEDATA_GCDATAMASK] = 16; /* how many bits, and where they are */
	layout->offset[CT_GO_MODULEDATA_BSS] = 32;
	layout->offset[CT_GO_MODULEDATA_EBSS] = 40;
	layout->offset[CT_GO_MODULEDATA_GCBSSMASK] = 48;
}

#endif
