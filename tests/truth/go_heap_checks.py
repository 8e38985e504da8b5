# SPDX-License-Identifier: Apache-2.0
"""What is in the heap of a Go program, and what lives there: contexts, timers, pools."""

import math
import re

from go_leak_checks import RETAINED_SLACK
from report_view import number

# How an object is called whose type is not known.
NO_TYPE = r"-byte objects|^large objects"

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


def check_freed_use(report, truth, value):
    texts = [step["text"] for finding in report.heap_findings if finding["rule"] == "CT202" for step in finding["steps"]]
    words = f" at {value['from']}," if "from" in value else value["in"], f"points to {value['to']}"
    wanted = len(truth.values["freed_use"])
    if len(texts) != wanted or not any(all(word in text for word in words) for text in texts):
        yield f"of {wanted} pointers into memory without objects one, with {words}, should be told: {texts}"


def large_type(truth, value):
    """What a larger object names itself, since 1.22; None: nothing."""
    return value.get("large_type") if tuple(map(int, truth.core["go"].split(".")[:2])) >= (1, 22) else None


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
    if wanted and not truth.object_names and wanted.startswith("main.") and not value.get("on_stack"):
        wanted = "variable"
    if wanted and wanted not in links[0]:
        yield f"{what}: is kept by {links[0]}, should be {value['kept_by']}"
    if len(links) != value.get("steps", len(links)):
        yield f"{what}: {len(links)} steps lead to it, should be {value['steps']}: {links}"
    kind = value.get("type") or large_type(truth, value)
    if kind and f" {kind}" not in f" {said['object'][0]}":
        yield f"{what}: is {said['object'][0]}, should be {kind}"
    part = value.get("debug_part")
    if part and truth.debug_types and links[-1].partition(", ")[0] != part:
        yield f"{what}: the last to lead to it is {links[-1]}, should be {part}"
    kind = value.get("debug_type")
    told = kind and re.search(rf"(^|into ){re.escape(kind)}(,| at )", said["object"][0])
    # Without debug information it may be told by other ways, but as nothing else.
    if kind and not told and (truth.debug_types or not re.search(NO_TYPE, said["object"][0])):
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


def check_done_of(report, _, value):
    found = [wait["done_of"] for wait in report.waits(value["tid"]) if "done_of" in wait]
    if [one["address"] for one in found] != [value["address"]]:
        yield f"{value['tid']} waits at the Done() of {found}, should be of {value['address']}"
    for one in found:
        if one.get("ended_by") != value.get("ended_by") or ("ended_by" in one) != (one.get("ends_in_ns", 0) > 0):
            yield f"{value['tid']}: its context {one} should be ended by {value.get('ended_by')}"


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
    for key, word in (("waiters", "tids"), ("leaked_keepers", "leaked_keepers")):
        if {report.who(actor) for actor in timer.get(key, [])} != set(value.get(word, [])):
            yield f"timer {value}: its {key} are {timer.get(key)}"


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


def check_allocated(report, truth, value):
    said, what, wanted = report.explained[value["address"]], value["address"], value["at"]
    by, kind = said.get("allocated by", []), large_type(truth, value)
    ends = tuple(f"{before}{wanted}, as the heap profile recorded" for before in ("", " for "))
    if not wanted and by:
        yield f"{what}: is allocated by {by}, though that is not recorded"
    if wanted and not (len(by) == 1 and (by[0] == ends[0] or by[0].endswith(ends[1]))):
        yield f"{what}: is allocated by {by}, should be {wanted}"
    if said.get("has", []) != ([value["has"]] if "has" in value else []):
        yield f"{what}: has {said.get('has')}, should be {value.get('has')}"
    if said["state"][0].startswith("a free slot") != value.get("free", False):
        yield f"{what}: is said to be {said['state'][0]}, its slot is{'' if value.get('free') else ' not'} free"
    if kind and kind not in said["object"][0]:
        yield f"{what}: is {said['object'][0]}, should be {kind}"


def check_heap_places(report, _, value):
    """Of n objects about n times the chance of one are sampled; six deviations are no accident."""
    row = next((kind for kind in report.heap["types"] if kind["name"] == value["row"]), None)
    if row is None:
        yield f"{value['row']}: there are none"
        return
    size = row["bytes"] / row["objects"]
    chance = min(value["rate"], 1) if value["rate"] <= 1 else -math.expm1(-size / value["rate"])
    found = {f"{place['function']}() {place['file'].rsplit('/', 1)[-1]}:{place['line']}": place
             for place in row.get("places", []) if place["function"].startswith("main.")}
    for name in sorted(found.keys() - value["places"].keys()):
        yield f"{value['row']}: some are from {name}, none are"
    for name, n in value["places"].items():
        place = found.get(name, {"sampled": 0})
        if abs(place["sampled"] - n * chance) > 6 * math.sqrt(n * chance * (1 - chance)):
            yield f"{value['row']}: {place['sampled']} from {name} were sampled, of {n} it is one in {1 / chance:.1f}"
        elif ("bytes" in place) != value["scales"]:
            yield f"{value['row']}: those from {name} are said to stand for {place.get('bytes')} bytes"
        elif value["scales"] and abs(place["bytes"] - n * size) > 6 * size * math.sqrt(n * (1 - chance) / chance) + 1:
            yield f"{value['row']}: {place['bytes']} bytes ± {place['error']} are from {name}, should be {n * size:.0f}"


HEAP_CHECKS = {
    "context": check_context,
    "done_of": check_done_of,
    "timer": check_timer,
    "no_timer": check_no_timer,
    "pool": check_pool,
    "heap": check_heap,
    "freed_use": check_freed_use,
    "heap_object": check_heap_object,
    "allocated": check_allocated,
    "heap_places": check_heap_places,
    "stack_word": check_stack_word,
}
