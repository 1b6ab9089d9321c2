"""Answers and summaries as text with their citations, for clients that show text only. Light."""

from __future__ import annotations

from engine.grounding.page_references import page_list
from engine.protocol.evidence import Evidence
from engine.service.records import Answer, Summary, citations_of

MOST_PAGES_LISTED = 100
MOST_QUOTES = 10
"""Passages behind an answer's text; the record has them all."""


def pages_of(evidence: Evidence) -> list[int]:
    """Return the pages of an answer's sentences, in order; without a sentence the pages that it is based on. Empty for
    an answer that was not found."""
    if not evidence.found:
        return []
    cited = sorted({citation.page for citation in citations_of(evidence, None)})
    if cited or evidence.reread_pages:
        return cited or sorted(evidence.reread_pages)
    return list(range(max(evidence.first_page, 1), evidence.last_page + 1))[:MOST_PAGES_LISTED]


def answer_footer(answer: Answer) -> str:
    """Return the lines behind an answer's text: the passages that it does not quote itself, its source, its doubts."""
    said = " ".join(answer.text.split())
    quotes = []
    for citation in answer.citations if answer.found else ():
        quote = " ".join(citation.text.split())
        if quote not in said:
            place = f"page {citation.page}"
            if answer.document is None:
                place = f"document {citation.document}, {place}"
            quotes.append(f"{place[:1].upper()}{place[1:]}: “{quote}”")
    left = len(quotes) - MOST_QUOTES
    more = [f"… and {left} more"] if left > 0 else []
    return "\n".join([*quotes[:MOST_QUOTES], *more, *([answer.source] if answer.source else []), *answer.doubts])


def answer_text(answer: Answer) -> str:
    """Return an answer with its citations."""
    return "\n\n".join(part for part in (answer.text, answer_footer(answer)) if part)


def summary_text(summary: Summary) -> str:
    """Return a summary with the pages of each line, and what it covers."""
    lines = [f"{line.text} ({page_list(line.pages)})" if line.pages else line.text for line in summary.lines]
    return "\n".join([*lines, "", summary.coverage]).strip()
