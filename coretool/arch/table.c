/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/arch.h"

static const struct ct_arch *const arches[] = {&ct_arch_x86_64, &ct_arch_aarch64};

const struct ct_arch *ct_arch_find(uint16_t e_machine)
{
	for (size_t i = 0; i < CT_COUNT(arches); i++)
		if (arches[i]->e_machine == e_machine)
			return arches[i];
	return NULL;
}

const struct ct_arch *ct_arch_of_gdb(const char *gdb_name)
{
	for (size_t i = 0; i < CT_COUNT(arches); i++)
		if (!strcmp(arches[i]->gdb_name, gdb_name))
			return arches[i];
	return NULL;
}

const char *ct_syscall_name(const struct ct_arch *arch, int64_t number)
{
	size_t lo = 0, hi = arch->n_syscalls;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (arch->syscalls[mid].number == number)
			return arch->syscalls[mid].name;
		if (arch->syscalls[mid].number < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

int64_t ct_syscall_number(const struct ct_arch *arch, const char *name)
{
	for (size_t i = 0; i < arch->n_syscalls; i++)
		if (!strcmp(arch->syscalls[i].name, name))
			return arch->syscalls[i].number;
	return -1;
}
