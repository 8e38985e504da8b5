// SPDX-License-Identifier: Apache-2.0
// The initialiser of a function-local static asks for the same static; another thread waits behind
// it.
#include "nameless.h"

#include <string>

struct Settings {
	std::string language;

	Settings();
};

static SAMPLE_FRAME Settings &settings()
{
	static Settings instance;

	return instance;
}

static SAMPLE_FRAME std::string default_language()
{
	return settings().language + ".UTF-8";
}

Settings::Settings() : language(default_language())
{
}

static void *greeter(void *)
{
	settings().language += "!";
	return nullptr;
}

int main()
{
	sample_thread t[2] = {};

	t[0].name = "greeter", t[0].run = greeter;
	t[1].name = "second", t[1].run = greeter;
	sample_start(&t[0]);
	expect_nameless(&t[0], "once", nullptr, nullptr, nullptr, &t[0], false);
	sample_start(&t[1]);
	expect_nameless(&t[1], "once", nullptr, nullptr, nullptr, &t[0], false);
	truth_function(&t[0], "default_language");
	expect_worked_out();
	truth_cycle(t, 1, false);
	truth_finding("CT102", "P0", "\"likely\"", t, 1);
	truth_verdict("deadlock");
	sample_rest(3);
}
