# SPDX-License-Identifier: Apache-2.0
"""Help texts in gdb's style: a sentence, then usage, then details."""
import inspect
import textwrap

WIDTH = 78
INDENT = 28
_INFO = {
    "waits": "Who waits for what, and who holds it.",
    "locks": "The locks that are held or waited for: state, owner, waiters.",
}


def dedented(command):
    """A docstring as gdb prints it: older ones print it as it is."""
    return inspect.cleandoc(command.__doc__)


def of_info(name):
    """Of an info command, which is there before the list is read."""
    return "%s\n\nUsage: info %s [OPTION]...\n\nThe same as \"coretool %s\"." % (_INFO[name], name, name)


def of_row(gdb_name, row):
    """Of a command of coretool's, out of its list."""
    usage = " ".join(["Usage:", gdb_name, *(["[OPTION]..."] if row.options else []), row.usage]).rstrip()
    parts = [_sentence(row.summary), usage]
    parts += [textwrap.fill(paragraph, WIDTH) for paragraph in _details(row)]
    if row.options:
        parts.append("\n".join(["Options:", *map(_option, row.options.values())]))
    return "\n\n".join(parts)


def _sentence(summary):
    return summary[:1].upper() + summary[1:] + "."


def _details(row):
    """What the list says in detail, but not how to name a core, with which that ends."""
    for paragraph in row.help.split("\n"):
        if paragraph.startswith("CORE is"):
            break
        if row.wants_address:
            paragraph = paragraph.split(" ADDR is")[0]
        yield paragraph
    if row.wants_address:
        yield "EXPRESSION is an address, or an object of the program that has one."


def _option(option):
    """Indented; what is too long for the left column has a line of its own."""
    left = "  %-26s" % option.spelled()
    text = textwrap.fill(option.summary, WIDTH, initial_indent=" " * INDENT, subsequent_indent=" " * INDENT)
    return left + text[INDENT:] if left.endswith(" ") else left + "\n" + text
