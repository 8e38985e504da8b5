#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes one variant of a program that was built with debug information.
# usage: derive.sh VARIANT PROGRAM OUT
set -eu

variant=$1 program=$2 out=$3
dir=$(dirname "$out")
name=$(basename "$out")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

names() { # of the symbols in a file, sorted; $1: what nm gets, $2: the file
	nm ${1:+"$1"} --format=posix --defined-only "$2" | awk '$2 ~ /[TtDdWw]/ {print $1}' | sort
}

case $variant in
*-stripped)
	strip --strip-all -o "$tmp/out" "$program"
	;;
*-debuglink)
	mkdir -p "$dir/.debug"
	objcopy --only-keep-debug "$program" "$dir/.debug/$name.debug"
	strip --strip-all -o "$tmp/out" "$program"
	objcopy --add-gnu-debuglink="$dir/.debug/$name.debug" "$tmp/out"
	;;
*-minidebug)
	# As distributions do it: the function symbols that .dynsym lacks, in an xz-packed ELF file.
	names -D "$program" >"$tmp/dynamic"
	names "" "$program" >"$tmp/all"
	comm -13 "$tmp/dynamic" "$tmp/all" >"$tmp/keep"
	objcopy --only-keep-debug "$program" "$tmp/debug"
	objcopy --strip-all --keep-symbols="$tmp/keep" --remove-section=.comment \
		"$tmp/debug" "$tmp/mini"
	xz "$tmp/mini"
	strip --strip-all -o "$tmp/out" "$program"
	objcopy --add-section .gnu_debugdata="$tmp/mini.xz" "$tmp/out"
	;;
*)
	echo "derive.sh: no variant $variant" >&2
	exit 2
	;;
esac
mkdir -p "$dir"
mv "$tmp/out" "$out"
