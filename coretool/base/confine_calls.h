/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_BASE_CONFINE_CALLS_H
#define CT_BASE_CONFINE_CALLS_H

#include "base/base.h"

/* The part of ct_confine() that forbids system calls. */
CT_WARN_UNUSED enum ct_status ct_confine_calls(struct ct_error *err);

#endif
