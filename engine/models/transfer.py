"""The transfer of a model's files: the rest of a file, new attempts after a cut, progress, checksums.

The library's own cache download starts a file again after a kill, so this module writes the parts itself; the requests
are huggingface_hub's.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.control import Cancelled, Control
from engine.models.cached_files import disk_errors
from engine.models.hub import DownloadError, RemoteFile, sentences
from engine.protocol.events import Event
from engine.protocol.model_events import DownloadAdvanced

REPORT_SECONDS = 1.0
TIMEOUT = 30.0
"""Longest silence of the server, in seconds."""
TRIES = 8
"""Attempts in a row that bring nothing before a download is given up."""
LONGEST_WAIT = 30.0
"""Longest wait before another attempt, in seconds."""
_SPEED_SECONDS = 15.0
_PIECE = 1 << 20

Report = Callable[[Event], None]
_log = logging.getLogger(__name__)


class Transfer:
    """The bytes of one download, counted and reported about once a second."""

    def __init__(
        self, name: str, repository: str, cache: Path, report: Report, control: Control, endpoint: str | None = None
    ) -> None:
        self._name, self.repository, self._cache = name, repository, cache
        self._report, self._control, self._endpoint = report, control, endpoint
        self.revision = ""
        self.of_bytes = 0
        """Bytes of all files."""
        self.fetched = 0
        """Bytes that are here."""
        self._marks: list[tuple[float, int]] = []
        self._reported = 0.0

    def complete(self, file: RemoteFile, part: Path) -> None:
        """Download the rest of a file, with new attempts while they bring something. Raises DownloadError."""
        fruitless = 0
        while True:
            before = part.stat().st_size if part.exists() else 0
            if before == file.size and part.exists():
                return  # also where the last attempt ended early
            try:
                with disk_errors(self._cache), sentences(self.repository):
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

        url = hf_hub_url(self.repository, file.name, revision=self.revision, endpoint=self._endpoint)
        headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        with get_session().stream("GET", url, headers=headers, timeout=TIMEOUT, follow_redirects=True) as response:
            hf_raise_for_status(response)
            if have and not _continues(response, have):
                self.fetched -= have
                have = 0  # the server does not know ranges: from the start again
            with part.open("r+b" if have else "wb") as opened:
                opened.seek(have)
                for data in response.iter_bytes():
                    if opened.tell() + len(data) > file.size:
                        raise DownloadError(
                            f"the server sent more than the {file.size:,} bytes of {file.name}; try again later", "long"
                        )
                    opened.write(data)
                    self._moved(file, len(data))

    def _moved(self, file: RemoteFile, moved: int) -> None:
        """Count bytes that came, and report about once a second. Raises Cancelled."""
        self.fetched += moved
        self._control.wait_while_paused()
        if self._control.cancelled:
            raise Cancelled
        now = time.monotonic()
        if now - self._reported >= REPORT_SECONDS:
            self._advance(file, "download", now)

    def _advance(self, file: RemoteFile, phase: str, now: float) -> None:
        self._reported = now
        self._marks = [(t, n) for t, n in self._marks if now - t <= _SPEED_SECONDS] + [(now, self.fetched)]
        (then, first), (last, here) = self._marks[0], self._marks[-1]
        speed = max(0.0, (here - first) / (last - then)) if last > then else 0.0
        left = (self.of_bytes - self.fetched) / speed if speed > 0 else None
        self._report(
            DownloadAdvanced(
                job_id=self._name,
                name=self._name,
                file=file.name,
                n_bytes=self.fetched,
                of_bytes=self.of_bytes,
                bytes_per_second=speed,
                seconds_left=left,
                phase=phase,
            )
        )

    def _wait(self, file: RemoteFile, seconds: float) -> None:
        """Wait before another attempt. Raises Cancelled."""
        self._advance(file, "wait", time.monotonic())
        self.pause(seconds, file)

    def pause(self, seconds: float, file: RemoteFile | None = None) -> None:
        """Wait, and report it for `file`. Raises Cancelled."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._control.cancelled:
            time.sleep(0.05)
            if file is not None and time.monotonic() - self._reported >= REPORT_SECONDS:
                self._advance(file, "wait", time.monotonic())
        if self._control.cancelled:
            raise Cancelled

    def checksum(self, path: Path, file: RemoteFile) -> tuple[str, bool]:
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


def _continues(response: Any, have: int) -> bool:
    """Return whether a response brings the bytes from `have` on, and not the whole file."""
    place: str = response.headers.get("Content-Range", "")
    return bool(response.status_code == 206) and place.startswith(f"bytes {have}-")
