"""Figures and names of an answer that do not stand in the text it rests on.

A model may put a number together that no page holds. What can be looked up is looked up: every figure, date and
identifier, and every name that does not merely begin a sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

SHORT_ANSWER = 12
"""Words up to which an answer is taken for one fact."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_FIGURE = re.compile(r"(?=[\w.,:/-]*\d)\w(?:[\w.,:/-]*\w)?")
_NAME = re.compile(r"(?<![.!?:\n] )(?<!^)\b[^\W\d_a-zß-öø-ÿ]\w+(?:[ -][^\W\d_a-zß-öø-ÿ]\w+)*")


def claims(answer: str) -> list[str]:
    """The figures and names in `answer`, each once, in order; what stands side by side (a date, a full name) is one."""
    text = unicodedata.normalize("NFKC", answer).strip()
    spans = sorted(m.span() for pattern in (_FIGURE, _NAME) for m in pattern.finditer(text))
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1] + 1 and not text[joined[-1][1] : start].strip():
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return list(dict.fromkeys(text[start:end] for start, end in joined))


def unverified(answer: str, pages: Iterable[str]) -> list[str]:
    """The claims of `answer` that stand on none of `pages`; differences of case and white space do not count."""
    missing = claims(answer)
    for page in pages:
        if not missing:
            break
        text = _folded(page)
        missing = [claim for claim in missing if not _stands_in(_folded(claim), text)]
    return missing


def supporting_page(question: str, answer: str, pages: Iterable[tuple[int, str]]) -> int | None:
    """The first of `pages` (number, text) with a passage of two sentences that holds every claim of `answer` and every
    one of `question`. None where there is none, or where the answer claims nothing that could be looked up."""
    if not claims(answer):
        return None
    wanted = [_folded(claim) for claim in dict.fromkeys([*claims(answer), *claims(question)])]
    tail = ""  # a sentence may begin on the page before
    for number, page in pages:
        text = f"{tail} {_folded(page)}"
        tail = " ".join(_SENTENCE_END.split(text)[-2:])
        if not all(_stands_in(claim, text) for claim in wanted):
            continue
        sentences = _SENTENCE_END.split(text)
        for at in range(len(sentences)):
            passage = " ".join(sentences[at : at + 2])
            if all(_stands_in(claim, passage) for claim in wanted):
                return number
    return None


def unconfirmed(question: str, answer: str, pages: Sequence[tuple[int, str]]) -> list[str]:
    """The claims of `answer` that `pages` do not bear out.

    A short answer to a question that names something must stand beside it, in one passage; of a longer one, or of an
    answer to a question that names nothing, every claim must stand on the pages somewhere.
    """
    if claims(question) and len(answer.split()) <= SHORT_ANSWER:
        return [] if supporting_page(question, answer, pages) is not None else claims(answer)
    return unverified(answer, (text for _, text in pages))


def _stands_in(claim: str, text: str) -> bool:
    """Whole words and whole figures only: 12 stands neither in 2012 nor in 12.5."""
    return re.search(rf"(?<!\w)(?<!\d[.,]){re.escape(claim)}(?!\w|[.,]\d)", text) is not None


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
