# SPDX-License-Identifier: Apache-2.0
"""A program in a terminal: tmux holds the screen, types the keys and tells what stands there."""

import re
import shlex
import subprocess
import time
import uuid

WIDTH, HEIGHT = 110, 30
SECONDS = 15.0
PACE = 0.05


class NotSeen(Exception):
    """The screen does not show what it should; the text has the screen."""


class Terminal:
    """A context manager. The program ends with it."""

    def __init__(self, command, env, cwd):
        self.command, self.env, self.cwd = command, env, cwd
        self.socket = f"coretool-test-{uuid.uuid4()}"

    def _tmux(self, *words):
        # Without anybody's settings.
        return subprocess.run(["tmux", "-L", self.socket, "-f", "/dev/null", *words], env=self.env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=SECONDS, check=False)

    def __enter__(self):
        done = self._tmux("new-session", "-d", "-x", str(WIDTH), "-y", str(HEIGHT),
                          "-c", str(self.cwd), shlex.join(self.command))
        if done.returncode:
            raise NotSeen(f"tmux does not start: {done.stderr.strip()}")
        return self

    def __exit__(self, *exc):
        self._tmux("kill-server")

    def keys(self, *names):
        """Keys by tmux's names: Enter, Tab, C-c."""
        self._tmux("send-keys", *names)

    def type(self, text):
        self._tmux("send-keys", "-l", text)

    def line(self, text):
        self.type(text)
        self.keys("Enter")

    def screen(self, *options):
        """What is on the screen, and above it since clear(). -e: with its escape sequences."""
        return self._tmux("capture-pane", "-p", "-J", "-S", "-", *options).stdout.rstrip()

    def clear(self):
        """An empty screen, and nothing above it."""
        self.keys("C-l")
        time.sleep(PACE)
        self._tmux("clear-history")

    def see(self, pattern, seconds=SECONDS):
        """Waits until the screen has it; gives the match."""
        deadline = time.monotonic() + seconds
        while True:
            shown = self.screen()
            if match := re.search(pattern, shown, re.M):
                return match
            if time.monotonic() > deadline:
                raise NotSeen(f"{pattern!r} is not on the screen:\n{shown}")
            time.sleep(PACE)
