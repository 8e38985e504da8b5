#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The parts of the extension that know nothing of gdb: framing, children, and the texts of gdb."""

import os
import random
import struct
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "gdbext"))
from coretool_ext import child, frames, parse  # noqa: E402 (it is in another directory)

PROMPT = 0.3  # seconds that a call may take that has nothing to wait for


class PipeTest(unittest.TestCase):
    """A Pipe whose other end is in the test's hands."""

    def setUp(self):
        self.source, self.feed = os.pipe()
        self.drain, self.sink = os.pipe()
        self.hear, self.noise = os.pipe()
        self.open = {self.source, self.feed, self.drain, self.sink, self.hear, self.noise}
        self.pipe = frames.Pipe(self.source, self.sink, self.hear)

    def tearDown(self):
        for fd in self.open:
            os.close(fd)

    def close(self, fd):
        self.open.remove(fd)
        os.close(fd)

    def test_whole_frame(self):
        os.write(self.feed, frames.pack(frames.OUTPUT, 2**64 - 1, b"text"))
        self.assertEqual(self.pipe.receive(1), (frames.OUTPUT, 2**64 - 1, b"text"))

    def test_frames_in_pieces(self):
        data = frames.pack(frames.OUTPUT, 1, b"abc") + frames.pack(frames.DONE, 2)

        def feed():
            for byte in data:
                os.write(self.feed, bytes([byte]))
                time.sleep(0.002)

        feeder = threading.Thread(target=feed)
        feeder.start()
        self.assertEqual(self.pipe.receive(5), (frames.OUTPUT, 1, b"abc"))
        self.assertEqual(self.pipe.receive(5), (frames.DONE, 2, b""))
        feeder.join()

    def test_largest_frame(self):
        payload = os.urandom(frames.MAX_PAYLOAD)
        found = []
        data = frames.pack(frames.OUTPUT, 1, payload)

        def feed():
            left = memoryview(data)
            while left:
                left = left[os.write(self.feed, left):]

        feeder = threading.Thread(target=feed)
        feeder.start()
        found.append(self.pipe.receive(10))
        feeder.join()
        self.assertEqual(found, [(frames.OUTPUT, 1, payload)])

    def test_too_long_is_refused_before_it_comes(self):
        for length in (frames.MAX_PAYLOAD + 1, 2**32 - 1):
            os.write(self.feed, struct.pack("<IIQ", frames.OUTPUT, length, 0))
            begin = time.monotonic()
            with self.assertRaisesRegex(frames.Broken, str(length)):
                self.pipe.receive(5)
            self.assertLess(time.monotonic() - begin, PROMPT)

    def test_what_gdb_sends_is_not_received(self):
        for kind in (0, frames.RUN, frames.FIND, frames.ANSWER, frames.FAIL, 77, 2**32 - 1):
            os.write(self.feed, struct.pack("<IIQ", kind, 0, 0))
            with self.assertRaisesRegex(frames.Broken, str(kind)):
                self.pipe.receive(1)

    def test_end_between_and_within_frames(self):
        os.write(self.feed, frames.pack(frames.DONE) + frames.pack(frames.OUTPUT, 1, b"half")[:-2])
        self.close(self.feed)
        self.assertEqual(self.pipe.receive(1)[0], frames.DONE)
        with self.assertRaises(frames.Lost):
            self.pipe.receive(1)
        with self.assertRaises(frames.Lost):
            self.pipe.receive(1)

    def test_silence_ends_in_time(self):
        begin = time.monotonic()
        with self.assertRaises(frames.Silent):
            self.pipe.receive(0.4)
        self.assertTrue(0.3 < time.monotonic() - begin < 0.4 + PROMPT)

    def test_drops_do_not_prolong_a_frame(self):
        stop = threading.Event()

        def feed():
            while not stop.wait(0.05):
                os.write(self.feed, b"\x20")

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            begin = time.monotonic()
            with self.assertRaises(frames.Silent):
                self.pipe.receive(0.4)
            self.assertLess(time.monotonic() - begin, 0.4 + PROMPT)
        finally:
            stop.set()
            feeder.join()

    def test_nobody_takes_what_is_sent(self):
        with self.assertRaises(frames.Silent):
            self.pipe.send(frames.ANSWER, 0, b"x" * frames.MAX_PAYLOAD, 0.3)

    def test_the_taker_has_gone(self):
        self.close(self.drain)
        with self.assertRaises(frames.Lost):
            self.pipe.send(frames.ANSWER, 0, b"x", 1)

    def test_too_long_is_not_sent(self):
        with self.assertRaises(frames.Broken):
            self.pipe.send(frames.ANSWER, 0, b"x" * (frames.MAX_PAYLOAD + 1), 1)

    def test_noise_is_kept_in_part(self):
        os.write(self.noise, b"first\n" + b"x" * 5000 + b"\nlast \x1b[31mwords\xff\n")
        self.assertEqual(self.pipe.last_words(), "last ?[31mwords\ufffd")
        self.assertLessEqual(len(self.pipe.heard), frames.Pipe.NOISE_KEPT)
        self.close(self.noise)
        os.write(self.feed, frames.pack(frames.DONE))
        self.assertEqual(self.pipe.receive(1)[0], frames.DONE)

    def test_rest_has_a_limit(self):
        os.write(self.feed, b"x" * 2000)
        self.close(self.feed)
        with self.assertRaises(frames.Broken):
            self.pipe.receive_rest(1999, 1)

    def test_random_bytes(self):
        """Nothing but the three failures, and nothing that takes long, comes of any bytes."""
        random.seed(1)
        for _ in range(3000):
            source, feed = os.pipe()
            pipe = frames.Pipe(source, self.sink)
            data = random.randbytes(random.randrange(64))
            if random.random() < 0.7:
                kind = random.choice([*frames.FROM_CHILD, random.getrandbits(32)])
                length = random.choice([0, 1, len(data), frames.MAX_PAYLOAD, random.getrandbits(32)])
                data = struct.pack("<IIQ", kind, length, random.getrandbits(64)) + data
            os.write(feed, data)
            os.close(feed)
            try:
                for _ in range(10):
                    kind, value, payload = pipe.receive(1)
                    self.assertIn(kind, frames.FROM_CHILD)
                    self.assertLessEqual(len(payload), len(data))
                    try:
                        frames.unpack_list(payload)
                    except frames.Broken:
                        pass
            except (frames.Broken, frames.Lost):
                pass
            finally:
                os.close(source)


class ListTest(unittest.TestCase):
    def test_there_and_back(self):
        for words in ([], [""], ["a", "", "grün"], ["x" * 1000] * 3):
            self.assertEqual(frames.unpack_list(frames.pack_list(words)), words)

    def test_generators(self):
        self.assertEqual(frames.pack_list(w for w in ("a", "b")), b"a\0b\0")

    def test_unended(self):
        with self.assertRaises(frames.Broken):
            frames.unpack_list(b"a\0b")

    def test_nul_in_a_word(self):
        with self.assertRaises(frames.Broken):
            frames.pack_list(["a\0b"])

    def test_what_is_no_text(self):
        self.assertEqual(frames.unpack_list(b"\xff\0"), ["\ufffd"])


class ChildTest(unittest.TestCase):
    def test_no_such_program(self):
        with self.assertRaisesRegex(child.NotStarted, "No such file"):
            child.Child(["/nonexistent/coretool", "serve"])

    def test_not_executable(self):
        with self.assertRaisesRegex(child.NotStarted, "Permission denied"):
            child.Child(["/etc/passwd"])

    def test_a_session_of_its_own_that_ends_whole(self):
        one = child.Child(["/bin/sh", "-c", "sleep 1000 & echo $$ $!; wait"])
        while True:
            try:
                pids = [int(pid) for pid in os.read(one.pipe.source, 100).split()]
                break
            except BlockingIOError:
                time.sleep(0.01)
        self.assertEqual({os.getsid(pid) for pid in pids}, {pids[0]})
        self.assertNotEqual(os.getsid(0), pids[0])
        one.close()
        deadline = time.monotonic() + 3
        while any(runs(pid) for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertFalse([pid for pid in pids if runs(pid)])
        one.close()

    def test_how_it_ended(self):
        for script, wanted in (("exit 3", "exit status 3"), ("kill -SEGV $$", "killed by SIGSEGV"),
                               ("echo no >&2; exit 1", "exit status 1: no")):
            one = child.Child(["/bin/sh", "-c", script])
            with self.assertRaises(frames.Lost):
                one.greet(5)
            self.assertEqual(one.how_it_ended(), wanted)
            one.close()

    def test_greeting(self):
        hello = frames.pack(frames.HELLO, frames.VERSION, b"coretool 1\0a\0b\0")
        code = f"import os, time; os.write(1, {hello!r}); time.sleep(100)"
        self.assertEqual(child.greeting_of([sys.executable, "-c", code], 5), ["a", "b"])

    def test_output(self):
        self.assertEqual(child.output_of(["/bin/echo", "text"], 5, 100), b"text\n")
        with self.assertRaises(frames.Broken):
            child.output_of(["/usr/bin/yes"], 5, 100000)
        with self.assertRaises(frames.Silent):
            child.output_of(["/bin/sleep", "1000"], 0.3, 100)
        with self.assertRaisesRegex(child.Failed, "exit status 1"):
            child.output_of(["/bin/false"], 5, 100)


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# As gdb prints them; the second with the columns of newer ones.
MAPPINGS_OF_A_CORE = """Mapped address spaces:

          Start Addr           End Addr       Size     Offset objfile
      0x5652a3e4d000     0x5652a3e4e000     0x1000        0x0 /a file/with r-xp in it
"""
MAPPINGS = """process 77
Mapped address spaces:

          Start Addr           End Addr       Size     Offset  Perms  objfile
            0x400000           0x401000     0x1000     0x2000  r-xp   /a/b (deleted)
            0x402000           0x403000     0x1000        0x0  rw-p   [heap]
  0xffffffffff600000 0xffffffffff601000     0x1000        0x0  --xp   [vsyscall]
            0x404000           0x405000     0x1000        0x0  ---s   two  spaces
            0x406000           0x407000     0x1000        0x0  rwxp
"""
MAPPINGS_OF_NEWER = """process 77
Mapped address spaces:

Start Addr         End Addr           Size               Offset             Perms File 
0x0000555555554000 0x0000555555556000 0x2000             0x0                r--p  /usr/bin/cat 
0x00007ffff7fbd000 0x00007ffff7fc1000 0x4000             0x0                rw-p   
"""  # noqa: W291 (gdb fills the last column)
AUXV = """33   AT_SYSINFO_EHDR      System-supplied DSO's ELF header 0x7fca802a7000
51   AT_MINSIGSTKSZ       Minimum stack size for signal delivery 0xd30
17   AT_CLKTCK            Frequency of times()           100
23   AT_SECURE            Boolean, was exec setuid-like? 0
31   AT_EXECFN            File name of executable        0x7ffc8d391fd0 "/a \\"b\\" 77/c"
15   AT_PLATFORM          String identifying platform    0x7ffc8d391169 "x86_64"
16   AT_BAD               Not to be read                 0x10 <error: Cannot access memory at address 0x10>
27   ???                                                 0x1c
0    AT_NULL              End of vector                  0x0
"""
FILES_OF_A_CORE = """Symbols from "/a".
Local core dump file:
\t`/cores/it's, a core', file type elf64-x86-64.
\t0x000055 - 0x000056 is load1
Local exec file:
\t`/a', file type elf64-x86-64.
"""
FILES = """Symbols from "/it's, a".
Remote target using gdb-specific protocol:
\t`/it's, a', file type elf64-x86-64.
\tEntry point: 0x4013a0
\t0x0000000000400318 - 0x0000000000400334 is .interp
\t0x0000000000403000 - 0x0000000000403001 is .data
\t0x00007f0000a00350 - 0x00007f0000a00370 is .note.gnu.property in /lib/a lib.so
\t0x00007f0000a02000 - 0x00007f0000a03000 is .bss in /lib/a lib.so
"""


class TextTest(unittest.TestCase):
    def test_mappings_without_permissions(self):
        self.assertEqual(parse.mappings(MAPPINGS_OF_A_CORE), [
            (0x5652a3e4d000, 0x5652a3e4e000, 0, None, "/a file/with r-xp in it")])

    def test_mappings(self):
        self.assertEqual(parse.mappings(MAPPINGS), [
            (0x400000, 0x401000, 0x2000, 5, "/a/b (deleted)"), (0x402000, 0x403000, 0, 3, "[heap]"),
            (0x404000, 0x405000, 0, 0, "two  spaces"), (0x406000, 0x407000, 0, 7, ""),
            (0xffffffffff600000, 0xffffffffff601000, 0, 4, "[vsyscall]")])

    def test_mappings_of_newer(self):
        self.assertEqual(parse.mappings(MAPPINGS_OF_NEWER), [
            (0x555555554000, 0x555555556000, 0, 1, "/usr/bin/cat"),
            (0x7ffff7fbd000, 0x7ffff7fc1000, 0, 3, "")])

    def test_auxv(self):
        self.assertEqual(parse.auxv(AUXV), [
            (33, 0x7fca802a7000), (51, 0xd30), (17, 100), (23, 0), (31, 0x7ffc8d391fd0),
            (15, 0x7ffc8d391169), (16, 0x10), (27, 0x1c), (0, 0)])

    def test_core(self):
        self.assertEqual(parse.core_path(FILES_OF_A_CORE), "/cores/it's, a core")
        self.assertEqual(parse.core_path(FILES_OF_A_CORE.replace("`/cores", "'/cores")),
                         "/cores/it's, a core")
        self.assertIsNone(parse.core_path('Symbols from "/a".\nLocal exec file:\n\t`/a\', file type x.\n'))

    def test_modules(self):
        self.assertEqual(parse.modules(FILES), [
            (0x400000, 0x404000, "/it's, a"), (0x7f0000a00000, 0x7f0000a03000, "/lib/a lib.so")])

    def test_nonsense(self):
        random.seed(2)
        for _ in range(2000):
            text = "".join(random.choice("0x1f \t\n\"<-rwp?`',.") for _ in range(200))
            parse.mappings(text), parse.auxv(text), parse.modules(text), parse.core_path(text)


if __name__ == "__main__":
    unittest.main()
