#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where the fields of fields.h are in one Go version: builds probe.go with that toolchain, reads its
DWARF and writes go1_NN.h beside this file; then table.c, which has all of them.

usage: generate.py path/to/go ...    one file for each of these toolchains
       generate.py --check           does each file have each row of fields.h exactly once?

Only who adds a Go version or a row needs it: with python3-pyelftools, and `make go-layout GO=...`.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIELDS = HERE.parent / "fields.h"
ROW = re.compile(r'\bX\((\w+), "([^"]+)", "([^"]*)"\)')
FILE = re.compile(r"go(\d+)_(\d+)\.h")
OFFSET = re.compile(r"\[CT_GO_(\w+)\] = (\w+),")
EMBEDDED = 0x2903  # DW_AT_go_embedded_field
PATH_DEPTH = 8
LICENSE = "/* SPDX-License-Identifier: Apache-2.0 */\n"


class LayoutError(Exception):
    """A layout could not be read; the text says why."""


def rows():
    """(id, type, path) of each row of fields.h."""
    found = ROW.findall(FIELDS.read_text())
    if not found or len({row[0] for row in found}) != len(found):
        raise LayoutError(f"{FIELDS.name} has no rows, or two of one name")
    return found


# ---- the DWARF of one program ----


class Types:
    """The structures of a program by their names."""

    def __init__(self, program):
        from elftools.elf.elffile import ELFFile
        self.file = open(program, "rb")
        self.structs = {}
        for unit in ELFFile(self.file).get_dwarf_info().iter_CUs():
            for die in unit.iter_DIEs():
                if die.tag == "DW_TAG_structure_type" and "DW_AT_name" in die.attributes:
                    self.structs.setdefault(die.attributes["DW_AT_name"].value.decode(), die)

    @staticmethod
    def _plain(die):
        """The type behind the names that were given to it."""
        for _ in range(PATH_DEPTH):
            if die.tag != "DW_TAG_typedef":
                break
            die = die.get_DIE_from_attribute("DW_AT_type")
        return die

    def _member(self, struct, name, depth=PATH_DEPTH):
        """(offset, type) of a member, also of one that an embedded type has; None when it has none."""
        embedded = []
        for die in struct.iter_children():
            if die.tag != "DW_TAG_member":
                continue
            offset = die.attributes["DW_AT_data_member_location"].value
            if not isinstance(offset, int):
                raise LayoutError(f"a member location is an expression: {die}")
            kind = self._plain(die.get_DIE_from_attribute("DW_AT_type"))
            if die.attributes["DW_AT_name"].value.decode() == name:
                return offset, kind
            flag = die.attributes.get("DW_AT_unknown_0x2903") or die.attributes.get(EMBEDDED)
            if flag and flag.value and kind.tag == "DW_TAG_structure_type":
                embedded.append((offset, kind))
        for offset, kind in embedded if depth else ():
            found = self._member(kind, name, depth - 1)
            if found:
                return offset + found[0], found[1]
        return None

    def offset(self, name, path):
        """Where the field is, or the size when there is no path; None when this version has no such."""
        die = self.structs.get(name)
        if die is None:
            return None
        if not path:
            return die.attributes["DW_AT_byte_size"].value
        where = 0
        for part in path.split("."):
            found = self._member(die, part) if die.tag == "DW_TAG_structure_type" else None
            if found is None:
                return None
            where, die = where + found[0], found[1]
        return where


# ---- the files ----


def build_probe(go, out):
    """The release that built it, as "1.24.4"."""
    # What the toolchain thinks best, and nothing from elsewhere.
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local",
                   "GOENV": "off", "GOOS": "linux", "GOARCH": "amd64", "GO111MODULE": "auto", "GOEXPERIMENT": ""}
    environment.pop("GOROOT", None)
    try:
        subprocess.run([go, "build", "-p", "1", "-ldflags=-compressdwarf=false", "-o", out,
                        HERE / "probe.go"], check=True, env=environment, cwd=out.parent)
        said = subprocess.run([go, "version"], check=True, env=environment, capture_output=True,
                              text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise LayoutError(f"{go}: {error}") from None
    found = re.search(r"\bgo(\d+\.\d+(?:\.\d+)?)\b", said)
    if not found:
        raise LayoutError(f"{go} says of its version: {said.strip()}")
    return found[1]


def write_layout(release, offsets):
    major, minor = release.split(".")[:2]
    name = f"go{major}_{minor}"
    lines = [LICENSE,
             f"/* Written by generate.py: go{release}, linux/amd64, as the DWARF of probe.go has it. */\n",
             '#include "runtime/go/fields.h"\n\n',
             f"static const struct ct_go_layout {name} = {{\n",
             f"\t.major = {major},\n\t.minor = {minor},\n\t.offset =\n\t\t{{\n"]
    for row, offset in offsets.items():
        lines.append(f"\t\t\t[CT_GO_{row}] = {'CT_GO_ABSENT' if offset is None else offset},\n")
    lines.append("\t\t},\n};\n")
    (HERE / f"{name}.h").write_text("".join(lines))


def layouts():
    """(major, minor) of each file, in the order of the versions."""
    found = (FILE.fullmatch(path.name) for path in HERE.iterdir())
    return sorted((int(one[1]), int(one[2])) for one in found if one)


def write_table():
    names = [f"go{major}_{minor}" for major, minor in layouts()]
    text = [LICENSE, "/* Written by generate.py: each Go version's file is one row. */\n"]
    text += [f'#include "runtime/go/layouts/{name}.h"\n' for name in names]
    text.append("\nconst struct ct_go_layout *const ct_go_layouts[] = {\n")
    text += [f"\t&{name},\n" for name in names]
    text.append("};\n\nconst size_t ct_go_n_layouts = sizeof(ct_go_layouts) / sizeof(ct_go_layouts[0]);\n")
    (HERE / "table.c").write_text("".join(text))


def generate(go):
    with tempfile.TemporaryDirectory(prefix="go-layout-") as place:
        probe = Path(place) / "probe"
        release = build_probe(go, probe)
        types = Types(probe)
        offsets = {row: types.offset(name, path) for row, name, path in rows()}
    if offsets["G_GOID"] is None or offsets["MODULEDATA_NEXT"] is None:
        raise LayoutError(f"{go}: runtime.g is not in the probe's DWARF")
    write_layout(release, offsets)
    absent = sum(offset is None for offset in offsets.values())
    print(f"go{release}: {len(offsets)} rows, {absent} absent")


def complaints():
    """A row that a file lacks would silently be 0."""
    wanted = [row for row, _, _ in rows()]
    present = set()
    for major, minor in layouts():
        name = f"go{major}_{minor}.h"
        found = OFFSET.findall((HERE / name).read_text())
        if [row for row, _ in found] != wanted:
            odd = set(wanted) ^ {row for row, _ in found}
            yield f"{name}: its rows are not those of fields.h: {' '.join(sorted(odd)) or 'order'}"
        present |= {row for row, offset in found if offset != "CT_GO_ABSENT"}
        if f'"runtime/go/layouts/{name}"' not in (HERE / "table.c").read_text():
            yield f"table.c: lacks {name}"
    for row in wanted:
        if row not in present:
            yield f"fields.h: no Go version has {row}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="of the files that are there")
    parser.add_argument("go", nargs="*", type=Path, help="a toolchain's go command")
    args = parser.parse_args()
    try:
        for go in args.go:
            generate(go.resolve())
    except LayoutError as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 1
    if args.go:
        write_table()
    found = list(complaints())
    for text in found:
        print(text)
    if args.check:
        print(f"{0 if found else len(list(layouts()))} passed, {len(found)} failed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
