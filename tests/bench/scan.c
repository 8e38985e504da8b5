/*
 * What the search for held locks costs, and what it costs to add up the same bytes: both in one
 * process, each on a mapping of its own, in turn. The search is what ct_observe() takes longer when
 * it is asked for all held locks. Prints "SCAN SUM BYTES HOLES": CPU seconds, the least of RUNS
 * each, and the bytes of writable memory that are data and that are holes.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "coretool.h"

#define RUNS 5

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double observe(const char *path, unsigned wants)
{
	const struct ct_options options = {.no_debuginfod = true};
	const struct ct_plan plan = {.wants = wants};
	double start = cpu_seconds();
	struct ct_target *target;
	struct ct_source source;
	struct ct_facts *facts;
	struct ct_error error;

	if (ct_core_open(path, &options, &source, &error) ||
		ct_target_open(source, &options, &target, &error) ||
		ct_observe(target, &plan, &facts, &error))
		errx(1, "%s", error.text);
	double end = cpu_seconds();
	ct_facts_free(facts);
	ct_target_close(target);
	return end - start;
}

struct sum {
	uint64_t value, bytes, holes; /* value is printed, lest the compiler drop the reads */
};

static void add_part(const char *at, uint64_t size, struct sum *sum)
{
	for (uint64_t i = 0; i + 8 <= size; i += 8) {
		uint64_t word;

		memcpy(&word, at + i, sizeof(word));
		sum->value += word;
	}
	sum->bytes += size;
}

static void add_segment(int fd, const char *bytes, const Elf64_Phdr *segment, struct sum *sum)
{
	off_t at = (off_t)segment->p_offset, end = at + (off_t)segment->p_filesz;

	while (at < end) {
		off_t data = lseek(fd, at, SEEK_DATA);

		if (data < 0 || data >= end)
			data = end;
		sum->holes += (uint64_t)(data - at);
		off_t hole = data < end ? lseek(fd, data, SEEK_HOLE) : end;
		if (hole < 0 || hole > end)
			hole = end;
		add_part(bytes + data, (uint64_t)(hole - data), sum);
		at = hole;
	}
}

static double add_up(const char *path, struct sum *sum)
{
	double start = cpu_seconds();
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", path);
	const char *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		err(1, "%s", path);
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)bytes;
	const Elf64_Phdr *segments = (const Elf64_Phdr *)(bytes + header->e_phoff);
	*sum = (struct sum){0};
	for (unsigned i = 0; i < header->e_phnum; i++)
		if (segments[i].p_type == PT_LOAD && segments[i].p_flags & PF_W)
			add_segment(fd, bytes, &segments[i], sum);
	munmap((void *)bytes, (size_t)st.st_size);
	close(fd);
	return cpu_seconds() - start;
}

int main(int argc, char **argv)
{
	double plain = 1e9, held = 1e9, sums = 1e9;
	struct sum sum;

	if (argc != 2)
		errx(64, "usage: scan CORE");
	for (int i = 0; i < RUNS; i++) {
		double seconds = observe(argv[1], 0);

		plain = seconds < plain ? seconds : plain;
		seconds = observe(argv[1], CT_WANT_HELD | CT_WANT_WHOLE);
		held = seconds < held ? seconds : held;
		seconds = add_up(argv[1], &sum);
		sums = seconds < sums ? seconds : sums;
	}
	printf("%.4f %.4f %llu %llu\n", held - plain, sums, (unsigned long long)sum.bytes,
		(unsigned long long)sum.holes);
	fprintf(stderr, "checksum %llx\n", (unsigned long long)sum.value);
	return 0;
}
