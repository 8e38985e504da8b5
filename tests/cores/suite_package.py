# SPDX-License-Identifier: Apache-2.0
"""One package of another Debian suite, unpacked under BUILD/packages/SUITE/NAME. Nothing of it is
installed, and none of its scripts is run.
"""

import re
import shutil

from apt_suite import Suite, SuiteError, unpack_all

VERSION = re.compile(r"_(?:\d+%3a)?([^_]+)_[^_]+\.deb$")


class SuitePackage:
    """What was unpacked."""

    def __init__(self, name, suite, build):
        self.name, self.suite = name, suite
        self.path = build / "packages" / suite / name
        self.stamp = self.path / ".unpacked"

    @property
    def version(self):
        return self.stamp.read_text()

    def program(self, name):
        path = self.path / "usr/bin" / name
        if not path.exists():
            raise SuiteError(f"{self.name} of {self.suite} has no {name}")
        return path


def unpacked(name, suite, build, say):
    """The package, downloaded once; SuiteError when it cannot be had."""
    package = SuitePackage(name, suite, build)
    if package.stamp.exists():
        return package
    state = build / "apt" / f"{suite}-packages"
    try:
        there = Suite(suite, state)
        there.update(say)
        debs = there.download([name])
        version = VERSION.search(debs[0].name) if len(debs) == 1 else None
        if not version:
            raise SuiteError(f"{suite} has no {name}")
        shutil.rmtree(package.path, ignore_errors=True)
        package.path.mkdir(parents=True)
        unpack_all(state / "debs", package.path)
    finally:
        shutil.rmtree(state, ignore_errors=True)
    package.stamp.write_text(version[1])
    return package
