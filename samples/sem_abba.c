/* SPDX-License-Identifier: Apache-2.0 */
/* Two semaphores of value 1 serve as locks, and two threads take them in opposite order. */
#include "holders.h"
#include <semaphore.h>

static sem_t g_printer, g_scanner;
static struct gate g_gates[2];
static int g_pages;

SAMPLE_FRAME static void use_both(sem_t *first, sem_t *second, struct gate *gate)
{
	sem_wait(first);
	gate_pass(gate);
	sem_wait(second);
	g_pages++;
	sem_post(second);
	sem_post(first);
}

static void *copy_job(void *arg)
{
	use_both(&g_scanner, &g_printer, &g_gates[0]);
	return arg;
}

static void *proof_job(void *arg)
{
	use_both(&g_printer, &g_scanner, &g_gates[1]);
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "copy_job", .run = copy_job},
		{.name = "proof_job", .run = proof_job},
	};

	sem_init(&g_printer, 0, 1);
	sem_init(&g_scanner, 0, 1);
	for (int i = 0; i < 2; i++) {
		gate_init(&g_gates[i]);
		sample_start(&t[i]);
		gate_await(&g_gates[i], &t[i]);
	}
	for (int i = 0; i < 2; i++)
		gate_open(&g_gates[i]);
	expect_wait_on(&t[0], "sem", &g_printer, "g_printer", &t[1], 1);
	expect_wait_on(&t[1], "sem", &g_scanner, "g_scanner", &t[0], 1);
	truth_inferred(&t[0], &g_scanner, "exclusive", true);
	truth_inferred(&t[1], &g_printer, "exclusive", true);
	truth_cycle(t, 2, false);
	truth_finding("CT101", "P0", "\"likely\"", t, 2);
	truth_verdict("deadlock");
	sample_rest(3);
}
