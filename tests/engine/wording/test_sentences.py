"""The command line's sentences for evidence and summaries."""

from __future__ import annotations

import pytest

from engine.protocol.evidence import Evidence, PageSpan, Sentence, SummaryBasis
from engine.wording.sentences import doubts, source, summary_basis

SENTENCE = Sentence(page=124, start=0, end=9, text="It broke.")


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (Evidence(kind="section", first_page=3, last_page=3, heading="Costs"), "Source: page 3, “Costs”."),
        (Evidence(kind="section", first_page=3, last_page=5), "Source: pages 3–5."),
        (
            Evidence(kind="reread", reread_pages=(123, 124), sentence=SENTENCE),
            "Source: page 124. Checked on pages 123–124.",
        ),
        (Evidence(kind="reread", reread_pages=(17, 19)), "Source: pages 17, 19, checked again for this question."),
        (Evidence(kind="state", first_page=124, last_page=124, sentence=SENTENCE), "Source: page 124."),
        (
            Evidence(kind="state", first_page=1, last_page=209),
            "Source: all 209 pages; no single page contains the answer.",
        ),
        (
            Evidence(kind="state", first_page=1, last_page=26, as_of_page=26),
            "Source: the first 26 pages; no single page contains the answer.",
        ),
        (
            Evidence(kind="not_found", sections_asked=64, sections=91, nearest=(PageSpan(3, 3), PageSpan(17, 18))),
            "No answer found in 64 of 91 sections. Closest: pages 3, 17–18.",
        ),
        (Evidence(kind="not_found", nearest=(PageSpan(3, 3),)), "No answer found. Closest: page 3."),
        (Evidence(kind="not_found", absent=("P-999",)), "P-999 does not appear in the document."),
        (Evidence(kind="not_found", absent=("A-1", "B-2")), "A-1 and B-2 do not appear in the document."),
        (Evidence(kind="text", text="From page 1"), "From page 1"),
    ],
)
def test_source(evidence: Evidence, words: str) -> None:
    assert source(evidence) == words


def test_doubts() -> None:
    assert doubts(Evidence(kind="section")) == []
    found = doubts(Evidence(kind="state", unverified=("17", "Ann"), doubtful=True, faded_to_page=40, end="length"))
    assert found[0] == "Not found on those pages: 17, Ann."
    assert "unsure" in found[1] and found[2].startswith("Pages 1–40 are no longer") and "cut" in found[3]
    (other,) = doubts(Evidence(kind="section", doubtful=True, contradicted=True))
    assert other.startswith("Another sentence")
    assert doubts(Evidence(kind="not_found", faded_to_page=40)) == []
    (scan,) = doubts(Evidence(kind="section", recognised_pages=(3, 4), recognition=0.934))
    assert scan == "Read by text recognition (OCR) with a certainty of 93%: pages 3–4. Check the words on the page."


@pytest.mark.parametrize(
    ("basis", "words"),
    [
        (SummaryBasis(made_from="state", first_page=1, last_page=1), "From the whole document, page 1."),
        (
            SummaryBasis(
                made_from="sections", first_page=1, last_page=209, sections=52, sections_with_findings=5, merges=1,
                lines_dropped=3,
            ),
            "From 52 sections, pages 1–209, merged once; 5 with findings; 3 unsupported lines removed.",
        ),
        (
            SummaryBasis(made_from="sections", first_page=1, last_page=9, sections=2, focus="arrays", merges=2),
            "From 2 sections, pages 1–9, merged in 2 steps; no section mentions “arrays”.",
        ),
        (
            SummaryBasis(
                made_from="sections", first_page=1, last_page=9, sections=1, sections_with_findings=1,
                pages_without_text=(2, 4, 5), merges_rejected=1, unverified=("Ann",), end="repetition",
            ),
            "From 1 section, pages 1–9; 1 section group could not be merged reliably and is shown unmerged; stopped "
            "because the model repeated itself; no text on pages 2, 4–5; not found on any page: Ann.",
        ),
        (SummaryBasis(made_from="sections"), "There was no section to summarise."),
        (SummaryBasis(made_from="text", text="Of 3 sections."), "Of 3 sections."),
    ],
)  # fmt: skip
def test_summary_basis(basis: SummaryBasis, words: str) -> None:
    assert summary_basis(basis) == words
