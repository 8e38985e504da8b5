/*
 * What coretool keeps of a Go program, and how long it looks for its runtime. Prints "FIND OBSERVE
 * GOROUTINES BYTES": CPU seconds to find and check the runtime, the least of RUNS; CPU seconds of
 * one observation with stacks and waits; how many goroutines came of it; and the bytes of memory
 * that are in use afterwards for all that is known of the process.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <err.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

#include "coretool.h"
#include "facts/facts.h"
#include "runtime/go/go.h"

#define RUNS 5

static const struct ct_options options = {.no_debuginfod = true};

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static size_t bytes_in_use(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static struct ct_target *open_core(const char *path)
{
	struct ct_target *target;
	struct ct_source source;
	struct ct_error error;

	if (ct_core_open(path, &options, &source, &error) ||
		ct_target_open(source, &options, &target, &error))
		errx(1, "%s", error.text);
	return target;
}

static double find_runtime(const char *path)
{
	struct ct_target *target = open_core(path);
	double start = cpu_seconds();
	struct ct_go *go = NULL;

	if (ct_go_find(target, &go) || !go || !go->globals.allgs)
		errx(1, "%s: no runtime of Go is found", path);
	double end = cpu_seconds();
	ct_go_free(go);
	ct_target_close(target);
	return end - start;
}

int main(int argc, char **argv)
{
	const struct ct_plan plan = {.wants = CT_WANT_STACKS | CT_WANT_GOROUTINES};
	struct ct_facts *facts;
	struct ct_error error;
	double find = 1e9;
	uint32_t n = 0;

	if (argc != 2)
		errx(64, "usage: go_facts CORE");
	for (int i = 0; i < RUNS; i++) {
		double seconds = find_runtime(argv[1]);

		find = seconds < find ? seconds : find;
	}
	size_t before = bytes_in_use();
	struct ct_target *target = open_core(argv[1]);
	double start = cpu_seconds();
	if (ct_observe(target, &plan, &facts, &error))
		errx(1, "%s", error.text);
	double observe = cpu_seconds() - start;
	for (uint32_t i = 0; i < facts->n_actors; i++)
		n += facts->actors[i].kind == CT_ACTOR_GOROUTINE;
	printf("%.4f %.4f %u %zu\n", find, observe, n, bytes_in_use() - before);
	ct_facts_free(facts);
	ct_target_close(target);
	return 0;
}
