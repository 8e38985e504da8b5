/* SPDX-License-Identifier: Apache-2.0 */
#include "facts/go_timers.h"

static const char *const kinds[] = {
	[CT_GO_TIMER_TICKER] = "ticker",
	[CT_GO_TIMER_CHANNEL] = "channel",
	[CT_GO_TIMER_FUNCTION] = "function",
	[CT_GO_TIMER_CONTEXT] = "context",
	[CT_GO_TIMER_SLEEP] = "sleep",
	[CT_GO_TIMER_DEADLINE] = "deadline",
	[CT_GO_TIMER_RUNTIME] = "runtime",
};
_Static_assert(CT_COUNT(kinds) == CT_GO_N_TIMER_KINDS, "one name for each kind of timer");

const char *ct_go_timer_kind_name(uint8_t kind)
{
	return kinds[kind];
}
