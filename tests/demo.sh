#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Does README's first command print the deadlock, in a build folder where nothing was made before? Built faster than it
# would be by itself. usage: demo.sh BUILD
set -u
build=$1
rm -rf "$build"
if make BUILD="$build" OPT=-O0 demo >"$build.log" 2>&1 && grep -q '^deadlock: .*g_stock_lock and g_orders_lock' "$build.log"; then
	echo "1 passed, 0 failed"
else
	tail -n 20 "$build.log"
	echo "0 passed, 1 failed"
	exit 1
fi
