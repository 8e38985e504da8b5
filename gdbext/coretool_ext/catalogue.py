# SPDX-License-Identifier: Apache-2.0
"""The commands that coretool has: read from itself, once, when somebody wants to know."""
import json
import re

import gdb

SCHEMA = "coretool-catalogue/1"
_NAME = re.compile(r"[a-z][a-z0-9-]*$")
_WORDS = re.compile(r"[A-Z]+(?:\.\.\.)?|\[[^]]*\]|\S+")
_FILE_WORDS = {"CORE", "EXE", "[EXE]"}


class Option:
    """An option of a command."""

    def __init__(self, row):
        self.name, self.letter = row["name"], row.get("letter")
        self.value, self.summary = row.get("value"), row.get("summary", "")
        self.choices = row.get("choices", "").split()

    def spelled(self):
        """As in a usage line: "-o, --output FILE"."""
        text = "--" + self.name + (" " + self.value if self.value else "")
        return "-%s, %s" % (self.letter, text) if self.letter else text


class Row:
    """A command of coretool's that works inside gdb."""

    def __init__(self, row, options, for_files):
        self.name, self.summary = row["name"], row.get("summary", "")
        self.help = row.get("help", "")
        self.needs_process = row["gdb"] == "target"
        self.takes = {name: options[name] for name in row.get("options", "").split() if name in options}
        # What a child is started with is no option of what it is asked.
        self.options = {name: option for name, option in self.takes.items() if name not in for_files}
        words = [w for w in _WORDS.findall(row.get("args", "").split("|")[0]) if w not in _FILE_WORDS]
        self.wants_address = "ADDR" in words
        self.usage = " ".join("EXPRESSION" if w == "ADDR" else w for w in words)

    def option(self, word):
        """The option that a word such as --format, --format=json or -v names, or None."""
        if word.startswith("--"):
            return self.options.get(word[2:].split("=")[0])
        return next((o for o in self.options.values() if o.letter and word == "-" + o.letter), None)


class Catalogue:
    """The rows, by name."""

    def __init__(self, engine, settings):
        self._engine, self._settings = engine, settings
        self.rows = {}
        self.formats = ()
        self._read_from = None
        settings.on_path = engine.forget

    def current(self):
        """Have the rows been read from the program that is set?"""
        return self._read_from == self._settings.program()

    def read(self, seconds=None):
        """Reads them if that was not done. GdbError: coretool cannot be asked. seconds: as
        Engine.request() takes them."""
        if self.current():
            return
        program = self._settings.program()
        text = self._engine.run_plain(["commands", "--format", "json"], seconds)
        try:
            self._take(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise gdb.GdbError('"%s" does not list its commands as coretool does.' % program) from None
        self._read_from = program

    def _take(self, document):
        if document["schema"] != SCHEMA:
            raise ValueError
        commands = [row for row in document["rows"] if row["type"] == "command"]
        options = {row["name"]: Option(row) for row in document["rows"] if row["type"] == "option"}
        serve = next((row for row in commands if row["name"] == "serve"), {})
        # A process that gdb has stopped is nobody's file.
        for_files = set(serve.get("options", "").split()) - {"quiet"} | {"untrusted"}
        self.rows = {row["name"]: Row(row, options, for_files) for row in commands
                     if row.get("gdb") and _NAME.match(row["name"])}
        self.formats = tuple(options["format"].choices)
