/* SPDX-License-Identifier: Apache-2.0 */
#include "target/modules.h"

#include "target/module_private.h"

size_t ct_target_n_modules(struct ct_target *target)
{
	const struct ct_modules *modules = ct_modules_of(target);

	return modules ? modules->list.n : 0;
}

const struct ct_module *ct_target_module(struct ct_target *target, size_t i)
{
	const struct ct_modules *modules = ct_modules_of(target);

	return modules && i < modules->list.n ? &modules->list.items[i] : NULL;
}

const struct ct_module *ct_module_at(struct ct_target *target, uint64_t addr)
{
	struct ct_modules *modules = ct_modules_of(target);

	if (!modules)
		return NULL;
	if (modules->last < modules->list.n) {
		const struct ct_module *last = &modules->list.items[modules->last];

		if (addr >= last->start && addr < last->end)
			return last;
	}
	const struct ct_module *module = ct_modules_find(modules, addr);
	if (module)
		modules->last = (uint32_t)(module - modules->list.items);
	return module;
}

const struct ct_module *ct_module_main(struct ct_target *target)
{
	const struct ct_modules *modules = ct_modules_of(target);

	return modules && modules->main < modules->list.n ? &modules->list.items[modules->main]
							  : NULL;
}

size_t ct_module_index(struct ct_target *target, const struct ct_module *module)
{
	return (size_t)(module - ct_modules_of(target)->list.items);
}

/* The length of what stands before ".so" and before a version like "-2.31". */
static size_t stem_len(const char *name)
{
	const char *so = strstr(name, ".so");
	size_t len = so ? (size_t)(so - name) : strlen(name);

	for (size_t i = 0; i + 1 < len; i++)
		if (name[i] == '-' && name[i + 1] >= '0' && name[i + 1] <= '9')
			return i;
	return len;
}

/* Is "6.0.30" a version that "6" asks for? */
static bool same_version(const char *have, const char *want)
{
	size_t len = strlen(want);

	return !*have || (!strncmp(have, want, len) && (!have[len] || have[len] == '.'));
}

/*
 * "libc.so.6" is the file libc.so.6 or, up to glibc 2.33, libc-2.31.so; "libstdc++.so.6" is
 * libstdc++.so.6.0.30. The kernel records the real file's name, not that of the link.
 */
bool ct_module_name_is(const char *name, const char *want)
{
	size_t len = stem_len(want);

	if (!strcmp(name, want))
		return true;
	if (stem_len(name) != len || strncmp(name, want, len) != 0)
		return false;
	const char *have_so = strstr(name, ".so"), *want_so = strstr(want, ".so");
	return have_so && want_so && same_version(have_so + 3, want_so + 3);
}

const struct ct_module *ct_module_named(struct ct_target *target, const char *name)
{
	const struct ct_modules *modules = ct_modules_of(target);
	const struct ct_module *found = NULL;

	for (uint32_t i = 0; modules && i < modules->list.n; i++) {
		const struct ct_module *module = &modules->list.items[i];

		if (!strcmp(module->name, name))
			return module;
		if (!found && ct_module_name_is(module->name, name))
			found = module;
	}
	return found;
}
