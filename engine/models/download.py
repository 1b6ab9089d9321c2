"""Downloading a model: planned, resumable, verified, and only then entered into the cache of huggingface_hub.

The parts lie beside the cache until their checksums agree, so a damaged file is never where a model is looked for. A
part of a killed download is continued by the next one. The library's own cache download starts a file again after a
kill, so this module writes the parts itself; the requests are huggingface_hub's.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from engine.control import Cancelled, Control
from engine.models.catalogue import CatalogueEntry
from engine.models.hub import DownloadError, RemoteFile, Repository, cache_folder, look_up, sentences
from engine.models.local import LocalModel, LocalModels
from engine.network.config import FalconMambaConfig
from engine.protocol.events import Event
from engine.protocol.model_events import DownloadAdvanced, DownloadPlanned, ModelReady
from engine.units import size_text

PARTS = ".readthrough"
"""Folder of unfinished files in the cache of huggingface_hub."""
LEFT_FREE = 1 << 30
"""Bytes that a download leaves free on its disk."""
REPORT_SECONDS = 1.0
TIMEOUT = 30.0
"""Longest silence of the server, in seconds."""
TRIES = 8
"""Attempts in a row that bring nothing before a download is given up."""
LOOK_UPS = 5
"""Attempts to ask a busy server for the files of a model."""
LONGEST_WAIT = 30.0
"""Longest wait before another attempt, in seconds."""
_SPEED_SECONDS = 15.0
_PIECE = 1 << 20

Report = Callable[[Event], None]
_log = logging.getLogger(__name__)


class Download:
    """One download of one model. `plan` asks the server; `run` fetches what is missing."""

    def __init__(
        self,
        name: str,
        repository: str,
        report: Report,
        control: Control | None = None,
        *,
        entry: CatalogueEntry | None = None,
        cache: Path | None = None,
        models: LocalModels | None = None,
        endpoint: str | None = None,
    ) -> None:
        """`name`: the model's name on the list. `entry`: its entry in the catalogue. `cache`: the folder of
        huggingface_hub's cache (default: the user's)."""
        self.name, self.repository = name, repository
        self._report, self._control = report, control or Control()
        self._entry, self._endpoint = entry, endpoint
        self._cache = cache or cache_folder()
        self._models = models or LocalModels()
        self._known = self._models.find(name)
        self._remote: Repository | None = None
        self._fetched = 0
        self._marks: list[tuple[float, int]] = []
        self._reported = 0.0

    @property
    def folder(self) -> Path:
        """The snapshot's folder in the cache; `plan` comes first."""
        assert self._remote is not None
        return self._storage / "snapshots" / self._remote.revision

    def plan(self) -> DownloadPlanned:
        """Ask the server for the model's files and check that there is room for them. Raises DownloadError.

        The revision is the catalogue's, else that of an earlier download.
        """
        pinned = self._entry.revision if self._entry is not None else None
        known = self._known.revision if self._known is not None and self._known.repository == self.repository else None
        self._remote = remote = self._look_up(pinned or known)
        present = sum(self._present(file) for file in remote.files)
        free = shutil.disk_usage(_existing(self._cache)).free
        if free < remote.n_bytes - present + LEFT_FREE:
            raise DownloadError(
                f"{self.name} needs {size_text(remote.n_bytes - present)} and {size_text(free)} are free on the disk "
                f"of {self._cache}; free some space, or set HF_HOME to a folder on another disk",
                "disk full",
            )
        licence = self._entry.licence if self._entry is not None else None
        return DownloadPlanned(
            name=self.name,
            repository=remote.name,
            revision=remote.revision,
            licence=licence.name if licence is not None else remote.licence,
            licence_url=licence.url if licence is not None else remote.licence_url,
            files=len(remote.files),
            n_bytes=remote.n_bytes,
            present_bytes=present,
            free_bytes=free,
            folder=str(self.folder),
        )

    def _look_up(self, revision: str | None) -> Repository:
        """Ask the server for the repository, some times where it is busy. Raises DownloadError and Cancelled."""
        for attempt in range(LOOK_UPS):
            try:
                return look_up(self.repository, revision, self._endpoint)
            except DownloadError as error:
                if error.reason != "busy" or attempt == LOOK_UPS - 1:
                    raise
                self._pause(max(error.retry_after, min(LONGEST_WAIT, 0.5 * 2**attempt)))
        raise AssertionError("the loop returns or raises")

    def run(self) -> LocalModel:
        """Fetch, verify and enter the model; returns its row on the list. Raises DownloadError and Cancelled.

        What was fetched stays for the next run, except a file with a wrong checksum.
        """
        with self._alone():
            model = self._run()
        self._report(ModelReady(job_id=self.name, name=self.name, path=model.path))
        return model

    def _run(self) -> LocalModel:
        remote = self._remote
        assert remote is not None
        self._fetched = sum(self._present(file) for file in remote.files)
        checksums = {file.name: self._fetch(file) for file in remote.files if not file.name.endswith(".safetensors")}
        self._require_usable(remote)
        checksums |= {file.name: self._fetch(file) for file in remote.files if file.name.endswith(".safetensors")}
        self._require_same(checksums)
        with self._disk():
            for file in reversed(remote.files):  # config.json, by which a model is found, comes last
                self._enter(file)
            self._enter_reference(remote.revision)
        model = LocalModel(self.name, str(self.folder), remote.name, remote.revision, checksums)
        self._models.put(model)
        return model

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Refuse a second download of the same model, and remove the folder of parts after a whole one."""
        from filelock import FileLock, Timeout

        with self._disk():
            self._parts.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._parts.with_suffix(".lock"), timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise DownloadError(f"another download of {self.name} is running", "running") from error
        try:
            yield
            shutil.rmtree(self._parts, ignore_errors=True)
        finally:
            lock.release()

    @property
    def _storage(self) -> Path:
        return self._cache / f"models--{self.repository.replace('/', '--')}"

    @property
    def _parts(self) -> Path:
        return self._cache / PARTS / self._storage.name

    def _part(self, file: RemoteFile) -> Path:
        return self._parts / f"{file.key}.part"

    def _done(self, file: RemoteFile) -> Path:
        return self._parts / file.key

    def _present(self, file: RemoteFile) -> int:
        """Return the bytes of a file that are here already."""
        for path in (self._done(file), self.folder / file.name, self._part(file)):
            with suppress(OSError):
                return min(path.stat().st_size, file.size)
        return 0

    def _fetch(self, file: RemoteFile) -> str:
        """Bring a whole, verified file to `_done` or find it in the cache; return its SHA-256."""
        for path in (self._done(file), self.folder / file.name):
            if path.is_file() and path.stat().st_size == file.size:
                sha256, right = self._checksum(path, file)
                if right:
                    return sha256
                _log.warning("%s does not have its checksum and is fetched again", path)
                self._fetched -= file.size
                with suppress(OSError):
                    path.unlink()
        part = self._part(file)
        with self._disk():
            part.parent.mkdir(parents=True, exist_ok=True)
        if part.is_file() and part.stat().st_size > file.size:
            part.unlink()
        self._transfer(file, part)
        sha256, right = self._checksum(part, file)
        if not right:
            part.unlink()
            raise DownloadError(
                f"{file.name} of {self.repository} does not have the checksum that the server states; it was deleted, "
                "and the same command downloads it again",
                "checksum",
            )
        os.replace(part, self._done(file))
        return sha256

    def _transfer(self, file: RemoteFile, part: Path) -> None:
        """Download the rest of a file, with new attempts while they bring something. Raises DownloadError."""
        fruitless = 0
        while True:
            before = part.stat().st_size if part.exists() else 0
            if before == file.size and part.exists():
                return  # also where the last attempt ended early
            try:
                with self._disk(), sentences(self.repository):
                    self._attempt(file, part, before)
                if part.stat().st_size < file.size:
                    raise DownloadError(f"the connection ended within {file.name}; check the connection", "cut")
            except DownloadError as error:
                now = part.stat().st_size if part.exists() else 0
                fruitless = 0 if now > before else fruitless + 1
                if error.reason not in ("network", "busy", "cut") or fruitless >= TRIES:
                    raise
                _log.info("%s: %s; another attempt", file.name, error)
                self._wait(file, max(error.retry_after, min(LONGEST_WAIT, 0.5 * 2**fruitless) if fruitless else 0.0))

    def _attempt(self, file: RemoteFile, part: Path, have: int) -> None:
        """Ask for the bytes of a file from `have` on and append them to its part."""
        from huggingface_hub import get_session, hf_hub_url
        from huggingface_hub.utils._headers import build_hf_headers
        from huggingface_hub.utils._http import hf_raise_for_status

        assert self._remote is not None
        url = hf_hub_url(self.repository, file.name, revision=self._remote.revision, endpoint=self._endpoint)
        headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        with get_session().stream("GET", url, headers=headers, timeout=TIMEOUT, follow_redirects=True) as response:
            hf_raise_for_status(response)
            if have and not _continues(response, have):
                self._fetched -= have
                have = 0  # the server does not know ranges: from the start again
            with part.open("r+b" if have else "wb") as opened:
                opened.seek(have)
                for data in response.iter_bytes():
                    if opened.tell() + len(data) > file.size:
                        raise DownloadError(f"the server sent more than the {file.size:,} bytes of {file.name}", "long")
                    opened.write(data)
                    self._moved(file, len(data))

    def _moved(self, file: RemoteFile, moved: int) -> None:
        """Count bytes that came, and report about once a second. Raises Cancelled."""
        self._fetched += moved
        self._control.wait_while_paused()
        if self._control.cancelled:
            raise Cancelled
        now = time.monotonic()
        if now - self._reported >= REPORT_SECONDS:
            self._advance(file, "download", now)

    def _advance(self, file: RemoteFile, phase: str, now: float) -> None:
        assert self._remote is not None
        self._reported = now
        self._marks = [(t, n) for t, n in self._marks if now - t <= _SPEED_SECONDS] + [(now, self._fetched)]
        (then, first), (last, here) = self._marks[0], self._marks[-1]
        speed = max(0.0, (here - first) / (last - then)) if last > then else 0.0
        left = (self._remote.n_bytes - self._fetched) / speed if speed > 0 else None
        self._report(
            DownloadAdvanced(
                job_id=self.name,
                name=self.name,
                file=file.name,
                n_bytes=self._fetched,
                of_bytes=self._remote.n_bytes,
                bytes_per_second=speed,
                seconds_left=left,
                phase=phase,
            )
        )

    def _wait(self, file: RemoteFile, seconds: float) -> None:
        """Wait before another attempt. Raises Cancelled."""
        self._advance(file, "wait", time.monotonic())
        self._pause(seconds, file)

    def _pause(self, seconds: float, file: RemoteFile | None = None) -> None:
        """Wait, and report it for `file`. Raises Cancelled."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._control.cancelled:
            time.sleep(0.05)
            if file is not None and time.monotonic() - self._reported >= REPORT_SECONDS:
                self._advance(file, "wait", time.monotonic())
        if self._control.cancelled:
            raise Cancelled

    def _checksum(self, path: Path, file: RemoteFile) -> tuple[str, bool]:
        """Return the SHA-256 of a file and whether it has the checksum that the server states."""
        sha256, blob = hashlib.sha256(), hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
        self._advance(file, "check", time.monotonic())
        with path.open("rb") as opened:
            while piece := opened.read(_PIECE):
                sha256.update(piece)
                if not file.sha256:
                    blob.update(piece)
                if self._control.cancelled:
                    raise Cancelled
                if time.monotonic() - self._reported >= REPORT_SECONDS:
                    self._advance(file, "check", time.monotonic())
        found = sha256.hexdigest()
        return found, found == file.sha256 if file.sha256 else blob.hexdigest() == file.blob

    def _require_usable(self, remote: Repository) -> None:
        """Raise DownloadError before gigabytes are fetched where config.json is of a network that cannot be run."""
        config = next((file for file in remote.files if file.name == "config.json"), None)
        if config is None:
            raise DownloadError(f"{remote.name} has no config.json, so it cannot be used here; choose another model")
        source = self._done(config) if self._done(config).is_file() else self.folder / "config.json"
        staging = self._parts / "config"
        with self._disk():
            staging.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, staging / "config.json")
        FalconMambaConfig.from_folder(staging)

    def _require_same(self, checksums: dict[str, str]) -> None:
        """Raise DownloadError where a file differs from the one of an earlier download of the same commit."""
        known, remote = self._known, self._remote
        assert remote is not None
        if known is None or known.revision != remote.revision:
            return
        for name, sha256 in known.checksums.items():
            if checksums.get(name, sha256) != sha256:
                raise DownloadError(
                    f"{name} of {self.repository} is not the file that was downloaded before; `readthrough models "
                    f"remove {self.name}` forgets the earlier one",
                    "checksum",
                )

    def _enter(self, file: RemoteFile) -> None:
        """Move a verified file into the cache: its content among the blobs, a link to it in the snapshot."""
        target = self.folder / file.name
        done = self._done(file)
        blob = self._storage / "blobs" / file.key
        if done.is_file():
            blob.parent.mkdir(parents=True, exist_ok=True)
            os.replace(done, blob)
        elif target.is_file():
            return  # it was there before
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            target.unlink()
        try:
            target.symlink_to(os.path.relpath(blob, target.parent))
        except OSError:  # Windows without the right to make links; two files may have one content
            shutil.copyfile(blob, target)

    def _enter_reference(self, revision: str) -> None:
        """Name the commit "main" for other programs that use the cache, unless they have named one."""
        file = self._storage / "refs" / "main"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(revision, encoding="ascii")

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Turn errors of the disk and of a connection that was cut into DownloadErrors."""
        import httpx2

        try:
            yield
        except httpx2.HTTPError:
            raise
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DownloadError(
                    f"the disk of {self._cache} is full; what was downloaded is kept, free some space and run the same "
                    "command",
                    "disk full",
                ) from error
            if isinstance(error, ConnectionError):
                raise DownloadError(f"the connection was cut ({error})", "cut") from error
            raise DownloadError(f"{error.filename or self._cache}: {error.strerror}", "no access") from error


def _continues(response: Any, have: int) -> bool:
    """Return whether a response brings the bytes from `have` on, and not the whole file."""
    place: str = response.headers.get("Content-Range", "")
    return bool(response.status_code == 206) and place.startswith(f"bytes {have}-")


def _existing(path: Path) -> Path:
    """Return the nearest folder above `path` that exists."""
    while not path.exists():
        path = path.parent
    return path


def incomplete_bytes(repository: str, cache: Path | None = None) -> int:
    """Return the bytes that an interrupted download of a repository left."""
    folder = (cache or cache_folder()) / PARTS / f"models--{repository.replace('/', '--')}"
    return sum(file.stat().st_size for file in folder.glob("*") if file.is_file()) if folder.is_dir() else 0


def delete(model: LocalModel, cache: Path | None = None) -> int:
    """Delete the files of a downloaded model and of its interrupted download; return the bytes. Raises KnownError.

    Other revisions in the cache, which other programs downloaded, stay.
    """
    from huggingface_hub import scan_cache_dir

    folder = cache or cache_folder()
    parts = folder / PARTS / f"models--{model.repository.replace('/', '--')}"
    n_bytes = incomplete_bytes(model.repository, folder)
    try:
        shutil.rmtree(parts, ignore_errors=True)
        if folder.is_dir():
            strategy = scan_cache_dir(folder).delete_revisions(model.revision)
            n_bytes += strategy.expected_freed_size
            strategy.execute()
        if Path(model.path).exists():
            raise DownloadError(f"{model.path} could not be deleted; delete the folder yourself", "no access")
    except OSError as error:
        raise DownloadError(f"{error.filename or folder}: {error.strerror or error}", "no access") from error
    return n_bytes
