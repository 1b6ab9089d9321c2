"""One window for a library: a second start hands its files to the first window and brings it forward."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from engine.library.database import library_path

ANSWER_MS = 1_000
"""A first window that does not take the files by then is taken for dead."""
MOST_BYTES = 1_000_000


def server_name(library: str) -> str:
    """Return the name under which the window of a library listens; library: its file, "" for the usual one."""
    file = os.path.abspath(library_path(library or None))
    return "readthrough-" + hashlib.sha256(f"{os.path.expanduser('~')}\n{file}".encode()).hexdigest()[:16]


def hand_over(library: str, files: Sequence[str]) -> bool:
    """Hand files to the window that has this library open; returns whether there is one that took them."""
    socket = QLocalSocket()
    socket.connectToServer(server_name(library))
    if not socket.waitForConnected(ANSWER_MS):
        return False
    socket.write(json.dumps([os.path.abspath(file) for file in files]).encode() + b"\n")
    taken = socket.waitForReadyRead(ANSWER_MS)
    socket.disconnectFromServer()
    return taken


class SingleInstance(QObject):
    """Listens for later starts."""

    files_handed = Signal(object)
    """list of paths to open; the window comes forward, also for none."""

    def __init__(self, library: str, parent: QObject | None = None):
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)
        name = server_name(library)
        if not self._server.listen(name):
            # No window answered `hand_over`: the name is left from one that crashed.
            QLocalServer.removeServer(name)
            self._server.listen(name)

    def close(self) -> None:
        """Stop listening."""
        self._server.close()

    def _on_connection(self) -> None:
        socket = self._server.nextPendingConnection()
        socket.disconnected.connect(socket.deleteLater)
        socket.readyRead.connect(lambda: self._read(socket))

    def _read(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() > MOST_BYTES:
                socket.abort()
            return
        try:
            files = json.loads(bytes(socket.readLine(MOST_BYTES).data()))
        except ValueError:
            files = None
        if isinstance(files, list) and all(isinstance(file, str) for file in files):
            socket.write(b"taken\n")
            socket.flush()
            self.files_handed.emit(files)
