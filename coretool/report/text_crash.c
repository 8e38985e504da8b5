/* SPDX-License-Identifier: Apache-2.0 */
/* What the finding of a crash does not tell: registers and the whole stack of the thread. */
#include <inttypes.h>

#include "facts/crash.h"
#include "report/text.h"

#define PER_LINE   3
#define MAX_FRAMES 40

/* Those that matter are marked. */
static void write_registers(struct ct_text *t, const struct ct_crash *c)
{
	if (!c->n_registers)
		return;
	ct_text_head(t, "Registers%s", c->n_operands ? " (* of the instruction)" : "");
	for (uint32_t i = 0; i < c->n_registers; i++) {
		const struct ct_crash_register *reg = &c->registers[i];

		ct_text_add(
			t, "  %c %-4s 0x%016" PRIx64, reg->used ? '*' : ' ', reg->name, reg->value);
		if (i % PER_LINE == PER_LINE - 1 || i + 1 == c->n_registers)
			ct_text_end(t);
	}
}

static void write_no_crash(struct ct_text *t, const struct ct_fact_signal *signal)
{
	ct_text_gap(t);
	if (!signal->number)
		ct_text_say(t, "No crash: no signal ended the process.");
	else if (signal->sent)
		ct_text_say(t, "No crash: another process sent %s.", signal->name);
	else
		ct_text_say(t, "No crash: %s is no fault.", signal->name);
}

void ct_text_crash(struct ct_text *t)
{
	const struct ct_crash *c = t->facts->crash;

	if (!c) {
		write_no_crash(t, &t->facts->target.signal);
		return;
	}
	write_registers(t, c);
	uint32_t stack = t->facts->actors[c->actor].stack;
	if (stack == CT_NONE)
		return;
	ct_text_head(t, "The stack of %s", ct_actor_words(&t->words, t->facts, c->actor, NULL));
	ct_text_stack(t, stack, t->verbose ? UINT32_MAX : MAX_FRAMES, c->actor);
}
