/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/findings.h"

const struct ct_rule *const ct_rules[] = {
	&ct_rule_lock_cycle,
	&ct_rule_self_deadlock,
	&ct_rule_dead_owner,
	&ct_rule_handler_deadlock,
	&ct_rule_crash,
	&ct_rule_orphan,
	&ct_rule_barrier_short,
	&ct_rule_corrupt_lock,
	&ct_rule_blocked_behind,
	&ct_rule_lock_left,
	&ct_rule_pile_up,
	&ct_rule_go_concurrent_map,
	&ct_rule_go_all_asleep,
	&ct_rule_go_lock_cycle,
	&ct_rule_go_panic,
	&ct_rule_go_nil_channel,
	&ct_rule_go_context_ignored,
	&ct_rule_go_pool_double,
	&ct_rule_go_pool_use,
	&ct_rule_go_spin,
	&ct_rule_go_close_by_receiver,
	&ct_rule_go_ticker_not_stopped,
	&ct_rule_go_timer_retention,
	&ct_rule_go_context_lost,
	&ct_rule_go_pool_large,
	&ct_rule_go_pool_mixed,
	&ct_rule_go_goroutine_count,
	&ct_rule_go_timer_pile_up,
};
const size_t ct_n_rules = CT_COUNT(ct_rules);
