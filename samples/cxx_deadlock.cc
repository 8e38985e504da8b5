// SPDX-License-Identifier: Apache-2.0
// The same deadlock in C++: std::mutex members, lock_guard, std::thread, namespaces, templates.
#include "sample.h"

#include <mutex>
#include <string>
#include <thread>

namespace shop
{

static pthread_barrier_t g_both_hold_one;

template <typename Item> class Inventory
{
      public:
	SAMPLE_FRAME void reserve(const Item &item)
	{
		std::lock_guard<std::mutex> guard(m_lock);
		m_last = item;
	}

	template <typename Billing> SAMPLE_FRAME void audit(Billing &billing)
	{
		std::lock_guard<std::mutex> guard(m_lock);
		pthread_barrier_wait(&g_both_hold_one);
		billing.freeze();
		m_last = Item();
	}

	std::mutex m_lock;

      private:
	Item m_last;
};

class Billing
{
      public:
	SAMPLE_FRAME void charge(Inventory<std::string> &inventory)
	{
		std::unique_lock<std::mutex> guard(m_lock);
		pthread_barrier_wait(&g_both_hold_one);
		inventory.reserve("book");
		m_frozen = false;
	}

	SAMPLE_FRAME void freeze()
	{
		std::lock_guard<std::mutex> guard(m_lock);
		m_frozen = true;
	}

	std::mutex m_lock;

      private:
	bool m_frozen = false;
};

static Inventory<std::string> g_inventory;
static Billing g_billing;

} // namespace shop

int main()
{
	static sample_thread t[2];

	t[0].name = "charge";
	t[1].name = "audit";
	pthread_barrier_init(&shop::g_both_hold_one, nullptr, 2);
	std::thread charge([] {
		sample_enter(&t[0]);
		shop::g_billing.charge(shop::g_inventory);
	});
	std::thread audit([] {
		sample_enter(&t[1]);
		shop::g_inventory.audit(shop::g_billing);
	});
	sample_await_enter(&t[0]);
	sample_await_enter(&t[1]);
	expect_mutex(&t[0], &shop::g_inventory.m_lock, "*g_inventory.m_lock", &t[1], false);
	expect_mutex(&t[1], &shop::g_billing.m_lock, "*g_billing.m_lock", &t[0], false);
	truth_function(&t[0], "reserve");
	truth_function(&t[0], "charge");
	truth_function(&t[1], "freeze");
	truth_function(&t[1], "audit");
	truth_deadlock(t, 2);
	sample_rest(3);
}
