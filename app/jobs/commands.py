"""The commands of a document's jobs, as the settings call for them."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from app.settings.store import Settings
from app.state.conversation import Turn
from app.state.session import DocumentSession
from engine.protocol import wire as m
from engine.protocol.vocabulary import Length


def ask(session: DocumentSession, turn: Turn) -> m.Ask:
    """Return the command that answers a turn."""
    return m.Ask(
        path=session.path,
        question=turn.question,
        password=session.password,
        page=turn.page,
        parent=turn.parent.turn_id if turn.parent else None,
        seed=turn.seed,
        store=session.store,
    )


def read(session: DocumentSession) -> m.Read:
    """Return the command that reads a document on."""
    return m.Read(path=session.path, password=session.password, store=session.store)


def summarize(session: DocumentSession, settings: Settings, length: Length | Literal[""], focus: str) -> m.Summarize:
    """Return the command that summarises a document. focus "": all of it.

    length "": as in the settings, and a saved summary of that kind will do; else a new one is made.
    """
    return m.Summarize(
        path=session.path,
        password=session.password,
        method=settings.summary_method,
        length=length or settings.summary_length,
        focus=focus or None,
        ledger=session.ledger is None,
        again=bool(length),
        store=session.store,
    )


def again(command: m.Command, session: DocumentSession) -> m.Command:
    """Return a command that failed, with what is known of its document by now."""
    if isinstance(command, (m.Read, m.Summarize, m.Ask)):
        return replace(command, password=session.password, store=session.store)
    return replace(command, password=session.password) if isinstance(command, m.OpenDocument) else command
