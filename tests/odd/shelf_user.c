/* SPDX-License-Identifier: Apache-2.0 */
/* The classic deadlock, with locks and functions of a library. */
#include "sample.h"

pthread_mutex_t *shelf_lock_of(int till);
void shelf_move(int to_till);

static void *seller(void *arg)
{
	shelf_move(true);
	return arg;
}

static void *cashier(void *arg)
{
	shelf_move(false);
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "seller", .run = seller}, {.name = "cashier", .run = cashier}};

	sample_start_all(t, 2);
	expect_mutex(&t[0], shelf_lock_of(true), "till_lock", &t[1], false);
	expect_mutex(&t[1], shelf_lock_of(false), "shelf_lock", &t[0], false);
	truth_function(&t[0], "seller");
	truth_function(&t[1], "cashier");
	truth_deadlock(t, 2);
	sample_rest(3);
}
