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
	"runtime.mcall", "runtime.morestack", "runtime.cgocallback", NULL};

/*
 * They change to another stack: what stands above them on this one is of another time. The
 * goroutine's own stack begins where it was left.
 */
static const char *const switches[] = {"runtime.systemstack", "runtime.systemstack_switch",
	"runtime.asmcgocall", "runtime.gogo", NULL};

/* The runtime makes it look as if the code that was interrupted had called them. */
static const char *const injected[] = {"runtime.sigpanic", "runtime.sigpanic0",
	"runtime.asyncPreempt", "runtime.debugCallV2", NULL};

bool ct_go_frame_shape(void *arg, uint64_t pc, struct ct_frame_shape *ret)
{
	const struct ct_go *go = arg;
	struct ct_go_function function;
	int32_t size;

	if (!ct_go_function_at(&go->tables, pc, &function))
		return false;
	const char *name = ct_go_function_name(&function);
	bool top = ct_go_function_flags(&function) & CT_GO_FLAG_TOP || is_one_of(name, tops) ||
		   is_one_of(name, switches);
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
