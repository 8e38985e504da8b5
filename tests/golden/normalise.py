# SPDX-License-Identifier: Apache-2.0
"""Replaces in a report what differs between two runs of a sample, or two machines.

Threads are numbered 1000, 1001 … in the order in which they were created, addresses 0xA1, 0xA2 …
in the order in which they appear. Lines of libraries and of sample.h, which all samples share, and
offsets in code become N; padding that depends on the width of a number is made equal. Names,
sentences, trusts, small offsets, lines of the samples and fingerprints stay.
"""

import json
import re

FIRST_THREAD = 1000
# So that the numbers go on in order of creation where the kernel began again with small ones.
MOST_PIDS = 1 << 22
LONGEST_LIST = 8  # threads; the text shortens longer lists by how many numbers follow one another
LINE_WIDTH = 100

ID_IN_JSON = re.compile(r'"t:(\d+)"|"(?:pid|lwp|owner|owner_gone)":(\d+)|\bthread (\d+)\b')
ONE_ID = re.compile(r'(\bthread |\bowner |\(pid |\bt:)(\d+)\b(?!@)')
BARE_LIST = re.compile(r"(\bthreads )(\d+(?:, \d+)*)\b(?! more)")
ID_LIST = re.compile(r"(?P<n>\d+)(?P<what> threads )\((?P<ids>\d[\d, -]*)(?: and \d+ more)?\)")
# The value that pthread_join expects in the futex is the thread's number.
JOIN = re.compile(r"(FUTEX_WAIT_BITSET\|FUTEX_CLOCK_REALTIME, )(\d+)(?=, NULL)")
ADDRESS = re.compile(r"(?<=\+)0x[0-9a-f]{4,}|\b0x[0-9a-f]{5,}")

# (pattern, replacement), in this order.
WORDS = [(re.compile(pattern, re.M), new) for pattern, new in (
    (r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)", "TIME"),
    (r"\b[0-9a-f]{2}/[0-9a-f]{38}\b", "BUILD_ID"),
    (r"\b[0-9a-f]{40}\b", "BUILD_ID"),
    (r"(\.so\.\d+)\.\d[\d.]*", r"\1.N"),
    (r"((?:\.\./|\./|/usr/)[^\s:]+:|\bsample\.h:)\d+", r"\1N"),
    (r"\btv_sec=\d+, tv_nsec=[1-9]\d*", "tv_sec=N, tv_nsec=N"),
    (r"\b(wait4\(|P_PID, |msgrcv\(|semtimedop\()\d+", r"\1N"),
    (r"\bfrom process \d+", "from process N"),
    (r"\b(r[a-z0-9]{1,2}) +0x[0-9a-f]{16}\b", r"\1 0xN"),
    (r"\b\d+ times deep", "N times deep"),
    (r"(\bfunction +\S+\+)0x[0-9a-f]+", r"\g<1>0xN"),
)]
PADDING = [(re.compile(pattern, re.M), new) for pattern, new in (
    (r"(?<=\S) +(CT\d{3} )", r"  \1"),
    (r"(?<=\S) {2,}", "  "),
    (r"^ {11,}", " " * 12),
    (r"^(  (?:thread \w+(?: \([^)]*\))?|\d+ threads \([^)]*\))) +", r"\1 "),
)]

# Fields that say nothing when a sample or a library is built anew.
VARYING = {"size": "N", "depth": "N", "offset": "0xN", "version": "N", "sender_pid": "N"}
THREAD_FIELDS = ("pid", "lwp", "owner", "owner_gone")
SYSTEM = ("/usr/", "/lib/", "../", "./")


class Normaliser:
    """For all reports of one core: each report starts its own numbering of addresses."""

    def __init__(self, full_report, pid, build):
        """full_report: text of `analyze --json`; build: the directory with the samples."""
        found = {int(n) for groups in ID_IN_JSON.findall(full_report) for n in groups if n}
        ordered = sorted(found, key=lambda n: (n - pid) % MOST_PIDS)
        self.ids = {n: FIRST_THREAD + i for i, n in enumerate(ordered)}
        self.build = str(build)
        self.addresses = {}

    def _thread(self, number):
        return str(self.ids.get(int(number), "unknown"))

    def _list(self, match):
        if int(match["n"]) > LONGEST_LIST:
            return match["n"] + match["what"] + "(…)"
        numbers = []
        for piece in match["ids"].split(", "):
            first, _, last = piece.partition("-")
            numbers += range(int(first), int(last or first) + 1)
        return match["n"] + match["what"] + f"({', '.join(map(self._thread, numbers))})"

    def _address(self, match):
        value = int(match.group(), 16)
        return f"0xA{self.addresses.setdefault(value, len(self.addresses) + 1)}"

    def _words(self, text):
        text = text.replace(self.build, "BUILD")
        for pattern, new in WORDS:
            text = pattern.sub(new, text)
        text = ID_LIST.sub(self._list, text)
        text = BARE_LIST.sub(
            lambda m: m[1] + ", ".join(map(self._thread, m[2].split(", "))), text)
        text = ONE_ID.sub(lambda m: m[1] + self._thread(m[2]), text)
        text = JOIN.sub(lambda m: m[1] + str(self.ids.get(int(m[2]), m[2])), text)
        return ADDRESS.sub(self._address, text)

    def text(self, text):
        self.addresses = {}
        text = self._words(text)
        for pattern, new in PADDING:
            text = pattern.sub(new, text)
        return text

    def json(self, text):
        """One document, or lines of ndjson; laid out so that a difference is readable."""
        self.addresses = {}
        try:
            values = [json.loads(text)]
        except json.JSONDecodeError:
            values = [json.loads(line) for line in text.splitlines()]
        return "".join(lay_out(self._value(value), 0) + "\n" for value in values)

    def _value(self, value, key=None):
        if key in VARYING:
            return VARYING[key]
        if key in THREAD_FIELDS and isinstance(value, int):
            return self.ids.get(value, "unknown")
        if isinstance(value, dict):
            file = str(value.get("file", ""))
            if "line" in value and (file.startswith(SYSTEM) or file.endswith("/sample.h")):
                value = value | {"line": "N"}
            if "used" in value:  # a register
                value = value | {"value": "N"}
            return {name: self._value(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self._value(item) for item in value]
        return self._words(value) if isinstance(value, str) else value


def lay_out(value, depth):
    """JSON, with a value in one line where that fits."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or len(line) + 2 * depth <= LINE_WIDTH:
        return line
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict):
        items = [f"{json.dumps(key)}: {lay_out(item, depth + 1)}" for key, item in value.items()]
    else:
        items = [lay_out(item, depth + 1) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return opening + "\n" + ",\n".join(inner + item for item in items) + "\n" + outer + closing
