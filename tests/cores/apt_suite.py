# SPDX-License-Identifier: Apache-2.0
"""Packages of another Debian suite, from the archive that this machine uses itself.

apt does the work, with a state directory of its own: the machine's lists, preferences and
installed packages are neither used nor changed. Every package is checked against the suite's
signed Release file; a suite whose signature cannot be checked is not used.
"""

import os
import re
import subprocess
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
NETWORK_SECONDS = 300
# A package that apt would install, and its version.
INSTALLS = re.compile(r"^Inst (\S+) \((\S+) ", re.M)


class SuiteError(Exception):
    """The suite cannot be had here; the text says why."""


def run(line, **more):
    """Its output; SuiteError with its last error line when it fails."""
    try:
        done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=NETWORK_SECONDS, **more)
    except FileNotFoundError:
        raise SuiteError(f"{line[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise SuiteError(f"{line[0]} took over {NETWORK_SECONDS} s") from None
    if done.returncode != 0:
        said = [text for text in done.stderr.splitlines() if text.startswith(("E:", "W:"))]
        said = said or done.stderr.splitlines()[-1:]
        raise SuiteError(f"{' '.join(line[:1])} failed: {' '.join(said[:2]) or done.returncode}")
    return done.stdout


def archive_uri():
    """Where this machine gets Debian's main archive from; apt itself reads its sources."""
    seen = run(["apt-get", "indextargets", "--format",
                "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(CREATED_BY)"])
    for line in seen.splitlines():
        origin, uri, release, component, created_by = line.split("|")
        # Beside the suite itself there are its -updates, -security and -backports.
        if component == "main" and created_by == "Packages" and "-" not in release \
                and "/" not in release and origin in ("Debian", "", "$(ORIGIN)"):
            return uri
    raise SuiteError("apt has no source of Debian's main archive")


class Suite:
    """One suite, with apt's state for it in a directory of ours."""

    def __init__(self, name, directory):
        self.name = name
        self.directory = directory.resolve()

    def _apt(self, *args, program="apt-get", **more):
        state = self.directory
        options = {
            "Dir::Etc::SourceList": state / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::Etc::Preferences": "/dev/null",
            "Dir::Etc::PreferencesParts": "/dev/null",
            "Dir::State": state / "state",
            "Dir::State::Status": state / "status",
            "Dir::Cache": state / "cache",
            "APT::Default-Release": "",
            "APT::Architecture": "amd64",
            "APT::Sandbox::User": "",
            "Acquire::Languages": "none",
        }
        if os.geteuid() == 0:
            options["APT::Sandbox::User"] = "root"  # _apt may not write into our directory
        line = [program, "-q"]
        for key, value in options.items():
            line += ["-o", f"{key}={value}"]
        return run([*line, *args], **more)

    def _update(self, keyring):
        source = f"deb [arch=amd64 signed-by={keyring}] {archive_uri()} {self.name} main\n"
        (self.directory / "sources.list").write_text(source)
        self._apt("-o", "APT::Update::Error-Mode=any", "update")

    def _newer_keyring(self):
        """The keyring of the machine's own suite as of today, which that suite's key signs."""
        place = self.directory / "keyring"
        place.mkdir(exist_ok=True)
        run(["apt-get", "-q", "download", "debian-archive-keyring"], cwd=place)
        unpack_all(place, place)
        return place / KEYRING.relative_to("/")

    def update(self, say):
        """Fetches the suite's package lists. say(text): for what the user should know."""
        for name in ("state/lists/partial", "cache/archives/partial", "debs"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        (self.directory / "status").touch()
        if not KEYRING.exists():
            raise SuiteError("debian-archive-keyring is not installed")
        try:
            self._update(KEYRING)
        except SuiteError as error:
            if "NO_PUBKEY" not in str(error) and "signature" not in str(error):
                raise
            say(f"{self.name}: its key is not in the installed keyring; "
                "using that of the newest debian-archive-keyring of this machine's suite")
            self._update(self._newer_keyring())

    def names(self, prefix):
        """The packages of the suite whose names begin so."""
        return self._apt("pkgnames", prefix, program="apt-cache").split()

    def closure(self, packages):
        """{name: version} of these packages and of all that they depend on, in the suite."""
        # The status file is empty, so apt takes nothing for installed.
        return dict(INSTALLS.findall(
            self._apt("--simulate", "--no-install-recommends", "install", *packages)))

    def download(self, packages):
        """The .deb files of these packages, in the suite's versions."""
        debs = self.directory / "debs"
        for old in debs.glob("*.deb"):
            old.unlink()
        self._apt("download", *packages, cwd=debs)
        return sorted(debs.glob("*.deb"))


def unpack_all(debs, tree):
    """Unpacks every .deb of a directory; maintainer scripts are not run."""
    for deb in sorted(Path(debs).glob("*.deb")):
        run(["dpkg-deb", "-x", str(deb), str(tree)])
