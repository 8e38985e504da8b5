/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one signal handler, and the only mutable state outside of handles: a handler is given no
 * argument. SIGBUS outside of our mappings goes to whoever had it before.
 */
#include "source/map_guard.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#define MAX_GUARDS 4096

static _Atomic(struct ct_map_guard *) guards[MAX_GUARDS];
static atomic_uint n_guards; /* slots ever used */
static struct sigaction previous;

/* What follows is under the lock, and no concern of the handler. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned n_active;
static bool installed; /* perhaps below a handler that somebody put on top */

static struct ct_map_guard *guard_of(uintptr_t addr)
{
	unsigned n = atomic_load(&n_guards);

	for (unsigned i = 0; i < n; i++) {
		struct ct_map_guard *guard = atomic_load(&guards[i]);

		if (guard && addr >= guard->start && addr < guard->end)
			return guard;
	}
	return NULL;
}

static void pass_on(int signal_number, siginfo_t *info, void *context)
{
	if (previous.sa_flags & SA_SIGINFO && previous.sa_sigaction) {
		previous.sa_sigaction(signal_number, info, context);
	} else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
		previous.sa_handler(signal_number);
	} else {
		/* Returning runs the instruction again, which then dies by default. */
		signal(signal_number, SIG_DFL);
	}
}

/* Only async-signal-safe calls: mmap is a plain system call on Linux. */
static void on_sigbus(int signal_number, siginfo_t *info, void *context)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t addr = (uintptr_t)info->si_addr;
	struct ct_map_guard *guard = guard_of(addr);

	if (guard && mmap((void *)(addr & ~(page - 1)), page, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED) {
		guard->damaged = true;
		return;
	}
	pass_on(signal_number, info, context);
}

/* The handler is there only while a guard is: a program that uses the library has its own. */
static void install(void)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO};

	if (n_active++ || installed)
		return;
	sigemptyset(&action.sa_mask);
	installed = !sigaction(SIGBUS, &action, &previous);
}

static void uninstall(void)
{
	struct sigaction now;

	if (--n_active || !installed || sigaction(SIGBUS, NULL, &now) ||
		!(now.sa_flags & SA_SIGINFO) || now.sa_sigaction != on_sigbus)
		return;
	installed = sigaction(SIGBUS, &previous, NULL) != 0;
}

enum ct_status ct_map_guard_add(struct ct_map_guard *guard, const void *start, size_t len)
{
	enum ct_status status = CT_NO_MEMORY;

	*guard = (struct ct_map_guard){(uintptr_t)start, (uintptr_t)start + len, false};
	pthread_mutex_lock(&lock);
	for (unsigned i = 0; status && i < MAX_GUARDS; i++) {
		if (atomic_load(&guards[i]))
			continue;
		atomic_store(&guards[i], guard);
		if (i >= atomic_load(&n_guards))
			atomic_store(&n_guards, i + 1);
		install();
		status = CT_OK;
	}
	pthread_mutex_unlock(&lock);
	return status;
}

void ct_map_guard_remove(struct ct_map_guard *guard)
{
	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < atomic_load(&n_guards); i++) {
		if (atomic_load(&guards[i]) != guard)
			continue;
		atomic_store(&guards[i], NULL);
		uninstall();
		break;
	}
	pthread_mutex_unlock(&lock);
}
