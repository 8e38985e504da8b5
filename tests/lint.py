#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the rules of the house that a compiler does not: layers, walls, sizes, words.

Prints one line per breach and exits 1 when there is any.
"""
import pathlib
import re
import subprocess
import sys

# Lowest first. A file may include its own folder and any folder below it, except as FORBIDDEN says.
LAYERS = ["base", "arch", "source", "decode", "target", "facts", "blocking", "runtime", "observe",
          "graph", "rules", "report", "triage", "live", "cli"]
READERS = {"source", "arch", "decode", "target", "blocking", "runtime", "observe"}
FORBIDDEN = {
    "decode": {"source"},
    "facts": set(LAYERS[1:]) - {"facts"},
    "graph": READERS, "rules": READERS, "report": READERS,
    "blocking": {"runtime"}, "runtime": {"blocking"},
}
# A library's header, and the folders that may include it.
HEADERS = {
    r"capstone/": {"decode"},
    r"(libelf|gelf|dwarf)\.h|elfutils/": {"source", "target"},
}
REGISTER = re.compile(r"\b(r(ip|[sb]p|[abcd]x|[ds]i|[89]|1[0-5])|orig_rax|[fg]s_base)\b", re.I)
PRIVATE = re.compile(r"[/_](internal|private)\.h$")
MAX_LINES = 600
GENERATED = re.compile(r"^coretool/arch/syscalls_\w+\.h$")
# In two halves, so that this file keeps its own rule.
UNFINISHED = ("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK")
WORDS = re.compile(r"\b(" + "|".join(UNFINISHED) + r")\b|(^|[^\w.])/(work|home|root)/|not (yet )?implemented")
HOSTS = re.compile(r"\b(deb|ftp|security|snapshot|registry)\.[a-z]+\.(org|com|net)")


def tracked():
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], check=True,
                         capture_output=True, text=True).stdout
    return [name for name in out.splitlines() if pathlib.Path(name).is_file()]


def layer_of(name):
    parts = name.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "coretool" else None


def strip_comments(text):
    """Comments and strings become spaces; lines stay."""
    pattern = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def check_includes(name, text):
    layer = layer_of(name)
    if layer not in LAYERS:
        yield f"{name}: {layer}/ is no layer; tests/lint.py lists them"
        return
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
        if not found:
            continue
        quoted, header = found.group(1) == '"', found.group(2)
        for pattern, allowed in HEADERS.items():
            if re.match(pattern, header) and layer not in allowed:
                yield f"{name}:{number}: {header} may be included only in {', '.join(sorted(allowed))}"
        other = header.split("/")[0]
        if (not quoted and other not in LAYERS) or header == "coretool.h":
            continue
        if other not in LAYERS:
            yield f"{name}:{number}: include \"{header}\" by its path below coretool/"
        elif LAYERS.index(other) > LAYERS.index(layer) or other in FORBIDDEN.get(layer, ()):
            yield f"{name}:{number}: {layer}/ must not include {other}/"
        elif PRIVATE.search(header) and other != layer:
            yield f"{name}:{number}: {header} is private to {other}/"


def check_registers(name, text):
    if layer_of(name) in ("arch", "decode"):
        return
    for number, line in enumerate(strip_comments(text).splitlines(), 1):
        if REGISTER.search(line):
            yield f"{name}:{number}: a machine register by name outside of arch/ and decode/"


def check_functions(name, text):
    """A function fits a screen: at most 60 lines from its opening to its closing brace."""
    start = None
    for number, line in enumerate(text.splitlines(), 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start > 61:
                yield f"{name}:{start}: a function of {number - start - 1} lines; 60 fit a screen"
            start = None


def check(name):
    path = pathlib.Path(name)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    code = name.endswith((".c", ".h", ".cc", ".py", ".sh", ".mk")) or path.name == "Makefile"
    if code and not GENERATED.match(name) and text.count("\n") > MAX_LINES:
        yield f"{name}: {text.count(chr(10))} lines; {MAX_LINES} are the limit"
    if name != "tests/lint.py":
        for number, line in enumerate(text.splitlines(), 1):
            if WORDS.search(line) or HOSTS.search(line):
                yield f"{name}:{number}: {line.strip()[:80]}"
    if name.endswith((".c", ".h")) and layer_of(name):
        yield from check_includes(name, text)
        yield from check_registers(name, text)
    if name.endswith((".c", ".h", ".cc")):
        yield from check_functions(name, text)


def main():
    breaches = [breach for name in tracked() for breach in check(name)]
    for breach in breaches:
        print(breach)
    print(f"lint: {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
