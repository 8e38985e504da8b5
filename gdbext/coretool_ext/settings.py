# SPDX-License-Identifier: Apache-2.0
"""set/show coretool: the parameters, and the command line of the child that follows from them."""
import inspect
import os
import re

import gdb

from . import parse

PREFIX_HELP = {
    "set": "Set how coretool works in gdb.\n\nUsage: set coretool SETTING VALUE",
    "show": "Show how coretool works in gdb.\n\nUsage: show coretool [SETTING]\n\n"
            "Without SETTING, all of them.",
}
DEFAULT_DEBUG_DIR = "/usr/lib/debug"
_SIZE = re.compile(r"\d+[KMG]?$")


class _Prefix(gdb.Command):
    """The prefixes below which the parameters stand."""

    def __init__(self, verb, names):
        self.__doc__ = PREFIX_HELP[verb]
        self._verb = verb
        self._names = names
        super().__init__(verb + " coretool", gdb.COMMAND_SUPPORT, gdb.COMPLETE_NONE, True)

    def invoke(self, args, _from_tty):
        self.dont_repeat()
        if args:
            raise gdb.GdbError('Undefined %s coretool command: "%s".  Try "help %s coretool".'
                               % (self._verb, args, self._verb))
        if self._verb == "set":
            gdb.execute("help set coretool")
            return
        for name in sorted(self._names):
            gdb.write("%s:  %s" % (name, gdb.execute("show coretool " + name, False, True)))


class _Setting(gdb.Parameter):
    """One parameter. say(value) gives the sentence of 'show'; check(value) says what is wrong, or nothing;
    changed() is told of each new value."""

    def __init__(self, name, kind, default, summary, details, say, choices=None, check=None,
                 changed=None):
        self.__doc__ = inspect.cleandoc(details)
        self.set_doc = "Set %s." % summary
        self.show_doc = "Show %s." % summary
        self._say, self._check, self._changed = say, check, changed
        extra = () if choices is None else (choices,)
        super().__init__("coretool " + name, gdb.COMMAND_SUPPORT, kind, *extra)
        self.value = self._good = default

    def get_set_string(self):
        wrong = self._check(self.value) if self._check else None
        if wrong:
            self.value = self._good
            raise gdb.GdbError(wrong)
        self._good = self.value
        if self._changed:
            self._changed()
        return ""

    def get_show_string(self, text):
        return self._say(self.value, text)


def _check_size(value):
    if value and not _SIZE.match(value):
        return 'A size such as 4096, 64K or 1M is needed, not "%s".' % value
    return None


class Settings:
    """The parameters, and what follows from them. on_path is called when the program is another one."""

    def __init__(self, kept):
        self.on_path = None
        self._parameters = {}
        for verb in ("set", "show"):
            _Prefix(verb, self._parameters)
        self._make_own()
        self.offer_formats(("text", "json", "ndjson", "dot"))
        for name, value in kept.items():
            if name in self._parameters:
                self._parameters[name].value = value

    def _make_own(self):
        self._add(
            "path", gdb.PARAM_OPTIONAL_FILENAME, "", "the coretool program",
            """When it is not set, the coretool that was installed or built with this extension is
            taken, then the one in $PATH.""",
            lambda value, _: 'The coretool program is "%s".' % self.program(), changed=self._new_path)
        self._add(
            "max-frames", gdb.PARAM_ZUINTEGER, 0, "how many frames of a stack are kept",
            """Of a deeper stack the innermost frames and the base are kept. 0 leaves the number to
            coretool.""",
            lambda value, _: "At most %d frames of a stack are kept." % value if value
            else "How many frames of a stack are kept is left to coretool.")
        self._add(
            "block-size", gdb.PARAM_STRING_NOESCAPE, "", "how much memory is read at once",
            """A size such as 4096, 64K or 1M. When it is empty, coretool chooses. On a slow line to a
            remote target smaller blocks may be faster, on one with a long delay larger ones.""",
            lambda value, _: "Memory is read in blocks of %s." % value if value
            else "How much memory is read at once is left to coretool.",
            check=_check_size)
        self._add(
            "redact", gdb.PARAM_BOOLEAN, False, "whether coretool leaves out what the process wrote",
            """When it is on, of names of threads, messages and all other strings out of memory that the
            process could write only the length is shown.""",
            lambda value, _: "Whether coretool leaves out what the process wrote is %s."
            % ("on" if value else "off"))
        self._add(
            "timeout", gdb.PARAM_UINTEGER, 30, "how many seconds coretool may say nothing",
            """After that it is stopped and started again, once. It is unlimited when set to 0 or
            unlimited.""",
            lambda value, _: "coretool may say nothing for %s."
            % ("%d seconds" % value if value else "any time"))
        self._add(
            "auto-check", gdb.PARAM_BOOLEAN, False, "whether an interrupt looks for a deadlock",
            """When it is on and a process stops by an interrupt (Ctrl-C), its locks are checked quickly,
            and one line tells of a deadlock if there is one.""",
            lambda value, _: "Whether an interrupt looks for a deadlock is %s." % ("on" if value else "off"))

    def _add(self, name, *args, **kinds):
        self._parameters[name] = _Setting(name, *args, **kinds)

    def _new_path(self):
        if self.on_path:
            self.on_path()

    def offer_formats(self, choices):
        """Makes these the values of 'set coretool format'."""
        old = self._parameters.get("format")
        value = old.value if old and old.value in choices else choices[0]
        if old and old.choices == choices:
            return
        self._add(
            "format", gdb.PARAM_ENUM, value, "the format that coretool writes",
            """Commands that have this format print it, unless they are told one by --format.
            'coretool export' takes it for a file whose name does not tell one.""",
            lambda value, _: 'The format that coretool writes is "%s".' % value, choices=choices)
        self._parameters["format"].choices = choices

    def __getitem__(self, name):
        return self._parameters[name].value

    def values(self):
        """What unload() gives to the next copy."""
        return {name: parameter.value for name, parameter in self._parameters.items()}

    def timeout(self):
        """In seconds; None: unlimited."""
        return self["timeout"] or None

    def program(self):
        """The coretool to run."""
        if self["path"]:
            return self["path"]
        folder = os.path.dirname(os.path.realpath(__file__))
        places = [os.path.join(folder, "..", "..", "build")]
        while os.path.dirname(folder) != folder:
            folder = os.path.dirname(folder)
            places.append(os.path.join(folder, "bin"))
        for place in places:
            path = os.path.normpath(os.path.join(place, "coretool"))
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return path
        return "coretool"

    def serve_line(self, inferior, core):
        """The command line of the child for an inferior: it opens a core by itself."""
        line = [self.program(), "serve"]
        if core:
            exe = inferior.progspace.filename
            line += [core] + (["--exe", exe] if exe else [])
        else:
            line.append("--source=pipe")
        if self["max-frames"]:
            line += ["--max-frames", str(self["max-frames"])]
        if self["block-size"] and not core:
            line += ["--block-size", self["block-size"]]
        if self["redact"]:
            line.append("--redact")
        return line + _where_files_are()


def core_of(inferior):
    """The path of the core that is the inferior, or None."""
    corefile = getattr(inferior, "corefile", None)  # newer than gdb 16
    if corefile is not None:
        return os.path.abspath(corefile.filename)
    connection = getattr(inferior, "connection", None)
    if connection is not None and connection.type != "core":
        return None
    path = parse.core_path(gdb.execute("info files", False, True))
    return os.path.abspath(path) if path else None


def _parameter(name):
    try:
        return gdb.parameter(name)
    except RuntimeError:  # this gdb has no such parameter
        return None


def _where_files_are():
    """gdb's own settings of where the files of a program are."""
    line = []
    sysroot = _parameter("sysroot")
    if sysroot and sysroot != "/" and os.path.isdir(sysroot):
        line += ["--sysroot", sysroot]
    for folder in (_parameter("debug-file-directory") or "").split(os.pathsep):
        if folder != DEFAULT_DEBUG_DIR and os.path.isdir(folder):
            line += ["--debug-dir", folder]
    if _parameter("debuginfod enabled") not in ("on", None):  # the child could not ask
        line.append("--no-debuginfod")
    return line
