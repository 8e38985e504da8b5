/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_RUNTIME_GO_PROFILES_H
#define CT_RUNTIME_GO_PROFILES_H

#include "runtime/go/observe.h"

/* Adds the profiles that the process has kept of itself to the facts. */
CT_WARN_UNUSED enum ct_status ct_go_observe_profiles(struct ct_go_observation *o);

#endif
