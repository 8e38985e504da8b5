/* SPDX-License-Identifier: Apache-2.0 */
/* A map that is read and redrawn, under a std::shared_timed_mutex and a std::recursive_timed_mutex.
 */
#ifndef TIMED_LOCKS_H
#define TIMED_LOCKS_H

#include "nameless.h"

#include <chrono>
#include <mutex>
#include <shared_mutex>

class Map
{
      public:
	/* lock: how the second lock is taken; false: it was not. */
	template <typename Lock> SAMPLE_FRAME int look_up(Lock lock)
	{
		std::shared_lock<std::shared_timed_mutex> reading(m_sheet);

		gate_pass(&m_read);
		if (!lock(m_survey))
			return 0;
		m_survey.unlock();
		return m_roads;
	}

	template <typename Lock> SAMPLE_FRAME void redraw(Lock lock)
	{
		std::lock_guard<std::recursive_timed_mutex> survey(m_survey);
		std::lock_guard<std::recursive_timed_mutex> again(m_survey);

		if (!lock(m_sheet))
			return;
		m_roads++;
		m_sheet.unlock();
	}

	gate m_read;
	std::shared_timed_mutex m_sheet;
	std::recursive_timed_mutex m_survey;

      private:
	int m_roads = 0;
};

static Map g_map;

/* t: the visitor, who reads, and the surveyor, who is to write. */
static inline void timed_locks_start(
	sample_thread *t, void *(*visitor)(void *), void *(*surveyor)(void *), bool timed = false)
{
	t[0].name = "visitor", t[0].run = visitor;
	t[1].name = "surveyor", t[1].run = surveyor;
	gate_init(&g_map.m_read);
	sample_start(&t[0]);
	gate_await(&g_map.m_read, &t[0]);
	sample_start(&t[1]);
	expect_nameless(
		&t[1], "rwlock-write", &g_map.m_sheet, nullptr, "g_map.m_sheet", &t[0], false);
	gate_open(&g_map.m_read);
	expect_mutex(&t[0], &g_map.m_survey, "g_map.m_survey", &t[1], timed);
	truth_function(&t[0], "look_up");
	truth_function(&t[1], "redraw");
}

#endif
