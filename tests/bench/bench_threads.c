/*
 * The process that `make bench` takes its cores of: THREADS threads blocked on one pthread mutex
 *that the main thread holds in pause(), each below exactly DEPTH frames of this program.
 *
 *	bench_threads THREADS DEPTH [RESERVE_GIB]
 *
 * RESERVE_GIB adds that much anonymous memory of which three pages are touched: enough for the
 *kernel to dump the whole range, as a hole. "ready" on stdout means that every waiter sleeps in its
 *lock call. Build without sibling-call optimisation: a step's call must not become a jump.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Distinct call paths: with a single one, a tool that unwinds one stack and copies it would look
 * fast. */
#define ROUTES 64

#define STEP_LIST(X)                                                                               \
	X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)
#define STEP_COUNT 16

typedef long step_fn(uint32_t route, int calls_left);

static step_fn *const steps[STEP_COUNT];
static pthread_mutex_t bench_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int waiters_at_lock;
static int bench_depth;

static uint32_t route_next(uint32_t route)
{
	return route * 1103515245u + 12345u;
}

/*
 * One frame of a stack. The padding gives each step a frame size of its own, and its use after the
 * call keeps the frame alive. The lock call stands in the step itself: a helper would be one frame
 * more.
 */
#define DEFINE_STEP(n)                                                                             \
	static __attribute__((noinline)) long step_##n(uint32_t route, int calls_left)             \
	{                                                                                          \
		long padding[n];                                                                   \
		long below = 0;                                                                    \
                                                                                                   \
		__asm__ volatile("" : : "r"(padding) : "memory");                                  \
		if (calls_left > 0) {                                                              \
			below = steps[(route >> 16) % STEP_COUNT](                                 \
				route_next(route), calls_left - 1);                                \
		} else {                                                                           \
			atomic_fetch_add(&waiters_at_lock, 1);                                     \
			pthread_mutex_lock(&bench_lock);                                           \
			pthread_mutex_unlock(&bench_lock);                                         \
		}                                                                                  \
		__asm__ volatile("" : : "r"(padding) : "memory");                                  \
		return below + padding[0];                                                         \
	}

STEP_LIST(DEFINE_STEP)

#define STEP_ADDRESS(n) step_##n,
static step_fn *const steps[STEP_COUNT] = {STEP_LIST(STEP_ADDRESS)};

static void *run_waiter(void *argument)
{
	uint32_t route = (uint32_t)(uintptr_t)argument;

	/* This frame and the first step are two of the DEPTH. */
	long sum = steps[(route >> 16) % STEP_COUNT](route_next(route), bench_depth - 2);

	return (void *)sum;
}

static void start_waiters(long count)
{
	/* Small stacks, so that the address space and not the data limits the number of threads. */
	size_t stack_size = 64 * 1024 + (size_t)bench_depth * 256;
	pthread_attr_t attributes;

	if (pthread_attr_init(&attributes) != 0 ||
		pthread_attr_setstacksize(&attributes, stack_size) != 0)
		errx(1, "cannot set a thread stack of %zu bytes", stack_size);
	for (long i = 0; i < count; i++) {
		uint32_t route = route_next((uint32_t)(i % ROUTES) << 16);
		pthread_t thread;
		int error =
			pthread_create(&thread, &attributes, run_waiter, (void *)(uintptr_t)route);

		if (error != 0)
			errx(1, "thread %ld of %ld: %s", i + 1, count, strerror(error));
	}
	pthread_attr_destroy(&attributes);
}

/* The state letter of /proc/self/task/TID/stat; 0 if the thread is gone. */
static char task_state(const char *tid)
{
	char path[64];
	char line[256];
	FILE *stat;
	char *end_of_name = NULL;

	snprintf(path, sizeof(path), "/proc/self/task/%.20s/stat", tid);
	stat = fopen(path, "re");
	if (stat == NULL)
		return 0;
	if (fgets(line, sizeof(line), stat) != NULL)
		end_of_name = strrchr(line, ')');
	fclose(stat);
	return end_of_name != NULL && end_of_name[1] == ' ' ? end_of_name[2] : 0;
}

static long count_sleepers(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *entry;
	long sleepers = 0;

	if (tasks == NULL)
		err(1, "/proc/self/task");
	while ((entry = readdir(tasks)) != NULL) {
		if (entry->d_name[0] != '.' && task_state(entry->d_name) == 'S')
			sleepers++;
	}
	closedir(tasks);
	return sleepers;
}

/* Past the counter nothing but the lock call can sleep, so a sleeper then is a waiter. */
static void await_waiters(long count)
{
	while (atomic_load(&waiters_at_lock) < count)
		usleep(1000);
	while (count_sleepers() < count)
		usleep(10000);
}

/* The kernel leaves a mapping out of a core unless at least one of its pages was ever written. */
static void reserve(size_t gib)
{
	size_t size = gib << 30;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "reserving %zu GiB", gib);
	/* Else each touched page may become 2 MiB of data; a kernel without huge pages says EINVAL.
	 */
	if (madvise(memory, size, MADV_NOHUGEPAGE) != 0 && errno != EINVAL)
		err(1, "madvise");
	memory[0] = 1;
	memory[size / 2] = 1;
	memory[size - 1] = 1;
}

int main(int argc, char **argv)
{
	long threads = argc > 2 ? atol(argv[1]) : 0;

	bench_depth = argc > 2 ? atoi(argv[2]) : 0;
	if (threads < 1 || bench_depth < 2)
		errx(64, "usage: bench_threads THREADS DEPTH [RESERVE_GIB], DEPTH at least 2");
	if (argc > 3 && atol(argv[3]) > 0)
		reserve((size_t)atol(argv[3]));
	pthread_mutex_lock(&bench_lock);
	start_waiters(threads);
	await_waiters(threads);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
