/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads copy between the same two FILEs in opposite directions, and lock both. */
#include "gate.h"

static FILE *g_journal, *g_mirror;
static struct gate g_gates[2];

SAMPLE_FRAME static void copy_line(FILE *from, FILE *to, struct gate *gate)
{
	flockfile(from);
	gate_pass(gate);
	fputc('\n', to);
	SAMPLE_AFTER();
	funlockfile(from);
}

static void *mirror(void *arg)
{
	copy_line(g_journal, g_mirror, &g_gates[0]);
	return arg;
}

static void *restore(void *arg)
{
	copy_line(g_mirror, g_journal, &g_gates[1]);
	return arg;
}

int main(void)
{
	struct sample_thread t[] = {
		{.name = "mirror", .run = mirror},
		{.name = "restore", .run = restore},
	};

	g_journal = fopen("journal", "w");
	g_mirror = fopen("mirror", "w");
	for (int i = 0; i < 2; i++) {
		gate_init(&g_gates[i]);
		sample_start(&t[i]);
		gate_await(&g_gates[i], &t[i]);
	}
	for (int i = 0; i < 2; i++)
		gate_open(&g_gates[i]);
	expect_wait(&t[0], "libc-lock", g_mirror->_lock, g_mirror->_lock, NULL, &t[1], false);
	expect_wait(&t[1], "libc-lock", g_journal->_lock, g_journal->_lock, NULL, &t[0], false);
	truth_function(&t[0], "copy_line");
	truth_function(&t[1], "copy_line");
	truth_deadlock(t, 2);
	sample_rest(3);
}
