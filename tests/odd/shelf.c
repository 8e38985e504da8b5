/* SPDX-License-Identifier: Apache-2.0 */
/* A library of our own, which a test replaces by another build when its process is dead. */
#include <pthread.h>

static pthread_mutex_t shelf_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t till_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both_hold_one;

__attribute__((constructor)) static void shelf_begin(void)
{
	pthread_barrier_init(&both_hold_one, NULL, 2);
}

pthread_mutex_t *shelf_lock_of(int till)
{
	return till ? &till_lock : &shelf_lock;
}

void shelf_move(int to_till)
{
	pthread_mutex_lock(shelf_lock_of(!to_till));
	pthread_barrier_wait(&both_hold_one);
	pthread_mutex_lock(shelf_lock_of(to_till));
	pthread_mutex_unlock(shelf_lock_of(to_till));
	pthread_mutex_unlock(shelf_lock_of(!to_till));
}
