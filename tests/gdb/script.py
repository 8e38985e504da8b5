# SPDX-License-Identifier: Apache-2.0
"""A test script: gdb's commands with what each of them shall print. scripts/*.gdb.

	# What the script shows.
	# RUN: MODE [WHAT]         once per way to have a process, see targets.py
	COMMAND
	# CHECK: REGEX             the command's output has such a line, below that of the CHECK before
	# CHECK-NOT: REGEX         and no such line anywhere
	# CHECK-COUNT-N: REGEX     and N such lines
	# CHECK-ONLY: REGEX        and this line alone
	# CHECK-EMPTY:             and nothing at all

CHECK[MODE ...] is for these modes only. What a group (?P<name>…) has matched stands for <<name>> in
later checks. Commands of several lines (python, define …) go on to their "end". @SAMPLE@, @PROGRAM@
(coretool), @BUILD@ and @ROOT@ in a command stand for paths. Each command is an -ex of its own: an error
does not end the script, and is printed as a user sees it.
"""

import re
from dataclasses import dataclass

CHECK = re.compile(r"#\s*CHECK(?:-(NOT|ONLY|EMPTY|COUNT-\d+))?(?:\[([^\]]+)\])?:\s*(.*)$")
RUN = re.compile(r"#\s*RUN:\s*(\S+)\s*(\S*)$")
BLOCK = re.compile(r"(python|py|define|document|commands|if|while)\b")
MARK = "@@@"
MARKED = re.compile(rf"^{MARK}(\d+)$", re.M)
# Whatever a script does, this is wrong.
NEVER = re.compile(r"Python Exception|Traceback \(most recent|internal-error|Error in sourced|"
                   r"Fatal signal|AddressSanitizer|runtime error:")
NAME = re.compile(r"<<(\w+)>>")
SHOWN_LINES = 40


class BadScript(Exception):
    """The script itself is wrong."""


@dataclass(frozen=True)
class Check:
    line: int
    kind: str  # "", NOT, ONLY, EMPTY, COUNT-N
    modes: tuple
    text: str

    def pattern(self, names):
        return re.compile(NAME.sub(lambda match: re.escape(names.get(match[1], match[0])), self.text))

    def complaint(self, output, start, names):
        """(None or what is wrong, where the next CHECK begins). names: takes what groups match."""
        pattern = self.pattern(names)
        found = [number for number, text in enumerate(output) if pattern.search(text)]
        what = f"line {self.line}: {pattern.pattern!r}"
        if self.kind == "":
            after = next((number for number in found if number >= start), None)
            if after is None:
                late = ", but above the line of the check before" if found else ""
                return f"{what} is not in the output{late}", start
            names |= pattern.search(output[after]).groupdict()
            return None, after + 1
        if self.kind == "NOT":
            return (f"{what} is in the output: {output[found[0]]}" if found else None), start
        if self.kind.startswith("COUNT"):
            wanted = int(self.kind.rpartition("-")[2])
            return (None if len(found) == wanted else
                    f"{what}: {len(found)} lines, not {wanted}"), start
        said = [text for text in output if text.strip()]
        if self.kind == "EMPTY":
            return (f"line {self.line}: something is printed" if said else None), start
        return (None if len(said) == 1 and found else f"{what} is not all of the output"), start


@dataclass
class Command:
    line: int
    text: str  # several lines for a block
    checks: list


def parse_line(script, number, text):
    """Takes one line that is not within a block."""
    if match := CHECK.match(text):
        if not script.commands:
            raise BadScript(f"line {number}: a check before the first command")
        kind, modes, pattern = match.groups()
        check = Check(number, kind or "", tuple((modes or "").split()), pattern)
        try:
            check.pattern({})
        except re.error as error:
            raise BadScript(f"line {number}: {error}") from None
        script.commands[-1].checks.append(check)
    elif match := RUN.match(text):
        script.runs.append(match.groups())
    elif re.match(r"#\s*(CHECK|RUN)", text):
        raise BadScript(f"line {number}: {text}")
    elif text and not text.startswith("#"):
        script.commands.append(Command(number, text, []))


class Script:
    def __init__(self, path):
        self.path, self.runs, self.commands = path, [], []
        depth = 0
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            word = text.strip()
            if depth:
                self.commands[-1].text += "\n" + text
                inner = not self.commands[-1].text.startswith("py") and BLOCK.match(word)
                depth += 1 if inner else -1 if word == "end" else 0
            else:
                parse_line(self, number, word)
                # "python print(1)" is a line of its own, "if 1" is not.
                opens = BLOCK.match(word) and (not word.startswith("py") or " " not in word)
                depth = 1 if opens else 0
        if depth:
            raise BadScript("a block without its end")
        if not self.runs or not any(command.checks for command in self.commands):
            raise BadScript("no RUN or no CHECK")

    def arguments(self, paths, directory):
        """The -ex options. paths: what @NAME@ stands for; directory: for blocks."""
        yield from ("-ex", f"echo \\n{MARK}0\\n")
        for number, command in enumerate(self.commands, 1):
            text = re.sub(r"@([A-Z]+)@", lambda match: str(paths[match[1]]), command.text)
            if "\n" in text:
                block = directory / f"block-{number}.gdb"
                block.write_text(text + "\n", encoding="utf-8")
                text = f"source {block}"
            yield from ("-ex", text, "-ex", f"echo \\n{MARK}{number}\\n")

    def complaints(self, output, mode):
        """What is wrong with gdb's output, each with what the command printed."""
        pieces = MARKED.split(output)  # output, number, output, number, ...
        if len(pieces) == 1:
            yield "gdb did not come to the script:\n" + shown(output.splitlines())
            return
        before, names = pieces[0].splitlines(), {}
        if NEVER.search(pieces[0]):
            yield "in the beginning:\n" + shown(before)
        for number, command in enumerate(self.commands, 1):
            where = f"{self.path.name}:{command.line}: {command.text.splitlines()[0]}"
            if 2 * number + 1 >= len(pieces) or int(pieces[2 * number + 1]) != number:
                yield f"{where}: gdb did not come back:\n" + shown(pieces[-1].splitlines())
                return
            said = pieces[2 * number].splitlines()
            wrong = list(command_complaints(command, said, mode, names))
            if wrong:
                yield "\n".join([where, *("  " + text for text in wrong), shown(said)])


def command_complaints(command, output, mode, names):
    start = 0
    for check in command.checks:
        if not check.modes or mode in check.modes:
            wrong, start = check.complaint(output, start, names)
            if wrong:
                yield wrong
    for text in output:
        if NEVER.search(text):
            yield f"this must never be printed: {text}"


def shown(output):
    lines = [text for text in output if text.strip()]
    cut = [f"… {len(lines) - SHOWN_LINES} more"] if len(lines) > SHOWN_LINES else []
    return "\n".join(f"    | {text}" for text in lines[:SHOWN_LINES] + cut) or "    | (nothing)"
