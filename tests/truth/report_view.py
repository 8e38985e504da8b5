# SPDX-License-Identifier: Apache-2.0
"""A report and a truth file as the checks want to see them: ids are numbers, names are plain."""

import json
import re

# Where names of objects can be known, and where those of functions can.
OBJECT_NAMES = {"O0-g", "O2-g", "O2-static", "O2-static-pie", "O2-nopie", "O2-debuglink",
                "O2-clang", "O2-abort", "musl-O2-g", "musl-static", "newrust-O0-g", "newrust-O2-g"}
# By cores/musl_tree.py.
MUSL_TREES = r"musl-(bullseye|trixie|forky)(-static)?$"
FUNCTION_NAMES = OBJECT_NAMES | {"O2-minidebug"}
GO_DEBUG_INFO = ("-plain", "-external", "-cgo", "-race", "-pie-debug")
GO_OBJECT_NAMES = (*GO_DEBUG_INFO, "-w")


def number(text):
    """Of "0x12", "r:0x12" and "t:12"."""
    return int(str(text).rpartition(":")[2], 0)


def tid_of(actor_id):
    """12 of "t:12"; a goroutine's id is "g:12" as it stands."""
    kind, _, value = actor_id.partition(":")
    if kind == "g":
        return actor_id
    return int(value) if kind == "t" and value.isdigit() else None


def who(tid):
    """The other way round."""
    return tid if isinstance(tid, str) else f"t:{tid}"


def ids(tids):
    return "[" + ", ".join(who(tid) for tid in sorted(tids, key=str)) + "]"


def plain_function(name):
    """Without arguments, templates, scopes and the compiler's suffixes."""
    while name != (name := re.sub(r"<[^<>]*>|\([^()]*\)", "", name)):
        continue
    name = name.split(" const")[0].strip()
    return name.rpartition("::")[2].rpartition(" ")[2].partition(".")[0]


def same_object(name, wanted):
    """Does a report's name agree? wanted "*x": ends so. A std::mutex may be named to its core."""
    if name is None:
        return False
    name = re.sub(r"(\.std::[^.]*|\.[\w:<>]*_M_mutex)+$", "", name)
    if re.fullmatch(r"\w+\.\d+", name):  # a static local, by its symbol
        name = name.partition(".")[0]
    if not wanted.startswith("*"):
        return name == wanted
    return re.search(r"(^|\W)" + re.escape(wanted[1:]) + "$", name) is not None


class Truth:
    """One truth file: the content of each line by its word, and what follows from all of them."""

    def __init__(self, lines):
        self.values = {}
        for line in lines:
            (word, value), = json.loads(line).items()
            self.values.setdefault(word, []).append(value)
        self.core = self.values.get("core", [{}])[0]
        variant = self.core.get("variant", "")
        self.is_go = variant.startswith("go-")
        named = variant in OBJECT_NAMES or re.match(MUSL_TREES, variant)
        self.object_names = bool(named) or (self.is_go and variant.endswith(GO_OBJECT_NAMES))
        self.debug_types = variant.endswith(GO_DEBUG_INFO)
        # Go has those of its functions wherever they are, and these are of C.
        self.native_names = self.object_names or variant in FUNCTION_NAMES
        self.function_names = bool(named) or variant in FUNCTION_NAMES or self.is_go
        self.inlined_names = bool(named) or self.is_go
        for value in (v for values in self.values.values() for v in values if isinstance(v, dict)):
            if value.get("recorded") == "names":
                value["recorded"] = self.function_names
        for wait in self.values.get("wait", []):
            if "by_names" in wait and not self.function_names:
                wait.update(kind="futex", resource=wait["by_names"])
        # Goroutines by the threads that they are tied to: one and the same in cycles and findings.
        self.carried = {v["carrier"]: v["tid"] for v in self.values.get("goroutine", []) if "carrier" in v}
        self.moving = True in self.values.get("moving", [])

    def sure(self, word):
        return self.values.get(word, [])

    def waits_of(self, tid):
        tid = self.carried.get(tid, tid)
        cases = [case for v in self.values.get("select", []) if v["tid"] == tid for case in v["cases"]]
        return [w for w in self.values.get("wait", []) if w["tid"] == tid] + cases

    def stuck_with(self, tids):
        """tids and whoever waits for one of them, directly or not."""
        stuck = set(tids)
        while True:
            behind = {w["tid"] for w in self.values.get("wait", [])
                      if stuck & set(w.get("on", []))} - stuck
            if not behind:
                return stuck
            stuck |= behind


class Report:
    """A coretool-report/1 object."""

    def __init__(self, data):
        self.data = data
        self.actors = {tid_of(a["id"]): a for a in data.get("actors", [])}
        self.resources = {number(r["id"]): r for r in data.get("resources", [])}
        self.findings = data.get("findings", [])
        self.cycles = data.get("cycles", [])
        self.carried = {}
        # Of other commands: what coretool heap and coretool explain say.
        self.heap = data.get("heap")
        self.timers = data.get("timers")
        self.explained = data.get("explained", {})
        self.suspects = data.get("suspects") or data
        self.heap_findings = data.get("heap_findings", [])
        self.leaks = data.get("leaks", [])
        self.contexts = data.get("contexts", [])
        self.pools = data.get("pools") or {"pools": [], "findings": []}

    def who(self, actor_id):
        tid = tid_of(actor_id)
        return self.carried.get(tid, tid)

    def _all_of(self, tid, what):
        """Of the actor, and of the thread that carries it."""
        both = [tid, *(carrier for carrier, carried in self.carried.items() if carried == tid)]
        return [one for actor in both for one in self.actors.get(actor, {}).get(what, [])]

    def waits(self, tid):
        return self._all_of(tid, "waits")

    def holds(self, tid):
        return self._all_of(tid, "holds")

    def holders(self, resource):
        return {self.carried.get(tid, tid) for tid in self.actors
                for hold in self.holds(tid) if number(hold["resource"]) == resource}

    def resource_name(self, resource):
        return self.resources.get(resource, {}).get("name")

    def frames(self, tid):
        index = self.actors.get(tid, {}).get("stack")
        stacks = self.data.get("stacks", [])
        if index is None or not 0 <= index < len(stacks):
            return []
        return stacks[index].get("frames", [])

    def cycle_key(self, cycle):
        """(tids, timed), comparable with a truth's."""
        tids = frozenset(self.who(edge["waiter"]) for edge in cycle["edges"])
        return tids, bool(cycle.get("timed"))

    def finding_tids(self, finding):
        return {self.who(actor) for actor in finding.get("actors", [])}
