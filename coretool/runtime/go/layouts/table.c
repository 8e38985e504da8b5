/* SPDX-License-Identifier: Apache-2.0 */
/* Written by generate.py: each Go version's file is one row. */
#include "runtime/go/layouts/go1_15.h"
#include "runtime/go/layouts/go1_19.h"
#include "runtime/go/layouts/go1_21.h"
#include "runtime/go/layouts/go1_22.h"
#include "runtime/go/layouts/go1_23.h"
#include "runtime/go/layouts/go1_24.h"
#include "runtime/go/layouts/go1_25.h"
#include "runtime/go/layouts/go1_26.h"
#include "runtime/go/layouts/go1_27.h"

const struct ct_go_layout *const ct_go_layouts[] = {
	&go1_15,
	&go1_19,
	&go1_21,
	&go1_22,
	&go1_23,
	&go1_24,
	&go1_25,
	&go1_26,
	&go1_27,
};

const size_t ct_go_n_layouts = sizeof(ct_go_layouts) / sizeof(ct_go_layouts[0]);
