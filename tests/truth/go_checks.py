# SPDX-License-Identifier: Apache-2.0
"""The checks of the words that only samples in Go use; samples/go_sample.go says what they mean."""

import base64
import re

from go_heap_checks import HEAP_CHECKS
from go_leak_checks import LEAK_CHECKS
from profile_proto import Profile
from report_view import ids, number, who

# CT205 is checked with the crash that it is about.
STRICT_RULES = ("CT203", "CT204", "CT211", "CT212", "CT213", "CT217", "CT219")
WRAPPER = re.compile(r"\.(gowrap|deferwrap)\d+$")
GONE = ("dead", "zombie")


def printed_name(function):
    """As a traceback prints it: type arguments are left out, and the function of a panic is "panic"."""
    before, bracket, rest = (function or "").partition("[")
    if bracket:
        return before + "[...]" + rest.rpartition("]")[2]
    return "panic" if before == "runtime.gopanic" else before


def frames_missing(found, wanted):
    """Those of the wanted frames that do not come in this order."""
    rest = iter(found)
    return [frame for frame in wanted if frame not in rest]


def check_goroutine(report, truth, value):
    what = f"{value['tid']} ({value['label']})"
    actor = report.actors.get(value["tid"])
    if actor is None or actor.get("kind") != "goroutine":
        yield f"{what} is not among the goroutines"
        return
    states = value.get("states") or [value["state"]]
    if actor.get("state") not in states:
        yield f"{what}: state is {actor.get('state')!r}, should be {' or '.join(states)}"
    if actor.get("system"):
        yield f"{what} is said to be the system's"
    if "reason" in value and actor.get("wait_reason") != value["reason"]:
        yield f"{what}: wait_reason is {actor.get('wait_reason')!r}, should be {value['reason']!r}"
    found = [[printed_name(f.get("function")), (f.get("file") or "").rpartition("/")[2], f.get("line")]
             for f in report.frames(value["tid"])]
    missing = frames_missing(found, value.get("frames", []))
    if missing:
        yield f"{what}: not in its stack, or not in this order: {missing}; the stack is {found}"
    yield from goroutine_origin(actor, value, what)
    yield from goroutine_thread(report, truth, actor, value, what)


def goroutine_origin(actor, value, what):
    by = actor.get("created_by", {})
    if "creator" in value and printed_name(by.get("function")) != value["creator"]:
        yield f"{what}: created by {by.get('function')!r}, should be {value['creator']!r}"
    if "parent" in value and by.get("actor") != value["parent"]:
        yield f"{what}: its creator is {by.get('actor')!r}, should be {value['parent']!r}"
    if actor.get("labels", {}) != value.get("labels", {}):
        yield f"{what}: labels are {actor.get('labels')}, should be {value.get('labels', {})}"


def goroutine_thread(report, truth, actor, value, what):
    if bool(actor.get("locked")) != bool(value.get("locked")):
        yield f"{what}: locked is {actor.get('locked')}, should be {value.get('locked', False)}"
    if "carrier" in value and actor.get("carrier") != who(value["carrier"]):
        yield f"{what}: carrier is {actor.get('carrier')!r}, should be {who(value['carrier'])!r}"
    if value.get("state") == "syscall":
        carrier = report.actors.get(number(actor.get("carrier") or "t:0"))
        if carrier is None:
            yield f"{what}: in a system call, but carrier is {actor.get('carrier')!r}"
        # Before the kernel makes its core the runtime interrupts the calls of all threads.
        elif "syscall" in value and truth.core.get("kind") != "kernel" and carrier.get("syscall", {}).get("name") != value["syscall"]:
            yield f"{what}: in {carrier.get('syscall', {}).get('name')!r}, should be {value['syscall']!r}"


def of_program(report):
    return {tid for tid, actor in report.actors.items() if actor.get("kind") == "goroutine"
            and not actor.get("system") and actor.get("state") not in GONE}


def check_goroutines(report, _, value):
    found = of_program(report)
    if found != set(value):
        yield f"goroutines: {ids(found - set(value))} are too many, {ids(set(value) - found)} are missing"


def check_goroutine_count(report, _, value):
    count = len(of_program(report))
    if count != value:
        yield f"{count} goroutines, should be {value}"


def check_select(report, _, value):
    what = f"{value['tid']} in its select"
    waits = report.waits(value["tid"])
    found = {(w.get("kind"), number(w["resource"])) for w in waits if "resource" in w}
    told = {(case["kind"], number(case["resource"])) for case in value["cases"]}
    if not told <= found:
        yield f"{what}: its cases are {sorted(found)}, {sorted(told - found)} are missing"
    if value.get("all") and found != told:
        yield f"{what}: {sorted(found - told)} are no cases of it"
    if any(bool(w.get("timed")) != value["timed"] for w in waits):
        yield f"{what}: timed should be {value['timed']}"
    if len(told) > 1 and not all(w.get("any_of") for w in waits):
        yield f"{what}: any_of is missing"


def check_state(report, value, keys):
    resource = report.resources.get(number(value["resource"]))
    if resource is None:
        yield f"{value['resource']} is not among the resources"
        return
    state = resource.get("state", {})
    for key in keys:
        if state.get(key) != value[key]:
            yield f"{value['resource']}: {key} is {state.get(key)!r}, should be {value[key]!r}"


def check_channel(report, _, value):
    yield from check_state(report, value, ("len", "cap", "closed", "elem"))
    for key, kind in (("senders", "chan-send"), ("receivers", "chan-recv")):
        found = {tid for tid, actor in report.actors.items() for w in actor.get("waits", [])
                 if w.get("kind") == kind and "resource" in w and number(w["resource"]) == number(value["resource"])}
        if found != set(value[key]):
            yield f"{value['resource']}: its {key} are {ids(found)}, should be {ids(value[key])}"


def check_waitgroup(report, _, value):
    yield from check_state(report, value, ("counter", "waiters"))


def check_polled(report, _, value):
    waits = [w for w in report.waits(value["tid"]) if w.get("kind") == "io"]
    for key in ("fd", "mode"):
        if key in value and [w.get(key) for w in waits] != [value[key]]:
            yield f"{value['tid']}: {key} is {[w.get(key) for w in waits]}, should be {value[key]!r}"
    states = [report.resources[number(w["resource"])].get("state", {}) for w in waits if "resource" in w]
    for key in ("local", "remote"):
        if [state.get(key) for state in states] != [value.get(key)]:
            yield f"{value['tid']}: {key} is {[s.get(key) for s in states]}, should be {value.get(key)!r}"


def check_panic(report, truth, value):
    what = f"the panic of {value['tid']}"
    found = [p for p in report.data.get("panics", []) if p.get("actor") == value["tid"]]
    if len(found) != len(value["values"]):
        yield f"{what}: {len(found)} values, should be {len(value['values'])}"
        return
    if found[0].get("class") != value["class"]:
        yield f"{what}: class is {found[0].get('class')!r}, should be {value['class']!r}"
    for one, wanted in zip(found, value["values"]):
        for key in ("value", "type"):
            found_value = one.get("value_type" if key == "type" else key)
            if key in wanted and found_value != wanted[key]:
                yield f"{what}: {key} is {found_value!r}, should be {wanted[key]!r}"
        if bool(one.get("recovered")) != wanted.get("recovered", False):
            yield f"{what}: recovered is {one.get('recovered')}"
    yield from blamed(report, value)


def check_panic_channel(report, _, value):
    """The finding names the channel and all that use it; without one it is not surely known."""
    what = f"the panic of {value['tid']}"
    panic = next((p for p in report.data.get("panics", []) if p.get("actor") == value["tid"]), {})
    wanted = f"r:{value['channel']}" if "channel" in value else None
    if panic.get("resource") != wanted:
        yield f"{what} is said to be about {panic.get('resource')}, should be {wanted}"
    for finding in report.findings:
        if finding["rule"] != "CT205" or value["tid"] not in report.finding_tids(finding):
            continue
        users = {step["actor"] for step in finding["steps"] if step.get("actor", value["tid"]) != value["tid"]}
        if users != set(value.get("users", [])):
            yield f"{what}: {ids(users)} are said to use the channel, should be {ids(value.get('users', []))}"
        for step in finding["steps"]:
            if step.get("actor", value["tid"]) != value["tid"] and " main.(*shop)." not in step["text"]:
                yield f"{what}: it is not said where: {step['text']}"


def check_fatal(report, truth, value):
    crash = report.data.get("crash", {})
    what = f"the fatal error of {value.get('tid', 'the process')}"
    if value.get("text", "") not in crash.get("message", ""):
        yield f"{what}: the message is {crash.get('message')!r}, should have {value['text']!r}"
    for key in ("class", "address"):
        if key in value and crash.get(key) != value[key]:
            yield f"{what}: {key} is {crash.get(key)!r}, should be {value[key]!r}"
    if "tid" in value and report.who(crash.get("actor", "")) != value["tid"]:
        yield f"{what}: it is said to be of {crash.get('actor')}"
    if "function" in value:
        yield from blamed(report, value)


def blamed(report, value):
    """One finding is about it, and names the function."""
    rule = {"concurrent-map": "CT201", "bad-pointer": "CT202"}.get(value["class"], "CT205")
    found = [f for f in report.findings if f["rule"] == rule
             and ("tid" not in value or value["tid"] in report.finding_tids(f))]
    if len(found) != 1:
        yield f"{len(found)} findings {rule} about {value.get('tid', 'the process')}"
    elif value["function"] not in found[0].get("title", "") + found[0].get("message", ""):
        yield f"{rule} does not name {value['function']}: {found[0].get('title')}"


def check_nobody(report, _, address):
    holders = report.holders(number(address))
    if holders:
        yield f"{ids(holders)} are said to hold {address}, which nobody will release"


def check_not_stuck(report, _, tids):
    for finding in report.findings:
        if report.finding_tids(finding) & set(tids):
            yield f"{finding['rule']} is about {ids(report.finding_tids(finding) & set(tids))}"


def check_finding_says(report, _, value):
    found = [finding for finding in report.findings if finding["rule"] == value["rule"]]
    if len(found) != 1:
        yield f"{len(found)} findings {value['rule']}: {[finding['title'] for finding in found]}"
        return
    if found[0]["level"] != value["level"] or found[0]["confidence"] not in ("likely", "possible"):
        yield f"{value['rule']} is {found[0]['level']} and {found[0]['confidence']}"
    if value["words"] not in found[0]["title"]:
        yield f"{value['rule']} says {found[0]['title']!r}, should have {value['words']!r}"
    if not found[0].get("fingerprint"):
        yield f"{value['rule']} has no fingerprint"


def check_none_about(report, _, value):
    for finding in report.findings:
        if finding["rule"] in value["rules"] and report.finding_tids(finding) & set(value["tids"]):
            yield f"{finding['rule']} is about {ids(report.finding_tids(finding) & set(value['tids']))}"


def check_steps(report, _, value):
    found = [finding for finding in report.findings
             if finding["rule"] == value["rule"] and report.finding_tids(finding) & set(value["tids"])]
    if len(found) != 1:
        yield f"{len(found)} findings {value['rule']} are about {ids(value['tids'])}"
        return
    texts = [step["text"] for step in found[0].get("steps", [])]
    for words in value["words"]:
        if not any(words in text for text in texts):
            yield f"{value['rule']}: no step has {words!r}: {texts}"


def check_fires(report, _, rules):
    for rule in rules:
        if not any(finding["rule"] == rule for finding in report.findings):
            yield f"{rule} does not fire"


def check_peers_among(report, _, value):
    peers = {report.who(p) for wait in report.waits(value["tid"]) for p in wait.get("peers", [])}
    if not peers <= set(value["peers"]):
        yield f"{value['tid']}: peers are {ids(peers)}, should be among {ids(value['peers'])}"


def in_order(text, words):
    at = 0
    for word in words:
        at = text.find(word, at)
        if at < 0:
            return False
        at += len(word)
    return True


def check_other_side(report, _, value):
    text = report.actors[value["tid"]].get("other_side", "")
    # What ends with a full stop in the truth is the end of it.
    if not in_order(text + ".", value["says"]):
        yield f"{value['tid']}: {value['says']} are not in {text!r}"
    waits = report.waits(value["tid"])
    wakers = {report.who(w["actor"]) for wait in waits for w in wait.get("wakers", [])}
    wakers |= {report.who(holder) for wait in waits for holder in wait.get("on", [])}
    if wakers != ({value["waker"]} if "waker" in value else set()):
        yield f"{value['tid']}: wakers are {ids(wakers)}, should be {value.get('waker')}"
    for finding in report.findings:
        first = finding["actors"][0] if finding["actors"] else None
        if finding["rule"] in ("CT210", "CT212") and first and report.who(first) == value["tid"] \
                and not in_order(finding.get("other_side", ""), [": " + text]):
            yield f"{finding['rule']}: its other side is {finding.get('other_side')!r}, should end with {text!r}"


def check_had_by(report, truth, value):
    """Of "a|b" only debug information tells a."""
    said = report.explained[value["address"]]
    found = said.get("had by", [])
    wanted = value["words"] or []
    ways = [[word.split("|")[i and -1] for word in wanted] for i in range(1 if truth.debug_types else 2)]
    if len(found) != bool(wanted) or (wanted and not any(in_order(found[0], way) for way in ways)):
        yield f"{value['address']}: is had by {found}, should be {wanted}"
    known = None if value.get("own") else []
    if not wanted and known not in said["references"]:
        yield f"{value['address']}: what else leads to it is {said['references']}, should be {known}"


def check_native_frame(report, truth, value):
    names = [f.get("function") for f in report.frames(value["tid"])]
    if truth.native_names and value["name"] not in names:
        yield f"{value['tid']}: {value['name']} is not in the stack {' < '.join(map(str, names))}"


def check_bubble(report, truth, tids):
    """All in one bubble, and nobody else that is told of: package testing has goroutines of its own in it."""
    bubbles = {report.actors.get(tid, {}).get("bubble") for tid in tids}
    if len(bubbles) != 1 or None in bubbles:
        yield f"{ids(tids)} are in one bubble, but: {bubbles}"
    told = {value["tid"] for value in truth.values.get("goroutine", [])} - set(tids)
    others = [tid for tid in told if report.actors.get(tid, {}).get("bubble") in bubbles - {None}]
    if others:
        yield f"{ids(others)} are not in that bubble"


def whole_goroutine_stacks(report, truth):
    """Each goes down to where goroutines begin, through C too; one that runs may say why not."""
    for tid, actor in report.actors.items() if truth.is_go else ():
        if actor.get("kind") != "goroutine" or actor.get("state") in GONE:
            continue
        names = [f.get("function") for f in report.frames(tid)]
        runs = actor.get("state") == "running" and not names
        if not runs and names[-1:] != ["runtime.goexit"]:
            yield f"{tid} ({actor.get('state')}): its stack does not end in goexit: {' < '.join(map(str, names))}"


def check_leaked(report, truth, value):
    found = set()
    # Who runs may have in a register what nothing else has yet.
    running = any(actor.get("kind") == "goroutine" and actor.get("state") == "running" for actor in report.actors.values())
    sure = "likely" if running else "proven"
    for finding in (f for f in report.findings if f["rule"] in ("CT210", "CT212")):
        found |= report.finding_tids(finding)
        if finding["level"] != "P1" or finding["confidence"] != sure:
            yield f"leaked: {finding['level']}, {finding['confidence']}: {finding.get('title')}"
    # Who waits in a circle that was not found is left behind, too.
    circles = [v["tids"] for v in truth.values.get("finding", []) if v["rule"] == "CT204"]
    if set(value) - found:
        yield f"leaked: {ids(set(value) - found)} are not found"
    if found - set(value).union(*circles):
        yield f"leaked: {ids(found - set(value).union(*circles))} are not"


def without_wrappers(samples):
    """What the compiler puts around a go or defer statement is not in all of Go's own profiles."""
    found = {}
    for functions, values in samples.items():
        kept = tuple(f for f in functions if not WRAPPER.search(f))
        found[kept] = [a + b for a, b in zip(values, found.get(kept, [0] * len(values)))]
    return found


def check_kept_profile(report, _, value):
    """The program's own profile, sample by sample; floats may be rounded in another way."""
    kind = value["kind"]
    own, found = Profile(base64.b64decode(value["pprof"])), Profile(report.profiles[kind])
    if (found.types, found.period) != (own.types, own.period):
        yield f"{kind} profile: types and period are {found.types, found.period}, should be {own.types, own.period}"
        return
    wanted_of, given_of = without_wrappers(own.samples), without_wrappers(found.samples)
    for functions in sorted({*wanted_of, *given_of}):
        wanted, given = wanted_of.get(functions), given_of.get(functions)
        # Of some stacks the program writes that there is nothing.
        if not given and not any(wanted or ()):
            continue
        if not wanted or not given or any(abs(a - b) > 1 + a / 1e9 for a, b in zip(wanted, given)):
            yield f"{kind} profile: {functions[:3]}: {given}, should be {wanted}"
    if not own.samples:
        yield f"{kind} profile: the sample has made none"


def check_waiting_now(report, _, value):
    profile = Profile(report.profiles["waiting-now"])
    found = [values for functions, values in profile.samples.items() if value["function"] in functions]
    if profile.types != [("contentions", "count"), ("delay", "nanoseconds")]:
        yield f"the profile of who waits now is of {profile.types}"
    if sum(values[0] for values in found) != value["contentions"]:
        yield f"{found} wait now in {value['function']}, should be {value['contentions']}"
    longest = max((wait.get("since_ns", 0) for tid in value["tids"] for wait in report.waits(tid)), default=0)
    if sum(values[1] for values in found) < longest:
        yield f"waits in {value['function']} take {found}, one alone at least {longest}"
    if any("main.rest" in functions for functions in profile.samples):
        yield "who sleeps is said to wait for others"


CHECKS = {
    **HEAP_CHECKS,
    **LEAK_CHECKS,
    "kept_profile": check_kept_profile,
    "waiting_now": check_waiting_now,
    "goroutine": check_goroutine,
    "goroutines": check_goroutines,
    "goroutine_count": check_goroutine_count,
    "select": check_select,
    "channel": check_channel,
    "waitgroup": check_waitgroup,
    "polled": check_polled,
    "panic": check_panic,
    "panic_channel": check_panic_channel,
    "fatal": check_fatal,
    "nobody": check_nobody,
    "not_stuck": check_not_stuck,
    "leaked": check_leaked,
    "fires": check_fires,
    "finding_says": check_finding_says,
    "steps": check_steps,
    "none_about": check_none_about,
    "peers_among": check_peers_among,
    "other_side": check_other_side,
    "had_by": check_had_by,
    "native_frame": check_native_frame,
    "bubble": check_bubble,
}
