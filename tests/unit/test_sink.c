/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "facts/sink.h"

static void a_secret_is_shown_unless_it_is_redacted(void **state)
{
	(void)state;
	for (int redact = 0; redact < 2; redact++) {
		struct ct_sink *sink = ct_sink_new(0);

		ct_sink_redact(sink, redact);
		const char *secret = ct_sink_secret(sink, "hunter2\n");

		assert_string_equal(secret, redact ? "<8 bytes>" : "hunter2\\x0a");
		assert_string_equal(ct_sink_printf(sink, "it said '%s'", secret),
			redact ? "it said '<8 bytes>'" : "it said 'hunter2\\x0a'");
		assert_string_equal(ct_sink_string(sink, "main"), "main");
		assert_null(ct_sink_secret(sink, NULL));
		ct_sink_free(sink);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_shown_unless_it_is_redacted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
