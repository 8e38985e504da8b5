# SPDX-License-Identifier: Apache-2.0
"""What goroutines that are left behind keep alive, and who looks as if he were."""

from report_view import ids

# What hangs on a large object, in bytes.
RETAINED_SLACK = 4096
# What else a request has: its connection's buffers.
HELD_SLACK = 48 << 10


def check_retained(report, _, value):
    """The same numbers in the group of leaks and in the finding; the sum of what each one has."""
    groups = [group for group in report.leaks
              if {report.who(one["actor"]) for one in group["goroutines"]} == set(value["tids"])]
    found = [f for f in report.findings if f["rule"] == "CT210" and report.finding_tids(f) == set(value["tids"])]
    if (len(groups), len(found)) != (1, 1):
        yield f"retained: {len(groups)} groups and {len(found)} findings are about {ids(value['tids'])}"
        return
    for key, least, slack in ("retained_bytes", value["bytes"], RETAINED_SLACK), ("stack_bytes", value["stacks"], 1 << 20):
        sums = {sum(one[key] for one in groups[0]["goroutines"]), groups[0][key], found[0].get(key)}
        if len(sums) != 1 or not least <= groups[0][key] < least + slack:
            yield f"retained: {key} are {sums}, should be {least}"
    if groups[0]["count"] != len(value["tids"]):
        yield f"retained: count is {groups[0]['count']}"


def check_suspects(report, _, value):
    """One finding, of them and no others, that does not change the verdict; with the usual thresholds there is none."""
    if any(finding["rule"] == "CT220" for finding in report.findings):
        yield "suspects: CT220 fires by the usual thresholds"
    found = [f for f in report.suspects["findings"] if f["rule"] == "CT220"]
    if [report.finding_tids(f) for f in found] != [set(value["tids"])]:
        yield f"suspects: {[ids(report.finding_tids(f)) for f in found]} are, should be {ids(value['tids'])}"
    elif (found[0]["level"], found[0]["confidence"]) != ("P2", "likely"):
        yield f"suspects: {found[0]['level']}, {found[0]['confidence']}"
    verdicts = [data["summary"]["verdict"] for data in (report.data, report.suspects)]
    if verdicts[0] != verdicts[1]:
        yield f"suspects: the verdict becomes {verdicts[1]}"


def check_kept_by(report, _, value):
    kept = [finding.get("retained_bytes", -1) for finding in report.findings
            if finding["rule"] == value["rule"] and report.finding_tids(finding) & set(value["tids"])]
    if not kept:
        yield f"{value['rule']}: none is about {ids(value['tids'])}"
    if not all(value["bytes"] <= one < value["bytes"] + HELD_SLACK for one in kept):
        yield f"{value['rule']}: {kept} bytes are kept, should be {value['bytes']}"


LEAK_CHECKS = {
    "retained": check_retained,
    "kept_by": check_kept_by,
    "suspects": check_suspects,
}
