# SPDX-License-Identifier: Apache-2.0
"""Files that are not where the kernel recorded them, but where the process itself has them."""
import os
import struct

from bench import ROOT, BenchCase

E_PHOFF, E_PHNUM = 32, 56  # in an Elf64_Ehdr
PHDR, P_OFFSET, PT_LOAD = 56, 8, 1  # the size of an Elf64_Phdr, and in it


def record_other_path(core, path):
    """The kernel's list of files (NT_FILE) has another path of the same length, as below an overlay."""
    data = core.path.read_bytes()
    at = struct.unpack_from("<Q", data, E_PHOFF)[0]
    loads = [struct.unpack_from("<Q", data, at + i * PHDR + P_OFFSET)[0]
             for i in range(struct.unpack_from("<H", data, E_PHNUM)[0])
             if struct.unpack_from("<I", data, at + i * PHDR)[0] == PT_LOAD]
    old, other = os.fsencode(path), b"/lower" + os.fsencode(path)[6:]
    notes = data[:min(loads)].replace(old + b"\0", other + b"\0")
    core.path.write_bytes(notes + data[len(notes):])
    return other.decode()


class Elsewhere(BenchCase):
    def test_program_where_the_process_has_it(self):
        program = self.sample(copy_as="shop")
        core = self.core(program)
        recorded = record_other_path(core, program)
        report = core.report()
        self.check_cycle(core, report)
        self.check_functions(core, report)
        module = report.module(recorded)
        self.assertEqual((module["state"], module["file"]), ("ok", str(program)))
        self.assertEqual(report.notes_about(recorded), [])

    def test_another_build_where_the_process_has_it(self):
        program = self.sample(copy_as="shop")
        core = self.core(program)
        recorded = record_other_path(core, program)
        program.unlink()
        self.sample(variant="O0-g", copy_as="shop")
        report = core.report()
        self.check_cycle(core, report, names=False)
        self.check_nameless(report, recorded)
        module = report.module(recorded)
        self.assertEqual(module["state"], "missing")
        self.assertNotIn("file", module)
        self.assertIn(f"{program}: another build", "\n".join(module["tried"]))
        self.assertEqual(report.notes_about(recorded), ["CT902"])

    def test_library_where_the_process_has_it(self):
        library = self.compile("libshelf.so", "-fPIC", "-shared", source=ROOT / "tests/odd/shelf.c")
        program = self.compile("shop", str(library), source=ROOT / "tests/odd/shelf_user.c")
        core = self.core(program)
        recorded = record_other_path(core, library)
        report = core.report()
        self.check_cycle(core, report)
        self.check_functions(core, report)
        self.assertEqual(report.module(recorded)["file"], str(library))

    def test_no_path_of_the_process_with_redact(self):
        """It is a string that the process could write."""
        program = self.sample(copy_as="shop")
        core = self.core(program)
        recorded = record_other_path(core, program)
        report = core.report("--redact")
        self.assertNotIn("file", report.module(recorded))
