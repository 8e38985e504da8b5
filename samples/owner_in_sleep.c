/* SPDX-License-Identifier: Apache-2.0 */
/* The holder sleeps. */
#include "convoy.h"

SAMPLE_FRAME static void wait_for_backend(void)
{
	sample_sleep_ms(24 * 60 * 60 * 1000L);
	SAMPLE_AFTER();
}

int main(void)
{
	convoy(SAMPLE_SLEEP);
}
