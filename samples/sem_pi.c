/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: asleep on a word of the stack with a priority-inheriting lock that nobody wants. */
#include "sem_pi.h"

int main(void)
{
	sem_pi_start();
	truth_verdict("clean");
	sample_rest(3);
}
