# SPDX-License-Identifier: Apache-2.0
"""The gdb commands that run a command of coretool's: they are made from its own list."""
import os

import gdb

from . import completion, expressions, texts
from .extras import Export, Goto

INFO = ("waits", "locks")
PROMPT_SECONDS = 2  # for which a prompt may be late, once


class Prefix(gdb.Command):
    """Who waits for what in the process, who holds it, and how that is known.

    Usage: coretool COMMAND [ARGUMENTS]

    Stop the process (Ctrl-C, or attach to it), then:
      coretool            this help
      coretool analyze    the full report: the verdict, the proof, all stacks
      coretool deadlocks  only the threads that can never go on, and why
      coretool waits      who waits for what         (also: info waits)
      coretool locks      who holds what             (also: info locks)
      coretool goto holder    to the thread that holds what this one waits for
      coretool export FILE    a report to send or keep

    It works on live processes, remote targets and core files. $_coretool_owner(&lock) and similar
    functions serve in expressions ("help function"), and locks print as what they are
    ("disable pretty-printer global coretool" ends that). "enable frame-filter global coretool" shows
    waits in backtraces. "help set coretool" has the settings."""

    def __init__(self, table):
        self.__doc__ = texts.dedented(self)
        self._table = table
        super().__init__("coretool", gdb.COMMAND_STATUS, gdb.COMPLETE_NONE, True)

    def invoke(self, args, from_tty):
        """Only what is no known subcommand comes here; all are unknown before the list was read."""
        self.dont_repeat()
        word, _, rest = args.strip().partition(" ")
        fresh = self._table.refresh()
        if not word:
            gdb.execute("help coretool", from_tty)
            return
        runner = self._table.runner(word) if fresh else None
        if not runner:
            raise gdb.GdbError('Undefined coretool command: "%s".  Try "help coretool".' % word)
        runner.invoke(rest.strip(), from_tty)


class Runner(gdb.Command):
    """A command of coretool's as one of gdb's."""

    def __init__(self, gdb_name, name, rows, engine, settings):
        self._name, self._rows = name, rows
        self._engine, self._settings = engine, settings
        row = rows.rows.get(name)
        self.__doc__ = texts.of_row(gdb_name, row) if row else texts.of_info(name)
        super().__init__(gdb_name, gdb.COMMAND_STATUS)

    def _row(self):
        """The catalogue may be another one than when this was made."""
        self._rows.read()
        try:
            return self._rows.rows[self._name]
        except KeyError:
            raise gdb.GdbError("This coretool has no command %s." % self._name) from None

    def invoke(self, args, _from_tty):
        self.dont_repeat()
        row = self._row()
        words = self._with_defaults(row, _words(row, args))
        if row.needs_process:
            show(self._engine.run([row.name, *words]))
        else:
            gdb.write(self._engine.run_plain([row.name, *words]).replace("\0", "?"))

    def _with_defaults(self, row, words):
        """The words, and the options that gdb's settings stand for."""
        given = {option.name for option in map(row.option, words) if option}
        extra = []
        wanted = self._settings["format"]
        if wanted != "text" and row.needs_process and not given & {"format", "json"}:
            extra += ["--format", wanted]
        if "color" in row.options and "color" not in given:
            extra += ["--color", "always" if _styled() else "never"]
        return extra + words

    def complete(self, text, word):
        try:
            self._rows.read()
            return completion.words(self._rows.rows[self._name], self._engine, text, word)
        except (gdb.GdbError, KeyError):
            return gdb.COMPLETE_NONE


def _words(row, args):
    """The arguments for coretool. Of a command about an address, all that is no option is an expression."""
    if not row.wants_address:
        return gdb.string_to_argv(args)
    options, rest = _leading_options(row, args)
    rest, more = _trailing_options(row, rest)
    return options + more + ["0x%x" % expressions.address(rest)]


def _leading_options(row, text):
    options = []
    while text.startswith("-"):
        word, _, rest = text.partition(" ")
        option = row.option(word)
        if not option:
            break
        options.append(word)
        text = rest.lstrip()
        if option.value and "=" not in word:
            word, _, rest = text.partition(" ")
            options.append(word)
            text = rest.lstrip()
    return options, text


def _trailing_options(row, text):
    """Only long ones: "x -v" is a difference."""
    options = []
    while True:
        words = text.split()
        last = [row.option(w) if w.startswith("--") else None for w in words[-2:]]
        if len(words) > 1 and last[-1] and (not last[-1].value or "=" in words[-1]):
            take = 1
        elif len(words) > 2 and last[0] and last[0].value and "=" not in words[-2]:
            take = 2
        else:
            return text, options
        options = words[-take:] + options
        text = text.rsplit(None, take)[0]


def _styled():
    """Does gdb itself write in colors?"""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb" or not os.isatty(1):
        return False
    try:
        return bool(gdb.parameter("style enabled"))
    except RuntimeError:
        return False


def show(reply):
    """Prints what came of a command, or fails as it did."""
    if reply.result:
        gdb.write(reply.result)
    reply.check()
    if reply.complaint:
        gdb.write(reply.complaint + "\n", gdb.STDERR)


class Table:
    """The commands as they are registered with gdb.

    gdb must not lose a command that it is executing: so the commands made of the list are made anew only
    at a prompt, and when a word is none of them.
    """

    OWN = ("goto", "export")

    def __init__(self, engine, settings, rows):
        self._engine, self._settings, self._rows = engine, settings, rows
        self._runners = {}
        self._made_of = self._offered = None
        Prefix(self)
        Goto(engine)
        Export(engine, settings, rows)
        for name in INFO:
            self._make(name, "info " + name)

    def offer(self):
        """Makes the commands before the first of them is typed. A program that does not list them in time
        is not asked again at the next prompt: the first command says what is wrong."""
        program = self._settings.program()
        if self._offered == program:
            return
        self._offered = program
        try:
            self.refresh(PROMPT_SECONDS)
        except (gdb.GdbError, KeyboardInterrupt):
            pass

    def refresh(self, seconds=None):
        """Reads the list and makes the commands, if that was not done. Gives whether it was not."""
        self._rows.read(seconds)
        if self._made_of is self._rows.rows:
            return False
        self._made_of = self._rows.rows
        self._settings.offer_formats(self._rows.formats)
        self._runners = {name: self._make(name, "coretool " + name)
                         for name in self._made_of if name not in self.OWN}
        return True

    def runner(self, word):
        """The command that is meant by that, if only by its beginning, or None."""
        fitting = [word] if word in self._runners else [n for n in self._runners if n.startswith(word)]
        if len(fitting) > 1:
            raise gdb.GdbError('Ambiguous coretool command "%s": %s.' % (word, ", ".join(sorted(fitting))))
        return self._runners[fitting[0]] if fitting else None

    def _make(self, name, gdb_name):
        return Runner(gdb_name, name, self._rows, self._engine, self._settings)
