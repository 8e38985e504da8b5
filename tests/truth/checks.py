# SPDX-License-Identifier: Apache-2.0
"""The checks: CHECKS has one per truth word, WHOLE those on a report as a whole.

Each is a generator of one-line complaints: what the report says and what it should say.
"""

import re

import go_checks
import go_heap_checks
from report_view import ids, number, plain_function, same_object, who

# Findings that a report may only have when the truth tells them.
STRICT_RULES = ("CT101", "CT102", "CT103", "CT104", "CT112", *go_checks.STRICT_RULES)
# Kinds of wait that a thread may only have when the truth tells them.
STRICT_WAITS = ("mutex", "join", "rwlock-read", "rwlock-write", "rwlock", "cond", "sem", "barrier", "once", "spin", "libc-lock",
                "future", "atomic", "park", "chan-send", "chan-recv", "waitgroup")
TRUST = ("exact", "debug-info", "layout", "inferred", "guess")


def wait_text(wait):
    text = f"{who(wait['tid'])} waits for {wait['kind']}"
    return text + (f" {wait['resource']}" if "resource" in wait else "")


def same_kind(found, told):
    """musl's waits for an rwlock that is written are the same to read as to write, but for the name
    of the function."""
    return found == told or (found == "rwlock" and told.startswith("rwlock-"))


def find_wait(report, tid, kind, resource):
    for wait in report.waits(tid):
        if not same_kind(wait.get("kind"), kind):
            continue
        if resource is None or number(wait.get("resource", "0")) == number(resource):
            return wait
    return None


def evidence(entry, what):
    """Each wait and hold says how sure it is and why."""
    if entry.get("trust") not in TRUST:
        yield f"{what}: trust is {entry.get('trust')!r}"
    if not entry.get("why"):
        yield f"{what}: why is missing"


def check_thread(report, _, value):
    what = f"{who(value['tid'])} ({value['label']})"
    actor = report.actors.get(value["tid"])
    if actor is None:
        yield f"{what} is not among the actors {ids(report.actors)}"
        return
    wanted = {"blocked": ("waiting", "syscall"), "running": ("running", "runnable")}
    if actor.get("state") not in wanted[value["state"]]:
        yield f"{what}: state is {actor.get('state')!r}, should be {value['state']}"
    if value["state"] == "running":
        return
    call = actor.get("syscall", {})
    if (call.get("name"), call.get("number")) != (value["syscall"], value["number"]):
        yield (f"{what}: system call is {call.get('name')!r} number {call.get('number')}, should "
               f"be {value['syscall']!r} number {value['number']}")
    text = call.get("text", "")
    if not text.startswith(value["syscall"] + "("):
        yield f"{what}: system call reads {text!r}"
    if value["syscall"] == "futex" and value["args"][0] not in text:
        yield f"{what}: {value['args'][0]} is not in {text!r}"


def unrecorded(value):
    """Is it about a holder that the C library writes down nowhere?"""
    return value.get("recorded") is False


def same_holders(found, told, value):
    return found == told or (unrecorded(value) and not found)


def check_call(report, _, value):
    text = report.actors.get(value["tid"], {}).get("syscall", {}).get("text", "")
    if not re.fullmatch(".*".join(map(re.escape, value["text"].split("*"))), text):
        yield f"{who(value['tid'])}: its call reads {text!r}, should be {value['text']!r}"


def check_wait(report, truth, value):
    what = wait_text(value)
    wait = find_wait(report, value["tid"], value["kind"], value.get("resource"))
    if wait is None:
        has = [(w.get("kind"), w.get("resource")) for w in report.waits(value["tid"])]
        yield f"{what}: not reported; its waits are {has}"
        return
    holders = {report.who(actor) for actor in wait.get("on") or []}
    if not same_holders(holders, set(value.get("on", [])), value):
        yield f"{what}: on is {ids(holders)}, should be {ids(value.get('on', []))}"
    if bool(wait.get("timed")) != value["timed"]:
        yield f"{what}: timed is {wait.get('timed')}, should be {value['timed']}"
    yield from evidence(wait, what)
    yield from check_name(report, truth, value, what)


def check_name(report, truth, value, what):
    if truth.object_names and "name" in value:
        name = report.resource_name(number(value["resource"]))
        if not same_object(name, value["name"]):
            yield f"{what}: its name is {name!r}, should be {value['name']!r}"


def check_left_held(report, truth, value):
    what = f"{value['resource']} was left held by {value['owner']}"
    resource = report.resources.get(number(value["resource"]), {})
    if resource.get("owner_gone") != value["owner"]:
        yield f"{what}: owner_gone is {resource.get('owner_gone')}"
    yield from evidence({"trust": resource.get("owner_trust"), "why": resource.get("owner_why")},
                        what)
    yield from check_name(report, truth, value, what)
    found = [finding for finding in report.findings if finding["rule"] == "CT121" and
             number(value["resource"]) in map(number, finding["resources"])]
    if not found:
        yield f"{what}: no CT121 says so"
    elif not found[0].get("fingerprint"):
        yield f"{what}: CT121 has no fingerprint"


def check_corrupt(report, truth, name):
    """By its name, so only where there are names."""
    damaged = [r.get("name") for r in report.resources.values() if "corrupt" in r]
    if truth.object_names and damaged.count(name) != 1:
        yield f"{name} is damaged; said to be: {damaged}"


def check_hold(report, truth, value):
    what = f"{who(value['tid'])} holds {value['resource']}"
    yield from check_name(report, truth, value, what)
    holders = report.holders(number(value["resource"]))
    if not same_holders(holders, {value["tid"]}, value):
        yield f"{what}: the report's holders are {ids(holders)}"
    for hold in report.holds(value["tid"]):
        if number(hold["resource"]) == number(value["resource"]):
            yield from evidence(hold, what)
            if hold.get("mode", "exclusive") != "exclusive":
                yield f"{what}: mode is {hold['mode']!r}"


def check_inferred(report, truth, value):
    if value.get("typed") and not truth.object_names:
        return
    what = f"{who(value['tid'])} holds {value['resource']}, as its code tells"
    found = [h for h in report.holds(value["tid"])
             if number(h["resource"]) == number(value["resource"])]
    if len(found) != 1:
        yield f"{what}: reported {len(found)} times"
        return
    allowed = ("inferred",) if value["sure"] else ("inferred", "guess")
    if found[0].get("trust") not in allowed:
        yield f"{what}: trust is {found[0].get('trust')!r}"
    if found[0].get("mode", "exclusive") != value["mode"]:
        yield f"{what}: mode is {found[0].get('mode')!r}"
    yield from evidence(found[0], what)
    if "frame #" not in found[0].get("why", ""):
        yield f"{what}: why names no frame: {found[0].get('why')!r}"


def check_free_of(report, _, value):
    if value["tid"] in report.holders(number(value["resource"])):
        yield f"{who(value['tid'])} does not hold {value['resource']}, but is said to"


def check_state(report, _, value):
    """The object's state has at least these fields."""
    resource = report.resources.get(number(value["resource"]), {})
    if unrecorded(value) and resource.get("kind", "futex") == "futex":
        return
    state = resource.get("state", {})
    for key, wanted in value["state"].items():
        if state.get(key) != wanted:
            yield f"{value['resource']}: its {key} is {state.get(key)!r}, should be {wanted!r}"


def check_a_peer(report, _, value):
    waits = report.waits(value["tid"])
    if value["peer"] not in [report.who(p) for wait in waits for p in wait.get("peers", [])]:
        yield f"{who(value['tid'])}: {who(value['peer'])} is not among its peers"


def check_peers(report, _, value):
    waits = report.waits(value["tid"])
    peers = {report.who(p) for wait in waits for p in wait.get("peers", [])}
    if peers != set(value["peers"]) and not (unrecorded(value) and not peers):
        yield f"{who(value['tid'])}: peers are {ids(peers)}, should be {ids(value['peers'])}"


def check_owner_gone(report, _, value):
    what = f"{who(value['tid'])} waits for {value['resource']} of the gone {value['owner']}"
    gone = [w.get("owner_gone") for w in report.waits(value["tid"])
            if number(w.get("resource", "0")) == number(value["resource"])]
    if gone != [value["owner"]]:
        yield f"{what}: owner_gone is {gone}"
    if report.holders(number(value["resource"])):
        yield f"{what}: a live thread is reported to hold it"


def check_outside(report, _, value):
    for finding in report.findings:
        if finding["rule"] == "CT103" and value["tid"] in report.finding_tids(finding):
            yield (f"{who(value['tid'])} waits for {value['resource']} of process {value['owner']}, "
                   "which CT103 calls a dead owner")


def check_root(report, _, value):
    root = report.actors.get(value["tid"], {}).get("root")
    if not unrecorded(value) and root != who(value['root']):
        yield f"{who(value['tid'])}: root is {root}, should be {who(value['root'])}"


def check_cycle(report, _, value):
    key = frozenset(value["tids"]), value["timed"]
    found = [report.cycle_key(c) for c in report.cycles].count(key)
    if found != 1 and not (unrecorded(value) and not found):
        yield f"no cycle (or more than one) of {ids(value['tids'])}, timed {value['timed']}"


def check_finding(report, truth, value):
    what = f"{value['rule']} {value['level']} about {ids(value['tids'])}"
    allowed = truth.stuck_with(value["tids"])
    missing = set(value["tids"])
    for finding in report.findings:
        tids = report.finding_tids(finding)
        if finding["rule"] != value["rule"] or not tids & set(value["tids"]):
            continue
        missing -= tids
        # Over a guess it is possible, and then never more than P2.
        guessed = unrecorded(value) and finding["confidence"] == "possible"
        if finding["level"] != ("P2" if guessed else value["level"]):
            yield f"{what}: level is {finding['level']}"
        # Who is not recorded may be inferred, which is never proof.
        confidence = ["likely", "possible"] if unrecorded(value) else value["confidence"]
        if finding["confidence"] not in confidence:
            yield (f"{what}: confidence is {finding['confidence']!r}, should be one of "
                   f"{confidence}")
        if value["rule"] in STRICT_RULES and tids - allowed:
            yield f"{what}: names {ids(tids - allowed)} too, not stuck by it"
        if not finding.get("fingerprint"):
            yield f"{what}: no fingerprint"
    if missing and not unrecorded(value):
        yield f"{what}: no such finding names {ids(missing)}"


def check_absent(report, _, rules):
    for finding in report.findings:
        if finding["rule"] in rules:
            yield f"{finding['rule']} fires: {finding.get('title')}"


def check_quiet(report, _, __):
    for finding in report.findings:
        if finding["confidence"] != "possible":
            yield f"{finding['rule']} is {finding['confidence']}: {finding.get('title')}"


def check_headline_not(report, _, beginning):
    headline = report.data.get("summary", {}).get("headline", "")
    if headline.startswith(beginning):
        yield f"the headline begins {beginning!r}: {headline}"


def check_function(report, truth, value):
    known = truth.inlined_names if value["inlined"] else truth.function_names
    if not known:
        return
    frames = report.frames(value["tid"])
    names = [plain_function(f.get("function") or "?") for f in frames]
    if truth.is_go:
        names = [f.get("function") or "?" for f in frames]
    if value["name"] not in names:
        shown = names[:8] + ["…"] + names[-3:] if len(names) > 12 else names
        yield f"{who(value['tid'])}: {value['name']} is not in the stack {' < '.join(shown)}"
    elif value["inlined"] and not any(
            f.get("inlined") for f, name in zip(frames, names) if name == value["name"]):
        yield f"{who(value['tid'])}: {value['name']} is not marked as inlined"


def check_signal(report, _, value):
    signal = report.data.get("target", {}).get("signal", {})
    wanted = {"number": value["number"]}
    if "tid" in value:
        wanted["actor"] = f"{who(value['tid'])}"
    if "sender" in value:
        wanted["sender_pid"] = value["sender"]
    if value.get("outside"):
        wanted["sender_pid"] = None
        headline = report.data["summary"]["headline"]
        if "raised" in headline:
            yield f"signal: it came from outside, but: {headline}"
    for key, should in wanted.items():
        if signal.get(key) != should:
            yield f"signal: {key} is {signal.get(key)!r}, should be {should!r}"
    if "address" in value and number(signal.get("address", "-1")) != number(value["address"]):
        yield f"signal: address is {signal.get('address')!r}, should be {value['address']!r}"


def check_crash(report, truth, value):
    crash = report.data.get("crash")
    if not crash:
        yield f"no crash of {who(value['tid'])}, which is {value['class']}"
        return
    if value["tid"] == "any":  # Go's runtime has the signal passed on from thread to thread.
        value = value | {"tid": int(crash["actor"].removeprefix("t:"))}
    if crash["actor"] != f"{who(value['tid'])}":
        yield f"the crash is of {crash['actor']}, should be {who(value['tid'])}"
    if "unnamed" in value and not truth.function_names:
        value = {"tid": value["tid"], "class": value["unnamed"]}
    if crash["class"] not in value["class"]:
        yield f"the crash is {crash['class']}, should be {value['class']}: {crash['cause']}"
    if "address" in value and number(crash.get("address", "-1")) != number(value["address"]):
        yield f"the crash is at {crash.get('address')}, should be {value['address']}"
    for key in ("cause", "message"):
        if key in value and value[key] not in crash.get(key, ""):
            yield f"the crash's {key} is {crash.get(key)!r}, should have {value[key]!r}"
    for key in ("exception", "what"):
        if key in value and crash.get(key) != value[key]:
            yield f"the crash's {key} is {crash.get(key)!r}, should be {value[key]!r}"
    yield from crash_names(report, truth, value, crash)
    findings = [f for f in report.findings if f["rule"] == "CT105"]
    about = {value["tid"], value.get("called_by", value["tid"])}
    if len(findings) != 1 or not about <= report.finding_tids(findings[0]):
        yield f"{len(findings)} findings CT105 about {ids(about)}"


def crash_names(report, truth, value, crash):
    """What can be told only with the names of functions."""
    if not (truth.native_names if truth.is_go else truth.function_names):
        return
    finding = next((f["title"] for f in report.findings if f["rule"] == "CT105"), "")
    if "function" in value and f"{value['function']}(" not in finding:
        yield f"the finding does not name {value['function']}: {finding}"
    names = sorted(map(plain_function, crash.get("recursion", {}).get("functions", [])))
    if "recursion" in value and names != sorted(value["recursion"]):
        yield f"the recursion is of {names}, should be of {value['recursion']}"


def check_crash_holds(report, _, value):
    held = [number(r.split(":")[1].split(":")[0]) for f in report.findings if f["rule"] == "CT105"
            for r in f["resources"]]
    if number(value["resource"]) not in held:
        yield f"CT105 does not name the lock {value['resource']}"


def check_lwp(report, _, value):
    lwp = report.actors.get(value["tid"], {}).get("lwp")
    if lwp != value["lwp"]:
        yield f"{who(value['tid'])}: lwp is {lwp}, should be {value['lwp']}"


def check_threads(report, _, count):
    alive = [a for a in report.actors.values() if a.get("state") not in ("dead", "zombie")]
    if len(alive) != count:
        yield f"{len(alive)} threads, should be {count}"


def exited_actors(report):
    return [a for a in report.data.get("actors", []) if a.get("state") == "zombie"]


def check_exited(report, truth, value):
    what = f"the exited {value['label']} at {value['object']}"
    found = [a for a in exited_actors(report) if a["id"].endswith("@" + value["object"])]
    # The first thread has a number all the same.
    if not found and "start" not in value:
        found = [a for a in exited_actors(report) if "@" not in a["id"]]
    if len(found) != 1:
        yield f"{what}: found {len(found)} times"
        return
    for key in ("start", "end"):
        if key == "start" and not truth.function_names:
            continue
        if found[0].get(key) != value.get(key):
            yield f"{what}: {key} is {found[0].get(key)!r}, should be {value.get(key)!r}"


def check_exited_threads(report, _, count):
    counts = len(exited_actors(report)), report.data["summary"].get("exited", 0)
    if counts != (count, count):
        yield f"{counts} exited threads, should be {count}"


def check_main_exited(report, _, value):
    if report.data["target"].get("main_exited", False) != value:
        yield f"main_exited is not {value}"


def nothing(*_):
    """A word that is looked up where it matters, or for people."""
    return ()


CHECKS = {
    "core": nothing,
    "thread": check_thread,
    "call": check_call,
    "wait": check_wait,
    "hold": check_hold,
    "inferred": check_inferred,
    "free_of": check_free_of,
    "peers": check_peers,
    "a_peer": check_a_peer,
    "state": check_state,
    "held_only": nothing,
    "report": nothing,
    "corrupt": check_corrupt,
    "left_held": check_left_held,
    "owner_gone": check_owner_gone,
    "outside": check_outside,
    "root": check_root,
    "cycle": check_cycle,
    "finding": check_finding,
    "absent": check_absent,
    "quiet": check_quiet,
    "verdict": nothing,
    "headline_not": check_headline_not,
    "function": check_function,
    "signal": check_signal,
    "crash": check_crash,
    "crash_holds": check_crash_holds,
    "lwp": check_lwp,
    "threads": check_threads,
    "exited": check_exited,
    "exited_threads": check_exited_threads,
    "main_exited": check_main_exited,
    "moving": nothing,
    "skipped": nothing,
    **go_checks.CHECKS,
}


# ---- the report as a whole ----


def whole_verdict(report, truth):
    verdict = report.data.get("summary", {}).get("verdict")
    # A sample with two deadlocks says so twice: each line has to agree.
    for wanted in truth.values.get("verdict", []):
        if verdict not in wanted:
            yield f"verdict is {verdict!r}, should be {' or '.join(wanted)}"
            return


def whole_findings(report, truth):
    told = truth.values.get("finding", [])
    named = truth.values.get("corrupt", [])
    for finding in report.findings:
        if finding["rule"] not in STRICT_RULES:
            continue
        if finding["rule"] == "CT112" and report.resource_name(
                number(finding["resources"][0])) in named:
            continue
        tids = report.finding_tids(finding)
        if not any(v["rule"] == finding["rule"] and tids & set(v["tids"]) for v in told):
            yield f"false {finding['rule']} about {ids(tids)}: {finding.get('title')}"


def whole_cycles(report, truth):
    told = {(frozenset(v["tids"]), v["timed"]) for v in truth.values.get("cycle", [])}
    for cycle in report.cycles:
        if report.cycle_key(cycle) not in told:
            yield f"false cycle of {ids(report.cycle_key(cycle)[0])}"
        for edge in cycle["edges"]:
            if edge.get("trust") not in TRUST:
                yield f"edge of {edge['waiter']} in a cycle: trust is {edge.get('trust')!r}"


def whole_waits(report, truth):
    """No thread waits for a lock or a thread that it does not wait for."""
    if truth.moving:
        return
    # Of some selects only a few cases are told: a timer's channel has no name in the sample.
    untold = {v["tid"] for v in truth.values.get("select", []) if v.get("all") is False}
    known = {v["tid"] for v in truth.values.get("goroutine", [])}
    for tid, actor in report.actors.items():
        told = truth.waits_of(tid)
        # A library's own goroutines, package testing's for one, are not told of.
        if actor.get("system") or (actor.get("kind") == "goroutine" and tid not in known):
            continue
        for wait in report.waits(tid):
            if wait.get("kind") not in STRICT_WAITS or (tid in untold and wait.get("any_of")):
                continue
            if not any(same_kind(wait["kind"], w["kind"]) and find_wait(
                    report, tid, w["kind"], w.get("resource")) is wait for w in told):
                yield f"false wait: {who(tid)} for {wait['kind']} {wait.get('resource')}"


def whole_crash(report, truth):
    if any(truth.values.get(word) for word in ("crash", "panic", "fatal")):
        return
    if report.data.get("crash"):
        yield f"false crash: {report.data['crash']['cause']}"
    for finding in report.findings:
        if finding["rule"] == "CT105":
            yield f"false CT105: {finding['title']}"


def whole_held(report, truth):
    """Nothing else is held, and nothing else was left held by a thread that is gone."""
    if True not in truth.values.get("held_only", []):
        return
    told = {(v["tid"], number(v["resource"])) for v in truth.values.get("hold", [])}
    for tid in report.actors:
        for hold in report.holds(tid):
            resource = number(hold["resource"])
            if (tid, resource) not in told and report.resources[resource]["kind"] != "thread":
                yield f"false hold: {who(tid)} holds {hold['resource']} ({hold['trust']})"
    left = {number(v["resource"]) for v in truth.values.get("left_held", [])}
    for address, resource in report.resources.items():
        if "owner_gone" in resource and address not in left:
            yield f"false hold of a thread that is gone: {resource['id']}"


def whole_lost(report, truth):
    """Whoever reads zeros for stacks says so."""
    if not any("zeros" in text for text in report.data["target"].get("partial", [])):
        yield "the stacks in this core are zeros, and the report does not say so"


# What can still be checked when gdb could not read the threads' stacks: that nothing false is said.
OF_LOST = ("absent", "quiet", "threads", "signal")
WHOLE_OF_LOST = (whole_lost, whole_findings, whole_cycles, whole_waits)
WHOLE = (whole_verdict, whole_findings, whole_crash, whole_cycles, whole_waits, whole_held, go_checks.whole_goroutine_stacks,
         go_heap_checks.only_told_pools)


def check_all(report, truth):
    """All complaints about one report."""
    report.carried = truth.carried
    lost = any(v.get("lost") for v in truth.values.get("core", []))
    for word, values in truth.values.items():
        if word not in CHECKS:
            yield f"the truth has an unknown word {word!r}"
            continue
        if lost and word not in OF_LOST:
            continue
        for value in values:
            yield from CHECKS[word](report, truth, value)
    for check in WHOLE_OF_LOST if lost else WHOLE:
        yield from check(report, truth)
