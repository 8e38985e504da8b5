# SPDX-License-Identifier: Apache-2.0
"""One child for each process and stop, and what is asked of it."""
import gdb

from . import frames, threads
from .child import Child, Failed, NotStarted, greeting_of, output_of
from .inferior import Answers
from .settings import core_of

MAX_OUTPUT = 64 << 20
RESULT, COMPLAINT = 1, 2
NOT_ANALYSED = 2  # exit statuses from this one on are failures
PARTIAL = 3
NO_PROCESS = "The program is not being run."


class Reply:
    """What came of a request."""

    def __init__(self):
        self.status = 0
        self._size = 0
        self._parts = {RESULT: [], COMPLAINT: []}

    def add(self, kind, payload):
        self._size += len(payload)
        if kind not in self._parts:
            raise frames.Broken("it sent output of a kind that there is not")
        if self._size > MAX_OUTPUT:
            raise frames.Broken("it sent more than %d bytes" % MAX_OUTPUT)
        self._parts[kind].append(payload)

    def _text(self, kind):
        return b"".join(self._parts[kind]).decode("utf-8", "replace").replace("\0", "?")

    @property
    def result(self):
        return self._text(RESULT)

    @property
    def complaint(self):
        return self._text(COMPLAINT).strip()

    @property
    def failed(self):
        return self.status >= NOT_ANALYSED and self.status != PARTIAL

    def check(self):
        """GdbError when the request failed."""
        if self.failed:
            said = self.complaint.splitlines() or ["exit status %d" % self.status]
            raise gdb.GdbError(said[0] if said[0].startswith("coretool") else "coretool: " + said[0])


class _Session:
    """A child, and the stop that it is about."""

    def __init__(self, inferior, everybody, settings):
        self.pid = inferior.pid
        self._core = core_of(inferior)
        self.line = settings.serve_line(inferior, self._core)
        # Then it is good for one request: gdb does not tell what running threads do, nor that it goes on by
        # itself because the condition of a breakpoint is false, before which it calls all of them running.
        self.moves = any(t.is_running() for t in everybody)
        self.answers = None
        self.child = None
        self.cache = {}
        self._places = {}

    def stands(self, inferior, settings):
        """Is it about what is there now?"""
        return (not self.moves and self.pid == inferior.pid and not self.moved() and
                self.line == settings.serve_line(inferior, self._core))

    def moved(self):
        """Is the selected thread elsewhere than when it was seen before? gdb does not tell what "return"
        does, for one."""
        thread, place = threads.place()
        return self._places.setdefault(thread, place) != place

    def close(self):
        child, self.child = self.child, None
        if child:
            child.close()


class Engine:
    """Asks coretool about the selected inferior. Failures are gdb.GdbError, of one line.

    What coretool said is worth nothing when the process may have changed: events.py then calls forget().
    """

    def __init__(self, settings, signals):
        self._settings, self.signals = settings, signals
        self._sessions = {}
        self._busy = False
        self._outdated = False
        self.types = None  # what the last HELLO named
        self.stops = 0     # counts up whenever something is forgotten

    def request(self, kind, value=0, payload=b"", seconds=None):
        """The Reply to one request. seconds: how long coretool may say nothing, when not as set."""
        return self._with_child(
            seconds, lambda session, patience: _ask(session, (kind, value, payload), patience))

    def run(self, words, seconds=None):
        """The Reply to a command of coretool's. Like a command, it may have failed: Reply.check()."""
        return self.request(frames.RUN, _columns(), frames.pack_list(words), seconds)

    def run_plain(self, words, seconds=None):
        """What a command prints that needs no process."""
        program = self._settings.program()
        patience = seconds or self._settings.timeout()
        try:
            return output_of([program, *words], patience, MAX_OUTPUT).decode("utf-8", "replace")
        except Failed as error:
            said = error.words if error.words.startswith("coretool") else "coretool failed (%s)." % error
            raise gdb.GdbError(said) from None
        except (NotStarted, frames.Broken, frames.Silent) as error:
            raise gdb.GdbError(_complaint(error, None, patience)) from None

    def remember(self, key, make):
        """What make() gave for this key since the process of the selected inferior stopped."""
        session = self._session()
        if key not in session.cache:
            value = make()
            session.cache[key] = value
            return value
        return session.cache[key]

    def type_names(self, seconds):
        """The types that DESCRIBE takes. It says so in its greeting, of a process or without one."""
        if self.types is None and self.live():
            self._with_child(seconds, lambda session, patience: None)
        elif self.types is None:
            try:
                self.types = greeting_of([self._settings.program(), "serve", "--source=pipe"], seconds)
            except (NotStarted, frames.Broken, frames.Lost, frames.Silent):
                raise gdb.GdbError("coretool does not say which types it knows.") from None
        return self.types

    def live(self):
        """Is there a process to ask about?"""
        return gdb.selected_inferior().pid != 0

    def forget(self):
        """The processes have changed, or may have: ends all children. Costs nothing when there are none."""
        if self._busy:
            self._outdated = True
            return
        self._outdated = False
        self.stops += 1
        while self._sessions:
            self._sessions.popitem()[1].close()

    def sweep(self):
        """Ends the children of processes that have gone without a word."""
        if self._sessions:
            pids = {i.num: i.pid for i in gdb.inferiors()}
            here = self._sessions.get(gdb.selected_inferior().num)
            if (any(pids.get(number) != s.pid for number, s in self._sessions.items()) or
                    (here and here.moved())):
                self.forget()

    def close(self):
        """Ends all children, for good."""
        self._busy = False
        self.forget()

    def _session(self):
        """The selected inferior's, a new one when it is not as it was."""
        inferior = gdb.selected_inferior()
        session = self._sessions.get(inferior.num)
        if session and session.stands(inferior, self._settings):
            return session
        if session:
            self._sessions.pop(inferior.num).close()
        everybody = inferior.threads() if inferior.pid else ()
        if not everybody:
            raise gdb.GdbError(NO_PROCESS)
        session = _Session(inferior, everybody, self._settings)
        session.answers = Answers(inferior, everybody, self.signals)
        session.moved()  # not yet: it sees where the thread is
        self._sessions[inferior.num] = session
        return session

    def _with_child(self, seconds, task):
        """task(session, patience) with a running child. However it ends, no child stays that is in the
        middle of something."""
        if self._busy:
            raise gdb.GdbError("coretool is being asked already.")
        self._busy = True
        try:
            session = self._session()
            return self._try_twice(session, task, seconds or self._settings.timeout())
        finally:
            self._busy = False
            if self._outdated:
                self.forget()

    def _try_twice(self, session, task, patience):
        """A child that is lost or silent is started again once."""
        again = False
        while True:
            done = False
            try:
                if not session.child:
                    session.child = Child(session.line)
                    self.types = session.child.greet(patience)
                result = task(session, patience)
                done = not session.moves
                return result
            except (frames.Lost, frames.Silent) as error:
                if again:
                    raise gdb.GdbError(_complaint(error, session.child, patience)) from None
                again = True
            except (NotStarted, frames.Broken) as error:
                raise gdb.GdbError(_complaint(error, session.child, patience)) from None
            finally:
                if not done:
                    session.close()


def _ask(session, request, patience):
    """Sends a request to the child and answers its queries until it is done."""
    pipe = session.child.pipe
    pipe.send(*request, patience)
    reply = Reply()
    while True:
        kind, value, payload = pipe.receive(patience)
        if kind == frames.DONE:
            reply.status = value
            return reply
        if kind == frames.OUTPUT:
            reply.add(value, payload)
        elif kind in frames.QUERIES:
            pipe.send(*_answer(session.answers, kind, value, payload), patience)
        else:
            raise frames.Broken("it greets in the middle of an answer")


def _answer(answers, kind, value, payload):
    """The frame that answers a query. Whatever gdb cannot do is an answer, too."""
    try:
        return (frames.ANSWER, *answers.answer(kind, value, payload))
    except frames.Broken:
        raise
    except Exception as error:
        text = "%s" % error or type(error).__name__
        return frames.FAIL, 0, text.encode("utf-8", "replace")[:1000]


def _complaint(error, child, patience):
    """The line for the user."""
    if isinstance(error, NotStarted):
        return 'coretool: %s (see "help set coretool path").' % error
    if isinstance(error, frames.Silent):
        return ('coretool said nothing for %g seconds and was stopped (see "help set coretool timeout").'
                % patience)
    if isinstance(error, frames.Lost):
        return "coretool ended early (%s)." % child.how_it_ended()
    return "coretool was stopped: %s." % error


def _columns():
    """The width of the terminal; 0: unlimited."""
    return gdb.parameter("width") or 0
