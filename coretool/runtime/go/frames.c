/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of a Go frame at one pc: by the table of frame sizes that the runtime itself unwinds
 * with (runtime/traceback.go).
 */
#include "runtime/go/frames.h"

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

/* Nothing called these; since 1.17 a flag says so, too. */
static const char *const tops[] = {"runtime.goexit", "runtime.mstart", "runtime.rt0_go",
	"runtime.mcall", "runtime.morestack", NULL};

/*
 * They change to another stack: what stands above them on this one is of another time. The
 * goroutine's own stack begins where it was left: at systemstack_switch, which is never called.
 */
static const char *const switches[] = {
	"runtime.systemstack", "runtime.asmcgocall", "runtime.gogo", NULL};

/*
 * The runtime makes it look as if the code that was interrupted had called them; or, where C calls
 * back, the place that the goroutine had left its stack at: the first byte of systemstack_switch.
 */
static const char *const injected[] = {"runtime.sigpanic", "runtime.sigpanic0",
	"runtime.asyncPreempt", "runtime.debugCallV2", "runtime.cgocallback", NULL};

/* The kernel calls the first function of a signal handler: it has the flag, too, but what was
 * interrupted is above it. */
static bool is_top(const struct ct_go_function *function, const char *name)
{
	return is_one_of(name, tops) || (ct_go_function_flags(function) & CT_GO_FLAG_TOP &&
						strcmp(name, "runtime.sigtramp") != 0);
}

/*
 * Is pc the byte before the code that a signal handler returns to? Nobody has called that, so the
 * byte is another function's; how such a frame is found stands in the kernel's own record.
 */
static bool before_sigreturn(const struct ct_go *go, uint64_t pc)
{
	struct ct_go_function next;

	return ct_go_function_at(&go->tables, pc + 1, &next) && next.entry == pc + 1 &&
	       !strncmp(ct_go_function_name(&next), "runtime.sigreturn",
		       strlen("runtime.sigreturn"));
}

bool ct_go_frame_shape(void *arg, uint64_t pc, struct ct_frame_shape *ret)
{
	const struct ct_go *go = arg;
	struct ct_go_function function;
	int32_t size;

	if (!ct_go_function_at(&go->tables, pc, &function) || before_sigreturn(go, pc))
		return false;
	const char *name = ct_go_function_name(&function);
	bool top = is_top(&function, name) || is_one_of(name, switches);
	if (!ct_go_pc_value(&function, CT_GO_PCSP, pc, &size) || size < 0) {
		if (!top)
			return false;
		size = 0;
	}
	*ret = (struct ct_frame_shape){
		.size = (uint32_t)size + sizeof(uint64_t),
		.root = top,
		.saves_fp = size >= (int32_t)sizeof(uint64_t),
		.exact_caller = is_one_of(name, injected),
	};
	return true;
}
