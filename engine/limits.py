"""Limits of a child process that handles data from anywhere. Light."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from engine.resources import source_root


def limit_this_process(seconds: int, n_bytes: int) -> None:
    """Let the system end this process after `seconds` more of processor time, and refuse it more than `n_bytes` of
    further memory. Does nothing on Windows, where the caller's timeout remains."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        space = pages * resource.getpagesize() + n_bytes
        resource.setrlimit(resource.RLIMIT_AS, (space, space))


def run_child(module: str, data: str, wall_seconds: float) -> tuple[int, str]:
    """Run a module of this program with `data` on its stdin; return its exit status (negative: a signal's number) and
    its stdout. A child that takes longer is killed: status -9."""
    environment = {**os.environ, "PYTHONPATH": str(source_root()), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-P", "-m", module]
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    try:
        done = subprocess.run(
            command,
            input=data.encode("utf-8", "surrogatepass"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=wall_seconds,
            creationflags=flags,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return -9, ""
    return done.returncode, done.stdout.decode("utf-8", "replace")
