// SPDX-License-Identifier: Apache-2.0
// The same, but each of the two gives up when the day is over.
#include "timed_locks.h"

using namespace std::chrono_literals;

static void *visitor(void *)
{
	g_map.look_up([](auto &survey) { return survey.try_lock_for(24h); });
	return nullptr;
}

static void *surveyor(void *)
{
	g_map.redraw([](auto &sheet) { return sheet.try_lock_for(24h); });
	return nullptr;
}

int main()
{
	sample_thread t[2] = {};

	timed_locks_start(t, visitor, surveyor, true);
	truth_cycle(t, 2, true);
	truth_finding("CT101", "P1", "\"likely\",\"possible\"", t, 2);
	truth_is("absent", "[\"CT102\",\"CT103\",\"CT110\"]");
	sample_rest(3);
}
