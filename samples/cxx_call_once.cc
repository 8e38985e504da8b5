// SPDX-License-Identifier: Apache-2.0
// Two std::call_once whose functions need each other.
#include "gate.h"

#include <mutex>

class Lazy
{
      public:
	template <typename Load> SAMPLE_FRAME int get(Load load)
	{
		std::call_once(m_loaded, [&] {
			gate_pass(&m_begun);
			m_value = load();
		});
		return m_value;
	}

	std::once_flag m_loaded;
	gate m_begun;

      private:
	int m_value = 0;
};

static Lazy g_fonts, g_theme;

static SAMPLE_FRAME int load_theme_first()
{
	return g_theme.get([] { return 1; }) + 1;
}

static SAMPLE_FRAME int load_fonts_first()
{
	return g_fonts.get([] { return 2; }) + 1;
}

static void *layouter(void *)
{
	return g_fonts.get(load_theme_first) ? &g_fonts : nullptr;
}

static void *painter(void *)
{
	return g_theme.get(load_fonts_first) ? &g_theme : nullptr;
}

int main()
{
	sample_thread t[2] = {};

	t[0].name = "layouter", t[0].run = layouter;
	t[1].name = "painter", t[1].run = painter;
	gate_init(&g_fonts.m_begun);
	gate_init(&g_theme.m_begun);
	sample_start_all(t, 2);
	gate_await(&g_fonts.m_begun, &t[0]);
	gate_await(&g_theme.m_begun, &t[1]);
	gate_open(&g_fonts.m_begun);
	gate_open(&g_theme.m_begun);
	expect_wait(&t[0], "once", &g_theme.m_loaded, &g_theme.m_loaded, "g_theme.m_loaded", &t[1],
		false);
	expect_wait(&t[1], "once", &g_fonts.m_loaded, &g_fonts.m_loaded, "g_fonts.m_loaded", &t[0],
		false);
	truth_function(&t[0], "load_theme_first");
	truth_function(&t[1], "load_fonts_first");
	truth_deadlock(t, 2);
	sample_rest(3);
}
