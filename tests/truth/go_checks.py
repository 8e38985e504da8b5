# SPDX-License-Identifier: Apache-2.0
"""The checks of the words that only samples in Go use; samples/go_sample.go says what they mean."""

import base64
import re

from go_leak_checks import LEAK_CHECKS, RETAINED_SLACK
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
    if not in_order(text, value["says"]):
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


def check_had_by(report, _, value):
    said = report.explained[value["address"]]
    found = said.get("had by", [])
    wanted = value["words"] or []
    if len(found) != bool(wanted) or (wanted and not in_order(found[0], wanted)):
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


# What the sample itself allocates between the count and the core, to say it.
HEAP_SLACK = 256 << 10
OBJECT_SLACK = 4000


def check_heap(report, _, value):
    heap = report.heap
    if heap is None:
        yield "there is no heap"
        return
    for key, slack in ("live", HEAP_SLACK), ("objects", OBJECT_SLACK):
        if abs(heap[key] - value[key]) > slack:
            yield f"heap: {key} is {heap[key]}, the runtime counted {value[key]}"
    for key, one in ("live", "bytes"), ("objects", "objects"):
        if heap[key] != sum(kind[one] for kind in heap["types"]):
            yield f"heap: {key} is not the sum over the types"
    if heap["guessed_objects"] or heap["guessed_stacks"]:
        yield f"heap: {heap['guessed_objects']} objects and {heap['guessed_stacks']} stacks are guessed"


def check_freed_use(report, _, value):
    texts = [step["text"] for finding in report.heap_findings if finding["rule"] == "CT202" for step in finding["steps"]]
    words = f" at {value['from']},", f"points to {value['to']}"
    if len(texts) != 1 or not all(word in texts[0] for word in words):
        yield f"one pointer into freed memory, with {words}, should be told: {texts}"


def check_heap_object(report, truth, value):
    said = report.explained[value["address"]]
    what, links = value["address"], said.get("kept by", []) + said.get("then by", [])
    if "object" not in said:
        yield f"{what} is no object of the heap: {said}"
        return
    if said["state"][0].startswith("alive") != value["alive"]:
        yield f"{what} ({said['object'][0]}): is said to be {said['state'][0]}; by {links}"
        return
    wanted = value.get("kept_by")
    # Of variables only the address is known where there are no symbols.
    if wanted and not truth.object_names and wanted.startswith("main.") and wanted != "main.keepOnStack":
        wanted = "variable"
    if wanted and wanted not in links[0]:
        yield f"{what}: is kept by {links[0]}, should be {value['kept_by']}"
    if len(links) != value.get("steps", len(links)):
        yield f"{what}: {len(links)} steps lead to it, should be {value['steps']}: {links}"
    kind = value.get("type")
    if tuple(map(int, truth.core["go"].split(".")[:2])) >= (1, 22):
        kind = kind or value.get("large_type")
    if kind and f" {kind}" not in f" {said['object'][0]}":
        yield f"{what}: is {said['object'][0]}, should be {kind}"


def check_stack_word(report, _, value):
    said = report.explained[value["address"]].get("stack", [])
    goroutine = "of goroutine " + value["tid"].partition(":")[2] + ","
    if len(said) != 1 or not f"{said[0]},".startswith(goroutine) or not said[0].endswith("above its stack pointer"):
        yield f"{value['address']} is on the stack {said}, should be that {goroutine}"


def find_context(report, address):
    return next((c for c in report.contexts if number(c["address"]) == number(address)), None)


def check_context(report, _, value):
    context, what = find_context(report, value["address"]), f"context {value['address']} ({value['kind']})"
    # Nothing has to live that only the sample still speaks of.
    if context is None:
        yield f"{what} is not among the contexts"
        return
    for key in ("kind", "err", "cause", "key", "value", "children"):
        if key in value and context.get(key) != value[key]:
            yield f"{what}: {key} is {context.get(key)!r}, should be {value[key]!r}"
    if "err" in context and "err" not in value:
        yield f"{what}: is said to be cancelled: {context['err']}"
    parent = next((c for c in report.contexts if c.get("index") == context.get("parent")), {})
    if "parent" in value and parent.get("address") != value["parent"]:
        yield f"{what}: its parent is {context.get('parent')}, should be {value['parent']}"
    if "lost" in value and bool(context.get("lost")) != value["lost"]:
        yield f"{what}: lost is {context.get('lost', False)}, should be {value['lost']}"
    when = "ahead" if context.get("overdue_ns", 0) < 0 else "past" if "overdue_ns" in context else None
    if when != value.get("deadline"):
        yield f"{what}: the deadline is {when} ({context.get('overdue_ns')}), should be {value.get('deadline')}"
    for key in ("waiters", "ignored_by"):
        if set(context.get(key, [])) != set(value.get(key, [])):
            yield f"{what}: {key} are {context.get(key, [])}, should be {value.get(key, [])}"


# The runtime notes the time now and then, and a core is made a while after the sample has told.
TIMER_SLACK = 300 * 10**9


def timer_fits(timer, value):
    """Is this record about the timers that the truth tells of?"""
    return (timer["kind"] == value.get("kind", timer["kind"])
            and timer.get("calls", {}).get("function") == value.get("calls", timer.get("calls", {}).get("function"))
            and ("period_ns" not in value or timer.get("period_ns") == value["period_ns"])
            and ("first_ns" not in value or abs(timer.get("first_ns", 0) - value["first_ns"]) < TIMER_SLACK))


def check_timer(report, _, value):
    found = [timer for timer in report.timers if timer_fits(timer, value)]
    if len(found) != 1:
        yield f"{len(found)} records of timers are {value}"
        return
    timer = found[0]
    for key in ("count", "mode", "alone"):
        if key in value and timer.get(key) != value[key]:
            yield f"timer {value}: {key} is {timer.get(key)!r}"
    if timer.get("listed", True) != value.get("listed", True):
        yield f"timer {value}: listed is {timer.get('listed', True)}"
    if not 0 <= timer.get("retained", -1) - value.get("retained", timer.get("retained", -1)) < RETAINED_SLACK:
        yield f"timer {value}: retained is {timer.get('retained')!r}"
    if {report.who(actor) for actor in timer.get("waiters", [])} != set(value.get("tids", [])):
        yield f"timer {value}: its waiters are {timer.get('waiters')}"


def check_no_timer(report, _, value):
    if any(timer_fits(timer, value) for timer in report.timers):
        yield f"there is a timer {value}"
POOL_RULES = ("CT215", "CT216", "CT224", "CT225")
VICTIMS = ("victim-private", "victim-shared")


def rules_about(findings, address):
    """Those of pools."""
    return sorted({f["rule"] for f in findings if f["rule"] in POOL_RULES
                   and number(address) in map(number, f.get("resources", []))})


def check_used(report, value):
    """CT216 says what is used, and in which frame."""
    kind, function = value["used"]
    steps = [step for f in report.findings if f["rule"] == "CT216"
             and number(value["address"]) in map(number, f["resources"]) for step in f["steps"]]
    for step in steps:
        frames = dict(enumerate(report.frames(report.who(step["actor"]))))
        if not step["text"].startswith(f"{kind} at ") or f" {function}() " not in step["text"]:
            yield f"used: {step['text']!r} is not about {kind} in {function}"
        if frames.get(step.get("frame"), {}).get("function") != function:
            yield f"used: frame {step.get('frame')} is not {function}"
    if not steps:
        yield f"used: {kind} in {function} is not told"


def check_pool(report, truth, value):
    what = f"pool {value.get('name', '')} at {value['address']}"
    found = [pool for pool in report.pools.get("pools", []) if pool["address"] == value["address"]]
    if len(found) != 1:
        yield f"{what}: {len(found)} are told"
        return
    pool = found[0]
    said = {"types": {kind["name"]: kind["objects"] for kind in pool["types"]},
            "doubles": [one.get("array", one["address"]) for one in pool.get("doubles", [])],
            "victims": sum(part[place] for part in pool["processors"] for place in VICTIMS),
            "objects": pool["objects"], "new": pool.get("new")}
    for key in said:
        if key in value and said[key] != value[key]:
            yield f"{what}: {key} is {said[key]!r}, should be {value[key]!r}"
    if sum(sum(part[place] for place in ("private", "shared", *VICTIMS)) for part in pool["processors"]) != pool["objects"]:
        yield f"{what}: what Ps have is not all that it has"
    if truth.object_names and "name" in value and pool.get("name") != value["name"]:
        yield f"{what}: is called {pool.get('name')!r}"
    if "large" in value and pool["large"][0]["bytes"] < value["large"]:
        yield f"{what}: its largest has {pool['large'][0]['bytes']} bytes, should have {value['large']}"
    if "used" in value:
        yield from check_used(report, value)
    for where, findings, key in (("analyze", report.findings, "rules"),
                                 ("pools", report.pools["findings"], "deep_rules")):
        rules, wanted = rules_about(findings, value["address"]), value.get(key, value["rules"])
        if rules != wanted:
            yield f"{what}: {where} has {rules} of it, should have {wanted}"


def only_told_pools(report, truth):
    """No pool is said to be misused that the truth does not have; sizes of buffers in libraries may be anything."""
    told = {number(value["address"]) for value in truth.values.get("pool", [])}
    for finding in report.findings:
        if finding["rule"] in POOL_RULES and finding["rule"] != "CT224" \
                and not told & set(map(number, finding.get("resources", []))):
            yield f"false {finding['rule']}: {finding.get('title')}"


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
    **LEAK_CHECKS,
    "kept_profile": check_kept_profile,
    "waiting_now": check_waiting_now,
    "context": check_context,
    "timer": check_timer,
    "no_timer": check_no_timer,
    "pool": check_pool,
    "heap": check_heap,
    "freed_use": check_freed_use,
    "heap_object": check_heap_object,
    "stack_word": check_stack_word,
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
