/* SPDX-License-Identifier: Apache-2.0 */
/* What a shop loads at run time. It says so to the program, while dlopen() has the loader's lock.
 */
void plugin_loaded(void);

__attribute__((constructor)) static void announce(void)
{
	plugin_loaded();
	__asm__ volatile(""); /* no tail call */
}
