"""Candidates: the states that a question may be put to, the document's own and those of its sections.

One state of fixed size holds a few facts well and many badly; the remedy of arXiv 2505.07793 is to read sections apart
and to let that one answer which is most certain. Here the sections' states are kept in the library: asking all of a
document costs some fifty tokens a section, not the document again. An identifier in the question (FT-474) leaves only
the sections that hold it; without one, all sections are asked where there are few, else those that the full-text
index puts forward.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.control import Control
from engine.generation.runtime import Runtime
from engine.grounding.claims import claims, folded, identifiers, stands_in
from engine.library.library import Library
from engine.library.prefix import Prefix
from engine.library.records import Section, Turn
from engine.network.state import MambaState
from engine.reading import section_states
from engine.reading.reader import DocumentState
from engine.reading.section_states import SectionState

SECTIONS = 64
"""Sections asked at most."""
NAMED_SECTIONS = 12
"""Sections asked at most where the question names an identifier that they hold."""
READING_SECONDS = 20.0
"""Time that reading sections for one question may take at the document's own speed; saved ones cost nothing."""


@dataclass(frozen=True)
class Start:
    """A state to ask, and what it rests on."""

    state: MambaState
    """One row that has consumed its text and no question. Not to be advanced: clone it."""
    prefix: Prefix
    """Exactly what it has consumed."""
    first_page: int
    last_page: int
    heading: str = ""
    """Of the section."""
    section: Section | None = None
    """None: the document state."""
    rank: int = 0
    """Of the section among those that the search found, from 1."""


@dataclass(frozen=True)
class Candidates:
    """What a question is put to, and what could be told without asking."""

    whole: Start
    sections: list[Start]
    """Best match first."""
    absent: list[str]
    """Identifiers of the question that stand nowhere in what was read."""
    searched: list[Section]
    """The sections nearest to the question, best first, asked or not."""
    total: int = 0
    """Sections of the document."""


def subject(question: str, before: Sequence[Turn]) -> str:
    """`question` with what it leans on: "And when?" is about what an earlier turn named, or its answer did."""
    if claims(question):
        return question
    for turn in reversed(before):
        if claims(turn.question):
            return f"{turn.question} {question}"
        if identifiers(turn.answer):
            return f"{turn.question} {' '.join(identifiers(turn.answer))} {question}"
    return f"{before[-1].question} {question}" if before else question


def whole_document(of: DocumentState) -> Start:
    """The document state as a candidate."""
    return Start(of.state, of.prefix, 1, of.pages)


def candidates(runtime: Runtime, library: Library, of: DocumentState, about: str, control: Control) -> Candidates:
    """Whom to ask about `about` (see `subject`), each with its state: saved before, or read now, best first.

    A document inside the trained context is asked of its own state alone. Raises Cancelled.
    """
    whole = whole_document(of)
    reading = library.readings.latest(of.document.id, runtime.identity)
    if reading is None:
        return Candidates(whole, [], [], [])
    everything = [s for s in library.sections.of(of.document.id, reading.id) if s.last_page <= of.pages]
    hits = library.search.sections(of.document.id, about, limit=2 * SECTIONS, reading=reading.id)
    by_id = {section.id: section for section in everything}
    searched = [by_id[hit.section.id] for hit in hits if hit.section.id in by_id]
    named = identifiers(about)
    holding, absent = searched, list[str]()
    if named:
        phrases = [spelling for name in named for spelling in _spellings(name)]
        hits = library.search.sections(of.document.id, about, 4 * NAMED_SECTIONS, reading.id, phrases)
        held = {hit.section.id: _held(named, by_id[hit.section.id].text) for hit in hits if hit.section.id in by_id}
        absent = [name for name in named if not any(name in names for names in held.values())]
        if absent and not of.complete:
            absent = []  # what has not been read yet may hold it
        most = max((len(names) for names in held.values()), default=0)
        holding = [by_id[id] for id, names in held.items() if most and len(names) == most]
    context = runtime.trained_context
    if context is not None and of.tokens <= context:
        return Candidates(whole, [], absent, searched or everything, len(everything))
    if named and holding:
        chosen = holding[:NAMED_SECTIONS]
    elif len(everything) <= SECTIONS:
        chosen = [*searched, *(section for section in everything if section not in searched)]
    else:
        chosen = searched[:SECTIONS]
    ranks = {section.id: rank for rank, section in enumerate(chosen, 1)}
    states = _states(runtime, library, of, chosen, reading.speed, control)
    starts = [
        Start(item.state, item.prefix, s.first_page, s.last_page, s.heading, s, ranks[s.id])
        for s in chosen
        if (item := states.get(s.id)) is not None
    ]
    return Candidates(whole, starts, absent, chosen or searched or everything, len(everything))


def _states(
    runtime: Runtime, library: Library, of: DocumentState, sections: Sequence[Section], speed: float, control: Control
) -> dict[int, SectionState]:
    """Section id -> state, of those saved and of as many others as may be read for one question."""
    states = section_states.saved(runtime, library, sections)
    allowed = READING_SECONDS * speed
    unread: list[Section] = []
    for section in sections:
        if section.id not in states:
            allowed -= section.n_tokens
            if allowed >= 0:
                unread.append(section)
    for found in section_states.read(runtime, library, of.document.id, unread, control):
        states |= found
    return states


def _held(names: Sequence[str], text: str) -> set[str]:
    plain = folded(text)
    return {name for name in names if stands_in(name, plain)}


def _spellings(name: str) -> list[str]:
    """An identifier as the index may have cut it: P-835 and P 835 are two words to it, P835 is one."""
    pieces = re.findall(r"[^\W\d_]+|\d+", name)
    return [name, " ".join(pieces), "".join(pieces)]
