// SPDX-License-Identifier: Apache-2.0
// A std::jthread that never looks at its token: its owner asks it to stop and joins it, in the
// destructor, with the lock in hand that it needs for its next page.
#include "gate.h"

#include <mutex>
#include <stop_token>
#include <thread>

class Index
{
      public:
	SAMPLE_FRAME void add_pages()
	{
		sample_enter(&m_indexer);
		for (;;) {
			gate_pass(&m_pages);
			std::lock_guard<std::recursive_mutex> guard(m_lock);
			m_size++;
		}
	}

	SAMPLE_FRAME void close()
	{
		std::lock_guard<std::recursive_mutex> guard(m_lock);
		std::jthread indexer(&Index::add_pages, this);

		sample_await_enter(&m_indexer);
		gate_open(&m_pages);
	}

	sample_thread m_indexer = {};
	std::recursive_mutex m_lock;
	gate m_pages;

      private:
	long m_size = 0;
};

static Index g_index;

static void *close_index(void *)
{
	g_index.close();
	return nullptr;
}

int main()
{
	sample_thread t[2] = {};

	gate_init(&g_index.m_pages);
	t[0].name = "closer", t[0].run = close_index;
	g_index.m_indexer.name = "indexer";
	sample_start(&t[0]);
	sample_await_enter(&g_index.m_indexer);
	t[1] = g_index.m_indexer;
	expect_mutex(&t[1], &g_index.m_lock, "g_index.m_lock", &t[0], false);
	expect_join(&t[0], &t[1]);
	truth_function(&t[0], "close");
	truth_function(&t[1], "add_pages");
	truth_deadlock(t, 2);
	sample_rest(3);
}
