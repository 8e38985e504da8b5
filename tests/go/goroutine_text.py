# SPDX-License-Identifier: Apache-2.0
"""What the Go runtime prints of goroutines (debug=2), and coretool in its form."""

import re
from typing import NamedTuple, Optional

HEADER = re.compile(r"goroutine (\d+) \[([^\],]+)[^\]]*\]")
LEAKED = " (leaked)"


class Printed(NamedTuple):
    """One goroutine."""

    reason: str
    creator: Optional[str]
    functions: list


def goroutines(text):
    """{number: Printed}"""
    found = {}
    for block in text.split("\n\n"):
        lines = block.strip().splitlines()
        header = HEADER.match(lines[0]) if lines else None
        if not header:
            continue
        functions, creator = [], None
        for line in lines[1:]:
            if line.startswith("created by "):
                creator = line.removeprefix("created by ").partition(" in goroutine ")[0]
            elif not line.startswith(("\t", "...")):
                functions.append(line[:line.rindex("(")])
        found[int(header[1])] = Printed(header[2], creator, functions)
    return found


def is_leaked(printed):
    return printed.reason.endswith(LEAKED)


def without_leak(printed):
    """The same before the runtime looked for leaks."""
    return printed._replace(reason=printed.reason.removesuffix(LEAKED))
