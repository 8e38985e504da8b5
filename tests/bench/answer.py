"""Checks coretool's answer on a benchmark core: a fast wrong answer is no result.

Only documented fields of the JSON report are read. The truth of each core is known from its Case.
"""

import json
import subprocess

CHECK_SECONDS = 120


def report_of(coretool, options, core):
    done = subprocess.run([coretool, "analyze", *options, "--format", "json", core.path],
                          capture_output=True, text=True, timeout=CHECK_SECONDS, check=False)
    if done.returncode != 0:
        raise ValueError(f"exit status {done.returncode}: {done.stderr.strip()[-200:]}")
    return json.loads(done.stdout)


def own_frames(stack):
    """How many frames of a stack are those of the benchmark's program that a waiter has."""
    return sum(1 for frame in stack["frames"]
               if frame.get("function", "").startswith(("step_", "run_waiter")))


def check_waits(report, case):
    threads = report["summary"].get("threads")
    if threads != case.threads:
        return f"{threads} threads, not {case.threads}"
    waits = [wait for actor in report["actors"] for wait in actor.get("waits", [])
             if wait["kind"] == "mutex"]
    if len(waits) != case.waiters:
        return f"{len(waits)} threads wait for a mutex, not {case.waiters}"
    if len({wait["resource"] for wait in waits}) != 1:
        return "more than one mutex"
    if any(len(wait.get("on", [])) != 1 for wait in waits):
        return "a wait without its holder"
    if len({wait["on"][0] for wait in waits}) != 1:
        return "more than one holder"
    return None


def check_stacks(report, case):
    stacks = report.get("stacks", [])
    waiters = [actor for actor in report["actors"] if actor.get("waits")
               and actor["waits"][0]["kind"] == "mutex"]
    complete = sum(1 for actor in waiters
                   if "stack" in actor and own_frames(stacks[actor["stack"]]) == case.depth)
    if complete != case.waiters:
        return f"{complete} complete stacks of {case.depth} frames, not {case.waiters}"
    return None


def check(coretool, core, options=()):
    """None if the answer is right, else what is wrong. With --quick no stacks are expected."""
    try:
        report = report_of(coretool, options, core)
        wrong = check_waits(report, core.case)
        if wrong is None and "--quick" not in options:
            wrong = check_stacks(report, core.case)
        return wrong
    except (KeyError, IndexError, TypeError, ValueError) as error:
        return f"report: {error!r}"
    except (subprocess.TimeoutExpired, OSError) as error:
        return str(error)
