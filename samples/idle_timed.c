/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: workers wait for jobs, and a housekeeper with a timeout looks after them. */
#include "idle.h"

enum { WORKERS = 2 };

static pthread_mutex_t g_house_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t g_house_cond = PTHREAD_COND_INITIALIZER;

static void *housekeeper(void *arg)
{
	struct timespec until = sample_tomorrow(CLOCK_REALTIME);

	pthread_mutex_lock(&g_house_lock);
	pthread_cond_timedwait(&g_house_cond, &g_house_lock, &until);
	pthread_mutex_unlock(&g_house_lock);
	pthread_cond_broadcast(&g_jobs_cond);
	return arg;
}

int main(void)
{
	struct sample_thread t[WORKERS] = {};
	struct sample_thread house = {.name = "housekeeper", .run = housekeeper};

	idle_start(t, WORKERS);
	sample_start(&house);
	expect_wait(&house, "cond", &g_house_cond, NULL, "g_house_cond", NULL, true);
	idle_rest(t, 2 + WORKERS);
}
