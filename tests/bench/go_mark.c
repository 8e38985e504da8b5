/*
 * What marking the heap of a Go program costs, and what it costs to touch the same pages: each in a
 * process of its own, which maps the core anew, in turn. The mark begins with the variables of
 * packages. Prints "MARK TOUCH SUM COLD_MARK COLD_TOUCH BYTES": CPU seconds of all threads, the
 * least of RUNS each, to mark, to read a word of each page of the spans in use, and to add up all
 * their words; then seconds on the clock, the least of COLD_RUNS each, to mark and to read a word
 * of each page when the core is not in the page cache, the latter in order and with the kernel
 * reading ahead; and the bytes of what was marked.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "coretool.h"
#include "runtime/go/heap_mark.h"
#include "runtime/go/heap_roots.h"
#include "source/core_file.h"
#include "target/internal.h"

#define RUNS      5
#define COLD_RUNS 3
#define PAGE      4096

static const struct ct_options options = {.no_debuginfod = true};

struct result { /* in memory that processes share */
	double seconds;
	uint64_t bytes, sum; /* sum is printed, lest the compiler drop the reads */
};

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double clock_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What was written is dropped only when it is on disk. */
static void drop_from_cache(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		err(1, "%s", path);
	close(fd);
}

static struct ct_go_heap *open_heap(const char *path)
{
	struct ct_target *target;
	struct ct_source source;
	struct ct_go_heap *heap;
	struct ct_error error;
	struct ct_go *go = NULL;

	if (ct_core_open(path, &options, &source, &error) ||
		ct_target_open(source, &options, &target, &error))
		errx(1, "%s", error.text);
	if (ct_go_find(target, &go) || !go || ct_go_heap_open(go, &heap))
		errx(1, "%s: no heap of Go is found", path);
	return heap;
}

static void give_root(void *arg, const struct ct_go_root *root)
{
	ct_go_mark_root(arg, root->value);
}

static void mark(const struct ct_go_heap *heap, struct result *ret)
{
	struct ct_go_mark *m = ct_go_mark_new(heap, 0);
	struct ct_go_marked marked;

	if (!m || !ct_go_roots_variables(heap, give_root, m) || ct_go_mark_run(m))
		errx(1, "the heap cannot be marked");
	ct_go_mark_count(m, &marked);
	ret->bytes = marked.bytes;
}

static void read_spans(const struct ct_go_heap *heap, uint64_t step, struct result *ret)
{
	for (uint32_t i = 0; i < heap->n_spans; i++) {
		const struct ct_go_span *s = &heap->spans[i];

		for (uint64_t at = 0; s->data && at + 8 <= s->limit - s->start; at += step) {
			uint64_t word;

			memcpy(&word, s->data + at, sizeof(word));
			ret->sum += word;
		}
	}
}

static void touch(const struct ct_go_heap *heap, struct result *ret)
{
	read_spans(heap, PAGE, ret);
}

static void touch_ahead(const struct ct_go_heap *heap, struct result *ret)
{
	const struct ct_core *core = ct_core_of(heap->target->source);

	madvise((void *)(uintptr_t)core->bytes, core->size, MADV_SEQUENTIAL);
	touch(heap, ret);
}

static void add_up(const struct ct_go_heap *heap, struct result *ret)
{
	read_spans(heap, 8, ret);
}

/* The least of what it took before and of one more run, by this clock. */
static void run(const char *path, void (*what)(const struct ct_go_heap *, struct result *),
	double (*seconds)(void), struct result *shared, double *least)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		const struct ct_go_heap *heap = open_heap(path);
		double start = seconds();

		what(heap, shared);
		shared->seconds = seconds() - start;
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		errx(1, "%s: cannot be measured", path);
	*least = shared->seconds < *least ? shared->seconds : *least;
}

int main(int argc, char **argv)
{
	double marks = 1e9, touches = 1e9, sums = 1e9, cold_marks = 1e9, cold_touches = 1e9;

	if (argc != 2)
		errx(64, "usage: go_mark CORE");
	struct result *shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "memory");
	for (int i = 0; i < RUNS; i++) {
		run(argv[1], mark, cpu_seconds, shared, &marks);
		run(argv[1], touch, cpu_seconds, shared, &touches);
		run(argv[1], add_up, cpu_seconds, shared, &sums);
	}
	for (int i = 0; i < COLD_RUNS; i++) {
		drop_from_cache(argv[1]);
		run(argv[1], mark, clock_seconds, shared, &cold_marks);
		drop_from_cache(argv[1]);
		run(argv[1], touch_ahead, clock_seconds, shared, &cold_touches);
	}
	printf("%.4f %.4f %.4f %.4f %.4f %llu\n", marks, touches, sums, cold_marks, cold_touches,
		(unsigned long long)shared->bytes);
	fprintf(stderr, "checksum %llx\n", (unsigned long long)shared->sum);
	return 0;
}
