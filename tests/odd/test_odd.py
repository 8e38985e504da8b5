#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs that are built, stored, started or dumped in unusual ways; see docs/odd-executables.md.

	test_odd.py PROGRAM BUILD [NAME...]

Makes its cores itself, of samples below BUILD and of programs built here. NAME picks cases, as for
unittest. Ends with "N passed, N failed, N skipped".
"""
import os
import re
import struct
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from bench import BenchCase, ROOT, Settings, kernel_core_obstacle, run_program  # noqa: E402
from elsewhere import Elsewhere  # noqa: E402,F401

import plan  # noqa: E402

NO_TABLES = ("-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-fno-exceptions",
             "-fomit-frame-pointer")
MUSL = Path("/usr/lib/x86_64-linux-musl")

E_MACHINE, E_SHOFF, E_SHNUM = 18, 40, 60  # in an Elf64_Ehdr
PE_OMIT = 0xff  # DW_EH_PE_omit: the encoding of what is not there


def patch(path, *values):
    """Each value: (format of struct, offset, number)."""
    data = bytearray(path.read_bytes())
    for form, offset, number in values:
        struct.pack_into(form, data, offset, number)
    path.write_bytes(data)
    return path


def without_sections(program):
    """What sstrip leaves: a program that runs, and that has no table of sections."""
    return patch(program, ("<Q", E_SHOFF, 0), ("<H", E_SHNUM, 0), ("<H", E_SHNUM + 2, 0))


def section(program, name):
    """Where it begins in the file."""
    said = subprocess.run(["readelf", "-SW", program], capture_output=True, text=True, check=True).stdout
    return int(re.search(rf" {re.escape(name)} +\w+ +\w+ +(\w+)", said)[1], 16)


def without_search_table(program):
    """.eh_frame_hdr says where .eh_frame is, and no more: as linkers write it that cannot sort."""
    at = section(program, ".eh_frame_hdr")
    return patch(program, ("B", at + 2, PE_OMIT), ("B", at + 3, PE_OMIT))


def interpreter_of(program):
    said = subprocess.run(["readelf", "-lW", program], capture_output=True, text=True, check=True).stdout
    found = re.search(r"program interpreter: (.*)\]", said)
    return found and found[1]


class Stored(BenchCase):
    """Files that are not what they were when the process ran."""

    def test_program_replaced_by_another_build(self):
        program = self.sample(copy_as="shop")
        core = self.core(program)
        before = core.report()
        self.check_cycle(core, before)
        self.check_functions(core, before)
        program.unlink()
        self.sample(variant="O0-g", copy_as="shop")
        report = core.report()
        self.check_cycle(core, report, names=False)
        self.check_nameless(report, program)
        self.check_waiters_reach_libc(core, report)
        module = report.module(program)
        self.assertEqual((module["state"], module["found"]), ("mismatch", "none"))
        self.assertNotIn("file", module)
        self.assertIn("another build", module["tried"][0])
        self.assertEqual(report.notes_about(program), ["CT903"])

    def test_another_program_in_its_place(self):
        program = self.sample(copy_as="shop")
        core = self.core(program)
        program.unlink()
        self.sample("diamond", copy_as="shop")
        report = core.report()
        self.check_cycle(core, report, names=False)
        self.check_nameless(report, program)
        self.assertEqual(report.notes_about(program), ["CT903"])

    def test_replaced_while_it_ran(self):
        program = self.sample(copy_as="shop")

        def install():
            program.unlink()
            self.sample("diamond", copy_as="shop")

        core = self.core(program, before=install)
        report = core.report()
        self.assertEqual(report["target"]["exe"], f"{program} (deleted)")
        self.check_cycle(core, report, names=False)
        self.check_nameless(report, program)
        self.assertEqual(report.notes_about(program), ["CT903"])

    def test_program_deleted(self):
        program = self.sample(copy_as="shop")
        core = self.core(program, before=program.unlink)
        report = core.report()
        self.check_cycle(core, report, names=False)
        self.check_nameless(report, program)
        self.check_waiters_reach_libc(core, report)
        self.assertEqual(report.module(program)["state"], "missing")
        self.assertEqual(report.notes_about(program), ["CT902"])

    def test_library_replaced_by_another_build(self):
        source = ROOT / "tests/odd/shelf.c"
        library = self.compile("libshelf.so", "-fPIC", "-shared", source=source)
        program = self.compile("shop", str(library), source=ROOT / "tests/odd/shelf_user.c")
        core = self.core(program)
        before = core.report()
        self.check_cycle(core, before)
        self.check_functions(core, before)
        self.assertIn("shelf_move", before.functions(core.told("wait")[0]["tid"]))
        library.unlink()
        self.compile("libshelf.so", "-fPIC", "-shared", "-O0", source=source)
        report = core.report()
        self.check_cycle(core, report, names=False)
        self.check_nameless(report, library)
        self.check_waiters_reach_libc(core, report)
        self.assertEqual(report.module(library)["state"], "mismatch")
        self.assertEqual(report.module(program)["state"], "ok")
        self.assertEqual(report.notes_about(library), ["CT903"])


class Started(BenchCase):
    def test_through_an_explicit_loader(self):
        program = self.sample()
        loader = interpreter_of(program)
        core = self.core(loader, program)
        report = core.report()
        self.check_cycle(core, report)
        self.check_functions(core, report)
        self.assertEqual(report["target"]["exe"], str(program))
        self.assertEqual(report.module(program)["state"], "ok")
        self.assertEqual(report["notes"], [])

    def test_through_an_explicit_loader_in_cxx(self):
        core = self.core(interpreter_of(self.sample("cxx_deadlock")), self.sample("cxx_deadlock"))
        report = core.report()
        [cycle] = report["cycles"]
        self.assertEqual({e["waiter"] for e in cycle["edges"]},
                         {f"t:{wait['tid']}" for wait in core.told("wait")})
        self.assertEqual([(f["rule"], f["confidence"]) for f in report["findings"]],
                         [("CT101", "proven")])
        self.assertIn("main", report.functions(report["target"]["pid"]))

    def test_numbers_of_another_pid_namespace(self):
        """A container in a container, and gdb in the outer: its number of one thread is the process's
        own of another, which waits for the first."""
        apart = ("unshare", "--pid", "--fork", "--mount-proc")
        if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
            self.skipTest("PID namespaces: none can be made here")
        core = self.core(*apart, self.sample("pidns_kill"), of_child=True, kind="gcore", below=True)
        report = core.report()
        self.check_cycle(core, report)
        for told in core.told("function"):
            self.assertIn(told["name"], report.functions(told["tid"]))
        numbers = {actor["id"]: actor["lwp"] for actor in report["actors"]}
        waiters = {wait["tid"] for wait in core.told("wait")}
        self.assertTrue(waiters & {numbers[f"t:{tid}"] for tid in waiters}, numbers)

    def test_pid_namespaces_have_cores(self):
        """The truth about them is checked with all other samples'."""
        made = {(variant, kind) for variant, kind, _ in plan.cores_of("pidns_kill")}
        self.assertLessEqual({("O2-g", "gcore"), ("O2-g", "kernel"), ("O2-stripped", "kernel")}, made)


class Built(BenchCase):
    def test_without_unwind_tables(self):
        program = self.compile("shop", *NO_TABLES)
        subprocess.run(["objcopy", "-R", ".eh_frame", "-R", ".eh_frame_hdr", "-R", ".debug_frame", program],
                       check=True)
        core = self.core(program)
        report = core.report()
        self.check_cycle(core, report)
        self.check_functions(core, report)
        trusts = {f["trust"] for s in report["stacks"] for f in s["frames"]
                  if f.get("function", "").startswith(("order_worker", "stock_worker"))}
        self.assertEqual(trusts, {"code"})

    def test_without_anything_to_go_by(self):
        """No tables of sections, symbols, unwinding; no build id."""
        program = without_sections(self.compile("shop", "-s", "-Wl,--build-id=none", *NO_TABLES))
        core = self.core(program)
        report = core.report()
        self.check_cycle(core, report, names=False)
        self.check_nameless(report, program)
        self.check_waiters_reach_libc(core, report)
        for wait in core.told("wait"):
            self.assertEqual(report.stack(wait["tid"])["ends"], "root")

    def check_unwound_by_tables(self, program, names=True):
        core = self.core(program)
        report = core.report()
        self.check_cycle(core, report, names=names)
        if names:
            self.check_functions(core, report)
        else:
            self.check_nameless(report, program)
        for stack in report["stacks"]:
            self.assertEqual(stack["ends"], "root")
        self.assertEqual({f["trust"] for s in report["stacks"] for f in s["frames"]}, {"cfi"})
        return report

    def test_without_a_search_table(self):
        """.eh_frame alone: with no .eh_frame_hdr, or with one that has no table."""
        self.check_unwound_by_tables(self.compile("shop", "-Wl,--no-eh-frame-hdr"))
        program = without_search_table(self.compile("till"))
        self.check_unwound_by_tables(program)
        subprocess.run(["strip", program], check=True)
        self.check_unwound_by_tables(program, names=False)
        self.check_unwound_by_tables(without_sections(program), names=False)

    def test_static_without_a_search_table(self):
        for kind in ("-static", "-static-pie"):
            self.check_unwound_by_tables(self.compile("shop", kind, "-Wl,--no-eh-frame-hdr"))

    def test_stripped(self):
        """Nothing but its names is missing."""
        program = self.compile("shop")
        subprocess.run(["strip", program], check=True)
        report = self.check_unwound_by_tables(program, names=False)
        module = report.module(program)
        self.assertEqual((module["state"], module["found"]), ("no-symbols", "path"))
        self.assertNotIn("CT903", report.notes_about(program))

    def test_without_a_build_id(self):
        program = self.compile("shop", "-Wl,--build-id=none")
        core = self.core(program)
        report = core.report()
        self.check_cycle(core, report)
        self.check_functions(core, report)
        self.assertNotIn("build_id", report.module(program))
        self.assertEqual(report.notes_about(program), ["CT902"])

    def test_without_a_build_id_and_replaced(self):
        program = self.compile("shop", "-Wl,--build-id=none")
        core = self.core(program)
        program.unlink()
        self.compile("shop", "-Wl,--build-id=none", source=ROOT / "samples/diamond.c")
        report = core.report()
        self.check_cycle(core, report, names=False)
        self.check_nameless(report, program)
        self.assertNotIn("file", report.module(program))
        self.assertTrue(report.notes_about(program))

    def test_without_section_headers(self):
        program = without_sections(self.compile("shop"))
        core = self.core(program)
        report = core.report()
        self.check_cycle(core, report, names=False)
        self.check_nameless(report, program)
        trusts = {f["trust"] for s in report["stacks"] for f in s["frames"]}
        self.assertEqual(trusts, {"cfi"})
        self.assertEqual(report.module(program)["state"], "no-symbols")
        for stack in report["stacks"]:
            self.assertEqual(stack["ends"], "root")

    def test_static_without_section_headers(self):
        program = without_sections(self.compile("shop", "-static", "-s"))
        core = self.core(program)
        report = core.report()
        self.check_cycle(core, report, names=False)
        self.check_nameless(report, program)

    def test_static_pie_without_a_build_id(self):
        program = self.compile("shop", "-static-pie", "-fPIE", "-Wl,--build-id=none")
        core = self.core(program)
        report = core.report()
        self.check_cycle(core, report)
        self.check_functions(core, report)

    def test_static_pie_of_musl(self):
        """Its mutexes do not say who owns them: the code of the threads does, with less certainty."""
        ends = [str(MUSL / name) for name in ("rcrt1.o", "crti.o", "crtn.o")]
        program = self.compile("shop", "-static", "-fPIE", "-nostartfiles", *ends,
                               "-Wl,-pie,--no-dynamic-linker", compiler="musl-gcc")
        self.assertIsNone(interpreter_of(program))
        core = self.core(program)
        report = core.report()
        self.check_cycle(core, report, confidence="likely", trust="inferred")
        self.check_functions(core, report)


class Dumped(BenchCase):
    """coredump_filter: bit 0 private anonymous memory, 1 shared, 4 first pages of ELF files, 5 huge pages."""

    def check_calls(self, core, report):
        """Which system call with which arguments: out of the registers alone."""
        for told in core.told("thread"):
            text = report.actor(told["tid"])["syscall"]["text"]
            self.assertTrue(text.startswith(f"{told['syscall']}({told['args'][0]}, "), text)

    def check_nothing_is_claimed(self, core, report):
        self.check_calls(core, report)
        for wait in core.told("wait"):
            [got] = report.actor(wait["tid"])["waits"]
            self.assertEqual((got["kind"], got["resource"]), ("futex", f"r:{wait['resource']}"))
            self.assertNotIn("on", got)
            self.assertIn("not in the core", got["why"])
        self.assertFalse([a for a in report["actors"] if "holds" in a or "orphan" in a])
        self.assertEqual((report["cycles"], report["findings"]), ([], []))
        self.assertEqual(report["summary"]["verdict"], "unknown")
        self.assertNotIn("no deadlock", report["summary"]["headline"])
        [partial] = report["target"]["partial"]
        self.assertIn("no thread's stack is in the core", partial)
        for stack in report["stacks"]:
            self.assertEqual(stack["ends"], "truncated")
            self.assertTrue(stack["why"])
        self.assertEqual(run_program("--strict", core.path).returncode, 3)

    def test_no_memory_at_all(self):
        core = self.core(self.sample(), core_filter=0)
        report = core.report()
        self.check_nothing_is_claimed(core, report)
        self.assertEqual(report.notes_about(self.sample()), ["CT902"])
        self.assertEqual({len(s["frames"]) for s in report["stacks"]}, {1})

    def test_elf_headers_alone(self):
        core = self.core(self.sample(), core_filter=0x10)
        report = core.report()
        self.check_nothing_is_claimed(core, report)
        self.assertEqual(report.module(self.sample())["state"], "ok")
        for wait in core.told("wait"):
            self.assertEqual(report.resource(wait["resource"])["name"], wait["name"])

    def test_owner_in_read_without_memory(self):
        core = self.core(self.sample("owner_in_read"), core_filter=0)
        report = core.report()
        self.assertEqual((report["findings"], report["summary"]["verdict"]), ([], "unknown"))
        calls = {a["syscall"]["name"] for a in report["actors"] if "syscall" in a}
        self.assertLessEqual({"read", "futex"}, calls)

    def test_memory_without_elf_headers(self):
        """No build ids: no file is used. Locks and owners are memory."""
        core = self.core(self.sample(), core_filter=1)
        report = core.report()
        self.check_calls(core, report)
        self.check_cycle(core, report, names=False)
        self.assertEqual({m["found"] for m in report["modules"]}, {"none"})
        self.assertEqual(report.notes_about(self.sample()), ["CT902"])
        for stack in report["stacks"]:
            self.assertEqual(stack["ends"], "truncated")
            self.assertTrue(stack["why"])

    def test_without_shared_memory(self):
        core = self.core(self.sample(), core_filter=0x31)
        report = core.report()
        self.check_calls(core, report)
        self.check_cycle(core, report)
        self.check_functions(core, report)


class SharedFile(BenchCase):
    """Locks in a file that is mapped shared: bit 3 of coredump_filter says whether a core has it."""

    def setUp(self):
        super().setUp()
        self.data = self.folder / "tills"
        self.program = self.compile("till_file", source=ROOT / "tests/odd/till_file.c")

    def test_left_out(self):
        core = self.core(self.program, self.data, core_filter=0x33)
        report = core.report()
        for told in core.told("wait"):
            [wait] = report.actor(told["tid"])["waits"]
            self.assertEqual((wait["kind"], wait["resource"]), ("futex", f"r:{told['resource']}"))
        [partial] = report["target"]["partial"]
        self.assertIn(str(self.data), partial)
        self.assertIn("coredump_filter", partial)
        self.assertEqual((report["summary"]["verdict"], report["findings"]), ("unknown", []))

    def test_put_in(self):
        for kind, core_filter in (("kernel", 0x3b), ("gcore", 0x3b)):
            with self.subTest(kind):
                core = self.core(self.program, self.data, core_filter=core_filter, kind=kind)
                report = core.report()
                self.assertNotIn("partial", report["target"])
                self.assertEqual(report["summary"]["verdict"], "deadlock")
                [finding] = report["findings"]
                self.assertEqual((finding["rule"], finding["confidence"]), ("CT101", "proven"))


class Shared(BenchCase):
    """The memory of the core is another process's, too, whose threads are not in the core."""

    BUILDS = {"glibc": {}, "static glibc": {"flags": ("-static",)},
              "stripped static glibc": {"flags": ("-static", "-s")},
              "musl": {"compiler": "musl-gcc"},
              "static musl": {"compiler": "musl-gcc", "flags": ("-static",)}}

    def setUp(self):
        super().setUp()
        self.programs = {name: self.compile(f"borrower{i}", *how.get("flags", ()),
                                            source=ROOT / "tests/odd/borrower.c",
                                            compiler=how.get("compiler", "gcc"))
                         for i, (name, how) in enumerate(self.BUILDS.items())}

    def check_nothing_is_proven(self, report, name):
        self.assertTrue(report["target"]["memory_shared"])
        [partial] = report["target"]["partial"]
        self.assertIn("another process", partial)
        [actor] = report["actors"]
        self.assertEqual(actor["id"], f"t:{report['target']['pid']}")
        [wait] = actor["waits"]
        self.assertNotIn("owner_gone", wait)
        self.assertNotIn("orphan", actor)
        self.assertNotIn("main_exited", report["target"])
        self.assertFalse([f for f in report["findings"] if f["confidence"] == "proven"], name)

    def check(self, program, how, who, what, kind):
        name = f"{program}, {how} by {who}, {what}, {kind}"
        with self.subTest(name):
            report = self.core(self.programs[program], how, who, what, of_child=True, kind=kind).report()
            self.check_nothing_is_proven(report, name)
            # A child on its maker's stack waits for its maker, who waits for it: that is true.
            if (how, what) != ("vfork", "own"):
                self.assertEqual((report["findings"], report["cycles"]), ([], []))
                self.assertEqual(report["summary"]["verdict"], "unknown")
                self.assertNotIn("holds", report["actors"][0])

    def test_vfork(self):
        for program in self.BUILDS:
            for kind in ("kernel", "gcore"):
                self.check(program, "vfork", "thread", "mutex", kind)
                self.check(program, "vfork", "main", "mutex", kind)

    def test_clone_with_memory(self):
        for program in self.BUILDS:
            self.check(program, "spawn", "main", "mutex", "kernel")
            self.check(program, "spawn", "thread", "mutex", "gcore")
            self.check(program, "alone", "main", "mutex", "gcore")
            self.check(program, "alone", "thread", "mutex", "kernel")

    def test_what_its_maker_holds(self):
        for program in self.BUILDS:
            for how in ("alone", "vfork"):
                self.check(program, how, "main", "own", "kernel")
                self.check(program, how, "main", "own", "gcore")

    def test_other_waits(self):
        for program in self.BUILDS:
            self.check(program, "vfork", "thread", "file", "kernel")
            self.check(program, "alone", "main", "cond", "gcore")

    def test_parent(self):
        """Its core has all of its own threads; the child's wait is not in it."""
        report = self.core(self.programs["glibc"], "alone", "thread", "mutex").report()
        self.assertNotIn("memory_shared", report["target"])
        self.assertNotIn("partial", report["target"])
        self.assertEqual(report["summary"]["verdict"], "clean")
        self.assertEqual({f["rule"] for f in report["findings"]}, {"CT121"})


class MuslsOwn(BenchCase):
    """Locks of musl's own, which its functions take and a program never sees."""

    def check(self, report, core, names):
        self.assertEqual((report["findings"], report["cycles"]), ([], []))
        self.assertEqual(report["summary"]["verdict"], "clean")
        drop, launch = (t for t in report["actors"] if t.get("holds") or
                        [w["kind"] for w in t["waits"]] == ["child"])
        if launch.get("holds"):
            drop, launch = launch, drop
        self.assertEqual(launch["waits"][0]["trust"], "inferred")
        self.assertEqual(launch["syscall"]["name"], "vfork")
        for told in core.told("wait"):
            [wait] = report.actor(told["tid"])["waits"]
            self.assertEqual((wait["kind"], wait["resource"]), ("libc-lock", f"r:{told['resource']}"))
            name = report.resource(told["resource"])["name"]
            if "on" in told:
                self.assertEqual((wait["on"], wait["trust"]), ([drop["id"]], "exact"))
                self.assertEqual((wait["on"], name), ([f"t:{told['on'][0]}"], told["name"]))
            else:
                self.assertEqual(wait.get("on", []), [])
                # Its malloc is a jump to a function without a name.
                self.assertTrue(name == told["name"] or
                                not names and name.startswith("libc internal lock (libc.so+"), name)
        self.assertEqual([(h["resource"], h["trust"]) for h in drop["holds"]],
                         [(f"r:{core.told('hold')[0]['resource']}", "exact")])

    def test_dynamic(self):
        core = self.core(self.compile("ids", source=ROOT / "tests/odd/ids.c", compiler="musl-gcc"))
        self.check(core.report(), core, names=False)

    def test_static(self):
        core = self.core(self.compile("ids", "-static", source=ROOT / "tests/odd/ids.c",
                                      compiler="musl-gcc"))
        self.check(core.report(), core, names=True)

    def test_without_names(self):
        """Any number could stand in any word: nothing is said of who has what."""
        core = self.core(self.compile("ids", "-static", "-s", source=ROOT / "tests/odd/ids.c",
                                      compiler="musl-gcc"))
        report = core.report()
        self.assertEqual((report["findings"], report["cycles"]), ([], []))
        for told in core.told("wait"):
            [wait] = report.actor(told["tid"])["waits"]
            self.assertEqual((wait["kind"], wait.get("on", [])), ("futex", []))


class Foreign(BenchCase):
    """Cores that are not read: one line that says what they are."""

    def refuse(self, data, *words):
        path = self.folder / "foreign.core"
        path.write_bytes(data)
        done = run_program(path)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def changed(self, form, offset, number):
        core = self.core(self.sample(), core_filter=0)
        return patch(core.path, (form, offset, number)).read_bytes()

    def test_core_of_a_32_bit_program(self):
        ident = b"\x7fELF" + bytes((1, 1, 1)) + bytes(9)
        header = struct.pack("<HHIIIIIHHHHHH", 4, 3, 1, 0, 52, 0, 0, 52, 32, 1, 0, 0, 0)
        note = struct.pack("<IIIIIIII", 4, 84, 0, 0, 16, 0, 0, 4)
        self.refuse(ident + header + note + bytes(16), "32-bit core", "i386")

    def test_class_of_32_bits(self):
        self.refuse(self.changed("B", 4, 1), "32-bit core", "x86_64")

    def test_core_of_another_machine(self):
        self.refuse(self.changed("<H", E_MACHINE, 21), "another machine", "ppc64")

    def test_core_of_an_unknown_machine(self):
        self.refuse(self.changed("<H", E_MACHINE, 9999), "another machine", "9999")

    def test_big_endian_core(self):
        ident = b"\x7fELF" + bytes((2, 2, 1)) + bytes(9)
        header = struct.pack(">HHIQQQIHHHHHH", 4, 21, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
        self.refuse(ident + header + bytes(56), "big-endian core", "ppc64")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    Settings.program, Settings.build = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    obstacle = kernel_core_obstacle()
    if obstacle:
        print("skipped: kernel cores:", obstacle)
        print("0 passed, 0 failed, 1 skipped")
        return 0
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{name}*" for name in sys.argv[3:]] or None
    suite = loader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
    for _, why in result.skipped:
        print("skipped:", why)
    bad = {str(test).split(" (")[0] for test, _ in result.failures + result.errors}
    passed = result.testsRun - len(bad) - len(result.skipped)
    print(f"{passed} passed, {len(bad)} failed, {len(result.skipped)} skipped")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
