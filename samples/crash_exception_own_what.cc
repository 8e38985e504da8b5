/* SPDX-License-Identifier: Apache-2.0 */
/* what() of this exception is not the text in it: it must not be told as if it were. */
#include "crash.h"
#include <stdexcept>

namespace shop
{
struct secret_error : std::runtime_error {
	secret_error() : std::runtime_error("internal text")
	{
	}
	const char *what() const noexcept override
	{
		return "what people read";
	}
};
} // namespace shop

SAMPLE_FRAME static void audit()
{
	throw shop::secret_error();
}

static void *auditor(void *arg)
{
	crash_await();
	audit();
	return arg;
}

int main()
{
	static sample_thread t = {"auditor", auditor, nullptr, 0, 0};

	crash_start(&t);
	truth_crash(&t, SIGABRT, "uncaught-exception", "audit",
		",\"exception\":\"shop::secret_error\",\"what\":null");
	crash_go(2);
}
