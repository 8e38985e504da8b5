/* SPDX-License-Identifier: Apache-2.0 */
/* Names of functions of Rust, in both manglings' words, become paths without types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "blocking/rust.h"

static void check(const char *name, const char *expected)
{
	char path[CT_RUST_PATH];

	ct_rust_path(name, path);
	assert_string_equal(path, expected);
}

static void paths(void **state)
{
	(void)state;
	check("std::sys::unix::locks::futex::Mutex::lock_contended",
		"std::sys::unix::locks::futex::Mutex::lock_contended");
	check("<std::sys::sync::mutex::futex::Mutex>::lock_contended",
		"std::sys::sync::mutex::futex::Mutex::lock_contended");
	check("std::sync::mutex::Mutex<T>::lock", "std::sync::mutex::Mutex::lock");
	check("<std::sync::mpmc::list::Channel<alloc::string::String>>::recv::{closure#1}",
		"std::sync::mpmc::list::Channel::recv::{closure#1}");
	check("<core::panic::AssertUnwindSafe<F> as core::ops::FnOnce<()>>::call_once",
		"core::panic::AssertUnwindSafe::call_once");
	check("std::thread::scoped::scope::<a::f::{closure#0}, ()>", "std::thread::scoped::scope");
	check("std::thread::local::LocalKey<T>::with::<fn(i32) -> i64, ()>::{closure#0}",
		"std::thread::local::LocalKey::with::{closure#0}");
}

/* What a hostile symbol table may have. */
static void nonsense(void **state)
{
	char path[CT_RUST_PATH], longer[4096];

	(void)state;
	check("", "");
	check("<", "");
	check(">>>", "");
	check("<<<<a>", "");
	check("::", "::");
	check("::::::", "::");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ct_rust_path(longer, path);
	assert_int_equal(strlen(path), CT_RUST_PATH - 1);
	memset(longer, ':', sizeof(longer) - 1);
	ct_rust_path(longer, path);
	assert_true(strlen(path) <= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
