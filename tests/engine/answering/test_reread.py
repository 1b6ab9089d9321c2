"""What is read again for a question: whatever an answer rests on is among it."""

from __future__ import annotations

from typing import Any

from engine.answering.attempts import Row, Trial
from engine.answering.reread import LONGEST, evidence_pages
from engine.answering.retrieval import Candidates, Start
from engine.grounding.passages import supporting_passage
from engine.library.records import Page

ABOUT = "Who entered the speed reading of pump P-12?"


class Pages:
    def __init__(self, *texts: str) -> None:
        self._pages = [Page(number, None, text, None, None, None) for number, text in enumerate(texts, 1)]

    def pages(self, document: int, reading: Any, first: int, last: int) -> list[Page]:
        return self._pages[first - 1 : last]


class Of:
    class document:
        id = 1


def trial(text: str, pages: Pages) -> Trial:
    start = Start(None, None, 1, 1)  # type: ignore[arg-type]
    passage = supporting_passage(ABOUT, text, [(page.number, page.text) for page in pages._pages])
    assert passage is not None and passage.names_all
    return Trial(Row(start, None, []), text, [], 0.1, 0.9, False, True, passage=passage)  # type: ignore[arg-type]


def test_what_an_answer_rests_on_is_read_again_though_much_else_on_the_page_matches_better():
    filler = "Nothing was reported in that hour, as in all hours before it and behind it.\n" * 9
    loud = "".join(f"The speed reading of pump P-12 was entered at {hour} o'clock.\n{filler}" for hour in range(9))
    quiet = "Pump P-12 was looked after by Ann Weber.\n"
    pages = Pages(loud + quiet)
    among = Candidates(Start(None, None, 1, 1), [], [], [])  # type: ignore[arg-type]
    ((number, text),) = evidence_pages(pages, Of, ABOUT, among, [trial("Ann Weber", pages)])  # type: ignore[arg-type]
    assert number == 1
    assert quiet.strip() in text
    assert "speed reading" in text  # and as much of the rest as there is room for
    assert len(text) < LONGEST + 700
