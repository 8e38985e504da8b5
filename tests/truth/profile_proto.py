# SPDX-License-Identifier: Apache-2.0
"""Reads a profile for go tool pprof (profile.proto of github.com/google/pprof), as far as the checks need it."""

import collections
import zlib

SAMPLE_TYPE, SAMPLE, LOCATION, FUNCTION, STRING, PERIOD = 1, 2, 4, 5, 6, 12


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """{field: [integers or bytes]}."""
    found, at = collections.defaultdict(list), 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise ValueError(f"wire type {key & 7}")
        found[key >> 3].append(value)
    return found


def integers(values):
    """Of a repeated field, packed or not."""
    found = []
    for value in values:
        at = 0
        if isinstance(value, int):
            found.append(value)
            continue
        while at < len(value):
            number, at = varint(value, at)
            found.append(number)
    return [n - (1 << 64) if n >> 63 else n for n in found]


class Profile:
    """types: [(type, unit)]; samples: {(functions, innermost first): [values]}, those of one stack added up."""

    def __init__(self, data):
        top = fields(zlib.decompress(data, 31))
        texts = [text.decode() for text in top[STRING]]
        self.types = [tuple(texts[n] for n in integers(t[1] + t[2])) for t in map(fields, top[SAMPLE_TYPE])]
        self.period = sum(top[PERIOD])
        names = {f[1][0]: texts[f[2][0]] for f in map(fields, top[FUNCTION])}
        calls = {place[1][0]: [names[fields(line)[1][0]] for line in place[4]]
                 for place in map(fields, top[LOCATION])}
        self.samples = {}
        for sample in map(fields, top[SAMPLE]):
            functions = tuple(name for place in integers(sample[1]) for name in calls[place])
            values = self.samples.setdefault(functions, [0] * len(self.types))
            for i, value in enumerate(integers(sample[2])):
                values[i] += value
