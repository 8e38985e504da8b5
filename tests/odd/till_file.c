/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads in a circle over locks that lie in a file, mapped shared: till_file FILE. */
#include "sample.h"
#include <fcntl.h>
#include <sys/mman.h>

static pthread_mutex_t *g_tills; /* in the file */
static pthread_barrier_t g_both_hold_one;

SAMPLE_FRAME static void move_money(int from, int to)
{
	pthread_mutex_lock(&g_tills[from]);
	pthread_barrier_wait(&g_both_hold_one);
	pthread_mutex_lock(&g_tills[to]);
	pthread_mutex_unlock(&g_tills[to]);
	pthread_mutex_unlock(&g_tills[from]);
}

static void *morning(void *arg)
{
	move_money(0, 1);
	return arg;
}

static void *evening(void *arg)
{
	move_money(1, 0);
	return arg;
}

int main(int argc, char **argv)
{
	struct sample_thread t[] = {
		{.name = "morning", .run = morning},
		{.name = "evening", .run = evening},
	};
	int fd = argc > 1 ? open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;

	if (fd < 0 || ftruncate(fd, 4096))
		return 1;
	g_tills = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (g_tills == MAP_FAILED)
		return 1;
	for (int i = 0; i < 2; i++)
		pthread_mutex_init(&g_tills[i], NULL);
	pthread_barrier_init(&g_both_hold_one, NULL, 2);
	sample_start_all(t, 2);
	expect_mutex(&t[0], &g_tills[1], NULL, &t[1], false);
	expect_mutex(&t[1], &g_tills[0], NULL, &t[0], false);
	truth_deadlock(t, 2);
	sample_rest(3);
}
