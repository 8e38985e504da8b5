# SPDX-License-Identifier: Apache-2.0
"""What is given as a core: bad files, damaged ones, compressed ones, pipes."""

import bz2
import gzip
import lzma
import os
import socket
import struct
import subprocess

from harness import (EM_386, EM_RISCV, EM_S390, ET_EXEC, FAILED, OK, CliTest, Settings, elf_header,
                     environment, real_core, run, tiny_core)


class BadInput(CliTest):
    def bad(self, text, *args, **more):
        self.assertIn(text, self.check(FAILED, *args, **more).err)

    def test_files(self):
        rows = (
            (b"", "is empty"),
            (b"hello\n", "text file"),
            (b"MDMP\x93\xa7\0\0" + bytes(100), "minidump"),
            (bytes(5000), "starts with zeros"),
            (os.urandom(7) + b"\0" + bytes(range(200)), "no ELF core"),
            (elf_header(ET_EXEC), "not a core"),
            (elf_header(bits=32, machine=EM_386), "32-bit core (i386)"),
            (elf_header(order=">", machine=EM_S390), "big-endian core (s390x)"),
            (elf_header(machine=EM_RISCV), "another machine (riscv)"),
            (b"LPKSHHRH" + bytes(100), "coredumpctl"),
            (b"PK\x03\x04" + bytes(100), "zip archive"),
            (bytes(257) + b"ustar\x0000" + bytes(300), "tar archive"),
            (gzip.compress(b"some text"), "what it unpacks to is a text file"),
            (gzip.compress(b""), "holds nothing"),
            (b"\x28\xb5\x2f\xfd" + bytes(9), "cannot be unpacked"),
        )
        for data, text in rows:
            with self.subTest(text=text):
                self.bad(text, self.write("file", data))

    def test_missing(self):
        self.bad("No such file", self.dir / "nothing")
        self.bad("No such file", "threads", self.dir / "nothing")

    def test_control_characters_are_not_printed(self):
        done = self.check(FAILED, self.write("a\033[31mb", b"x"))
        self.assertNotIn("\033", done.err)
        self.assertIn("\\x1b", done.err)

    def test_directory(self):
        self.bad("is a directory", "threads", self.dir)
        self.bad("no cores", self.dir)

    def test_swapped(self):
        self.bad("give the core with it", "/bin/sh")
        self.bad("give the core with it", "threads", "/bin/sh")

    def test_fifo_does_not_hang(self):
        os.mkfifo(self.dir / "fifo")
        self.bad("nobody writes", self.dir / "fifo")
        self.bad("nobody writes", "threads", self.dir / "fifo")

    def test_devices_and_sockets(self):
        self.bad("is empty", "/dev/null")
        self.bad("only zeros", "/dev/zero")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(str(self.dir / "socket"))
            self.bad("socket", self.dir / "socket")

    def test_unreadable(self):
        path = self.write("secret", tiny_core())
        path.chmod(0)
        if os.geteuid():
            self.bad("Permission denied", path)
            return
        # Root reads all; another user does not.
        self.dir.chmod(0o755)
        done = subprocess.run([Settings.program, path], capture_output=True, check=False,
                              user=65534, group=65534, extra_groups=[], cwd="/")
        self.assertEqual(done.returncode, FAILED)
        self.assertIn(b"Permission denied", done.stderr)

    def test_standard_input(self):
        self.bad("standard input: is empty", "-")
        self.bad("standard input: is a text file", "-", stdin=self.write("t", b"text\n").open("rb"))


class Damage(CliTest):
    def test_cut_off_anywhere(self):
        """Whatever is left: a report or one line, never a signal."""
        data = real_core().read_bytes()
        phoff, = struct.unpack_from("<Q", data, 32)
        offsets = {*range(0, 130, 7), *range(phoff, phoff + 300, 37), 4096, 5000,
                   *(len(data) * i // 12 for i in range(12))}
        seen = set()
        for size in sorted(offsets):
            done = run(self.write("cut", data[:size]), "--json")
            seen.add(done.status)
            self.assertIn(done.status, (OK, FAILED), f"cut at {size}: {done!r}")
            if done.status == FAILED:
                self.assertRegex(done.err, r"\Acoretool: [^\n]+\n\Z")
                self.assertLess(size, 64)
            else:
                self.assertIn('"partial"', done.out)
        self.assertEqual(seen, {OK, FAILED})

    def test_compressed_and_cut_off(self):
        data = gzip.compress(real_core().read_bytes(), 1)
        done = run(self.write("cut.gz", data[:len(data) * 9 // 10]), "--json")
        self.assertEqual(done.status, OK)
        self.assertIn("cut off or damaged", done.out)

    def test_limit(self):
        packed = self.write("core.gz", gzip.compress(real_core().read_bytes(), 1))
        done = self.check(3, packed, "--json", "--strict", "--max-unpacked", "1M")
        self.assertIn("limit of 1048576 bytes (--max-unpacked)", done.out)
        self.check(OK, packed, "--strict", "--max-unpacked", "1G")

    def test_bomb_of_no_core(self):
        """Gigabytes of zeros are turned away by their first block."""
        zeros = bytes(1 << 20)
        packer = lzma.LZMACompressor()
        bomb = b"".join(packer.compress(zeros) for _ in range(512)) + packer.flush()
        path = self.write("bomb.xz", bomb)
        self.assertIn("only zeros", self.check(FAILED, path).err)


class Compressed(CliTest):
    def lines_that_match(self, done):
        self.assertEqual(done.status, OK, done)
        lines = done.out.splitlines()
        return [line for line in lines if not line.strip().startswith("coretool ")]

    def test_all_kinds(self):
        self.needs("zstd", "lz4")
        core = real_core()
        data = core.read_bytes()
        want = self.lines_that_match(run(core))
        stat = core.stat()
        packers = {
            "gz": lambda d: gzip.compress(d, 1),
            "xz": lambda d: lzma.compress(d, preset=0),
            "bz2": lambda d: bz2.compress(d, 1),
            "zst": lambda d: subprocess.run(["zstd", "-q1"], input=d, stdout=-1, check=True).stdout,
            "lz4": lambda d: subprocess.run(["lz4", "-q1"], input=d, stdout=-1, check=True).stdout,
        }
        for name, pack in packers.items():
            with self.subTest(name=name):
                path = self.write("core." + name, pack(data))
                os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
                self.assertEqual(self.lines_that_match(run(path)), want)

    def test_from_a_pipe(self):
        data = real_core().read_bytes()
        want = run(real_core()).out.splitlines()[0]
        for form in (data, gzip.compress(data, 1)):
            done = subprocess.run([Settings.program, "-"], input=form, capture_output=True,
                                  check=False, env=environment())
            self.assertEqual(done.returncode, OK, done.stderr)
            self.assertEqual(done.stdout.decode().splitlines()[0], want)

    def test_from_a_process_substitution(self):
        done = subprocess.run(["bash", "-c", '"$0" -q <(sleep 0.2; cat "$1")', Settings.program,
                               str(real_core())], capture_output=True, check=False)
        self.assertEqual(done.returncode, OK, done.stderr)

    def test_standard_input_that_is_a_file(self):
        with real_core().open("rb") as core:
            done = self.check(OK, "-", stdin=core, env=environment(TMPDIR=self.dir))
        self.assertEqual(done.out.splitlines()[0], run(real_core()).out.splitlines()[0])

    def test_nothing_is_left_behind(self):
        packed = self.write("core.gz", gzip.compress(real_core().read_bytes(), 1))
        there = self.dir / "tmp"
        there.mkdir()
        self.check(OK, packed, env=environment(TMPDIR=there))
        self.assertEqual(list(there.iterdir()), [])

    def test_temporary_directory_that_is_none(self):
        packed = self.write("core.gz", gzip.compress(real_core().read_bytes(), 1))
        self.check(OK, packed, env=environment(TMPDIR="/nonexistent"))
