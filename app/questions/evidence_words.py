"""Evidence of an answer in words: page chips, the quoted sentence, its source, doubts."""

from __future__ import annotations

from dataclasses import dataclass

from app.state.conversation import Turn
from app.style.translation import tr, tr_count
from app.style.words import capital, page_words, pages_count, span_words
from engine.protocol.evidence import Counted, Evidence

QUOTE = 400
"""Characters of a quoted sentence."""


@dataclass(frozen=True)
class Chip:
    """A link to pages, with what stands there. near: only a closest match, no source."""

    first: int
    last: int
    tip: str
    near: bool = False


def quote_of(turn: Turn) -> str:
    """Return the sentence that supports the answer; "" where there is none, or the answer is that sentence."""
    beginning = turn.beginning.text if turn.beginning is not None else ""
    words = " ".join(f"{beginning} {turn.sentence}".split())
    if not turn.done or not turn.found or not words or words.rstrip(".") in " ".join(turn.answer.split()):
        return ""
    return _quoted(words)


def passages_of(turn: Turn) -> list[tuple[int, str]]:
    """Return page and text of the passages that follow a quotation, or of the closest ones where there is no answer."""
    passages = turn.also if turn.found else turn.closest or ()
    # A word alone tells nothing.
    return [(one.page, _quoted(one.text)) for one in passages if turn.done and len(one.text.split()) > 1]


def emphasis_of(turn: Turn) -> tuple[int, int] | None:
    """Return the characters of the answer that answer the question, where it quotes a sentence with them."""
    words = turn.words
    if words is None or not turn.done:
        return None
    start, end = words
    before, upto = " ".join(turn.sentence[:start].split()), " ".join(turn.sentence[:end].split())
    at = turn.answer.find(upto)
    first = at + len(before) + (upto[len(before) : len(before) + 1] == " ")
    return (first, at + len(upto)) if at >= 0 and first < at + len(upto) else None


def chips_of(turn: Turn) -> list[Chip]:
    """Return the chips of an answer: its source, or the pages that match the question best where no passage of them is
    shown."""
    if not turn.done:
        return []
    if not turn.found:
        return [] if turn.closest else [Chip(page, page, tr("Closest match"), near=True) for page in turn.nearest]
    if turn.evidence_page:
        tip = quote_of(turn) or tr("Source: {pages}", pages=span_words(turn.evidence_page, turn.evidence_page))
        return [Chip(turn.evidence_page, turn.evidence_page, tip)]
    if turn.pages:
        return [Chip(*turn.pages, tr("Source: {pages}", pages=span_words(*turn.pages)))]
    return [Chip(page, page, tr("Words of the answer are on page {page}", page=page)) for page in turn.mentions]


def answer_of(turn: Turn) -> str:
    """Return the answer's text without the further passages; where none was found, where it was looked for."""
    if turn.done and turn.evidence is not None and not turn.found:
        return _not_found(turn.evidence)
    return "\n".join(turn.answer.splitlines()[: -len(turn.also) - 1]) if turn.done and turn.also else turn.answer


def source_of(turn: Turn) -> str:
    """Return the line below an answer: its section, the pages it was checked on, or where was searched in vain."""
    evidence = turn.evidence
    if not turn.done or evidence is None:
        return ""
    match evidence.kind:
        case "text":
            return evidence.text
        case "not_found":
            return ""
        case "records" if evidence.counted is not None:
            return _covered(evidence.counted)
        case "reread":
            return tr("Checked on {pages}", pages=page_words(evidence.reread_pages))
        case "section":
            return evidence.heading
    if evidence.sentence is not None:
        return ""
    pages = pages_count(evidence.last_page)
    if evidence.complete and evidence.as_of_page is None:
        return tr("From the whole document, {pages}; no single page contains it.", pages=pages)
    return tr("From the first {pages}; no single page contains it.", pages=pages)


def doubts_of(turn: Turn) -> list[str]:
    """Return what speaks against an answer, a sentence each."""
    evidence = turn.evidence
    if not turn.done or evidence is None:
        return []
    doubts: list[str] = list(evidence.counted.notes) if evidence.counted is not None else []
    if evidence.unverified:
        missing = ", ".join(evidence.unverified)
        doubts.append(tr("Not found on those pages: {words}. Check before you rely on it.", words=missing))
    if evidence.contradicted:
        doubts.append(tr("Another sentence says something else. Check the answer on its page."))
    elif evidence.doubtful:
        doubts.append(tr("The model was unsure of this answer. Check it on its page."))
    if evidence.found and evidence.faded_to_page:
        pages = capital(span_words(1, evidence.faded_to_page))
        doubts.append(
            tr("{pages}: no longer in the model's memory; questions about them use saved sections.", pages=pages)
        )
    if evidence.recognised_pages:
        pages = page_words(evidence.recognised_pages)
        doubts.append(tr("Read by text recognition (OCR): {pages}. Check the words on the page.", pages=pages))
    if evidence.end == "length":
        doubts.append(tr("The answer was cut at the length limit."))
    elif evidence.end == "repetition":
        doubts.append(tr("The answer was stopped because the model repeated itself."))
    return doubts


def _covered(counted: Counted) -> str:
    """Return what a count has covered, and the tables that could not be read in full."""
    number = counted.sections
    covered = tr_count(
        "Counted in {count} section, without a model.", "Counted in {count} sections, without a model.", number
    )
    if not counted.tables_unread:
        return covered
    unread = tr_count(
        "{count} table could not be read in full.", "{count} tables could not be read in full.", counted.tables_unread
    )
    return f"{covered} {unread}"


def _quoted(text: str) -> str:
    words = " ".join(text.split())
    return f"“{words if len(words) < QUOTE else words[: QUOTE - 1] + '…'}”"


def _not_found(evidence: Evidence) -> str:
    """Return where an answer was looked for, or what an exact search did not find in the document."""
    if evidence.absent:
        return tr_count(
            "{words} does not appear in the document.",
            "{words} do not appear in the document.",
            len(evidence.absent),
            words=", ".join(evidence.absent),
        )
    if evidence.sections_asked:
        return tr_count(
            "No answer found in {asked} of {count} section.",
            "No answer found in {asked} of {count} sections.",
            evidence.sections,
            asked=f"{evidence.sections_asked:,}",
        )
    return tr("No answer found.")
