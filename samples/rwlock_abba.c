/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads take the same two rwlocks in opposite order, one of them to read. */
#include "gate.h"

static pthread_rwlock_t g_users_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t g_groups_lock = PTHREAD_RWLOCK_INITIALIZER;
static struct gate g_gates[2];
static int g_users, g_groups;

SAMPLE_FRAME static void leave_groups(int user)
{
	pthread_rwlock_wrlock(&g_groups_lock);
	g_groups -= user;
	pthread_rwlock_unlock(&g_groups_lock);
}

SAMPLE_FRAME static void delete_user(int user)
{
	pthread_rwlock_wrlock(&g_users_lock);
	gate_pass(&g_gates[0]);
	leave_groups(user);
	g_users--;
	pthread_rwlock_unlock(&g_users_lock);
}

SAMPLE_FRAME static int count_users(void)
{
	int users;

	pthread_rwlock_rdlock(&g_users_lock);
	users = g_users;
	pthread_rwlock_unlock(&g_users_lock);
	return users;
}

SAMPLE_FRAME static void resize_groups(void)
{
	pthread_rwlock_wrlock(&g_groups_lock);
	gate_pass(&g_gates[1]);
	g_groups = count_users();
	pthread_rwlock_unlock(&g_groups_lock);
}

static void *user_admin(void *arg)
{
	delete_user(1);
	return arg;
}

static void *group_admin(void *arg)
{
	resize_groups();
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "user_admin", .run = user_admin},
		{.name = "group_admin", .run = group_admin},
	};

	for (int i = 0; i < 2; i++) {
		gate_init(&g_gates[i]);
		sample_start(&t[i]);
		gate_await(&g_gates[i], &t[i]);
	}
	for (int i = 0; i < 2; i++)
		gate_open(&g_gates[i]);
	expect_wait(&t[0], "rwlock-write", &g_groups_lock, NULL, "g_groups_lock", &t[1], false);
	expect_wait(&t[1], "rwlock-read", &g_users_lock, NULL, "g_users_lock", &t[0], false);
	truth_function(&t[0], "leave_groups");
	truth_function(&t[0], "delete_user");
	truth_function(&t[1], "count_users");
	truth_function(&t[1], "resize_groups");
	truth_cycle(t, 2, false);
	truth_finding("CT101", "P0", "\"proven\"", t, 2);
	truth_verdict("deadlock");
	sample_rest(3);
}
