"""Summaries through a session: lengths, notes that are kept, pages of every line, what is covered."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from engine.control import Control
from engine.generation.runtime import Runtime
from engine.library.records import SectionNote
from engine.profile.demo import DEMO
from engine.profile.instruct import INSTRUCT
from engine.profile.profile import Profile
from engine.prompting.prompts import NO_FINDINGS
from engine.protocol import wire
from engine.protocol.wire import Summarize
from engine.session import unfamiliar_text
from engine.session.session import Session, open_session
from engine.summarising import section_summaries, summary
from engine.summarising.basis import sections_basis
from engine.summarising.outline import outline
from engine.summarising.paragraph import Paragraph, choose_paragraph
from engine.summarising.reduce import Reduced
from engine.summarising.section_summaries import SectionSummaries
from tests.engine.running import of_kind, run
from tests.engine.tiny import write_pages

SHORTER = INSTRUCT.wording.paragraph


@pytest.fixture(scope="module")
def session(tiny_folder, tmp_path_factory):
    with open_session(tiny_folder, tmp_path_factory.mktemp("library") / "library.db", "cpu", "fp32") as session:
        list(session.model.load("load"))  # the tests come in any order, and some change the loaded model's profile
        yield session


@pytest.fixture
def file(tmp_path) -> Path:
    """A document of its own for every test."""
    file = write_pages(tmp_path / "log.txt", 3, words=48)
    file.write_text(f"# {tmp_path.name}\n{file.read_text()}")
    return file


def summarize(session: Session, file: Path, **wanted) -> list[wire.Event]:
    return run(session, Summarize(job_id="s", path=str(file), **wanted))


def speak(monkeypatch, say) -> list[str]:
    """Let `say` answer in the model's place: (the text it was given) -> an answer. Returns what it was given."""
    given: list[str] = []

    def respond(job, state, texts, most):
        for text in texts:
            words = job.context.runtime.tokenizer.decode(text)
            given.append(words)
            yield say(words), "stop"

    for module in (section_summaries, summary):
        monkeypatch.setattr(module, "generate_batch", respond)
    return given


@pytest.fixture
def use_profile(session):
    """(profile) -> the loaded model has it until the end of the test."""

    def use(profile: Profile) -> None:
        object.__setattr__(session.runtime, "profile", profile)

    before = session.runtime.profile
    yield use
    use(before)


def gauges(words: str) -> str:
    return "Key findings:\n- Gauge 21 was read on day 3."


def test_section_summaries_are_reused(session, file, monkeypatch):
    given = speak(monkeypatch, gauges)
    first = of_kind(summarize(session, file, method="sections"), wire.SectionSummarized)
    n_asked = len(given)
    assert n_asked > len(first) > 1
    again = of_kind(summarize(session, file, length="outline"), wire.SectionSummarized)
    assert len(given) == n_asked
    assert [note.saved for note in first] == [False] * len(first)
    assert [note.saved for note in again] == [True] * len(again)
    assert [(note.text, note.line_pages) for note in again] == [(note.text, note.line_pages) for note in first]
    document = session.library.documents.all()[0].id
    assert [note.text for note in session.library.section_summaries.of(document)] == [note.text for note in first]
    assert "pages" not in " ".join(
        of_kind(summarize(session, file, length="outline"), wire.SummaryFinished)[0].basis.unverified
    )


def test_cancelled_summary_goes_on(session, file, monkeypatch):
    given = speak(monkeypatch, gauges)
    control, seen = Control(), 0
    for event in session.run(Summarize(job_id="s", path=str(file), method="sections"), control):
        seen += isinstance(event, wire.SectionSummarized)
        if seen == 2:
            break
    given.clear()
    notes = of_kind(summarize(session, file, method="sections"), wire.SectionSummarized)
    assert [note.saved for note in notes[:2]] == [True, True]
    assert not any(note.saved for note in notes[2:])


def test_focus_has_its_own_section_summaries(session, file, monkeypatch):
    given = speak(monkeypatch, gauges)
    summarize(session, file, method="sections")
    before = len(given)
    events = summarize(session, file, method="sections", focus="gauge 21")
    assert not any(note.saved for note in of_kind(events, wire.SectionSummarized))
    assert all("gauge 21" in words for words in given[before : before + len(of_kind(events, wire.SectionSummarized))])
    (finished,) = of_kind(events, wire.SummaryFinished)
    assert finished.basis.focus == "gauge 21"
    assert finished.basis.sections_with_findings == finished.basis.sections > 1
    document = session.library.documents.all()[0].id
    assert len(session.library.section_summaries.of(document, focus="gauge 21")) == len(
        session.library.section_summaries.of(document)
    )


def test_every_line_has_its_page(session, file, monkeypatch):
    # The made-up record says: on day 3 reading 0 of gauge 21 was 93 units.
    line = "Reading 0 of gauge 21 on day 3 was 93 units."
    speak(monkeypatch, lambda words: line)
    events = summarize(session, file, method="sections")
    document = session.library.documents.all()[0].id
    page = next(p.number for p in session.library.pages.of(document) if "0 of gauge 21 was 93 units" in p.text)
    for note in of_kind(events, wire.SectionSummarized):
        within = note.first_page <= page <= note.last_page
        assert note.line_pages == [[page] if within else []]
    (finished,) = of_kind(events, wire.SummaryFinished)
    assert finished.text == line
    assert page in finished.basis.line_pages[0]
    assert [tuple(event.pages) for event in of_kind(events, wire.SummaryDelta)] == list(finished.basis.line_pages)
    assert "".join(event.text for event in of_kind(events, wire.SummaryDelta)) == finished.text
    (saved,) = session.library.summaries.of(document)
    assert saved.basis == finished.basis
    assert (saved.length, finished.length, finished.summary_id) == ("page", "page", saved.id)


def test_unsupported_line_of_a_list_is_dropped(session, file, monkeypatch, use_profile):
    speak(monkeypatch, lambda words: "Key findings:\n- Gauge 99999 was read by Elena Petrov.")
    monkeypatch.setattr(unfamiliar_text, "is_familiar", lambda *_: True)
    use_profile(DEMO)
    events = summarize(session, file, method="sections")
    notes = of_kind(events, wire.SectionSummarized)
    assert {note.text for note in notes} == {NO_FINDINGS}
    (finished,) = of_kind(events, wire.SummaryFinished)
    assert finished.text == NO_FINDINGS
    assert finished.basis.lines_dropped == len(notes)


def test_unsupported_name_is_marked(session, file, monkeypatch):
    speak(monkeypatch, lambda words: "- Gauge 21 was read by Elena Petrov.")
    (finished,) = of_kind(summarize(session, file, method="sections"), wire.SummaryFinished)
    assert finished.basis.unverified == ("Elena Petrov",)


def test_paragraph_request_follows_profile(session, file, monkeypatch, use_profile):
    given = speak(monkeypatch, lambda words: "Gauge 21 was read on day 3.")
    summarize(session, file, method="sections", length="paragraph")
    assert SHORTER.strip() in given[-1]
    assert not any(SHORTER.strip() in words for words in given[:-1])
    use_profile(DEMO)
    given.clear()
    summarize(session, file, method="sections", length="paragraph", focus="day 3")
    assert given and not any(SHORTER.strip() in words for words in given)


def test_outline_joins_silent_sections():
    def note(number, text, heading="", pages=None):
        line_pages = pages or [[] for _ in text.splitlines()]
        return SectionNote(number, number, heading, 2 * number - 1, 2 * number, "", text, line_pages)

    notes = [
        note(1, "Key findings:\n- Pump P-1: it broke.\n- Fan F-2: it fell.", "Week 1", [[], [2], [1]]),
        note(2, NO_FINDINGS, "Week 2"),
        note(3, NO_FINDINGS, "Week 3"),
        note(4, "The mill stood still. It rained.", pages=[[8]]),
    ]
    assert list(outline(notes, DEMO.summaries.has_findings)) == [
        ("Week 1, pages 1–2: Pump P-1: it broke. (and 1 more)", [2]),
        ("Week 2, pages 3–6: nothing of note", []),
        ("Pages 7–8: The mill stood still. It rained.", [8]),
    ]


def test_paragraph_keeps_what_returns():
    lines = [("Key findings:", []), *((f"- Tank T-{i}: it was dirty.", [i]) for i in range(8))]
    lines += [("- Pump P-1: it broke.", [9]), ("- Pump P-1: it broke again.", [10]), ("- Pump P-1: it fell.", [11])]
    chosen = choose_paragraph(lines, 5)
    assert "\n" not in chosen.text and "- " not in chosen.text
    assert len(chosen.pages) == 5
    assert (chosen.kept, chosen.lines) == (5, 11)


def test_basis_counts():
    notes = [SectionNote(1, 1, "", 1, 4, "", "Pumps.", [[1]]), SectionNote(2, 2, "", 5, 9, "", NO_FINDINGS, [[]])]
    found = SectionSummaries(notes, notes[:1], cut=1, dropped=2, corrected=1)
    basis = sections_basis(found, Reduced(""), Paragraph("", [], 5, 11), "pumps")
    assert (basis.first_page, basis.last_page, basis.sections, basis.sections_with_findings) == (1, 9, 2, 1)
    assert (basis.sections_cut, basis.lines_corrected, basis.lines_dropped, basis.focus) == (1, 1, 2, "pumps")
    assert (basis.findings_kept, basis.findings) == (5, 11)
    none = sections_basis(SectionSummaries(), Reduced("", 2, 3, joined=True), None, None)
    assert (none.last_page, none.merges, none.merges_rejected, none.joined, none.focus) == (0, 2, 3, True, "")


@pytest.mark.parametrize("wanted", [{"length": "novel"}, {"method": "magic"}])
def test_unknown_length_or_method(session, file, wanted):
    last = summarize(session, file, **wanted)[-1]
    assert isinstance(last, wire.JobFailed) and last.kind == "known"
    assert "choose one of" in last.message


def test_state_summary_streams_lines_with_pages(session, tmp_path, monkeypatch):
    file = write_pages(tmp_path / "short.txt", 1, words=8)
    pieces = ["On day 1 reading 3 of ", "gauge 10 was 82 units.\nThe", " sea is deep.\n", "On day 1"]

    def respond(self, state, request, most, control, sampling=None, said=None):
        yield from pieces
        return "stop"

    monkeypatch.setattr(Runtime, "respond", respond)
    events = summarize(session, file, method="state")
    (finished,) = of_kind(events, wire.SummaryFinished)
    deltas = of_kind(events, wire.SummaryDelta)
    assert "".join(event.text for event in deltas).strip() == finished.text
    assert finished.basis.line_pages == ((1,), (), (1,))
    assert [event.pages for event in deltas if event.pages] == [[1], [1]]
    assert finished.basis.made_from == "state"


def test_long_section_is_read_in_parts(session, tmp_path, monkeypatch, use_profile):
    fpdf = pytest.importorskip("fpdf")
    pdf = fpdf.FPDF()
    pdf.set_font("Helvetica", size=10)
    for number in range(1, 13):
        pdf.add_page()
        pdf.multi_cell(0, 5, f"Pump P-{100 + number} was leaking. " * 16)
    pdf.output(str(tmp_path / "pumps.pdf"))

    def say(words: str) -> str:
        found = sorted(set(re.findall(r"P-\d+", words)))
        return (
            "\n".join(["Key findings:", *(f"- Pump {name}: was leaking." for name in found)]) if found else NO_FINDINGS
        )

    monkeypatch.setattr(Runtime, "trained_context", 2_500)
    monkeypatch.setattr(unfamiliar_text, "is_familiar", lambda *_: True)
    use_profile(DEMO)
    given = speak(monkeypatch, say)
    events = summarize(session, tmp_path / "pumps.pdf", method="sections", length="outline")
    notes = of_kind(events, wire.SectionSummarized)
    long = [note for note in notes if note.last_page > note.first_page]
    assert long and len(given) > len(notes)
    for note in long:
        pages = list(range(note.first_page, note.last_page + 1))
        assert note.text.splitlines() == ["Key findings:", *(f"- Pump P-{100 + page}: was leaking." for page in pages)]
        assert note.line_pages == [[], *([page] for page in pages)]
    for number in range(1, 13):
        assert sum(f"P-{100 + number} " in words for words in given) == 1  # every page was read once
    assert max(len(words) for words in given) < 2_500 // 2 + 500


def test_outline_skips_a_preamble():
    text = "Here are the key findings of this section:\n\n1. **Revenue** grew.\n2. Costs fell."
    note = SectionNote(1, 1, "Results", 1, 2, "", text, [[], [], [1], [2]])
    assert list(outline([note], INSTRUCT.summaries.has_findings)) == [
        ("Results, pages 1–2: Revenue grew. (and 1 more)", [1]),
    ]


def test_selection_quotes_the_pages(session, file):
    events = summarize(session, file, method="selection")
    (finished,) = of_kind(events, wire.SummaryFinished)
    document = session.library.documents.all()[0].id
    pages = {page.number: " ".join(page.text.split()) for page in session.library.pages.of(document)}
    quotes = [
        (line, pages_of_line)
        for line, pages_of_line in zip(finished.text.splitlines(), finished.basis.line_pages, strict=True)
        if line.startswith("“")
    ]
    assert quotes
    assert all(line.strip("“”") in pages[found[0]] for line, found in quotes)
    assert finished.basis.made_from == "selection" and finished.basis.unverified == ()
    notes = of_kind(events, wire.SectionSummarized)
    assert all(note.text.startswith("“") and note.line_pages for note in notes)


def test_unfamiliar_text_and_a_model_that_does_not_write_get_a_selection(session, file, use_profile, monkeypatch):
    use_profile(DEMO)
    monkeypatch.setattr(type(session.library.readings), "familiar", lambda self, document, identity: False)
    (finished,) = of_kind(summarize(session, file), wire.SummaryFinished)
    assert finished.basis.made_from == "selection"
    use_profile(replace(INSTRUCT, summaries=replace(INSTRUCT.summaries, selects=True)))
    (finished,) = of_kind(summarize(session, file, length="outline"), wire.SummaryFinished)
    assert finished.basis.made_from == "selection"
    assert "No key findings" not in finished.text and "nothing of note" not in finished.text
