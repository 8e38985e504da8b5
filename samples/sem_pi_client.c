/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: asleep on a word of the stack with a priority-inheriting lock that another awaits. */
#include "sem_pi.h"

SAMPLE_FRAME static int read_generation(struct device *device)
{
	int generation;

	pthread_mutex_lock(&device->lock);
	generation = device->generation;
	pthread_mutex_unlock(&device->lock);
	return generation;
}

static void *client(void *arg)
{
	return (void *)(long)read_generation((struct device *)arg);
}

int main(void)
{
	struct sample_thread t = {.name = "client", .run = client, .arg = &g_device};
	const struct sample_thread *holder = sem_pi_start();

	sample_start(&t);
	expect_mutex(&t, &g_device.lock, "g_device.lock", holder, false);
	truth_root(&t, holder);
	truth_function(&t, "read_generation");
	truth_is("verdict", "[\"clean\",\"stuck\"]");
	sample_rest(4);
}
