/* SPDX-License-Identifier: Apache-2.0 */
/* A priority-inheriting lock taken twice by the same thread. */
#include "pi.h"

static pthread_mutex_t g_motor_lock;

SAMPLE_FRAME static void set_speed(void)
{
	pthread_mutex_lock(&g_motor_lock);
	SAMPLE_AFTER();
	pthread_mutex_unlock(&g_motor_lock);
}

static void *controller(void *arg)
{
	pthread_mutex_lock(&g_motor_lock);
	set_speed();
	pthread_mutex_unlock(&g_motor_lock);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "controller", .run = controller};

	pi_init(&g_motor_lock);
	sample_start(&t);
	pi_expect_refused(&t, &g_motor_lock, "g_motor_lock", &t);
	truth_cycle(&t, 1, false);
	truth_finding("CT102", "P0", "\"likely\"", &t, 1);
	truth_function(&t, "set_speed");
	truth_is("verdict", "[\"deadlock\"]");
	sample_rest(2);
}
