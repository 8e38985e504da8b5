/* SPDX-License-Identifier: Apache-2.0 */
/* A number that is no address: the kernel cannot say which. */
#include "crash.h"

struct session {
	long id, seen;
};

#define WILD 0x1234567890abcde0

static struct session *volatile g_session = (struct session *)WILD;

SAMPLE_FRAME static void touch_session(struct session *session, long now)
{
	session->seen = now;
	SAMPLE_AFTER();
}

static void *sessions(void *arg)
{
	crash_await();
	touch_session(g_session, 17);
	return arg;
}

int main(void)
{
	struct sample_thread t = {.name = "sessions", .run = sessions};

	crash_start(&t);
	truth_crash_at(&t, SIGSEGV, "non-canonical", "touch_session", WILD + 8);
	crash_go(2);
}
