/* SPDX-License-Identifier: Apache-2.0 */
/* Goroutines that goleak, or the user, would not count among those that a test leaves. */
#ifndef CT_RULES_LEAK_IGNORE_H
#define CT_RULES_LEAK_IGNORE_H

#include "rules/view.h"

/*
 * Why such goroutines are no leaks when they are left at the end of a test: the option that says
 * so, or what they are, by the list that go.uber.org/goleak has built in: those of package testing,
 * of os/signal and runtime/trace, and those in a system call. NULL: they count.
 */
const char *ct_leak_ignored_by(const struct ct_policy *policy, const struct ct_view_group *group);

#endif
