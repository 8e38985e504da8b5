/* SPDX-License-Identifier: Apache-2.0 */
/* Two initialisers that each need what the other one initialises. */
#include "gate.h"

static pthread_once_t g_codec_once = PTHREAD_ONCE_INIT, g_table_once = PTHREAD_ONCE_INIT;
static struct gate g_gates[2];

SAMPLE_FRAME static void init_codec(void)
{
	gate_pass(&g_gates[0]);
	pthread_once(&g_table_once, (void (*)(void))abort);
	SAMPLE_AFTER();
}

SAMPLE_FRAME static void init_table(void)
{
	gate_pass(&g_gates[1]);
	pthread_once(&g_codec_once, (void (*)(void))abort);
	SAMPLE_AFTER();
}

static void *decoder(void *arg)
{
	pthread_once(&g_codec_once, init_codec);
	return arg;
}

static void *reader(void *arg)
{
	pthread_once(&g_table_once, init_table);
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "decoder", .run = decoder},
		{.name = "reader", .run = reader},
	};

	for (int i = 0; i < 2; i++) {
		gate_init(&g_gates[i]);
		sample_start(&t[i]);
		gate_await(&g_gates[i], &t[i]);
	}
	for (int i = 0; i < 2; i++)
		gate_open(&g_gates[i]);
	expect_wait(&t[0], "once", &g_table_once, &g_table_once, "g_table_once", &t[1], false);
	expect_wait(&t[1], "once", &g_codec_once, &g_codec_once, "g_codec_once", &t[0], false);
	truth_function(&t[0], "init_codec");
	truth_function(&t[1], "init_table");
	truth_deadlock(t, 2);
	sample_rest(3);
}
