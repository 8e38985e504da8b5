/* SPDX-License-Identifier: Apache-2.0 */
/* A mapped file is truncated while it is read. */
#include "crash.h"
#include <sys/mman.h>

#define FILE_NAME "catalogue.dat"
#define SIZE      (16 * 4096)

static volatile const char *g_catalogue;

SAMPLE_FRAME static int read_entry(volatile const char *entry)
{
	return *entry + 1;
}

static void *reader(void *arg)
{
	crash_await();
	return read_entry(g_catalogue + SIZE - 100) ? arg : NULL;
}

int main(void)
{
	struct sample_thread t = {.name = "reader", .run = reader};
	int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || ftruncate(fd, SIZE))
		sample_fail("file", fd);
	g_catalogue = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	crash_start(&t);
	if (ftruncate(fd, 4096))
		sample_fail("ftruncate", fd);
	truth_crash_at(
		&t, SIGBUS, "file-truncated", "read_entry", (uintptr_t)g_catalogue + SIZE - 100);
	crash_go(2);
}
