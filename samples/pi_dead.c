/* SPDX-License-Identifier: Apache-2.0 */
/* A thread ended with a priority-inheriting lock in its hands. */
#include "pi.h"

static pthread_mutex_t g_sensor_lock;

static void *calibrator(void *arg)
{
	pthread_mutex_lock(&g_sensor_lock);
	sample_await_known();
	return arg;
}

SAMPLE_FRAME static void read_sensor(void)
{
	pthread_mutex_lock(&g_sensor_lock);
	SAMPLE_AFTER();
	pthread_mutex_unlock(&g_sensor_lock);
}

static void *sampler(void *arg)
{
	read_sensor();
	return arg;
}

int main(void)
{
	struct sample_thread owner = {.name = "calibrator", .run = calibrator};
	struct sample_thread t = {.name = "sampler", .run = sampler};

	pi_init(&g_sensor_lock);
	sample_start(&owner);
	pthread_join(owner.handle, NULL);
	sample_start(&t);
	pi_expect_refused(&t, &g_sensor_lock, "g_sensor_lock", NULL);
	truth_owner_gone(&t, owner.tid, &g_sensor_lock);
	truth_finding("CT103", "P0", "\"likely\"", &t, 1);
	truth_is("absent", "[\"CT101\",\"CT102\"]");
	truth_function(&t, "read_sensor");
	truth_is("verdict", "[\"deadlock\"]");
	sample_rest(2);
}
