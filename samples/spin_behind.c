/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads spin for the lock of a ring of log lines, which a third one has while it writes them
 * out to a pipe that nobody reads. A fourth one computes, and has had the lock before.
 */
#include "spin.h"

static struct {
	pthread_spinlock_t lock;
	char lines[64][32];
	unsigned n;
} g_ring;

static struct gate g_disk;
static volatile unsigned g_checksum;

SAMPLE_FRAME static void add_line(const char *line)
{
	pthread_spin_lock(&g_ring.lock);
	snprintf(g_ring.lines[g_ring.n++ % 64], 32, "%s", line);
	pthread_spin_unlock(&g_ring.lock);
}

SAMPLE_FRAME static void write_out(void)
{
	pthread_spin_lock(&g_ring.lock);
	gate_pass(&g_disk);
	g_ring.n = 0;
	pthread_spin_unlock(&g_ring.lock);
}

static void *writer(void *arg)
{
	write_out();
	return arg;
}

static void *logger(void *arg)
{
	add_line(arg);
	return arg;
}

SAMPLE_FRAME static void add_up(void)
{
	for (;;)
		for (int i = 0; i < 32; i++)
			g_checksum = g_checksum * 31 + (unsigned char)g_ring.lines[0][i];
}

static void *auditor(void *arg)
{
	add_line("audit");
	add_up();
	return arg;
}

int main(void)
{
	struct sample_thread t_writer = {.name = "writer", .run = writer};
	struct sample_thread t_auditor = {.name = "auditor", .run = auditor};
	struct sample_thread loggers[] = {
		{.name = "logger_a", .run = logger, .arg = (void *)"a"},
		{.name = "logger_b", .run = logger, .arg = (void *)"b"},
	};

	pthread_spin_init(&g_ring.lock, PTHREAD_PROCESS_PRIVATE);
	gate_init(&g_disk);
	sample_start(&t_auditor);
	sample_await_spinning(&t_auditor);
	sample_start(&t_writer);
	gate_await(&g_disk, &t_writer);
	sample_start_all(loggers, 2);
	for (int i = 0; i < 2; i++) {
		expect_spin(&loggers[i], &g_ring.lock, "g_ring.lock", &t_writer);
		truth_function(&loggers[i], "add_line");
	}
	truth_running(&t_auditor);
	truth_free_of(&t_auditor, (const void *)&g_ring.lock);
	truth_root(&loggers[0], &t_writer);
	truth_is("absent", "[\"CT101\",\"CT102\",\"CT103\",\"CT104\"]");
	sample_rest(5);
}
