/* SPDX-License-Identifier: Apache-2.0 */
/* Near miss: home-made locks that are a mutex but for one field each. */
#include "homegrown.h"

static struct homegrown g_locks[] = {
	{.users = 1, .flags = 0x7f},             /* no kind of mutex */
	{.users = 0, .flags = 0},                /* held, and by nobody */
	{.users = 1, .generation = 0xdeadbeef},  /* a normal mutex has no count */
	{.users = 1, .flags = 1},                /* recursive and held 0 times */
	{.users = 1, .prev = (void *)0x1234567}, /* in a list that only robust ones have */
	{.users = 1, .spins = -1, .unused = 0x5a5a},
	{.users = 0xffffffff, .flags = 0x10}, /* robust, with a word that is no thread id */
};

int main(void)
{
	homegrown_block(g_locks, sizeof(g_locks) / sizeof(g_locks[0]));
}
