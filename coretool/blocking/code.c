/* SPDX-License-Identifier: Apache-2.0 */
#include "blocking/code.h"

#include <sys/mman.h>

#include "base/hash.h"
#include "base/vec.h"
#include "target/symbols.h"

#define MAX_SCAN_DEPTH 12         /* of calls that a function is looked through for */
#define MAX_FUNCTION   (1u << 16) /* bytes of one */
#define SMALL          128        /* bytes of a function that is looked into for its result alone */
#define MAX_SCANNED    (1u << 24) /* bytes of all */
#define MAX_CALLEES    (1u << 18) /* remembered */
#define MAX_STEPS      400000     /* of all threads: 0.06 to 0.15 s */
#define SEVERAL        (CT_NONE - 1)

struct known_callee {
	uint64_t target, slot;
	bool is_call;
	struct ct_callee callee;
};

struct known_scan {
	uint64_t start;
	bool reaches, opaque;
	bool mentions_known;
	uint32_t mentions; /* a wanted object; CT_NONE: none, SEVERAL */
};

struct ct_code {
	const struct ct_blocking *ctx;
	struct ct_functions *functions;
	struct ct_evaluator *evaluator;
	const struct ct_wanted *wanted;
	uint32_t n_wanted;
	bool atomics; /* for one of them atomic instructions count */
	bool of_libc; /* it is the C library's code that matters */
	CT_VEC(struct known_callee) callees;
	CT_VEC(struct known_scan) scans;
	struct ct_hash by_target, by_start;
	unsigned depth; /* of the scan under way, */
	bool opaque;    /* and whether it met a call of nobody knows what */
	uint64_t scanned;
};

/* ---- names ---- */

static const char *const never_return[] = {"exit", "_exit", "_Exit", "abort", "pthread_exit",
	"thrd_exit", "quick_exit", "longjmp", "siglongjmp", "_longjmp", "__longjmp_chk",
	"__stack_chk_fail", "__fortify_fail", "__chk_fail", "__assert_fail", "__assert",
	"__assert_perror_fail", "err", "errx", "verr", "verrx", "_Unwind_Resume", "__cxa_throw",
	"__cxa_rethrow", "__cxa_bad_cast", "__cxa_bad_typeid", "__cxa_throw_bad_array_new_length",
	"__cxa_pure_virtual", "_ZSt9terminatev", "rust_panic", "rust_begin_unwind"};

/* Parts of the names of Rust's functions that panic; std::thread::panicking() only asks. */
static const char *const never_return_words[] = {"panicking5panic", "panic_fmt", "panic_display",
	"panic_explicit", "panic_str", "panic_bounds_check", "panic_const", "panic_nounwind",
	"panic_cannot_unwind", "panic_in_cleanup", "panic_misaligned", "panic_null",
	"assert_failed", "unwrap_failed", "expect_failed", "begin_panic", "resume_unwind",
	"handle_alloc_error", "capacity_overflow", "slice_start_index", "slice_end_index",
	"slice_index_order"};

static bool is_no_return(const char *name)
{
	for (size_t i = 0; i < CT_COUNT(never_return); i++)
		if (!strcmp(name, never_return[i]))
			return true;
	if (!strncmp(name, "_ZSt", 4) && strstr(name, "__throw_"))
		return true;
	if (strncmp(name, "_R", 2) != 0 && strncmp(name, "_ZN", 3) != 0)
		return false;
	for (size_t i = 0; i < CT_COUNT(never_return_words); i++)
		if (strstr(name, never_return_words[i]))
			return true;
	return false;
}

/* "__pthread_mutex_lock" is the same function as "pthread_mutex_lock". */
static const char *plain_name(const char *name)
{
	const char *rest = name + strspn(name, "_");

	return strncmp(rest, "pthread_", 8) ? name : rest;
}

static const struct ct_event_row *row_of(
	const struct ct_libc *libc, const char *name, const struct ct_primitive **primitive)
{
	const char *plain = plain_name(name);

	for (size_t p = 0; p < ct_n_primitives; p++)
		for (size_t i = 0; i < ct_primitives[p]->n_events; i++)
			if (ct_primitive_applies(ct_primitives[p], libc) &&
				!strcmp(plain, ct_primitives[p]->events[i].function)) {
				*primitive = ct_primitives[p];
				return &ct_primitives[p]->events[i];
			}
	return NULL;
}

bool ct_primitive_has_row(const struct ct_primitive *primitive, const struct ct_event_row *row)
{
	return row >= primitive->events && row < primitive->events + primitive->n_events;
}

static bool is_family_wanted(const struct ct_code *code, const struct ct_primitive *primitive)
{
	for (uint32_t i = 0; i < code->n_wanted; i++)
		if (code->wanted[i].primitive == primitive)
			return true;
	return false;
}

/* ---- whose code ---- */

static bool is_system(const struct ct_module *module)
{
	static const char *const names[] = {"libc.so", "libc-", "ld-", "ld.so", "libpthread",
		"libstdc++", "libc++", "libgcc_s", "libm.so", "libm-", "libdl", "librt", "[vdso]"};

	for (size_t i = 0; i < CT_COUNT(names); i++)
		if (!strncmp(module->name, names[i], strlen(names[i])))
			return true;
	return false;
}

bool ct_code_is_own(struct ct_code *code, uint64_t pc)
{
	const struct ct_module *module = ct_module_at(code->ctx->target, pc);

	if (code->of_libc)
		return ct_libc_owns(code->ctx->target, code->ctx->libc, pc);
	return module && !is_system(module);
}

/* ---- callees ---- */

static bool scan(struct ct_code *code, const struct ct_function *function);

/* A scan whose findings are not those of the one under way. */
static bool scan_alone(struct ct_code *code, const struct ct_function *function, bool *opaque)
{
	bool outer = code->opaque;

	code->opaque = false;
	bool reaches = scan(code, function);
	*opaque = code->opaque;
	code->opaque = outer;
	return reaches;
}

static bool judge_name(struct ct_code *code, const char *name, struct ct_callee *ret)
{
	const struct ct_primitive *primitive;

	ret->row = row_of(code->ctx->libc, name, &primitive);
	if (ret->row) {
		ret->kind = CT_CALLEE_EVENT;
		ret->ignored = !is_family_wanted(code, primitive);
		return true;
	}
	if (!is_no_return(name))
		return false;
	ret->kind = CT_CALLEE_NO_RETURN;
	return true;
}

/* A function of the program itself: is it worth looking into? */
static void judge_own(struct ct_code *code, uint64_t target, struct ct_callee *ret)
{
	struct ct_function function;

	ret->kind = CT_CALLEE_QUIET;
	if (ct_function_at(code->functions, target, &function) || function.start != target)
		return;
	/* What libc does before it gives up is of no interest. */
	if (code->of_libc && !ct_code_may_return(code->evaluator, function.start, function.end)) {
		ret->kind = CT_CALLEE_NO_RETURN;
		return;
	}
	bool reaches = scan_alone(code, &function, &ret->opaque);
	if (reaches || function.end - function.start <= SMALL)
		ret->kind = CT_CALLEE_ENTER;
	else if (!ct_code_may_return(code->evaluator, function.start, function.end))
		ret->kind = CT_CALLEE_NO_RETURN;
}

/* The slot that a stub of the procedure linkage table at target jumps through; 0: it is none. */
static uint64_t stub_at(struct ct_code *code, uint64_t target)
{
	const struct ct_arch *arch = ct_target_arch(code->ctx->target);
	uint8_t bytes[CT_ARCH_CODE_BEFORE];

	if (!arch->stub_slot || ct_read(code->ctx->target, target, bytes, sizeof(bytes)))
		return 0;
	return arch->stub_slot(bytes, target);
}

static struct ct_callee judge(struct ct_code *code, uint64_t target, uint64_t slot, bool is_call)
{
	struct ct_callee ret = {.kind = CT_CALLEE_FOREIGN};
	struct ct_target *t = code->ctx->target;
	struct ct_symbol symbol;

	if (!slot && target && ct_code_is_own(code, target))
		slot = stub_at(code, target);
	if (slot) {
		const char *name = ct_slot_name(code->functions, slot);

		if (name && judge_name(code, name, &ret))
			return ret;
		/* Before its first use it leads back into the table. */
		if (ct_read_u64(t, slot, &target) ||
			(name && ct_module_at(t, target) == ct_module_at(t, slot) &&
				stub_at(code, target)))
			return ret;
	}
	if (!target || !ct_module_at(t, target)) {
		ret.opaque = true;
		return ret;
	}
	if (!ct_symbol_at(t, target, CT_SYMBOL_CODE, &symbol) && symbol.start == target &&
		judge_name(code, symbol.name, &ret))
		return ret;
	if (!ct_code_is_own(code, target))
		return ret;
	ret.entry = target;
	if (is_call)
		judge_own(code, target, &ret);
	else
		ret.kind = CT_CALLEE_ENTER;
	return ret;
}

static struct ct_callee callee(void *arg, uint64_t target, uint64_t slot, bool is_call)
{
	struct ct_code *code = arg;
	uint64_t hash = ct_hash_u64(target * 2 + slot * 3 + is_call);
	struct ct_hash_it it = ct_hash_find(&code->by_target, hash);
	uint32_t i;

	while (ct_hash_next(&code->by_target, &it, &i)) {
		const struct known_callee *k = &code->callees.items[i];

		if (k->target == target && k->slot == slot && k->is_call == is_call)
			return k->callee;
	}
	struct ct_callee ret = judge(code, target, slot, is_call);
	bool quick = ret.kind == CT_CALLEE_FOREIGN && ret.opaque;
	struct known_callee *known =
		!quick && code->callees.n < MAX_CALLEES ? ct_vec_push(&code->callees) : NULL;
	if (known) {
		*known = (struct known_callee){target, slot, is_call, ret};
		if (!ct_hash_insert(&code->by_target, hash, code->callees.n - 1))
			code->callees.n--;
	}
	return ret;
}

/* ---- what a function can come to ---- */

static bool is_interesting(struct ct_code *code, const struct ct_function *function,
	const struct ct_code_reference *ref)
{
	code->opaque |= ref->indirect;
	if (ref->atomic || ref->indirect)
		return ref->atomic && code->atomics;
	if (!ref->slot && ref->target - function->start < function->end - function->start)
		return false;
	if (!ref->slot && !ct_code_is_own(code, ref->target))
		return false;
	struct ct_callee c = callee(code, ref->target, ref->slot, true);
	struct ct_function called;
	code->opaque |= c.opaque;
	if (c.kind != CT_CALLEE_ENTER)
		return c.kind == CT_CALLEE_EVENT && !c.ignored;
	return !ct_function_at(code->functions, c.entry, &called) && scan(code, &called);
}

/* The bytes of a function; NULL: they cannot be read, or are too many. */
static uint8_t *read_function(struct ct_code *code, const struct ct_function *function)
{
	size_t len = function->end - function->start;
	uint8_t *bytes = NULL;

	if (len <= MAX_FUNCTION && code->scanned <= MAX_SCANNED && !ct_code_spent(code))
		bytes = malloc(len + 1);
	if (bytes && ct_read(code->ctx->target, function->start, bytes, len)) {
		free(bytes);
		bytes = NULL;
	}
	code->scanned += bytes ? len : 0;
	return bytes;
}

static bool scan_bytes(struct ct_code *code, const struct ct_function *function)
{
	size_t len = function->end - function->start, cur = 0;
	struct ct_code_reference ref;

	ct_autofree uint8_t *bytes = read_function(code, function);
	if (!bytes) {
		code->opaque = true;
		return false;
	}
	while (ct_code_next_reference(bytes, len, function->start, &cur, &ref))
		if (is_interesting(code, function, &ref))
			return true;
	return false;
}

static struct known_scan *known_scan(struct ct_code *code, uint64_t start)
{
	struct ct_hash_it it = ct_hash_find(&code->by_start, ct_hash_u64(start));
	uint32_t i;

	while (ct_hash_next(&code->by_start, &it, &i))
		if (code->scans.items[i].start == start)
			return &code->scans.items[i];
	return NULL;
}

static bool scan(struct ct_code *code, const struct ct_function *function)
{
	const struct known_scan *known = known_scan(code, function->start);

	if (known) {
		code->opaque |= known->opaque;
		return known->reaches;
	}
	if (code->depth >= MAX_SCAN_DEPTH) {
		code->opaque = true;
		return false;
	}
	/* What calls itself is not more interesting for it. */
	struct known_scan *slot = ct_vec_push(&code->scans);
	uint32_t index = code->scans.n - 1;
	if (!slot)
		return false;
	*slot = (struct known_scan){.start = function->start};
	if (!ct_hash_insert(&code->by_start, ct_hash_u64(function->start), index)) {
		code->scans.n--;
		return false;
	}
	bool outer = code->opaque;
	code->opaque = false;
	code->depth++;
	bool reaches = scan_bytes(code, function);
	code->depth--;
	code->scans.items[index].reaches = reaches;
	code->scans.items[index].opaque = code->opaque;
	code->opaque |= outer;
	return reaches;
}

bool ct_code_reaches(struct ct_code *code, const struct ct_function *function)
{
	return scan(code, function);
}

static uint32_t look_for_mentions(struct ct_code *code, const struct ct_function *function)
{
	size_t len = function->end - function->start, cur = 0;
	ct_autofree uint8_t *bytes = read_function(code, function);
	uint64_t object;
	uint32_t ret = CT_NONE;

	while (bytes && ct_code_next_change(bytes, len, function->start, &cur, &object)) {
		uint32_t wanted = ct_code_wanted(code, object);

		if (wanted != CT_NONE && ret != wanted)
			ret = ret == CT_NONE ? wanted : SEVERAL;
	}
	return ret;
}

bool ct_code_mentions(struct ct_code *code, const struct ct_function *function, uint32_t beside)
{
	struct known_scan *known = known_scan(code, function->start);

	if (!known)
		return true;
	if (!known->mentions_known)
		known->mentions = look_for_mentions(code, function);
	known->mentions_known = true;
	return known->mentions != CT_NONE && known->mentions != beside;
}

bool ct_code_of_libc(const struct ct_code *code)
{
	return code->of_libc;
}

/* ---- calls by their return addresses ---- */

static struct ct_call call_before(struct ct_code *code, uint64_t ret_addr)
{
	const struct ct_arch *arch = ct_target_arch(code->ctx->target);
	uint8_t bytes[CT_ARCH_CODE_BEFORE];

	if (!arch->call_target ||
		ct_read(code->ctx->target, ret_addr - sizeof(bytes), bytes, sizeof(bytes)))
		return (struct ct_call){0};
	return arch->call_target(bytes, ret_addr);
}

const struct ct_event_row *ct_code_called(struct ct_code *code, uint64_t ret_addr)
{
	struct ct_call call = call_before(code, ret_addr);

	if (!call.target && !call.slot)
		return NULL;
	return callee(code, call.slot ? 0 : call.target, call.slot, true).row;
}

uint64_t ct_code_call_target(struct ct_code *code, uint64_t ret_addr)
{
	return call_before(code, ret_addr).target;
}

/* ---- the rest of the view ---- */

static enum ct_status read_code(void *arg, uint64_t addr, void *buf, size_t len)
{
	struct ct_code *code = arg;

	return ct_read(code->ctx->target, addr, buf, len);
}

uint32_t ct_code_wanted(const struct ct_code *code, uint64_t addr)
{
	uint32_t lo = 0, hi = code->n_wanted;

	CT_BISECT(lo, hi, mid, code->wanted[mid].addr < addr);
	return lo < code->n_wanted && code->wanted[lo].addr == addr ? lo : CT_NONE;
}

static bool is_wanted(void *arg, uint64_t object)
{
	return ct_code_wanted(arg, object) != CT_NONE;
}

static bool is_writable(void *arg, uint64_t addr)
{
	struct ct_code *code = arg;
	const struct ct_map *map = ct_target_map_at(code->ctx->target, addr);

	return !map || map->prot < 0 || map->prot & PROT_WRITE;
}

struct ct_code *ct_code_new(
	const struct ct_blocking *ctx, const struct ct_wanted *wanted, uint32_t n)
{
	struct ct_code *code = calloc(1, sizeof(*code));
	struct ct_code_view view = {.arg = code,
		.read = read_code,
		.callee = callee,
		.wanted = is_wanted,
		.writable = is_writable};

	if (!code)
		return NULL;
	code->ctx = ctx;
	code->wanted = wanted;
	code->n_wanted = n;
	code->of_libc = n && wanted[0].primitive->possession->in_libc;
	for (uint32_t i = 0; i < n; i++)
		code->atomics |= wanted[i].primitive->possession->inlined;
	code->functions = ct_functions_new(ctx->target);
	code->evaluator = ct_evaluator_new(ct_target_arch(ctx->target), &view);
	if (!code->functions || !code->evaluator) {
		ct_code_free(code);
		return NULL;
	}
	return code;
}

void ct_code_free(struct ct_code *code)
{
	if (!code)
		return;
	ct_functions_free(code->functions);
	ct_evaluator_free(code->evaluator);
	ct_vec_free(&code->callees);
	ct_vec_free(&code->scans);
	ct_hash_free(&code->by_target);
	ct_hash_free(&code->by_start);
	free(code);
}

bool ct_code_spent(const struct ct_code *code)
{
	return ct_evaluator_steps(code->evaluator) >= MAX_STEPS;
}

struct ct_evaluator *ct_code_evaluator(struct ct_code *code)
{
	return code->evaluator;
}

struct ct_functions *ct_code_functions(struct ct_code *code)
{
	return code->functions;
}
