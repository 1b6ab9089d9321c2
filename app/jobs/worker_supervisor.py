"""Supervisor of the worker: starts it, restarts it after a crash, gives up after several within a minute."""

from __future__ import annotations

import logging
import sys
import time
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.jobs.worker_client import WorkerClient, WorkerDeath
from app.settings.store import Settings
from app.style.translation import tr
from engine.protocol import wire as m

RESTARTS = 3
"""Crashes within a minute after which the user is asked instead of restarting."""
RESTART_MS = 300


@dataclass(frozen=True)
class WorkerFacts:
    """The state of the worker: starting, ready, restarting or failed."""

    state: str = "starting"
    sentence: str = ""
    details: str = ""
    loading: str = ""
    model: m.ModelLoaded | None = None
    failed: str = ""
    """Reason why the model could not be loaded."""


class WorkerSupervisor(QObject):
    """Restarts the client's process."""

    changed = Signal(object)
    """WorkerFacts"""
    ready = Signal()
    """The worker accepts jobs, also those that an earlier one did not finish."""
    given_up = Signal(str, str)
    """(sentence, details)"""
    stopped = Signal()
    """The worker has ended after shut_down()."""

    def __init__(self, client: WorkerClient, parent: QObject | None = None):
        super().__init__(parent)
        self._client = client
        self.facts = WorkerFacts()
        self._deaths: deque[float] = deque(maxlen=RESTARTS)
        self._closing = False
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(RESTART_MS)
        self._again.timeout.connect(self.start)
        client.started.connect(self._on_started)
        client.received.connect(self._on_event)
        client.died.connect(self._on_died)
        client.stopped.connect(self._on_stopped)

    def start(self) -> None:
        """Start the worker, unless it runs."""
        self._show(replace(self.facts, state="starting", details=""))
        if not self._client.running:
            self._client.start()

    def restart(self) -> None:
        """Restart at the user's request and reset the crash counter."""
        self._deaths.clear()
        self._show(replace(self.facts, state="restarting", sentence="", details=""))
        if self._client.running:
            self._client.stop()
        else:
            self.start()

    def change(self, command: list[str]) -> None:
        """Restart with another command line: another model, device or library."""
        self._client.command = command
        self.restart()
        self._show(WorkerFacts("restarting", tr("Applying the settings…")))

    def shut_down(self) -> None:
        """End the worker, which saves; `stopped` follows within two seconds."""
        self._closing = True
        self._again.stop()
        self._client.stop()

    def _show(self, facts: WorkerFacts) -> None:
        self.facts = facts
        self.changed.emit(facts)

    def _on_started(self, event: m.WorkerStarted) -> None:
        self._show(WorkerFacts("ready"))
        self.ready.emit()

    def _on_event(self, event: m.Event) -> None:
        if isinstance(event, m.ModelLoading):
            self._show(replace(self.facts, loading=event.folder, failed=""))
        elif isinstance(event, m.ModelLoaded):
            self._show(replace(self.facts, loading="", model=event))
        elif isinstance(event, m.JobFailed) and self.facts.loading:
            self._show(replace(self.facts, loading="", failed=event.message))

    def _on_died(self, death: WorkerDeath) -> None:
        if self._closing:
            self.stopped.emit()
            return
        self._deaths.append(time.monotonic())
        often = len(self._deaths) == RESTARTS and self._deaths[-1] - self._deaths[0] < 60
        if death.can_restart and not often:
            sentence = f"{death.sentence} {tr('It was restarted; nothing was lost.')}"
            self._show(WorkerFacts("restarting", sentence, death.details))
            self._again.start()
            return
        sentence = death.sentence
        if often:
            sentence += " " + tr("That happened {count} times within a minute.", count=RESTARTS)
        self._show(WorkerFacts("failed", sentence, death.details))
        self.given_up.emit(sentence, death.details)

    def _on_stopped(self) -> None:
        if self._closing:
            self.stopped.emit()
        else:
            self.start()


def worker_command(settings: Settings) -> list[str]:
    """Return the command line of the worker: this interpreter, the worker's module, and the options of the settings."""
    command = [sys.executable, "-P", "-m", "engine.cli.worker"]
    if logging.getLogger("app").isEnabledFor(logging.DEBUG):
        command.append("--debug")
    for option, value in (("--model", settings.model), ("--library", settings.library)):
        if value:
            command += [option, str(Path(value).expanduser())]
    for option, value in (("--device", settings.device), ("--precision", settings.precision)):
        if value != "auto":
            command += [option, value]
    if settings.quota_gb != Settings().quota_gb:
        command += ["--quota", f"{settings.quota_gb}G"]
    return command
