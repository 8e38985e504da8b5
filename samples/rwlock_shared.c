/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: rwlocks in shared memory that another process has, one to write and one to read. */
#include "shared.h"

enum { WRITTEN, READ, LOCKS };

static struct board {
	pthread_rwlock_t lock[LOCKS];
} * g_board;

static void occupy(void *arg)
{
	struct board *board = arg;

	pthread_rwlock_wrlock(&board->lock[WRITTEN]);
	pthread_rwlock_rdlock(&board->lock[READ]);
}

SAMPLE_FRAME static void read_board(pthread_rwlock_t *lock)
{
	pthread_rwlock_rdlock(lock);
	SAMPLE_AFTER();
	pthread_rwlock_unlock(lock);
}

SAMPLE_FRAME static void write_board(pthread_rwlock_t *lock)
{
	pthread_rwlock_wrlock(lock);
	SAMPLE_AFTER();
	pthread_rwlock_unlock(lock);
}

static void *reader(void *arg)
{
	read_board(arg);
	return arg;
}

static void *writer(void *arg)
{
	write_board(arg);
	return arg;
}

int main(void)
{
	struct sample_thread t[3] = {};
	pthread_rwlockattr_t attr;
	pid_t owner;

	g_board = shared_memory(sizeof(*g_board));
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	for (int i = 0; i < LOCKS; i++)
		pthread_rwlock_init(&g_board->lock[i], &attr);
	owner = shared_other(occupy, g_board);
	t[0] = (struct sample_thread){
		.name = "reader", .run = reader, .arg = &g_board->lock[WRITTEN]};
	t[1] = (struct sample_thread){
		.name = "writer", .run = writer, .arg = &g_board->lock[WRITTEN]};
	t[2] = (struct sample_thread){
		.name = "behind_reader", .run = writer, .arg = &g_board->lock[READ]};
	for (int i = 0; i < 3; i++) {
		sample_start(&t[i]);
		expect_wait(&t[i], i ? "rwlock-write" : "rwlock-read", t[i].arg, NULL, NULL, NULL,
			false);
		truth_function(&t[i], i ? "write_board" : "read_board");
	}
	truth_outside(&t[0], owner, &g_board->lock[WRITTEN]);
	truth_outside(&t[1], owner, &g_board->lock[WRITTEN]);
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\",\"CT112\"]");
	sample_rest(4);
}
