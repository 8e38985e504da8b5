/* SPDX-License-Identifier: Apache-2.0 */
/* The panics of a goroutine, and what ended the process when the runtime itself did. */
#ifndef CT_RUNTIME_GO_PANIC_H
#define CT_RUNTIME_GO_PANIC_H

#include "facts/panic.h"
#include "runtime/go/observe.h"
#include "runtime/go/types.h"

#define CT_GO_PANIC_TEXT 512 /* bytes for a value or message; longer ones are cut */

/* The words of the class for what a panic says. (panic_class.c) */
const char *ct_go_panic_class(const char *value, const char *type);
/* The same of a fatal error. */
const char *ct_go_fatal_class(const char *message);

/* What is in an interface, as the runtime prints it; "" when that needs the program's own code.
 * constant: the program was built with that text, so that it is no secret. False: it is no
 * interface. (panic_value.c) */
bool ct_go_panic_value(const struct ct_go *go, uint64_t interface, struct ct_go_type *type,
	char text[CT_GO_PANIC_TEXT], bool *constant);

/*
 * The channel that was closed already when the frame after gopanic()'s sent to it or closed it:
 * a resource; CT_NONE: it is not surely known. (panic_channel.c)
 */
uint32_t ct_go_panic_channel(struct ct_go_observation *o, const struct ct_go_g *g, uint32_t actor,
	const struct ct_unwound *stack, size_t gopanic);

/* Adds the panics of a goroutine, whose stack its actor has already. (panic.c) */
CT_WARN_UNUSED enum ct_status ct_go_observe_panics(
	struct ct_go_observation *o, const struct ct_go_g *g, uint32_t actor);
/* Adds what the runtime ended the process for, when all goroutines are there. (fatal.c) */
CT_WARN_UNUSED enum ct_status ct_go_observe_fatal(struct ct_go_observation *o);

#endif
