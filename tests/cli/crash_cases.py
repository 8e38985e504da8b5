# SPDX-License-Identifier: Apache-2.0
"""coretool crash on real cores that were damaged, or whose notes do not say what happened."""

import json
import os
import struct
import sys

from harness import OK, CliTest, real_core

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "damage"))

from elf_core import ElfCore, NOTE_HEADER  # noqa: E402

NT_SIGINFO = 0x53494749
NOTE_NAME = 8  # "CORE" and what it is padded with
SI_CODE, SI_ADDR, SI_SYSCALL, SI_ARCH = 8, 16, 24, 28


class Crash(CliTest):
    def crash(self, core):
        """(crash, its finding) of a report."""
        report = json.loads(self.check(OK, "crash", core, "--json").out)
        found = [f for f in report["findings"] if f["rule"] == "CT105"]
        self.assertEqual(len(found), 1 if "crash" in report else 0)
        return report.get("crash"), found[0] if found else None

    def patched(self, name, *patches, cut=None):
        """A copy; patches are (offset in the siginfo, format, value)."""
        data = bytearray(real_core(name).read_bytes())
        core = ElfCore(data)
        note = next(note for note in core.notes if note.type == NT_SIGINFO)
        for at, form, value in patches:
            struct.pack_into(form, data, note.at + NOTE_HEADER.size + NOTE_NAME + at, value)
        return self.write("damaged.core", data[:cut])

    def test_an_address_that_the_instruction_does_not_explain(self):
        name = "O0-g/crash_null_field.kernel.core"
        whole, finding = self.crash(real_core(name))
        self.assertEqual((whole["class"], finding["confidence"]), ("null-pointer", "proven"))
        for address in (0x7123, int(whole["address"], 16) + 0x4000, 1 << 46):
            crash, finding = self.crash(self.patched(name, (SI_ADDR, "<Q", address)))
            self.assertEqual(crash["address"], hex(address))
            self.assertTrue(any("no operand of the instruction explains" in text
                                for text in crash["evidence"]), crash)
            self.assertFalse(any(op["faulted"] for op in crash["operands"]))
            self.assertNotEqual(finding["confidence"], "proven")

    def test_a_signal_of_the_kernel_that_becomes_one_from_outside(self):
        crash, _ = self.crash(self.patched("O0-g/crash_null_field.kernel.core", (SI_CODE, "<i", 0)))
        self.assertIsNone(crash)

    def test_the_system_call_of_a_filter(self):
        name = "O0-g/crash_seccomp.kernel.core"
        crash, finding = self.crash(real_core(name))
        self.assertIn("the system call socket (number 41), which a filter", crash["cause"])
        self.assertEqual(finding["confidence"], "proven")
        crash, _ = self.crash(self.patched(name, (SI_SYSCALL, "<i", 101)))
        self.assertIn("the system call ptrace (number 101)", crash["cause"])
        self.assertTrue(any("the registers another, 41" in text for text in crash["evidence"]), crash)
        crash, _ = self.crash(self.patched(name, (SI_ARCH, "<I", 0x40000003)))
        self.assertIn("number 41 of another ABI (0x40000003)", crash["cause"])
        crash, _ = self.crash(self.patched(name, (SI_SYSCALL, "<i", -1)))
        self.assertIn("made a system call which a filter", crash["cause"])

    def test_a_recursion_is_counted_to_its_end(self):
        name = "O0-g/crash_recursion.kernel.core"
        crash, _ = self.crash(real_core(name))
        self.assertRegex(crash["cause"], r"count_items\(\) calls itself, \d{4,} times deep")
        self.assertTrue(crash["recursion"]["exact"])
        data = real_core(name).read_bytes()
        core = ElfCore(data)
        sp = next(int(reg["value"], 16) for reg in crash["registers"] if reg["name"] == "rsp")
        stack = next(l for l in core.loads if l.vaddr <= sp + 64 < l.vaddr + l.filesz)
        cut = self.patched(name, cut=stack.offset + stack.filesz // 2)
        part, _ = self.crash(cut)
        self.assertRegex(part["cause"], r"calls itself, at least \d{4,} times deep")
        self.assertFalse(part["recursion"]["exact"])
        self.assertLess(part["recursion"]["depth"], crash["recursion"]["depth"])
        self.assertTrue(any("the recursion may be deeper" in text for text in part["evidence"]), part)

    def test_locks_of_which_other_processes_know(self):
        out = self.check(OK, "crash", real_core("O2-g/crash_shared.gcore.core")).out
        self.assertRegex(out, r"it holds g_ledger\S* \(shared with other processes, and not robust")
        self.assertRegex(out, r"it probably holds the mutex at 0x[0-9a-f]+ \(robust, shared with other processes")
        self.assertRegex(out, r"it holds g_queue\S* \(priority inheriting\)")
