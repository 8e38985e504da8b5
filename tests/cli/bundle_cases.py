# SPDX-License-Identifier: Apache-2.0
"""Bundles: packed, analysed where the files are not, unpacked by tar."""

import io
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import tarfile

from harness import FAILED, OK, WRITE, CliTest, elf_header, real_core, run

CORES = ("O2-g/deadlock2.gcore.core", "O2-g/deadlock2.kernel.core")


def answer(done):
    """A report without what names the core's path."""
    return [line for line in done.out.splitlines() if not line.strip().startswith("coretool ")]


class Bundle(CliTest):
    def bundle(self, core, *more):
        path = self.dir / "x.tar.zst"
        self.check(OK, "bundle", core, "-o", path, *more)
        return path

    def test_same_answer_elsewhere(self):
        """With --sysroot at an empty directory, the files of this machine are out of reach."""
        for name in CORES:
            for more in ((), ("--lean",)):
                core = real_core(name)
                path = self.bundle(core, *more)
                for command in ("analyze", "threads", "locks"):
                    with self.subTest(name=name, more=more, command=command):
                        here = self.check(OK, command, core)
                        there = self.check(OK, command, path, "--sysroot", self.dir)
                        self.assertEqual(answer(here), answer(there))
                rows = json.loads(self.check(OK, "modules", path, "--sysroot", self.dir,
                                             "--json").out)["modules"]
                self.assertTrue(any(row["found"] == "bundle" for row in rows))

    def test_members(self):
        self.needs("zstd")
        path = self.bundle(real_core())
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        plain = subprocess.run(["zstd", "-dc", path], stdout=subprocess.PIPE, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
            names = tar.getnames()
            manifest = json.load(tar.extractfile(names[0]))
        self.assertEqual(names[0], "coretool-bundle/manifest.json")
        self.assertEqual(names[-1], "coretool-bundle/core")
        self.assertEqual(manifest["schema"], "coretool-bundle/1")
        for row in manifest["files"]:
            name = "coretool-bundle/.build-id/{}/{}{}".format(
                row["build_id"][:2], row["build_id"][2:], ".debug" if row["debug"] else "")
            self.assertEqual(name in names, row["left_out"] is None)

    def test_tar_unpacks_it(self):
        self.needs("zstd", "tar")
        core = real_core()
        for more in ((), ("--lean",)):
            subprocess.run(["tar", "xf", self.bundle(core, *more), "-C", self.dir], check=True)
            there = self.dir / "coretool-bundle"
            if not more:
                self.assertEqual((there / "core").read_bytes(), core.read_bytes())
            else:
                self.assertLess((there / "core").stat().st_size, core.stat().st_size // 10)
            done = self.check(OK, there / "core", "--debug-dir", there, "--sysroot", "/nonexistent")
            self.assertEqual(answer(done)[0], answer(run(core))[0])

    def test_gdb_reads_a_lean_core(self):
        self.needs("gdb", "zstd", "tar")
        subprocess.run(["tar", "xf", self.bundle(real_core(), "--lean"), "-C", self.dir], check=True)
        done = subprocess.run(["gdb", "-nx", "-batch", "-ex", "info threads", "-c",
                               self.dir / "coretool-bundle/core"], capture_output=True, check=False)
        self.assertEqual(len(re.findall(rb"^[* ] +\d+ +LWP", done.stdout, re.M)), 3, done.stdout)

    def test_sparse_core_of_8_tb(self):
        data = bytearray(real_core().read_bytes())
        phoff, phnum = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
        phdrs = data[phoff:phoff + 56 * phnum]
        table = (len(data) + 4095) // 4096 * 4096
        size = 8 << 40
        phdrs += struct.pack("<IIQQQQQQ", 1, 6, table + 65536, 1 << 44, 0, size, size, 4096)
        struct.pack_into("<Q", data, 32, table)
        struct.pack_into("<H", data, 56, phnum + 1)
        path = self.write("big.core", data)
        with open(path, "r+b") as file:
            file.seek(table)
            file.write(phdrs)
            try:
                file.truncate(table + 65536 + size)
            except OSError:
                print("skipped: files of 8 TB: the file system has none")
                self.skipTest("no files of 8 TB")
        packed = self.bundle(path)
        self.assertLess(packed.stat().st_size, 64 << 20)
        done = self.check(OK, packed)
        self.assertEqual(answer(done)[0], answer(run(real_core()))[0])
        self.assertEqual(answer(self.check(OK, self.bundle(path, "--lean")))[0], answer(done)[0])

    def test_bundle_of_a_bundle(self):
        first = self.bundle(real_core())
        again = self.dir / "again.tar.zst"
        self.check(OK, "bundle", first, "-o", again, "--sysroot", self.dir)
        self.assertEqual(answer(self.check(OK, again, "--sysroot", self.dir)),
                         answer(run(real_core())))

    def test_damage_is_carried_along(self):
        data = real_core().read_bytes()
        path = self.bundle(self.write("cut", data[:len(data) * 3 // 4]), "--lean")
        self.check(3, path, "--strict")

    def test_what_debug_files_share(self):
        """The part that dwz took out of two debug files goes with the one that needs it."""
        self.needs("dwz")
        core = real_core("O2-debuglink/inlined.gcore.core")
        debug = core.parents[2] / "samples/O2-debuglink/.debug"
        for name in ("deadlock2.debug", "inlined.debug"):
            shutil.copy2(debug / name, self.dir / name)
        subprocess.run(["dwz", "-m", "shared.dwz", "deadlock2.debug", "inlined.debug"], cwd=self.dir,
                       check=True, stderr=subprocess.PIPE)
        rows = json.loads(self.check(OK, "modules", core, "--json").out)["modules"]
        build_id = next(row["build_id"] for row in rows if row["path"].endswith("/inlined"))
        tree = self.dir / "tree/.build-id" / build_id[:2]
        tree.mkdir(parents=True)
        (tree / (build_id[2:] + ".debug")).symlink_to(self.dir / "inlined.debug")
        here = self.check(OK, "threads", "-v", core, "--debug-dir", self.dir / "tree")
        path = self.bundle(core, "--debug-dir", self.dir / "tree")
        (self.dir / "shared.dwz").unlink()
        there = self.check(OK, "threads", "-v", path, "--sysroot", self.dir / "tree")
        self.assertIn("(inlined)", here.out)
        self.assertEqual(answer(here), answer(there))

    def test_cut_off(self):
        data = self.bundle(real_core()).read_bytes()
        for part in range(8):
            done = run(self.write("cut.tar.zst", data[:len(data) * part // 8]), "--json")
            self.assertIn(done.status, (OK, FAILED))
            if done.status == OK:
                self.assertIn('"partial"', done.out)

    def test_nothing_is_written_by_name(self):
        """A hostile archive: links, absolute paths, ways up."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            def add(name, data=b"", **fields):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                for key, value in fields.items():
                    setattr(info, key, value)
                tar.addfile(info, io.BytesIO(data))
            add("coretool-bundle/manifest.json", b"{}")
            add("coretool-bundle/../../evil", b"x")
            add(str(self.dir / "evil"), b"x")
            add("coretool-bundle/.build-id/ab/../../evil", b"x")
            add("coretool-bundle/.build-id/ab/cd", type=tarfile.SYMTYPE, linkname="/etc/passwd")
            add("coretool-bundle/core", type=tarfile.SYMTYPE, linkname="/etc/passwd")
            add("coretool-bundle/core", elf_header())
        path = self.write("evil.tar", out.getvalue())
        self.check(OK, path)
        self.assertEqual(os.listdir(self.dir), ["evil.tar"])

    def test_other_version(self):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            data = b'{"schema": "coretool-bundle/99"}'
            info = tarfile.TarInfo("coretool-bundle/manifest.json")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        done = self.check(FAILED, self.write("new.tar", out.getvalue()))
        self.assertIn("another version", done.err)

    def test_write_error(self):
        self.check(WRITE, "bundle", real_core(), "-o", "/dev/full")
