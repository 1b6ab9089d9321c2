"""The window's English for evidence and coverage: what an answer or a summary rests on, as sentences. No Qt."""

from __future__ import annotations

from collections.abc import Sequence

from engine.protocol.events import Notice
from engine.protocol.evidence import Evidence, SummaryBasis

PAGES_NAMED = 8
"""Runs of pages that a list names; the rest is counted."""


def counted(number: int, one: str, more: str) -> str:
    """Return a number with its noun: `1 page`, `2,000 pages`."""
    return f"{number:,} {one if number == 1 else more}"


def notice(event: Notice) -> str:
    """Return the sentence of a notice."""
    match event.kind:
        case "demo_model":
            return (
                "This is the demo model, which knows only records like the sample. Do not trust its answers about "
                "other documents; choose another model for them."
            )
        case "file_replaced":
            return f"{event.detail} was truncated or replaced and is read from its start."
        case "bad_command":
            return f"The reader did not understand the window: {event.detail}."


def page_numbers(numbers: Sequence[int]) -> str:
    """Return `page 3` or `pages 3, 5–8`; of a long list, the first runs and the number of the remaining pages."""
    runs: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    shown = ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs[:PAGES_NAMED])
    more = sum(last - first + 1 for first, last in runs[PAGES_NAMED:])
    return ("pages " if len(numbers) > 1 else "page ") + shown + (f" and {more:,} more" if more else "")


def source(evidence: Evidence | None) -> str:
    """Return the sentence below an answer: its source, or that there is none. "" where the page chips say it all."""
    if evidence is None:
        return ""
    match evidence.kind:
        case "text":
            return evidence.text
        case "not_found":
            return evidence.text or not_found(evidence)
        case "reread":
            return f"Checked on {page_numbers(evidence.reread_pages)}"
        case "section":
            return evidence.heading
    if evidence.sentence is not None:
        return ""
    if evidence.complete and evidence.as_of_page is None:
        return f"From the whole document, {counted(evidence.last_page, 'page', 'pages')}; no single page contains it."
    return f"From the first {counted(evidence.last_page, 'page', 'pages')}; no single page contains it."


def not_found(evidence: Evidence) -> str:
    """Return where an answer was looked for, or what the document does not contain."""
    if evidence.absent:
        verb = "do not appear" if len(evidence.absent) > 1 else "does not appear"
        return f"{' and '.join(evidence.absent)} {verb} in the document."
    if evidence.sections_asked:
        of = f"{evidence.sections_asked:,} of {counted(evidence.sections, 'section', 'sections')}"
        return f"No answer found in {of}."
    return "No answer found."


def doubts(evidence: Evidence | None) -> list[str]:
    """Return what speaks against an answer, a sentence each."""
    if evidence is None:
        return []
    found: list[str] = []
    if evidence.unverified:
        found.append(f"Not found on those pages: {', '.join(evidence.unverified)}. Check before you rely on it.")
    if evidence.contradicted:
        found.append("Another sentence says something else. Check the answer on its page.")
    elif evidence.doubtful:
        found.append("The model was unsure of this answer. Check it on its page.")
    if evidence.found and evidence.faded_to_page:
        found.append(faded(evidence.faded_to_page))
    if evidence.end == "length":
        found.append("The answer was cut at the length limit.")
    elif evidence.end == "repetition":
        found.append("The answer was stopped because the model repeated itself.")
    return found


def faded(to_page: int) -> str:
    """Return the sentence about pages that have decayed from the document state."""
    pages = "Page 1 is" if to_page == 1 else f"Pages 1–{to_page} are"
    return f"{pages} no longer in the model's memory; questions about them are looked up section by section."


def summary_basis(basis: SummaryBasis | None) -> str:
    """Return how a summary was made, the pages that it covers and what it leaves out: one line."""
    if basis is None:
        return ""
    if basis.made_from == "text":
        return _ended(basis.text)
    if not basis.last_page:
        return "There was no section to summarise."
    single = basis.first_page == basis.last_page
    pages = f"page {basis.last_page}" if single else f"pages {basis.first_page}–{basis.last_page}"
    parts = [pages if basis.made_from == "state" else f"{counted(basis.sections, 'section', 'sections')}, {pages}"]
    if basis.made_from == "sections" and basis.focus:
        number = basis.sections_with_findings
        mention = f"{counted(number, 'section mentions', 'sections mention')}" if number else "no section mentions"
        parts.append(f"{mention} “{basis.focus}”")
    elif basis.sections_with_findings < basis.sections:
        parts.append(f"{basis.sections_with_findings or 'none'} with findings")
    parts += _left_out(basis)
    if basis.pages_without_text:
        parts.append(f"no text on {page_numbers(basis.pages_without_text)}")
    if basis.unverified:
        parts.append(f"not found on any page: {', '.join(basis.unverified)}")
    return _ended("; ".join(parts))


def _left_out(basis: SummaryBasis) -> list[str]:
    parts: list[str] = []
    if left := basis.findings - basis.findings_kept:
        parts.append(f"{left} of {basis.findings} findings left out; length “Full” has them all")
    if basis.joined:
        parts.append("too long to be merged into one text, so its parts follow each other")
    if basis.merges_rejected:
        groups = counted(basis.merges_rejected, "section group is", "section groups are")
        parts.append(f"{groups} shown unmerged, because merging was not reliable")
    if basis.sections_cut:
        parts.append(f"{counted(basis.sections_cut, 'section summary', 'section summaries')} cut at the length limit")
    if basis.lines_corrected:
        parts.append(f"{counted(basis.lines_corrected, 'line', 'lines')} corrected from the page")
    if basis.lines_dropped:
        parts.append(f"{counted(basis.lines_dropped, 'unsupported line', 'unsupported lines')} removed")
    if basis.end == "repetition":
        parts.append("stopped because the model repeated itself")
    elif basis.end == "length":
        parts.append("cut at the length limit")
    return parts


def _ended(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""
