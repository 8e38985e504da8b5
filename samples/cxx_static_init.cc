// SPDX-License-Identifier: Apache-2.0
// Function-local statics whose initialisers need each other, each begun by a thread of its own.
#include "nameless.h"

#include <string>

namespace config
{

static gate g_codecs_begun, g_plugins_begun;

struct Registry {
	std::string first;
};

Registry &codecs();
Registry &plugins();

static SAMPLE_FRAME Registry load_codecs()
{
	gate_pass(&g_codecs_begun);
	Registry registry{plugins().first + "/codec"};
	return registry;
}

static SAMPLE_FRAME Registry load_plugins()
{
	gate_pass(&g_plugins_begun);
	Registry registry{codecs().first + "/plugin"};
	return registry;
}

SAMPLE_FRAME Registry &codecs()
{
	static Registry registry = load_codecs();

	return registry;
}

SAMPLE_FRAME Registry &plugins()
{
	static Registry registry = load_plugins();

	return registry;
}

} // namespace config

static void *decoder(void *)
{
	config::codecs().first += "!";
	return nullptr;
}

static void *host(void *)
{
	config::plugins().first += "!";
	return nullptr;
}

int main()
{
	sample_thread t[2] = {};

	t[0].name = "decoder", t[0].run = decoder;
	t[1].name = "host", t[1].run = host;
	gate_init(&config::g_codecs_begun);
	gate_init(&config::g_plugins_begun);
	sample_start_all(t, 2);
	gate_await(&config::g_codecs_begun, &t[0]);
	gate_await(&config::g_plugins_begun, &t[1]);
	gate_open(&config::g_codecs_begun);
	gate_open(&config::g_plugins_begun);
	expect_nameless(&t[0], "once", nullptr, nullptr, nullptr, &t[1], false);
	expect_nameless(&t[1], "once", nullptr, nullptr, nullptr, &t[0], false);
	truth_function(&t[0], "load_codecs");
	truth_function(&t[1], "load_plugins");
	expect_worked_out();
	truth_cycle(t, 2, false);
	truth_finding("CT101", "P0", "\"likely\"", t, 2);
	truth_verdict("deadlock");
	sample_rest(3);
}
