// SPDX-License-Identifier: Apache-2.0
// A reader of a std::shared_timed_mutex waits for a std::recursive_timed_mutex that the one has,
// twice, who waits to write, both without an end.
#include "timed_locks.h"

static void *visitor(void *)
{
	g_map.look_up([](auto &survey) {
		survey.lock();
		return true;
	});
	return nullptr;
}

static void *surveyor(void *)
{
	g_map.redraw([](auto &sheet) {
		sheet.lock();
		return true;
	});
	return nullptr;
}

int main()
{
	sample_thread t[2] = {};

	timed_locks_start(t, visitor, surveyor);
	truth_cycle(t, 2, false);
	truth_finding("CT101", "P0", "\"likely\",\"possible\"", t, 2);
	truth_verdict("deadlock");
	sample_rest(3);
}
