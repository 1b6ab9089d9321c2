"""Downloading a model: planned, resumable, verified, and only then entered into the cache of huggingface_hub.

The parts lie beside the cache until their checksums agree, so a damaged file is never where a model is looked for. A
part of a killed download is continued by the next one.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.control import Control
from engine.models.cached_files import disk_errors, existing, parts_folder, storage_name
from engine.models.catalogue import CatalogueEntry
from engine.models.hub import DownloadError, RemoteFile, Repository, cache_folder, look_up
from engine.models.local import LocalModel, LocalModels
from engine.models.transfer import LONGEST_WAIT, Report, Transfer
from engine.network.config import FalconMambaConfig
from engine.protocol.model_events import DownloadPlanned, ModelReady
from engine.units import size_text

LEFT_FREE = 1 << 30
"""Bytes that a download leaves free on its disk."""
LOOK_UPS = 5
"""Attempts to ask a busy server for the files of a model."""

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
        self._report = report
        self._entry, self._endpoint = entry, endpoint
        self._cache = cache or cache_folder()
        self._models = models or LocalModels()
        self._known = self._models.find(name)
        self._remote: Repository | None = None
        self._transfer = Transfer(name, repository, self._cache, report, control or Control(), endpoint)

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
        free = shutil.disk_usage(existing(self._cache)).free
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
                self._transfer.pause(max(error.retry_after, min(LONGEST_WAIT, 0.5 * 2**attempt)))
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
        self._transfer.revision, self._transfer.of_bytes = remote.revision, remote.n_bytes
        self._transfer.fetched = sum(self._present(file) for file in remote.files)
        checksums = {file.name: self._fetch(file) for file in remote.files if not file.name.endswith(".safetensors")}
        self._require_usable(remote)
        checksums |= {file.name: self._fetch(file) for file in remote.files if file.name.endswith(".safetensors")}
        self._require_same(checksums)
        with disk_errors(self._cache):
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

        with disk_errors(self._cache):
            self._parts.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._parts.with_suffix(".lock"), timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise DownloadError(f"another download of {self.name} is running; wait until it ends", "running") from error
        try:
            yield
            shutil.rmtree(self._parts, ignore_errors=True)
        finally:
            lock.release()

    @property
    def _storage(self) -> Path:
        return self._cache / storage_name(self.repository)

    @property
    def _parts(self) -> Path:
        return parts_folder(self.repository, self._cache)

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
                sha256, right = self._transfer.checksum(path, file)
                if right:
                    return sha256
                _log.warning("%s does not have its checksum and is fetched again", path)
                self._transfer.fetched -= file.size
                with suppress(OSError):
                    path.unlink()
        part = self._part(file)
        with disk_errors(self._cache):
            part.parent.mkdir(parents=True, exist_ok=True)
        if part.is_file() and part.stat().st_size > file.size:
            part.unlink()
        self._transfer.complete(file, part)
        sha256, right = self._transfer.checksum(part, file)
        if not right:
            part.unlink()
            raise DownloadError(
                f"{file.name} of {self.repository} does not have the checksum that the server states; it was deleted, "
                "and the same command downloads it again",
                "checksum",
            )
        os.replace(part, self._done(file))
        return sha256

    def _require_usable(self, remote: Repository) -> None:
        """Raise DownloadError before gigabytes are fetched where config.json is of a network that cannot be run."""
        config = next((file for file in remote.files if file.name == "config.json"), None)
        if config is None:
            raise DownloadError(f"{remote.name} has no config.json, so it cannot be used here; choose another model")
        source = self._done(config) if self._done(config).is_file() else self.folder / "config.json"
        staging = self._parts / "config"
        with disk_errors(self._cache):
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
