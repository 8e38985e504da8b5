/*
 * What marking the heap of a Go program costs, and what it costs to touch the same pages: each in a
 * process of its own, which maps the core anew, in turn. The mark begins with the variables of
 * packages. Prints "MARK TOUCH SUM BYTES": CPU seconds of all threads, the least of RUNS each, to
 * mark, to read a word of each page of the spans in use, and to add up all their words; and the
 * bytes of what was marked.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "coretool.h"
#include "runtime/go/heap_mark.h"
#include "runtime/go/heap_roots.h"

#define RUNS 5
#define PAGE 4096

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

static void add_up(const struct ct_go_heap *heap, struct result *ret)
{
	read_spans(heap, 8, ret);
}

/* The least of what it took before and of one more run. */
static void run(const char *path, void (*what)(const struct ct_go_heap *, struct result *),
	struct result *shared, double *least)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		const struct ct_go_heap *heap = open_heap(path);
		double start = cpu_seconds();

		what(heap, shared);
		shared->seconds = cpu_seconds() - start;
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		errx(1, "%s: cannot be measured", path);
	*least = shared->seconds < *least ? shared->seconds : *least;
}

int main(int argc, char **argv)
{
	double marks = 1e9, touches = 1e9, sums = 1e9;

	if (argc != 2)
		errx(64, "usage: go_mark CORE");
	struct result *shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "memory");
	for (int i = 0; i < RUNS; i++) {
		run(argv[1], mark, shared, &marks);
		run(argv[1], touch, shared, &touches);
		run(argv[1], add_up, shared, &sums);
	}
	printf("%.4f %.4f %.4f %llu\n", marks, touches, sums, (unsigned long long)shared->bytes);
	fprintf(stderr, "checksum %llx\n", (unsigned long long)shared->sum);
	return 0;
}
