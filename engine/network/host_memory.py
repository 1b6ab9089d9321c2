"""Memory that this process may still allocate on the host, memory cgroups included. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil

PROC = Path("/proc/self/cgroup")
MOUNT = Path("/sys/fs/cgroup")


def available_bytes() -> int:
    """Return the bytes that this process could allocate now: the least of the system's and of every cgroup above it."""
    return min([int(psutil.virtual_memory().available), *cgroup_bytes()])


def cgroup_bytes(proc: Path = PROC, mount: Path = MOUNT) -> list[int]:
    """Return the bytes left in each memory cgroup with a limit that holds this process, version 1 or 2.

    Cached file pages count as free, because the system reclaims them before it kills a process. Empty without cgroups.
    """
    try:
        lines = proc.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found: list[int] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, limit, usage, cached = mount, "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            root, limit, usage, cached = mount / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", ""
            cached = "total_inactive_file"
        else:
            continue
        for folder in _upwards(root, path):
            left = _left(folder, limit, usage, cached)
            if left is not None:
                found.append(left)
    return found


def _upwards(root: Path, path: str) -> Iterator[Path]:
    """Yield the folder of a cgroup and those of its parents up to the mount.

    In a container the path may be that of the host, of which only the mount is visible.
    """
    folder = root / path.strip("/")
    while folder != root:
        if folder.is_dir():
            yield folder
        folder = folder.parent
    yield root


def _left(folder: Path, limit: str, usage: str, cached: str) -> int | None:
    """Return the bytes left in one cgroup, or None if it has no limit."""
    try:
        text = (folder / limit).read_text(encoding="ascii").strip()
        if text == "max":
            return None
        used = int((folder / usage).read_text(encoding="ascii"))
        return max(0, int(text) - used + _statistic(folder / "memory.stat", cached))
    except (OSError, ValueError):
        return None


def _statistic(file: Path, name: str) -> int:
    try:
        for line in file.read_text(encoding="ascii").splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return int(value)
    except (OSError, ValueError):
        pass
    return 0
