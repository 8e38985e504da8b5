// SPDX-License-Identifier: Apache-2.0
// A reader of a std::shared_mutex waits for a std::recursive_mutex that the one has who waits to
// write.
#include "nameless.h"

#include <mutex>
#include <shared_mutex>

class Directory
{
      public:
	SAMPLE_FRAME int count_under(std::recursive_mutex &audit)
	{
		std::shared_lock<std::shared_mutex> reading(m_entries);
		gate_pass(&m_read);
		std::lock_guard<std::recursive_mutex> guard(audit);
		return m_count;
	}

	SAMPLE_FRAME void rename_under(std::recursive_mutex &audit)
	{
		std::lock_guard<std::recursive_mutex> guard(audit);
		std::lock_guard<std::recursive_mutex> again(audit);
		std::unique_lock<std::shared_mutex> writing(m_entries);
		m_count++;
	}

	gate m_read;
	std::shared_mutex m_entries;

      private:
	int m_count = 0;
};

static Directory g_directory;
static std::recursive_mutex g_audit;

static void *counter(void *)
{
	return g_directory.count_under(g_audit) ? &g_audit : nullptr;
}

static void *renamer(void *)
{
	g_directory.rename_under(g_audit);
	return nullptr;
}

int main()
{
	sample_thread t[2] = {};

	t[0].name = "counter", t[0].run = counter;
	t[1].name = "renamer", t[1].run = renamer;
	gate_init(&g_directory.m_read);
	sample_start(&t[0]);
	gate_await(&g_directory.m_read, &t[0]);
	sample_start(&t[1]);
	expect_nameless(&t[1], "rwlock-write", &g_directory.m_entries, nullptr,
		"g_directory.m_entries", &t[0], false);
	gate_open(&g_directory.m_read);
	expect_mutex(&t[0], &g_audit, "g_audit", &t[1], false);
	truth_function(&t[0], "count_under");
	truth_function(&t[1], "rename_under");
	truth_cycle(t, 2, false);
	truth_finding("CT101", "P0", "\"likely\",\"possible\"", t, 2);
	truth_verdict("deadlock");
	sample_rest(3);
}
