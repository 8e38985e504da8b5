"""What must hold before a number means anything: packages, and what is told of the machine."""

import os
import platform
import shlex
import shutil
import subprocess
import sys

PACKAGES = ("elfutils", "gdb", "gdbserver", "libc6-dbg")
# Not installed here, but their versions belong to the conditions.
TOLD_PACKAGES = ("libc6", "libdw1")


def package_version(name):
    """The version of an installed Debian package, or None."""
    query = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}\n", name],
        capture_output=True, text=True, check=False)
    for line in query.stdout.splitlines():
        status, _, version = line.partition(" ")
        if status == "installed":
            return version
    return None


def has_make_target(target):
    # MAKEFLAGS of the make that runs us would add its own options to this question.
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS")}
    return subprocess.run(["make", "-n", target], env=environment, capture_output=True,
                          check=False).returncode == 0


def install_packages():
    """Install what is missing; where that fails, print the command to run and exit with 2."""
    if shutil.which("dpkg-query") is None:
        sys.exit("bench: the peers are Debian's: this needs a Debian system")
    missing = [name for name in PACKAGES if package_version(name) is None]
    if not missing:
        return
    line = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    print("bench: installing", " ".join(missing), flush=True)
    if has_make_target("deps-bench"):
        commands = [["make", "deps-bench"]]
    else:
        as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        # A fresh system has no package lists, and apt-get cannot know that they are too old.
        commands = [[*as_root, "apt-get", "update"],
                    [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", *line]]
    try:
        for command in commands:
            subprocess.run(command, check=False)
    except FileNotFoundError:  # no sudo: the check below tells
        pass
    if any(package_version(name) is None for name in PACKAGES):
        print("bench: packages are missing; run as root:", shlex.join(line), file=sys.stderr)
        sys.exit(2)


def read_line(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().strip()
    except OSError:
        return "?"


def processor_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def describe(coretool):
    """The lines that stand above the results."""
    version = subprocess.run([coretool, "--version"], capture_output=True, text=True, check=False)
    first_line = (version.stdout.splitlines() or ["(no version)"])[0]
    packages = ", ".join(f"{name} {package_version(name)}" for name in PACKAGES + TOLD_PACKAGES)
    symbols = "fits libc6" if package_version("libc6") == package_version("libc6-dbg") else \
        "is of ANOTHER version than libc6: the peers run without libc's symbols"
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    return [
        f"coretool: {first_line}",
        f"Debian packages: {packages}",
        f"libc6-dbg {symbols}",
        f"machine: {processor_name()}, {os.cpu_count()} CPUs, Linux {platform.release()}, "
        f"load before {load}",
        f"limits: threads-max {read_line('/proc/sys/kernel/threads-max')}, "
        f"pid_max {read_line('/proc/sys/kernel/pid_max')}, "
        f"max_map_count {read_line('/proc/sys/vm/max_map_count')}",
        "DEBUGINFOD_URLS unset; page cache warm: a core's data extents are read before its runs",
    ]
