"""The text view: results on stdout, remarks on stderr, sections without findings folded."""

from __future__ import annotations

import io

import msgspec
import pytest

from engine.cli.output import Output
from engine.cli.progress import NoProgress
from engine.cli.view import TextView
from engine.protocol import wire
from engine.protocol.evidence import Evidence, PageSpan, Sentence, SummaryBasis
from engine.protocol.wire import Event


class Screen:
    """A view of events, and what it printed."""

    def __init__(self, **options) -> None:
        self._out, self._err = io.StringIO(), io.StringIO()
        self.view = TextView(Output(self._out), Output(self._err), NoProgress(), **options)

    def show(self, *events: Event) -> None:
        for event in events:
            self.view.show(event)
        self.view.close()

    @property
    def out(self) -> str:
        return self._out.getvalue()

    @property
    def err(self) -> str:
        return self._err.getvalue()


def section(number: int, text: str = "", heading: str = "") -> wire.SectionSummarized:
    return wire.SectionSummarized(
        section=number,
        sections=9,
        heading=heading,
        first_page=2 * number - 1,
        last_page=2 * number,
        text=text or "No key findings.",
        line_pages=[[2 * number]],
        has_findings=bool(text),
    )


def finished(**basis) -> wire.SummaryFinished:
    record = SummaryBasis(made_from="sections", first_page=1, last_page=18, sections=9, **basis)
    return wire.SummaryFinished(text="", length="page", basis=record, tokens_per_second=1.0)


def test_sections_without_findings_share_a_line() -> None:
    screen = Screen()
    screen.show(
        section(1), section(2), section(3, "The bearing broke.", "Week 3"), section(4),
        wire.SummaryDelta(text="It broke.", pages=[6]), finished(sections_with_findings=1),
    )  # fmt: skip
    assert screen.out == (
        "Pages 1–4: no findings (2 sections)\n"
        "\nPages 5–6 · Week 3: The bearing broke. (page 6)\n"
        "\nPages 7–8: no findings (1 section)\n"
        "\nIt broke. (page 6)\n"
    )
    assert screen.err == "From 9 sections, pages 1–18; 1 with findings.\n"


def test_saved_sections_are_shown_only_beside_new_ones() -> None:
    def saved(number: int) -> wire.SectionSummarized:
        return msgspec.structs.replace(section(number, f"Text {number}."), saved=True)

    screen = Screen()
    screen.show(*map(saved, range(1, 10)), wire.SummaryDelta(text="It broke."), finished())
    assert screen.out == "It broke.\n"
    assert screen.err.startswith("the section summaries were made before\n")
    resumed = Screen()
    resumed.show(saved(1), saved(2), section(3, "New."), saved(4), wire.SummaryDelta(text="It broke."))
    assert [line for line in resumed.out.splitlines() if line] == [
        "Pages 1–2: Text 1. (page 2)",
        "Pages 3–4: Text 2. (page 4)",
        "Pages 5–6: New. (page 6)",
        "Pages 7–8: Text 4. (page 8)",
        "It broke.",
    ]


def test_sections_without_text_are_without_findings() -> None:
    empty = msgspec.structs.replace(section(1), text="", has_findings=True)
    screen = Screen()
    screen.show(empty, msgspec.structs.replace(empty, section=2, first_page=3, last_page=4))
    assert screen.out.strip() == "Pages 1–4: no findings (2 sections)"


def test_a_section_that_is_its_heading_alone_is_named() -> None:
    empty = msgspec.structs.replace(section(1), text="", heading="Minutes", has_findings=True)
    screen = Screen()
    screen.show(empty)
    assert screen.out.strip() == "Pages 1–2 · Minutes"


def test_only_sections_without_findings() -> None:
    screen = Screen()
    screen.show(*map(section, range(1, 10)), wire.SummaryDelta(text="No key findings."), finished())
    assert screen.out == "Pages 1–18: no findings (9 sections)\n\nNo key findings.\n"


def test_escape_codes_in_headings_and_names_are_not_printed() -> None:
    screen = Screen()
    screen.show(
        wire.DocumentOpened(document_id=1, path="/x/\x1b]0;P\x07a\nb.txt", title="", kind="text", size=9, page_count=1),
        section(1, "x\x1b[2J", "\x1b[31m\nRed"),
        wire.JobFailed(kind="known", message="no file \x1b[1m\nnamed so."),
    )
    assert "\x1b" not in screen.out + screen.err and "\x07" not in screen.err
    assert screen.err == "�]0;P�a b.txt: 1 page, 9 B\nerror: no file �[1m named so\n"
    assert screen.out == "Pages 1–2 · �[31m Red: x�[2J (page 2)\n\n"


def test_answer_names_its_source_and_doubts_below() -> None:
    screen = Screen()
    sentence = Sentence(page=9, start=0, end=3, text="...")
    evidence = Evidence(kind="section", first_page=9, last_page=9, sentence=sentence, unverified=("17",))
    screen.show(
        wire.AnswerDelta(text="On 3 March"),
        wire.AnswerFinished(text="On 3 March", evidence=evidence, turn_id=4, seconds_to_first_token=0.1),
    )
    assert screen.out == "On 3 March\n(Source: page 9.)\n(Not found on those pages: 17.)\n"
    assert screen.err == "turn 4; ask a follow-up with --after 4\n"


def test_question_about_a_document_that_was_read_does_not_repeat_its_coverage() -> None:
    finished_before = wire.ReadingFinished(
        document_id=1, pages=9, pages_read=9, pages_without_text=[], problems={}, tokens=70, tokens_reused=70,
        sections=1, trained_context=None, seconds=0.1,
        outcome="a.pdf was read in full: 9 pages with text.",
    )  # fmt: skip
    screen = Screen()
    screen.show(wire.JobStarted(command="Ask"), finished_before)
    assert screen.err == "Up to date: all 70 tokens were read before.\n"
    faulty = Screen()
    faulty.show(wire.JobStarted(command="Ask"), msgspec.structs.replace(finished_before, pages_without_text=[4]))
    assert faulty.err.startswith("a.pdf was read in full")


def test_answer_that_found_nothing_says_so_once() -> None:
    evidence = Evidence(kind="not_found", nearest=(PageSpan(1, 1), PageSpan(1, 1)), sections_asked=0)
    quoted = "No answer found. Closest passages:\n“The boiler is new.” (page 1)"
    for text, last in ((quoted, "page 1)\n"), ("I do not know", "(No answer found. Closest: page 1.)\n")):
        screen = Screen()
        finished_answer = wire.AnswerFinished(text=text, evidence=evidence, turn_id=None, seconds_to_first_token=0.1)
        screen.show(wire.AnswerDelta(text=text), finished_answer)
        assert screen.out.endswith(last) and screen.out.count("No answer found") == 1


def test_words_that_answer_are_printed_within_their_sentence() -> None:
    screen = Screen()
    screen.show(wire.AnswerDelta(text="“On 3 March it ran.”", emphasis=(4, 11)))
    assert screen.out == "“On 3 March it ran.”\n"


def test_quiet_keeps_what_matters() -> None:
    screen = Screen(quiet=True)
    screen.show(
        wire.ModelLoading(folder="/m"), wire.FollowWaiting(path="/x"), wire.Notice(kind="demo_model"), finished()
    )
    assert screen.err.startswith("note: the included models") and screen.err.count("\n") == 2


@pytest.mark.parametrize(
    ("reused", "words"),
    [
        (0, "7,047 tokens."),
        (7047, "Up to date: all 7,047 tokens were read before."),
        (7000, "47 new tokens read of 7,047."),
    ],
)
def test_coverage_tells_new_from_known_tokens(reused: int, words: str) -> None:
    screen = Screen()
    event = wire.ReadingFinished(
        document_id=1, tokens=7047, tokens_reused=reused, pages=6, pages_read=6, pages_without_text=[], problems={},
        sections=3, trained_context=None, seconds=1.0, outcome="a.txt was read in full: 6 pages with text.",
    )  # fmt: skip
    screen.show(wire.JobStarted(command="Read"), event)
    assert screen.out == f"a.txt was read in full: 6 pages with text. {words}\n"


def test_a_paragraph_is_printed_without_the_sections() -> None:
    screen = Screen(paragraph=True)
    screen.show(section(1, "The bearing broke."), wire.SummaryDelta(text="A bearing broke.\n", pages=[2]), finished())
    assert screen.out == "A bearing broke. (page 2)\n"


def test_a_text_that_is_quoted_is_not_called_long_for_the_model() -> None:
    reading = wire.ReadingFinished(
        document_id=1, tokens=9000, tokens_reused=9000, pages=3, pages_read=3, pages_without_text=[], problems={},
        sections=2, trained_context=3000, seconds=1.0, outcome="All 3 pages were read.",
    )  # fmt: skip
    known, quoted = Screen(), Screen()
    known.show(reading)
    quoted.show(wire.Notice(kind="demo_model"), reading)
    assert "Long for this model" in known.err and "Long for this model" not in quoted.err


def test_a_question_to_a_document_read_before_repeats_no_note() -> None:
    def reading(reused: int) -> wire.ReadingFinished:
        return wire.ReadingFinished(
            document_id=1, tokens=900, tokens_reused=reused, pages=3, pages_read=3, pages_without_text=[], problems={},
            sections=2, trained_context=3000, seconds=1.0, outcome="All 3 pages were read.",
        )  # fmt: skip

    for command, reused, told in (("Ask", 900, False), ("Ask", 0, True), ("Summarize", 900, True)):
        screen = Screen()
        screen.show(wire.JobStarted(command=command), wire.Notice(kind="demo_model"), reading(reused))
        assert ("the included models cannot write" in screen.err) is told, (command, reused)
