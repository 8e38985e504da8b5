# SPDX-License-Identifier: Apache-2.0
"""--untrusted: what a core names is not opened, nothing is written but the report, and an honest core
gives the same report."""

import ctypes
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import unittest

from harness import FAILED, FINDINGS, OK, PARTIAL, USAGE, CliTest, Settings, environment, real_core, run

CORE = "O2-g/deadlock2.gcore.core"
IN_OPEN = 0x20


def landlock():
    return ctypes.CDLL(None).syscall(444, None, 0, 1) >= 1


class Opens:
    """Sees whether one of these files is opened meanwhile."""

    def __init__(self, *paths):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        for path in paths:
            if libc.inotify_add_watch(self.fd, os.fsencode(path), IN_OPEN) < 0:
                raise OSError(ctypes.get_errno(), path)

    def seen(self):
        ready = select.select([self.fd], [], [], 0)[0]
        if ready:
            os.read(self.fd, 65536)
        return bool(ready)


class Untrusted(CliTest):
    @classmethod
    def setUpClass(cls):
        if not landlock():
            print("skipped: Landlock: the kernel has none")
            raise unittest.SkipTest("Landlock")

    def same(self, *args, status=OK):
        """Both ways give the same; where was looked in vain may differ."""
        plain, confined = (self.check(status, *args, *more).out for more in ((), ("--untrusted",)))
        if "--json" in args:
            plain, confined = json.loads(plain), json.loads(confined)
            for report in (plain, confined):
                for module in report.get("modules", ()):
                    del module["tried"]
        self.assertEqual(plain, confined, args)
        return plain

    def test_an_honest_core_gives_the_same_report(self):
        for core in (CORE, "O2-g/cxx_deadlock.gcore.core", "O2-debuglink/inlined.gcore.core",
                     "O2-minidebug/kinds.kernel.core", "O2-static/kinds.kernel.core"):
            core = real_core(core)
            self.same(core, "--sysroot", "/", "--json")
            self.same(core, "--sysroot", "/", "-v")
        core = real_core(CORE)
        report = self.same(core, "--sysroot", "/", "--json")
        self.assertTrue(any(m.get("debug_file") for m in report["modules"]) or not os.path.exists("/usr/lib/debug"))
        self.same(core, "--include-args", "--include-env", "--sysroot", "/")
        self.same(core, "--sysroot", "/", "--fail-on", "P0", status=FINDINGS)
        self.same("explain", core, report["resources"][0]["address"], "--sysroot", "/")
        self.same("diff", core, core, "--sysroot", "/")
        self.same(self.write("bad.core", b"bad"), status=FAILED)

    def test_only_the_program_is_given(self):
        core = real_core(CORE)
        exe = json.loads(run(core, "--json").out)["target"]["exe"]
        for args in ((core, exe), (exe, core), (core, "--exe", exe)):
            report = json.loads(self.check(OK, *args, "--json", "--untrusted").out)
            found = {m["path"]: m["found"] for m in report["modules"] if m["path"].startswith("/")}
            self.assertEqual(found.pop(exe), "path")
            self.assertNotIn("path", found.values())
            self.assertEqual(report["resources"][0]["name"], "g_stock_lock")
            self.assertEqual(report["summary"]["verdict"], "deadlock")

    def test_other_inputs(self):
        core = real_core(CORE)
        bundle = self.dir / "x.tar.zst"
        self.check(OK, "bundle", core, "-o", bundle)
        self.same(bundle, "--json")
        self.needs("zstd")
        packed = self.dir / "core.zst"
        subprocess.run(["zstd", "-q", core, "-o", packed], check=True)
        plain = self.check(OK, packed, "--untrusted", "-q").out
        for data in (core, packed):
            with open(data, "rb") as stdin:
                self.assertEqual(self.check(OK, "-", "--untrusted", "-q", stdin=stdin).out, plain)
        folder = self.dir / "cores"
        folder.mkdir()
        shutil.copy(packed, folder)
        for n in range(300):  # more than there are temporary files
            os.link(packed, folder / f"{n}.zst")
        lines = self.check(OK, folder, "--untrusted", "--quick").out.splitlines()
        self.assertEqual(len([line for line in lines if ".zst: deadlock: " in line]), 301)
        self.check(PARTIAL, packed, "--untrusted", "--max-unpacked", "10K", "--strict")

    def test_output(self):
        path = self.write("report", b"old")
        done = self.check(OK, real_core(CORE), "--untrusted", "-o", path)
        self.assertEqual((done.out, path.read_text()), ("", run(real_core(CORE), "--untrusted").out))
        self.assertEqual(os.listdir(self.dir), ["report"])
        path.write_text("old")
        self.check(FAILED, self.write("bad", b"bad"), "--untrusted", "-o", path)
        self.assertEqual(path.read_text(), "old")
        self.check(74, real_core(CORE), "--untrusted", "-o", self.dir / "no" / "folder")
        self.check(USAGE, "bundle", real_core(CORE), "-o", path, "--untrusted")

    def naming(self, path):
        """A core that calls its program by this path."""
        data = real_core(CORE).read_bytes()
        exe = json.loads(run(real_core(CORE), "--json").out)["target"]["exe"].encode()
        wanted = os.fsencode(path)
        self.assertLess(len(wanted), len(exe))
        fill = len(exe) - len(wanted)
        wanted = b"/" * (fill % 2) + b"/." * (fill // 2) + wanted
        self.assertGreaterEqual(data.count(exe + b"\0"), 2)
        return self.write("named.core", data.replace(exe + b"\0", wanted + b"\0"))

    def test_what_a_core_names_is_not_opened(self):
        fifo = self.dir / "fifo"
        os.mkfifo(fifo)
        for victim in ("/etc/passwd", fifo, "/dev/zero"):
            core = self.naming(victim)
            opens = Opens(victim)
            for more in ((), ("--exe", "/bin/true"), ("--debug-dir", self.dir)):
                done = self.check(OK, core, "--untrusted", "--json", *more)
                self.assertIn(os.fspath(victim), done.out)
                self.assertFalse(opens.seen(), victim)
        # The watch does see it when such a file is opened.
        opens = Opens("/etc/passwd")
        self.check(OK, self.naming("/etc/passwd"), "--json")
        self.assertTrue(opens.seen())
        # Below a sysroot a device or FIFO is not opened either.
        core = self.naming(fifo)
        opens = Opens(fifo)
        self.check(OK, core, "--untrusted", "--sysroot", "/", "--json")
        self.assertFalse(opens.seen())

    def test_no_server_is_asked(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.5)
            env = environment(DEBUGINFOD_URLS=f"http://127.0.0.1:{server.getsockname()[1]}",
                              DEBUGINFOD_CACHE_PATH=self.dir / "cache", DEBUGINFOD_TIMEOUT="1")
            self.check(OK, real_core(CORE), "--untrusted", env=env)
            with self.assertRaises(TimeoutError):
                server.accept()
        self.assertFalse((self.dir / "cache").exists())

    def test_a_crash_of_the_analysis_is_told(self):
        """The kernel ends a child that is over its time, or dies of what a core did to it."""
        code = "import os,signal,subprocess,sys,time\n" \
               "p = subprocess.Popen([sys.argv[1], '-', '--untrusted'], stdin=subprocess.PIPE," \
               " stderr=subprocess.PIPE)\n" \
               "kids = lambda: open(f'/proc/{p.pid}/task/{p.pid}/children').read().split()\n" \
               "end = time.time() + 20\n" \
               "while not kids() and time.time() < end: time.sleep(0.01)\n" \
               "os.kill(int(kids()[0]), signal.SIGXCPU)\n" \
               "print(p.stderr.read().decode(), p.wait())\n"
        done = subprocess.run([sys.executable, "-c", code, Settings.program], capture_output=True,
                              text=True, check=True, timeout=60)
        self.assertRegex(done.stdout, r"\Acoretool: the analysis was stopped after \d+ seconds\n 2\n")
