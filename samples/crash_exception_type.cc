/* SPDX-License-Identifier: Apache-2.0 */
/* An exception of a type of the program's own, two bases away from std::runtime_error. */
#include "crash.h"
#include <stdexcept>

namespace shop
{
struct error : std::runtime_error {
	using std::runtime_error::runtime_error;
};
struct out_of_stock : error {
	using error::error;
	int article = 0;
};
} // namespace shop

SAMPLE_FRAME static void reserve(int article)
{
	shop::out_of_stock e("article is sold out");

	e.article = article;
	throw e;
}

static void *seller(void *arg)
{
	crash_await();
	reserve(12);
	return arg;
}

int main()
{
	static sample_thread t = {"seller", seller, nullptr, 0, 0};

	crash_start(&t);
	truth_crash(&t, SIGABRT, "uncaught-exception", "reserve",
		",\"exception\":\"shop::out_of_stock\",\"what\":\"article is sold out\"");
	crash_go(2);
}
