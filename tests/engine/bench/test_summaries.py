"""The bench of summaries: what it takes for present, invented and rightly placed."""

from __future__ import annotations

import pytest

from engine.bench.summaries import Score, _truth
from engine.documents.formats.text.page_cutter import cut_pages
from engine.errors import KnownError
from engine.library.records import Page
from engine.training.records import records, words
from engine.training.records.writer import Writer

TRUTH = {"- Pump P-1: it broke.": {3}, "- Fan F-2: it fell.": {5}}


def score(text: str, pages: list[list[int]]) -> dict:
    found = Score()
    found.add(text, pages, TRUTH)
    return found.result()


def test_a_summary_that_says_all_on_the_right_pages_is_perfect():
    result = score("Key findings:\n- Pump P-1: it broke.\n- Fan F-2: it fell.", [[], [3], [5]])
    assert (result["present"], result["invented"], result["page_right"]) == (1.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("line", "pages", "present", "invented", "page_right"),
    [
        ("- Pump P-1: it broke.", [4], 0.5, 0.0, 0.0),
        ("- Pump P-1: it broke.", [], 0.5, 0.0, 0.0),
        ("- Pump P-1: it broke.", [1, 2, 3, 4], 0.5, 0.0, 0.0),
        ("- Pump P-1: it broke.", [2, 3], 0.5, 0.0, 1.0),
        ("- Pump P-7: it broke.", [3], 0.0, 1.0, 0.0),
        ("No key findings.", [], 0.0, 0.0, 0.0),
    ],
)
def test_what_is_missing_made_up_or_misplaced_counts_as_such(line, pages, present, invented, page_right):
    result = score(line, [pages])
    assert (result["present"], result["invented"], result["page_right"]) == (present, invented, page_right)


def read(text: str) -> list[Page]:
    return [Page(number, None, page, None, None, None) for number, page in enumerate(cut_pages([text]), 1)]


@pytest.mark.parametrize("seed", range(6))
def test_every_finding_is_found_on_the_pages_that_the_file_is_cut_into(seed):
    record = records.make_record(
        Writer(seed, held_out=True),
        kind=words.KINDS[seed % len(words.KINDS)],
        tokens=4000,
        facts=6,
        findings=5,
        count_tokens=lambda text: len(text) // 3,
        page_tokens=800,
    )
    pages = read("\n\n".join(record.pages) + "\n")
    truth = _truth(record, pages)
    assert truth.keys() == {finding.sentence for finding in record.findings}
    for finding in record.findings:
        held = "".join("".join(page.text.split()) for page in pages if page.number in truth[finding.sentence])
        assert "".join(finding.text.split()) in held


def test_pages_that_are_not_the_records_are_refused():
    record = records.make_record(
        Writer(1), kind=words.KINDS[0], tokens=400, facts=1, findings=1, count_tokens=lambda text: len(text) // 3
    )
    with pytest.raises(KnownError):
        _truth(record, read("Something else."))
