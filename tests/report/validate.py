#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks reports against their JSON Schema, and that what they refer to is there.

usage: validate.py SCHEMA FILE...

A FILE is one JSON document or ndjson. Exit status: 0 all are valid, 1 one is not, 2 the check could not run.
"""

import collections
import json
import sys

try:
    import jsonschema
except ImportError:
    print("validate.py: python3-jsonschema is not installed", file=sys.stderr)
    sys.exit(2)

# Field of the document that holds the records of a type of ndjson line.
FIELD_OF_TYPE = {
    "actor": "actors", "stack": "stacks", "resource": "resources", "cycle": "cycles",
    "module": "modules", "finding": "findings", "note": "notes", "group": "groups",
    "timer": "timers", "pool": "pools", "context": "contexts", "leak": "leaks",
}
# Texts, and goroutines that may have ended or stand in a group.
NO_REFERENCES = ("id", "text", "message", "title", "hint", "why", "name", "about", "labels",
                 "wait_reason", "created_by", "sample")


def parse(text):
    """The document, and its lines when it is ndjson."""
    try:
        return json.loads(text), None
    except json.JSONDecodeError:
        pass
    lines = [json.loads(line) for line in text.splitlines()]
    document = {}
    for line in lines:
        field = FIELD_OF_TYPE.get(line.get("type"))
        if field:
            records = document.setdefault(field, [])
            if line.get("index") != len(records):
                raise ValueError(f"{line['type']} {len(records)} has index {line.get('index')}")
            records.append(line)
    return document, lines


def schema_errors(schema, document, lines):
    """Where the schema is violated, in words."""
    validator_class = jsonschema.validators.validator_for(schema)
    validator_class.check_schema(schema)
    if lines is None:
        errors = validator_class(schema).iter_errors(document)
    else:
        line_schema = {"$schema": schema["$schema"], "$defs": schema["$defs"],
                       "$ref": "#/$defs/line"}
        validator = validator_class(line_schema)
        errors = (error for line in lines for error in validator.iter_errors(line))
    for error in errors:
        yield f"{error.json_path}: {error.message[:300]}"


def strings_below(value, key, prefixes):
    """All strings that look like an identifier, with the key that they stand under."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in NO_REFERENCES:
                yield from strings_below(item, name, prefixes)
    elif isinstance(value, list):
        for item in value:
            yield from strings_below(item, key, prefixes)
    elif isinstance(value, str) and value.startswith(prefixes):
        yield key, value


def reference_errors(document):
    """Identifiers that are not unique, and references to what is not in the document."""
    for field, prefixes in (("actors", ("t:", "g:")), ("resources", ("r:0x",))):
        if field not in document:
            continue
        known = collections.Counter(record["id"] for record in document[field])
        for twin in sorted(name for name, count in known.items() if count > 1):
            yield f"{field}: {twin} is not unique"
        for key, name in strings_below(document, "", prefixes):
            if name not in known:
                yield f"{key}: {name} is not among the {field}"
    yield from index_errors(document)


def index_errors(document):
    """Indices beyond the end of what they point into."""
    stacks, cycles = document.get("stacks", []), document.get("cycles", [])
    findings = document.get("findings", [])
    frames_of = {}
    for actor in document.get("actors", []):
        stack = actor.get("stack")
        if stack is not None and stack >= len(stacks):
            yield f"{actor['id']}: stack {stack} of {len(stacks)}"
            continue
        frames_of[actor["id"]] = 0 if stack is None else len(stacks[stack]["frames"])
        for hold in actor.get("holds", []):
            if hold.get("took_frame", -1) >= frames_of[actor["id"]]:
                yield f"{actor['id']}: took_frame {hold['took_frame']}"
    for group in document.get("groups", []):
        if group.get("stack", -1) >= len(stacks):
            yield f"group of {group['sample']}: stack {group['stack']} of {len(stacks)}"
    for finding in findings:
        for cycle in finding["cycles"]:
            if cycle >= len(cycles):
                yield f"{finding['rule']}: cycle {cycle} of {len(cycles)}"
        for step in finding["steps"]:
            if step.get("frame", -1) >= frames_of.get(step.get("actor"), 0):
                yield f"{finding['rule']}: frame {step['frame']} of a step"
    for cycle in cycles:
        if cycle.get("finding", -1) >= len(findings):
            yield f"cycle: finding {cycle['finding']} of {len(findings)}"


def check(schema, path):
    """Prints what is wrong with one file; true when nothing is."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        document, lines = parse(text)
    except ValueError as error:
        print(f"{path}: {error}")
        return False
    errors = list(schema_errors(schema, document, lines))
    if not errors and schema["title"] == "coretool-report/1":
        errors = list(reference_errors(document))
    for error in errors[:20]:
        print(f"{path}: {error}")
    return not errors


def main(argv):
    if len(argv) < 3:
        print(__doc__.strip().splitlines()[2], file=sys.stderr)
        return 2
    with open(argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    results = [check(schema, path) for path in argv[2:]]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
