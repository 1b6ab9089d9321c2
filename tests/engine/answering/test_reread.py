"""Re-reading: the passage of an answer is among the pages read again."""

from __future__ import annotations

from engine.answering.attempts import Attempt, Prompt
from engine.answering.reread import LONGEST, evidence_pages
from engine.answering.retrieval import Retrieved, Source
from engine.grounding.passages import supporting_passage
from engine.library.records import Page

ABOUT = "Who entered the speed reading of pump P-12?"


class Pages:
    def __init__(self, *texts: str) -> None:
        self._pages = [Page(number, None, text, None, None, None) for number, text in enumerate(texts, 1)]

    def pages(self, first: int, last: int) -> list[Page]:
        return self._pages[first - 1 : last]


def attempt(text: str, pages: Pages) -> Attempt:
    source = Source(None, None, 1, 1)  # type: ignore[arg-type]
    passage = supporting_passage(ABOUT, text, [(page.number, page.text) for page in pages._pages])
    assert passage is not None and passage.names_all
    prompt = Prompt(source, None, [])  # type: ignore[arg-type]
    return Attempt(prompt, text, [], 0.1, 0.9, False, True, passage=passage, supported=True)


def test_reread_keeps_the_passage_of_an_answer():
    filler = "Nothing was reported in that hour, as in all hours before it and behind it.\n" * 9
    loud = "".join(f"The speed reading of pump P-12 was entered at {hour} o'clock.\n{filler}" for hour in range(9))
    quiet = "Pump P-12 was looked after by Ann Weber.\n"
    pages = Pages(loud + quiet)
    retrieved = Retrieved(Source(None, None, 1, 1), [], [], [])  # type: ignore[arg-type]
    ((number, text),) = evidence_pages(pages, ABOUT, retrieved, [attempt("Ann Weber", pages)])  # type: ignore[arg-type]
    assert number == 1
    assert quiet.strip() in text
    assert "speed reading" in text  # and as much of the rest as there is room for
    assert len(text) < LONGEST + 700
