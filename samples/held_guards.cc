// SPDX-License-Identifier: Apache-2.0
// A warehouse moves its stock: guards of C++ hold locks of classes, and nobody waits for any.
#include "held.h"

#include <array>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <vector>

namespace warehouse
{

class Shelf
{
      public:
	virtual ~Shelf() = default;
	std::mutex &lock()
	{
		return lock_;
	}

      private:
	long items_ = 0;
	std::mutex lock_;
};

class Index
{
      public:
	std::recursive_mutex rows;
	std::timed_mutex columns;
	std::shared_mutex words;
};

static Index g_index;
static std::array<std::mutex, 4> g_doors;
static std::vector<std::unique_ptr<Shelf>> g_shelves;
static std::mutex g_idle;

SAMPLE_FRAME static void move_stock()
{
	std::lock_guard<std::recursive_mutex> rows(g_index.rows);
	std::unique_lock<std::timed_mutex> columns(g_index.columns, std::chrono::hours(1));
	std::unique_lock<std::shared_mutex> words(g_index.words);
	std::scoped_lock doors(g_doors[1], g_doors[3]);
	std::lock_guard<std::mutex> shelf(g_shelves[2]->lock());
	std::unique_lock<std::mutex> idle(g_idle);

	idle.unlock();
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	SAMPLE_AFTER();
}

} // namespace warehouse

static void *mover(void *arg)
{
	warehouse::move_stock();
	return arg;
}

int main()
{
	using namespace warehouse;
	static struct sample_thread t;

	for (int i = 0; i < 5; i++)
		g_shelves.push_back(std::make_unique<Shelf>());
	t.name = "mover";
	t.run = mover;
	sample_start(&t);
	expect_syscall(&t, SYS_clock_nanosleep);
	truth_held(&t, &g_index.rows, "*g_index.rows");
	truth_held(&t, &g_index.columns, "*g_index.columns");
	truth_held(&t, &g_index.words, "*g_index.words");
	truth_held(&t, &g_doors[1], "*g_doors[1]");
	truth_held(&t, &g_doors[3], "*g_doors[3]");
	truth_held(&t, &g_shelves[2]->lock(), "*Shelf.lock_");
	truth_held_only();
	truth_is("quiet", "true");
	truth_verdict("clean");
	sample_rest(2);
}
