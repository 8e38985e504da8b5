/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: each of ten threads holds one lock and waits for the next; the last one sleeps. */
#include "sample.h"

enum { LINKS = 10 };

static pthread_mutex_t g_links[LINKS];

SAMPLE_FRAME static void follow(int next)
{
	pthread_mutex_lock(&g_links[next]);
	SAMPLE_AFTER();
	pthread_mutex_unlock(&g_links[next]);
}

static void *link_holder(void *arg)
{
	int link = (int)(long)arg;

	pthread_mutex_lock(&g_links[link]);
	if (link + 1 < LINKS)
		follow(link + 1);
	else
		sample_sleep_ms(24 * 60 * 60 * 1000L);
	pthread_mutex_unlock(&g_links[link]);
	return NULL;
}

int main(void)
{
	struct sample_thread t[LINKS] = {};

	for (int i = 0; i < LINKS; i++)
		pthread_mutex_init(&g_links[i], NULL);
	for (long i = LINKS - 1; i >= 0; i--) {
		char name[16];

		t[i] = (struct sample_thread){.name = "link", .run = link_holder, .arg = (void *)i};
		sample_start(&t[i]);
		if (i + 1 == LINKS) {
			expect_syscall(&t[i], SAMPLE_SLEEP);
			continue;
		}
		snprintf(name, sizeof(name), "g_links[%ld]", i + 1);
		expect_mutex(&t[i], &g_links[i + 1], name, &t[i + 1], false);
		truth_root(&t[i], &t[LINKS - 1]);
		truth_function(&t[i], "follow");
	}
	truth_verdict("stuck");
	sample_rest(1 + LINKS);
}
