# SPDX-License-Identifier: Apache-2.0
"""Texts of gdb commands about what gdb's Python has no interface for. Knows nothing of gdb itself."""
import re

MAX_U64 = (1 << 64) - 1

_HEX = r"(0x[0-9a-f]+)"
_PROTECTION = (("r", 1), ("w", 2), ("x", 4))
_AUXV = re.compile(r"\s*(\d+)\s+(?:AT_\w+|\?\?\?)\s(.*)$")
_AUXV_TEXT = re.compile(r"\s(?:\"|<error).*$")
_SECTION = re.compile(r"\s*%s - %s is \S+(?: in (.*))?$" % (_HEX, _HEX))
_FILE = re.compile(r"\s*[`'‘](.*)['’], \S")
_CORE = re.compile(r"^(?:Local )?core(?: dump)? file:\s*\n\s*[`'‘](.*)['’],", re.I | re.M)


def mappings(text):
    """[(start, end, offset, protection or None, path)] of 'info proc mappings', by rising address.

    The columns are start, end, size, offset, the permissions (not of every gdb and target), and a path that
    may be missing and may have spaces. protection is of PROT_*.
    """
    with_permissions = re.search(r"^\s*Start Addr.*\bPerms\b", text, re.M)
    found = []
    for line in text.splitlines():
        columns = line.split(None, 4)
        try:
            start, end, _, offset = (int(n, 16) for n in columns[:4])
        except ValueError:
            continue
        protection, path = None, columns[4].rstrip() if len(columns) > 4 else ""
        if with_permissions:
            letters, _, path = path.partition(" ")
            protection = sum(bit for letter, bit in _PROTECTION if letter in letters)
        if start < end <= MAX_U64:
            found.append((start, end, offset, protection, path.lstrip()))
    return sorted(found)


def auxv(text):
    """[(type, value)] of 'info auxv': a number, then what it is, then a value and perhaps its text."""
    pairs = []
    for line in text.splitlines():
        entry = _AUXV.match(line)
        words = _AUXV_TEXT.sub("", entry.group(2)).split() if entry else ()
        try:
            pairs.append((int(entry.group(1)), int(words[-1], 0) & MAX_U64))
        except (AttributeError, IndexError, ValueError):
            continue
    return pairs


def modules(text, page=4096):
    """[(start, end, path)] of the files whose sections 'info files' lists, in whole pages.

    Those of the program itself stand below its name, those of libraries name theirs.
    """
    spans, program = {}, None
    for line in text.splitlines():
        heading, section = _FILE.match(line), _SECTION.match(line)
        program = heading.group(1) if heading else program
        if section:
            start, end = (int(n, 16) for n in section.group(1, 2))
            low, high = spans.get(section.group(3) or program, (start, end))
            spans[section.group(3) or program] = min(low, start), max(high, end)
    return sorted((low // page * page, -(-high // page) * page, path or "")
                  for path, (low, high) in spans.items())


def core_path(text):
    """The core file that 'info files' names, or None."""
    found = _CORE.search(text)
    return found.group(1) if found else None
