#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the lint itself: each rule finds its breach in a small repository and leaves good files
alone. Words that the lint forbids are put together here, so that it does not find them in this file.
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

LINT = pathlib.Path(__file__).resolve().parent / "lint.py"
GOOD = """/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/base.h"
#include "coretool.h"

/* The value of rax, in words: "rsp". */
static int good(void)
{
	return puts("in rdi");
}
"""


def function(lines):
    """A function whose body has so many lines."""
    return "int f(void)\n{\n" + "\tg();\n" * lines + "}\n"


class Lint(unittest.TestCase):
    maxDiff = None

    def lint(self, files, tracked=False):
        """(exit code, breaches) for a repository of these files."""
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["git", "init", "-q", folder], check=True)
            for name, content in files.items():
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
            if tracked:
                subprocess.run(["git", "add", "."], cwd=folder, check=True)
            done = subprocess.run([sys.executable, "-B", LINT], cwd=folder, check=False,
                                  capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        *breaches, last = done.stdout.splitlines()
        self.assertEqual(last, f"lint: {len(breaches)} breaches")
        return done.returncode, breaches

    def clean(self, files):
        self.assertEqual(self.lint(files), (0, []))

    def breach(self, name, content, *expected):
        """This one file has these breaches and no others; a good one beside it has none."""
        code, breaches = self.lint({name: content, "coretool/rules/good.c": GOOD})
        self.assertEqual(breaches, list(expected))
        self.assertEqual(code, 1)

    def includes(self, layer, header, *expected):
        name = f"coretool/{layer}/x.c"
        content = f"/* first */\n#include {header}\n"
        if expected:
            self.breach(name, content, *(f"{name}:2: {text}" for text in expected))
        else:
            self.clean({name: content})

    def test_good_files(self):
        self.clean({"coretool/rules/good.c": GOOD, "coretool/rules/good.h": GOOD,
                    "tests/run.sh": "echo ok\n", "README.md": "# coretool\n",
                    "data.bin": b"\xff\xfe\x00"})

    def test_an_empty_repository(self):
        self.clean({})

    def test_tracked_files_count_and_ignored_ones_do_not(self):
        bad = {"a.md": "TO" "DO\n"}
        self.assertEqual(self.lint(bad, tracked=True)[0], 1)
        self.clean({".gitignore": "build/\n", "build/a.md": bad["a.md"]})

    def test_layers_go_down_only(self):
        self.includes("target", '"base/arena.h"')
        self.includes("target", '"target/target.h"')
        self.includes("base", '"arch/arch.h"', "base/ must not include arch/")
        self.includes("target", '"facts/facts.h"', "target/ must not include facts/")
        self.includes("blocking", '"observe/observe.h"', "blocking/ must not include observe/")
        self.includes("observe", '"blocking/primitive.h"')
        self.includes("report", '"cli/cli.h"', "report/ must not include cli/")
        self.includes("cli", '"report/text.h"')

    def test_a_header_is_checked_as_a_source_is(self):
        self.breach("coretool/base/x.h", '#  include "cli/cli.h"\n',
                    "coretool/base/x.h:1: base/ must not include cli/")

    def test_angle_brackets_do_not_hide_a_layer(self):
        self.includes("base", "<arch/arch.h>", "base/ must not include arch/")
        self.includes("base", "<sys/mman.h>")

    def test_walls(self):
        for layer in ("graph", "rules", "report"):
            for below in ("source", "arch", "target", "blocking", "observe"):
                self.includes(layer, f'"{below}/x.h"', f"{layer}/ must not include {below}/")
            self.includes(layer, '"facts/facts.h"')
        self.includes("facts", '"base/vec.h"')
        self.includes("facts", '"arch/arch.h"', "facts/ must not include arch/")
        self.includes("facts", '"target/target.h"', "facts/ must not include target/")
        self.includes("decode", '"source/x.h"', "decode/ must not include source/")
        self.includes("decode", '"arch/arch.h"')

    def test_a_folder_that_is_no_layer(self):
        self.breach("coretool/misc/x.c", '#include "base/base.h"\n',
                    "coretool/misc/x.c: misc/ is no layer; tests/lint.py lists them")

    def test_includes_are_by_path(self):
        for header in ("arena.h", "../base/arena.h", "coretool/base/arena.h"):
            self.includes("rules", f'"{header}"',
                          f'include "{header}" by its path below coretool/')
        self.includes("rules", '"coretool.h"')

    def test_headers_of_libraries(self):
        for header in ("libelf.h", "gelf.h", "dwarf.h", "elfutils/libdwfl.h"):
            self.includes("source", f"<{header}>")
            self.includes("target", f"<{header}>")
            self.includes("blocking", f"<{header}>",
                          f"{header} may be included only in source, target")
        self.includes("decode", "<capstone/capstone.h>")
        self.includes("target", "<capstone/capstone.h>",
                      "capstone/capstone.h may be included only in decode")
        self.includes("rules", "<elf.h>")

    def test_private_headers(self):
        self.includes("observe", '"observe/internal.h"')
        self.includes("target", '"target/module_private.h"')
        for header in ("internal.h", "module_private.h"):
            self.includes("blocking", f'"target/{header}"',
                          f"target/{header} is private to target/")
        self.clean({"tests/unit/test_x.c": '#include "target/internal.h"\n'})

    def test_registers(self):
        for name in ("rip", "RSP", "rax", "RBX", "rcx", "rdx", "rdi", "r8", "R10", "r15",
                     "orig_rax", "fs_base"):
            self.breach("coretool/target/x.c", f"int a;\nint {name};\n",
                        "coretool/target/x.c:2: a machine register by name outside of arch/ "
                        "and decode/")
            self.clean({"coretool/arch/x.c": f"int {name};\n",
                        "coretool/decode/x.c": f"int {name};\n",
                        "tests/unit/x.c": f"int {name};\n"})
        self.clean({"coretool/target/x.c": "int strip, r16, r1, arip, rspec;\n"})

    def test_registers_in_comments_and_strings(self):
        self.clean({"coretool/target/x.c": '/* rip\n * "rsp */ // rax\nchar *a = "rdi \\" rsi";\n'})
        self.breach("coretool/target/x.c", "char q = '\"'; int rax; char r = '\"';\n",
                    "coretool/target/x.c:1: a machine register by name outside of arch/ and decode/")
        self.breach("coretool/target/x.c", "/* rip\n\n */ int rsp; /* */\n",
                    "coretool/target/x.c:3: a machine register by name outside of arch/ and decode/")

    def test_600_lines(self):
        for name in ("coretool/base/x.c", "coretool/base/x.h", "tests/x.py", "tests/x.sh",
                     "samples/x.cc", "tests/x.mk", "Makefile"):
            self.clean({name: "\n" * 600})
            self.breach(name, "\n" * 601, f"{name}: 601 lines; 600 are the limit")
        self.clean({"README.md": "\n" * 601, "coretool/arch/syscalls_x86_64.h": "\n" * 601})

    def test_60_lines_of_a_function(self):
        for name in ("coretool/base/x.c", "tests/unit/x.h", "samples/x.cc"):
            self.clean({name: function(60) + function(60)})
            self.breach(name, function(60) + function(61),
                        f"{name}:65: a function of 61 lines; 60 fit a screen")
        self.clean({"coretool/base/x.c": "static const int a[] = {\n" + "\t1,\n" * 99 + "};\n"})

    def test_words(self):
        for word in ("TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK", "not imple" "mented",
                     "not yet imple" "mented", "/wo" "rk/main", "see /ho" "me/me", "'/ro" "ot/x'"):
            for name in ("x.md", "coretool/base/x.c", "tests/x.py", ".ci/run"):
                self.breach(name, f"a\n{word}\n", f"{name}:2: {word}")
        self.clean({"x.md": "TO" "DOS, HA" "CKS, a/wo" "rk/b, $HOME/x, ../ho" "me/x, /work.\n"})

    def test_hosts(self):
        host = "de" "b.debian.org"
        self.breach("tests/x.py", f"a = '{host}'\n", f"tests/x.py:1: a = '{host}'")
        self.clean({"x.md": "www.debian.org, a.deb\n"})

    def test_a_long_line_is_cut(self):
        line = "TO" "DO " + "x" * 200
        self.breach("x.md", f"  {line}\n", f"x.md:1: {line[:80]}")


def main():
    result = unittest.main(exit=False, verbosity=0, argv=sys.argv[:1]).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
