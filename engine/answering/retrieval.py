"""Retrieval: the states to query for a question, the document's own and those of its sections.

One state of fixed size holds a few facts well and many badly; the remedy of arXiv 2505.07793 is to read sections apart
and to select the answer with the lowest entropy. The states of sections are kept in the library: querying all of a
document costs some fifty tokens a section, not the document again. An identifier in the question (FT-474) leaves only
the sections that contain it; without one, all sections are queried where there are few, else those that full-text
search ranks first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.grounding.claims import claims
from engine.grounding.identifiers import identifiers
from engine.grounding.support import supports
from engine.library.prefix import Prefix
from engine.library.records import Reading, Section, Turn
from engine.network.state import MambaState
from engine.reading import section_states
from engine.reading.context import Context
from engine.reading.section_states import SectionState

SECTIONS = 64
"""Most sections that are queried."""
NAMED_SECTIONS = 12
"""Most sections that are queried where the question names an identifier that they contain."""
READING_SECONDS = 20.0
"""Time that reading sections for one question may take at the document's own speed; saved states cost nothing."""
REQUEST_TOKENS = 20
"""Tokens of a question without its instructions."""
FEWEST_ASKED = 4
"""Sections that are queried however slow the machine is."""
_FOLLOWS = re.compile(
    r"\W*(?:and|but|also|what about|how about|or|then|und|aber|auch|oder|was ist mit|wie steht es mit|"
    r"et|mais|ou|y|pero|qué hay de|"
    r"e|ma|mas|en|maar|a co z|i|а|и|но|или|那|那么|那麼|還有|还有|では|じゃあ|그럼|그리고|و|وماذا|ve|peki)(?!\w)",
    re.IGNORECASE,
)
"""Begins a question that leans on the one before."""


@dataclass(frozen=True)
class Source:
    """A state to query and the text that it has read."""

    state: MambaState
    """One row that has consumed its text and no question. Not to be advanced: clone it."""
    prefix: Prefix
    """Exactly the tokens that it has consumed."""
    first_page: int
    last_page: int
    heading: str = ""
    """Section heading, or empty."""
    section: Section | None = None
    """Section of the source; None for the document state and for pages read again."""
    rank: int = 0
    """Rank of the section in the search, from 1."""


@dataclass(frozen=True)
class Retrieved:
    """The sources of an answer, and the results of the search for the question's words."""

    document: Source
    sections: list[Source]
    """Best match first."""
    absent: list[str]
    """Identifiers of the question that are on no page."""
    ranked: list[Section]
    """Sections by how well they match the question, best first, queried or not."""
    total: int = 0
    """Sections of the document."""


def topic_of(question: str, turns: Sequence[Turn]) -> str:
    """Return the question, expanded with the topic of earlier turns: "And when?" is about the subject of one of them,
    and "What about the CFO?" repeats the earlier question."""
    if not turns:
        return question
    if claims(question) and (identifiers(question) or not _FOLLOWS.match(question)):
        return question
    for turn in reversed(turns):
        if claims(turn.question):
            return f"{turn.question} {question}"
        if identifiers(turn.answer):
            return f"{turn.question} {' '.join(identifiers(turn.answer))} {question}"
    return f"{turns[-1].question} {question}"


def retrieve(context: Context, topic: str) -> Retrieved:
    """Select the states to query about `topic`, best match first; read those that are not saved. Raise Cancelled.

    A document inside the trained context is queried by its own state alone.
    """
    of, library = context.document, context.library
    document = Source(of.state, of.prefix, 1, of.last_page)
    reading = library.readings.latest(context.document_id, context.runtime.identity)
    if reading is None:
        return Retrieved(document, [], [], [])
    everything = [s for s in library.sections.of(context.document_id, reading.id) if s.last_page <= of.pages]
    by_id = {section.id: section for section in everything}
    hits = library.search.sections(context.document_id, topic, limit=2 * SECTIONS, reading=reading.id)
    ranked = [by_id[hit.section.id] for hit in hits if hit.section.id in by_id]
    named = identifiers(topic)
    containing, absent = _containing(context, reading, topic, named, by_id)
    if context.trained_context is not None and of.tokens <= context.trained_context:
        return Retrieved(document, [], absent, ranked or everything, len(everything))
    if containing:
        chosen = containing[:NAMED_SECTIONS]
    elif len(everything) <= SECTIONS:
        chosen = [*ranked, *(section for section in everything if section not in ranked)]
    else:
        chosen = ranked[:SECTIONS]
    chosen = chosen[: _affordable(context, reading.speed)]
    ranks = {section.id: rank for rank, section in enumerate(chosen, 1)}
    states = _states(context, chosen, reading.speed)
    sources = [
        Source(item.state, item.prefix, s.first_page, s.last_page, s.heading, s, ranks[s.id])
        for s in chosen
        if (item := states.get(s.id)) is not None
    ]
    return Retrieved(document, sources, absent, chosen or ranked or everything, len(everything))


def _containing(
    context: Context, reading: Reading, topic: str, named: Sequence[str], sections: dict[int, Section]
) -> tuple[list[Section], list[str]]:
    """Return the sections that contain the most of the identifiers `named`, best match first, and the identifiers that
    do not occur in a completely read document."""
    if not named:
        return [], []
    phrases = [spelling for name in named for spelling in _spellings(name)]
    hits = context.library.search.sections(context.document_id, topic, 4 * NAMED_SECTIONS, reading.id, phrases)
    held = {hit.section.id: _held(named, sections[hit.section.id].text) for hit in hits if hit.section.id in sections}
    absent = [name for name in named if not any(name in names for names in held.values())]
    most = max((len(names) for names in held.values()), default=0)
    containing = [sections[id] for id, names in held.items() if most and len(names) == most]
    return containing, absent if context.document.complete else []


def _affordable(context: Context, speed: float) -> int:
    """Return how many sections may be queried in the time that the profile allows, at `speed` tokens a second."""
    seconds = context.runtime.profile.answers.asking_seconds
    if seconds is None:
        return SECTIONS
    request = len(context.runtime.tokenizer.encode_request(context.runtime.tokenizer.prompts.question("")))
    return max(FEWEST_ASKED, int(seconds * speed / (request + REQUEST_TOKENS)))


def _states(context: Context, sections: Sequence[Section], speed: float) -> dict[int, SectionState]:
    """Return section id -> state, of those saved and of as many others as may be read for one question."""
    states = section_states.saved(context.runtime, context.library, sections)
    allowed = READING_SECONDS * speed
    unread: list[Section] = []
    for section in sections:
        if section.id not in states:
            allowed -= section.n_tokens
            if allowed >= 0:
                unread.append(section)
    for read in section_states.read(context.runtime, context.library, context.document_id, unread, context.control):
        states |= read
    return states


def _held(names: Sequence[str], text: str) -> set[str]:
    return {name for name in names if supports(name, text)}


def _spellings(name: str) -> list[str]:
    """Return an identifier as the index may have cut it: P-835 and P 835 are two words to it, P835 is one."""
    pieces = re.findall(r"[^\W\d_]+|\d+", name)
    return [name, " ".join(pieces), "".join(pieces)]
