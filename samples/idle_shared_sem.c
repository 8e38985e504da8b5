/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: one thread waits for a post of another process, which workers wait for, too. */
#include "idle.h"

#include <semaphore.h>
#include <sys/mman.h>

enum { WORKERS = 2 };

static void *importer(void *arg)
{
	while (!sem_wait(arg))
		pthread_cond_signal(&g_jobs_cond);
	return NULL;
}

int main(void)
{
	struct sample_thread t[WORKERS] = {};
	struct sample_thread own = {.name = "importer", .run = importer};
	sem_t *sem =
		mmap(NULL, sizeof(*sem), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	sem_init(sem, 1, 0);
	own.arg = sem;
	idle_start(t, WORKERS);
	sample_start(&own);
	expect_wait(&own, "sem", sem, NULL, NULL, NULL, false);
	idle_rest(t, 2 + WORKERS);
}
