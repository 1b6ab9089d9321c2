"""Memory cgroups limit what a process may allocate, whatever the system has free."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from engine.network import host_memory
from engine.network.host_memory import available_bytes, cgroup_bytes

MB = 1 << 20


def group(folder: Path, limit: str, usage: int, cached: int = 0, version: int = 2) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    (folder / names[0]).write_text(limit + "\n")
    (folder / names[1]).write_text(f"{usage}\n")
    key = "inactive_file" if version == 2 else "total_inactive_file"
    (folder / "memory.stat").write_text(f"anon 1\n{key} {cached}\n")


def listed(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "cgroup"
    file.write_text("".join(line + "\n" for line in lines))
    return file


def test_version_2_counts_limit_usage_and_cached_files(tmp_path: Path):
    mount = tmp_path / "mount"
    group(mount / "user.slice/app.scope", str(700 * MB), 300 * MB, 100 * MB)
    group(mount / "user.slice", str(900 * MB), 600 * MB)
    (mount / "memory.stat").write_text("")
    left = cgroup_bytes(listed(tmp_path, "0::/user.slice/app.scope"), mount)
    assert left == [500 * MB, 300 * MB]


def test_version_2_without_limit_is_not_counted(tmp_path: Path):
    mount = tmp_path / "mount"
    group(mount / "a", "max", 300 * MB)
    assert cgroup_bytes(listed(tmp_path, "0::/a"), mount) == []


def test_container_sees_the_mount_only(tmp_path: Path):
    """The path in /proc is the host's; the container's own group is mounted at the root."""
    mount = tmp_path / "mount"
    group(mount, str(512 * MB), 500 * MB)
    assert cgroup_bytes(listed(tmp_path, "0::/docker/0123abcd"), mount) == [12 * MB]


def test_version_1_memory_controller(tmp_path: Path):
    mount = tmp_path / "mount"
    group(mount / "memory/jobs/7", str(700 * MB), 650 * MB, 20 * MB, version=1)
    group(mount / "memory", str(2**63 - 4096), 9000 * MB, version=1)
    lines = ("12:cpu,cpuacct:/jobs/7", "5:memory:/jobs/7", "1:name=systemd:/x")
    left = cgroup_bytes(listed(tmp_path, *lines), mount)
    assert left[0] == 70 * MB and len(left) == 2


def test_usage_above_limit_leaves_nothing(tmp_path: Path):
    mount = tmp_path / "mount"
    group(mount / "a", str(MB), 2 * MB)
    assert cgroup_bytes(listed(tmp_path, "0::/a"), mount) == [0]


def test_no_cgroups_leave_the_systems_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert cgroup_bytes(tmp_path / "none", tmp_path) == []
    monkeypatch.setattr(host_memory, "cgroup_bytes", lambda: [123 * MB])
    assert available_bytes() == min(123 * MB, psutil.virtual_memory().available)
