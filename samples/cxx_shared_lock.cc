// SPDX-License-Identifier: Apache-2.0
// Readers of a std::shared_mutex, whose guards live on: one in a loop without end, where nothing
// but the exception handler would unlock it. One guard has been given back, one was never locked.
#include "holders.h"

#include <mutex>
#include <shared_mutex>
#include <string>

namespace catalog
{

struct Shelf {
	std::shared_mutex lock;
	std::string label = "poetry";
	int books = 3;
};

static Shelf g_shelf;
static struct gate g_visitors[4];

SAMPLE_FRAME static void listen(struct gate *gate)
{
	gate_pass(gate);
	if (!gate)
		throw std::string("no visitor");
}

SAMPLE_FRAME static int browse(Shelf &shelf, struct gate *gate)
{
	std::shared_lock<std::shared_mutex> guard(shelf.lock);
	std::string seen = shelf.label;

	listen(gate);
	return shelf.books + static_cast<int>(seen.size());
}

SAMPLE_FRAME static void guide(Shelf &shelf, struct gate *gate)
{
	std::shared_lock<std::shared_mutex> guard(shelf.lock);

	for (;;)
		listen(gate);
}

SAMPLE_FRAME static int glance(Shelf &shelf, struct gate *gate)
{
	std::shared_lock<std::shared_mutex> guard(shelf.lock);
	int books = shelf.books;

	guard.unlock();
	listen(gate);
	return books;
}

SAMPLE_FRAME static int peek(Shelf &shelf, struct gate *gate)
{
	std::shared_lock<std::shared_mutex> guard(shelf.lock, std::defer_lock);

	listen(gate);
	return guard.owns_lock() ? shelf.books : 0;
}

SAMPLE_FRAME static void restock(Shelf &shelf)
{
	std::unique_lock<std::shared_mutex> guard(shelf.lock);

	shelf.books++;
}

static void *run_browse(void *arg)
{
	browse(g_shelf, &g_visitors[0]);
	return arg;
}

static void *run_guide(void *arg)
{
	guide(g_shelf, &g_visitors[1]);
	return arg;
}

static void *run_glance(void *arg)
{
	glance(g_shelf, &g_visitors[2]);
	return arg;
}

static void *run_peek(void *arg)
{
	peek(g_shelf, &g_visitors[3]);
	return arg;
}

static void *run_restock(void *arg)
{
	restock(g_shelf);
	return arg;
}

} // namespace catalog

int main()
{
	using namespace catalog;
	struct sample_thread t[] = {
		{"browse", run_browse, nullptr, 0, 0},
		{"guide", run_guide, nullptr, 0, 0},
		{"glance", run_glance, nullptr, 0, 0},
		{"peek", run_peek, nullptr, 0, 0},
		{"restock", run_restock, nullptr, 0, 0},
	};

	for (int i = 0; i < 4; i++) {
		gate_init(&g_visitors[i]);
		sample_start(&t[i]);
		gate_await(&g_visitors[i], &t[i]);
	}
	sample_start(&t[4]);
	expect_wait_on(&t[4], "rwlock-write", &g_shelf.lock, "*g_shelf.lock", t, 2);
	for (int i = 0; i < 2; i++)
		truth_inferred(&t[i], &g_shelf.lock, "shared", true);
	for (int i = 2; i < 4; i++)
		truth_free_of(&t[i], &g_shelf.lock);
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\"]");
	sample_rest(6);
}
