"""Looks up in the library where answers stand: their words, the beginning of their sentence, the closest passages."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.library.reader import LibraryReader
from app.state.conversation import Turn
from app.state.session import DocumentSession
from engine.protocol.evidence import Sentence


class AnswerPlaces(QObject):
    """Fills in the places of a turn; the library answers later. sessions: the open documents, by path."""

    found = Signal(object)
    """The DocumentSession of which a turn has changed."""

    def __init__(self, reader: LibraryReader, sessions: dict[str, DocumentSession], parent: QObject | None = None):
        super().__init__(parent)
        self._reader, self._sessions = reader, sessions
        reader.located.connect(self._on_located)
        reader.sentence_begun.connect(self._on_begun)
        reader.closest_found.connect(self._on_closest)

    def look_up(self, session: DocumentSession, turn: Turn) -> None:
        """Ask for the places of an answer: of its words, within its pages or anywhere; of the closest passages where
        none was found.
        """
        document, evidence = session.document_id, turn.evidence
        if document is None or not turn.done or evidence is None:
            return
        if not turn.found and turn.closest is not None:
            return
        if not turn.found:
            self._reader.find_closest(document, turn.key, turn.question, list(evidence.nearest), turn.page)
            return
        self._reader.locate(document, turn.key, turn.answer, turn.question, turn.pages)
        if evidence.sentence is not None:
            self._reader.read_beginning(document, turn.key, evidence.sentence)

    def _on_located(self, document: int, key: int, pages: list[int]) -> None:
        self._set(document, key, "mentions", pages)

    def _on_begun(self, document: int, key: int, sentence: Sentence | None) -> None:
        if sentence is not None:
            self._set(document, key, "beginning", sentence)

    def _on_closest(self, document: int, key: int, passages: list[Sentence]) -> None:
        self._set(document, key, "closest", passages)

    def _set(self, document: int, key: int, name: str, value: object) -> None:
        session = next((one for one in self._sessions.values() if one.document_id == document), None)
        turn = session.conversation.by_key(key) if session is not None else None
        if turn is not None:
            setattr(turn, name, value)
            self.found.emit(session)
