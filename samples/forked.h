/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that forks while another of its threads has a lock: the child inherits the lock and not
 * the thread. The core is the child's; the parent tells the truth about it.
 */
#ifndef FORKED_H
#define FORKED_H

#include "sample.h"

/* The child goes on in run(), and dies with its parent. */
static inline void forked_start(
	struct sample_thread *helper, pid_t (*fork_process)(void), void (*run)(void))
{
	helper->tid = fork_process();
	if (helper->tid < 0)
		sample_fail("fork", helper->tid);
	if (helper->tid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run();
	_exit(0);
}

/*
 * Nobody will ever release what the child waits for. confidence: as truth_finding has it. musl's
 * exit() would take all FILEs.
 */
__attribute__((noreturn)) static inline void forked_end(
	const struct sample_thread *helper, const char *confidence)
{
	truth_finding("CT103", "P0", confidence, helper, 1);
	truth_verdict("deadlock");
	truth_threads(1);
	sample_ready();
	waitpid(helper->tid, NULL, 0);
	_exit(0);
}

#endif
