# SPDX-License-Identifier: Apache-2.0
"""What coretool says about a core of a healthy server, and what of it is wrong."""

import json
import subprocess

import measure

RUNS = 5
SECONDS = 60
MEMORY_MB = 200


class Answer:
    """The report on one core, and what it cost."""

    def __init__(self, coretool, core, build):
        done = subprocess.run([coretool, "analyze", "--json", core], capture_output=True, text=True,
                              timeout=SECONDS, check=False)
        self.status, self.errors = done.returncode, done.stderr.strip()
        self.report = json.loads(done.stdout) if done.returncode == 0 else {}
        self.actors = [a for a in self.report.get("actors", []) if a.get("state") not in ("zombie", "dead")]
        stacks = self.report.get("stacks", [])
        self.stacks = [stacks[actor["stack"]] for actor in self.actors if "stack" in actor]
        frames = [frame for stack in self.stacks for frame in stack["frames"]]
        self.threads, self.frames = len(self.actors), len(frames)
        self.named = sum("function" in frame for frame in frames) / max(1, len(frames))
        self.verdict = self.report.get("summary", {}).get("verdict", "none")
        self.findings = [f"{f['rule']} {f['level']} {f['confidence']}: {f['title']}"
                         for f in self.report.get("findings", [])]
        argv, errors = [str(coretool), "analyze", str(core)], build / "stderr.txt"
        runs = [measure.run_once(argv, errors, limit=SECONDS) for _ in range(RUNS)]
        # User and system time together: the kernel splits so short a run at random.
        self.cpu, self.wall = min(run.cpu for run in runs), min(run.wall for run in runs)
        self.megabytes = measure.peak_memory(argv, errors)[0] / 1e6


def breaches(answer, threads, bars):
    """Complaints. threads: (least, most) that the process had; bars: the Server's."""
    if answer.status or answer.errors:
        yield f"exit status {answer.status}: {answer.errors}"
        return
    if not threads[0] <= answer.threads <= threads[1]:
        yield f"{answer.threads} threads, should be between {threads[0]} and {threads[1]}"
    for text in answer.report["target"].get("partial", []):
        yield f"in part: {text}"
    short = [stack for stack in answer.stacks if stack["ends"] != "root"]
    if len(answer.stacks) != answer.threads or short:
        yield f"{len(answer.stacks)} stacks, {len(short)} of them end early: " + str(
            sorted({stack.get("why") for stack in short}))
    if answer.named < bars.least_named:
        yield f"only {answer.named:.0%} of the frames have a name"
    for finding in answer.report["findings"]:
        if finding["level"] != "P2" or finding["confidence"] != "possible":
            yield f"a false finding: {finding['rule']} {finding['level']} {finding['confidence']}"
    if answer.verdict not in ("clean", "stuck"):
        yield f"the verdict is {answer.verdict}: {answer.report['summary']['headline']}"
    if answer.cpu > bars.most_cpu:
        yield f"{answer.cpu:.3f} s of CPU time, the bar is {bars.most_cpu} s"
    if answer.megabytes > MEMORY_MB:
        yield f"{answer.megabytes:.0f} MB of memory"
