/* SPDX-License-Identifier: Apache-2.0 */
/* What killed the process: "crash" of a report. */
#include "facts/crash.h"
#include "facts/panic.h"
#include "report/json.h"
#include "report/record.h"

static json_t *json_operand(const struct ct_crash_operand *op)
{
	struct ct_record r = ct_record_new();

	ct_record_text(&r, "text", op->text);
	if (op->has_address)
		ct_record_hex(&r, "address", op->address);
	if (op->has_value)
		ct_record_hex(&r, "value", op->value);
	if (op->size)
		ct_record_int(&r, "size", op->size);
	ct_record_bool(&r, "read", op->read);
	ct_record_bool(&r, "write", op->write);
	ct_record_bool(&r, "faulted", op->faulted);
	return ct_record_done(&r);
}

static json_t *json_recursion(const struct ct_json *j, const struct ct_recursion *recursion)
{
	struct ct_record r = ct_record_new();

	ct_record_int(&r, "depth", recursion->depth);
	ct_record_bool(&r, "exact", !recursion->more);
	json_t *functions = ct_record_list(&r, "functions");
	for (uint32_t i = 0; i < recursion->n_sites; i++) {
		const struct ct_site *site = &j->facts->sites[recursion->sites[i]];

		ct_record_push(&r, functions,
			site->function ? ct_json_text(site->function)
				       : json_sprintf("0x%llx", (unsigned long long)site->pc));
	}
	return ct_record_done(&r);
}

static void add_lists(struct ct_record *r, const struct ct_crash *c)
{
	json_t *operands = ct_record_list(r, "operands");
	json_t *registers = ct_record_list(r, "registers");

	for (uint32_t i = 0; i < c->n_operands; i++)
		ct_record_push(r, operands, json_operand(&c->operands[i]));
	for (uint32_t i = 0; i < c->n_registers; i++) {
		struct ct_record reg = ct_record_new();

		ct_record_text(&reg, "name", c->registers[i].name);
		ct_record_hex(&reg, "value", c->registers[i].value);
		ct_record_bool(&reg, "used", c->registers[i].used);
		ct_record_push(r, registers, ct_record_done(&reg));
	}
}

bool ct_json_has_crash(const struct ct_document *document)
{
	return document->facts && document->facts->crash;
}

json_t *ct_json_crash(const struct ct_json *j, uint32_t index)
{
	const struct ct_crash *c = j->facts->crash;
	struct ct_record r = ct_record_new();

	(void)index;
	ct_record_add(&r, "actor", ct_json_actor_id(j, c->actor));
	ct_record_text(&r, "class", c->kind ? c->kind : ct_crash_class_name(c->class));
	ct_record_text(&r, "trust", ct_trust_name(c->trust));
	ct_record_text(&r, "cause", c->cause);
	ct_record_text(&r, "message", c->message);
	ct_record_text(&r, "exception", c->type);
	ct_record_text(&r, "what", c->what);
	ct_record_text(&r, "instruction", c->instruction);
	if (c->has_address)
		ct_record_hex(&r, "address", c->address);
	ct_json_add_frame(j, &r, "frame", c->actor, c->frame);
	add_lists(&r, c);
	ct_record_texts(&r, "evidence", c->evidence, c->n_evidence);
	if (c->recursion.depth)
		ct_record_add(&r, "recursion", json_recursion(j, &c->recursion));
	return ct_record_done(&r);
}

json_t *ct_json_panic(const struct ct_json *j, uint32_t index)
{
	const struct ct_panic *p = &j->facts->panics[index];
	struct ct_record r = ct_record_new();

	ct_record_add(&r, "actor", ct_json_actor_id(j, p->actor));
	ct_record_text(&r, "class", p->class);
	ct_record_text(&r, "value", p->value);
	/* What is of a type is named by it, as that of an exception. */
	ct_record_text(&r, "value_type", p->type);
	if (p->resource != CT_NONE)
		ct_record_add(&r, "resource", ct_json_resource_id(j, p->resource));
	ct_record_bool(&r, "recovered", p->recovered);
	ct_record_bool(&r, "goexit", p->goexit);
	ct_json_add_frame(j, &r, "frame", p->actor, p->frame);
	return ct_record_done(&r);
}
