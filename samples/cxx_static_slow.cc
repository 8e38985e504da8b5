// SPDX-License-Identifier: Apache-2.0
// No deadlock: a static is being initialised from a pipe, and another thread waits until that is
// done.
#include "nameless.h"

#include <string>

static gate g_input;

static SAMPLE_FRAME std::string read_motto()
{
	gate_pass(&g_input);
	return "slow and steady";
}

static SAMPLE_FRAME std::string &motto()
{
	static std::string text = read_motto();

	return text;
}

static void *printer(void *)
{
	motto() += ".";
	return nullptr;
}

int main()
{
	sample_thread t[2] = {};

	t[0].name = "loader", t[0].run = printer;
	t[1].name = "printer", t[1].run = printer;
	gate_init(&g_input);
	sample_start(&t[0]);
	gate_await(&g_input, &t[0]);
	sample_start(&t[1]);
	expect_syscall(&t[0], SYS_read);
	expect_nameless(&t[1], "once", nullptr, nullptr, nullptr, &t[0], false);
	truth_function(&t[0], "read_motto");
	truth_is("verdict", "[\"clean\"]");
	sample_rest(3);
}
