"""Evidence: what is told of an answer and stored with its turn: its pages, its sentence, what is not confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.answering.attempts import says_not_found
from engine.answering.pipeline import Found, is_sure
from engine.answering.retrieval import Start
from engine.grounding.passages import SHORT_ANSWER, Passage, supporting_passage, unconfirmed
from engine.library.library import Library
from engine.reading.reader import DocumentState
from engine.reading.retention import caveat

NEAREST = 3
"""Sections named where nothing was found."""
UNSURE = "The model was unsure of this answer. Check it on the page."


def nearest(found: Found) -> Start:
    return found.among.sections[0] if found.among.sections else found.among.whole


def told(library: Library, of: DocumentState, found: Found, about: str, text: str, cut: str) -> dict[str, Any]:
    """What is told of an answer and stored with its turn: pages, the sentence, what is not confirmed, how certain."""
    best, among = found.best, found.among
    if best is None or says_not_found(text):
        first_pages = [section.first_page for section in among.searched[:NEAREST]]
        start = nearest(found)
        spans = _listed([_pages(s.first_page, s.last_page) for s in among.searched[:NEAREST]])
        if among.absent:
            basis = f"{_listed(among.absent)} {'stand' if len(among.absent) > 1 else 'stands'} nowhere in what was read"
        elif among.sections:
            count = len(among.sections)
            asked = f"the {count} sections asked hold" if count > 1 else "the section asked holds"
            basis = f"neither the document state nor {asked} it"
        else:
            basis = "the document state does not hold it"
        basis += f"; nearest: {spans}" if spans else ""
        return {
            "found": False,
            "basis": basis,
            "first_page": start.first_page,
            "last_page": start.last_page,
            "unverified": [],
            "nearest": first_pages,
        }
    start = best.start
    first, last = start.first_page, start.last_page
    pages = [(page.number, page.text) for page in library.pages(of.document.id, first=max(1, first - 1), last=last)]
    if found.rereading is not None:
        read = {number for number, _ in found.rereading.pages}
        pages = [(p.number, p.text) for p in library.pages(of.document.id) if p.number in read]
    passage = supporting_passage(about, text, pages)
    borne_out = passage is not None and passage.names_all
    doubtful = is_doubtful(found, text)
    faded = caveat(of.retention) if found.rereading is None and start.section is None else ""
    where: dict[str, Any] = {}
    if passage is not None and borne_out:
        where = {"page": passage.page, "sentence": passage.text, "start": passage.start, "end": passage.end}
        first = last = passage.page
    return {
        "found": True,
        "basis": _basis(of, found, passage if borne_out else None) + cut,
        "first_page": first,
        "last_page": last,
        "unverified": unconfirmed(about, text, passage, (page for _, page in pages)),
        "certainty": round(best.certainty, 4),
        "weakest": round(best.weakest, 4),
        "doubtful": doubtful,
        "reread": found.rereading is not None,
        "warning": " ".join(filter(None, (UNSURE if doubtful else "", _sentence(faded)))),
        **where,
    }


def is_doubtful(found: Found, text: str) -> bool:
    """Whether `text`, the answer found, is one figure or name that is not sure, even after reading again: the model
    gives the words less than `inquiry.CERTAIN` on average, their sentence speaks of less than `inquiry.MATCHING` of
    what was asked, or another one speaks of more of it and says something else.

    With the demonstration model of 22 November 2026, on held-out records of 8,000, 32,000 and 100,000 tokens, it marks
    100, 83 and 83 % of 10, 24 and 6 wrong answers, and 12, 12 and 7 % of 367, 404 and 541 right ones. The chance that a
    right answer looks surer than a wrong one was 0.86 to 0.94 both by mean and by lowest probability; with an earlier
    model it was 0.56 by agreement of the re-reading and 0.51 by that of the document state, which is next to nothing.
    `bench recall --pipeline` measures it again.

    A longer answer nearly always has a word that might have been another; and of what was drawn with a seed no token
    was looked at: neither is ever marked.
    """
    best = found.best
    if best is None or not best.ended or text != best.text or len(text.split()) > SHORT_ANSWER:
        return False
    return found.contradicted or not is_sure(best)


def _basis(of: DocumentState, found: Found, passage: Passage | None) -> str:
    """What the best answer rests on, in words."""
    assert found.best is not None
    start = found.best.start
    if found.rereading is not None:
        again = _listed_pages([number for number, _ in found.rereading.pages])
        return f"from page {passage.page}; read again: {again}" if passage else f"from {again}, read again"
    if start.section is None:
        if passage is not None:
            return f"from the document state; page {passage.page} bears it out"
        state = "the document state" if of.complete else f"the state after page {of.pages}"
        return f"from {state}: all that was read, {'pages 1 to ' if of.pages > 1 else 'page '}{of.pages}"
    where = f"page {passage.page}" if passage else _pages(start.first_page, start.last_page)
    return f"from {where}" + (f" ({start.heading})" if start.heading else "")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _listed_pages(numbers: Sequence[int]) -> str:
    return ("pages " if len(numbers) > 1 else "page ") + _listed([str(number) for number in numbers])


def _listed(items: Sequence[str]) -> str:
    return ", ".join(items[:-1]) + (" and " if len(items) > 1 else "") + items[-1] if items else ""


def _pages(first: int, last: int) -> str:
    return f"page {first}" if first == last else f"pages {first} to {last}"
