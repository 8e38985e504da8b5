/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/owner.h"

#include "target/modules.h"

bool ct_owner_may_be_elsewhere(const struct ct_blocking *ctx, bool shared, uint64_t addr)
{
	return shared && !ct_module_at(ctx->target, addr);
}

bool ct_owner_may_be_gone(const struct ct_blocking *ctx)
{
	return ct_target_process(ctx->target)->all_threads && !ctx->libc->memory_shared &&
	       (ctx->libc->ids_complete || ctx->libc->ids_are_lwps);
}

/* The id is that of a thread here; is the thread its owner for certain? */
static void add_hold(const struct ct_blocking *ctx, const struct ct_owner *owner, uint32_t resource,
	uint32_t actor)
{
	uint64_t addr = ct_sink_get_resource(ctx->sink, resource)->address;
	const char *doubt = owner->doubt;

	if (ct_sink_get_actor(ctx->sink, actor)->id_source != CT_ID_OWN)
		doubt = "the owner field has the kernel's number of this thread; its own could not "
			"be read";
	else if (ct_owner_may_be_elsewhere(ctx, owner->shared, addr))
		doubt = "the owner field names this thread, or one of that number in another PID "
			"namespace";
	ct_sink_hold(
		ctx->sink, &(struct ct_hold){.actor = actor,
				   .resource = resource,
				   .mode = CT_HOLD_EXCLUSIVE,
				   .trust = doubt ? CT_TRUST_INFERRED : CT_TRUST_EXACT,
				   .why = ct_sink_string(ctx->sink, doubt ? doubt : owner->field),
				   .took_frame = CT_NONE});
}

static void add_absent(
	const struct ct_blocking *ctx, const struct ct_owner *owner, struct ct_resource *r)
{
	bool gone = !owner->shared && ct_owner_may_be_gone(ctx);

	r->holders = gone ? CT_HOLDERS_COMPLETE : CT_HOLDERS_UNKNOWN;
	r->owner_gone = gone ? owner->id : 0;
	r->owner_exited = gone ? ct_sink_exited_by_id(ctx->sink, owner->id) : CT_NONE;
	if (owner->shared)
		ct_sink_note(ctx->sink, CT_NOTE_NOT_ASKED,
			ct_sink_printf(ctx->sink, "0x%llx", (unsigned long long)r->address),
			"this process-shared lock is held by thread %u of another process",
			owner->id);
}

void ct_owner_add(const struct ct_blocking *ctx, uint32_t resource, const struct ct_owner *owner)
{
	struct ct_resource *r = ct_sink_get_resource(ctx->sink, resource);
	uint32_t actor = owner->id ? ct_sink_thread_by_id(ctx->sink, owner->id) : CT_NONE;

	r->process_shared = owner->shared;
	if (owner->exited) {
		r->holders = CT_HOLDERS_COMPLETE;
		r->owner_gone = CT_OWNER_UNNAMED;
		r->owner_why = owner->field;
	} else if (!owner->id) {
		r->holders = owner->taken ? CT_HOLDERS_UNKNOWN : CT_HOLDERS_COMPLETE;
	} else if (actor == CT_NONE) {
		add_absent(ctx, owner, r);
	} else {
		r->holders = CT_HOLDERS_COMPLETE;
		add_hold(ctx, owner, resource, actor);
	}
}
