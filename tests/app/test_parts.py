"""Parts of the window that can be judged without one."""

from __future__ import annotations

import json
import logging
import math
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication, QPointF, QSizeF
from PySide6.QtGui import QColor

from app.document.memory_strip import MemoryStrip, StripFacts
from app.jobs.worker_supervisor import WorkerFacts, worker_command
from app.pages.layout import PageLayout
from app.settings.models import DEMO_FOLDER, look_at, model_name
from app.settings.store import Settings, from_json, to_json
from app.state.conversation import Conversation
from app.state.session import DocumentSession, Phase
from app.style import theme
from app.style.widgets import with_page_links
from app.style.words import time_left
from app.summary.progress_panel import figures, phase_words
from app.tasks.throttle import Throttle
from engine.grounding.locate import best_pages, terms_of
from engine.protocol import wire as m


@given(st.lists(st.floats(50, 3000), min_size=1, max_size=60), st.floats(0.2, 4), st.floats(0, 5000))
def test_every_height_of_the_column_belongs_to_a_page(heights, scale, y):
    layout = PageLayout()
    layout.reset(len(heights))
    layout.set_sizes(0, [QSizeF(600, height) for height in heights])
    layout.set_scale(scale)
    page = layout.page_at(y)
    assert 0 <= page < len(heights)
    rect = layout.rect(page, 800)
    above = layout.rect(page - 1, 800).bottom() if page else 0.0
    below = layout.rect(page + 1, 800).top() if page + 1 < len(heights) else math.inf
    assert above < max(y, rect.top()) < below
    point = layout.to_points(page, QPointF(rect.center()), 800)
    assert abs(point.x() - 300) < 1 and abs(point.y() - heights[page] / 2) < 1


CONTRAST = [(theme.CONTRAST_LIGHT, 7.0), (theme.CONTRAST_DARK, 7.0)]


def luminance(color: str) -> float:
    parts = [QColor(color).redF(), QColor(color).greenF(), QColor(color).blueF()]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("roles", "least"), [(theme.LIGHT, 4.5), (theme.DARK, 4.5), *CONTRAST])
@pytest.mark.parametrize(
    ("front", "back"),
    [
        ("text", "window"), ("text", "surface"), ("muted", "window"), ("muted", "surface"), ("muted", "sunken"),
        ("on_accent", "accent"), ("accent_text", "accent_soft"), ("accent_text", "surface"), ("warning", "surface"),
        ("warning", "warning_soft"), ("evidence_text", "evidence_soft"), ("text", "error_soft"), ("error", "surface"),
    ],
)  # fmt: skip
def test_text_can_be_read_in_every_theme(roles, least, front, back):
    """WCAG AA: 4.5 to 1; AAA, of the themes with high contrast: 7 to 1."""
    one, other = luminance(getattr(roles, front)), luminance(getattr(roles, back))
    assert (max(one, other) + 0.05) / (min(one, other) + 0.05) >= least


def test_the_style_sheet_names_no_colour_of_its_own():
    text = (theme.RESOURCES / "theme.qss").read_text()
    assert "#" not in theme.re.sub(r"\w*#[a-zA-Z]+", "", text.replace("QWidget#", "QWidget "))
    assert "@" not in theme.fill(text, theme.LIGHT)


def test_tries_and_follow_ups_form_a_forest():
    talk = Conversation()
    first = talk.add("When?")
    second = talk.add("Where?")
    below = talk.add("Why?", parent=first)
    again = talk.add("When?", revises=first)
    assert [turn.key for turn in talk.visible()] == [again.key, second.key]
    talk.show_try(again, -1)
    assert list(talk.visible()) == [first, below, second]
    talk.remove(again)
    assert talk.tries(first) == [first]


def test_the_words_of_an_answer_lead_to_the_page_that_holds_them():
    pages = [
        (number, f"Entry {number}: pump P-{number} at {number * 7} bar, signed by Omar Singh")
        for number in range(1, 90)
    ]
    assert best_pages(pages, terms_of("Pump P-42 ran at 294 bar."), []) == [42]
    assert best_pages(pages, terms_of("294 bar"), terms_of("What was the pressure of pump P-42?")) == [42]
    assert best_pages(pages, terms_of("94 bar"), terms_of("What was the pressure of pump P-42?")) == []
    assert best_pages(pages, terms_of("Luca Lorfenwell"), terms_of("Who signed?")) == []
    assert best_pages([], ["x"], []) == [] and best_pages(pages, [], ["y"]) == []


@given(st.text(max_size=300))
def test_any_answer_has_terms_and_links_without_markup_of_its_own(text):
    terms_of(text)
    linked = with_page_links(text + " <b>page 12</b>")
    assert '<a href="page:12">page 12</a>' in linked and "<b>" not in linked


def test_settings_survive_a_round_trip():
    settings = Settings(theme="dark", recent=("a", "b"), window={"x": "00"}, text_size=12)
    assert from_json(to_json(settings)) == settings


def test_the_worker_is_told_what_was_chosen(caplog):
    settings = Settings(model="/m", library="/l.db", device="cpu", precision="bf16")
    options = ["--model", "/m", "--library", "/l.db", "--device", "cpu", "--precision", "bf16"]
    program = [sys.executable, "-P", "-m", "engine.cli.worker"]
    assert worker_command(settings) == [*program, *options]
    assert worker_command(Settings()) == program
    with caplog.at_level(logging.DEBUG, "app"):
        assert worker_command(Settings()) == [*program, "--debug"]


def test_a_session_follows_the_events_of_a_reading():
    session = DocumentSession("/x.pdf")
    session.apply(m.DocumentOpened(document_id=None, path="/x.pdf", title="X", kind="pdf", size=9, page_count=10))
    session.apply(m.ReadingResumed(document_id=3, tokens=100, page=2))
    session.apply(
        m.PrefillAdvanced(
            tokens=300, page=5, page_count=10, total_tokens=1000, total_is_exact=False, tokens_per_second=50.0,
            seconds_left=14.0, resident_bytes=10**8,
        )
    )  # fmt: skip
    assert session.document_id == 3 and session.fraction == 0.3 and session.phase is Phase.READING
    assert figures(session) == ("300 of about 1,000 tokens", "50 tokens/s", "about 15 s left")
    assert phase_words(session, WorkerFacts("ready")) == "Reading page 5 of 10"
    for tokens in range(2000):
        session.progress.sample(tokens, 10**8)
    assert len(session.progress.memory) <= 101 and session.progress.memory[-1][0] == 1999


@pytest.mark.parametrize(("seconds", "words"), [(3, "a few seconds"), (33, "35 s"), (600, "10 min"), (9000, "2.5 h")])
def test_time_left_is_as_exact_as_it_is_known(seconds, words):
    assert words in time_left(seconds)


def test_changes_are_gathered(qtbot):
    delivered: list[int] = []
    throttle = Throttle(delivered.append, 30)
    began = time.monotonic()
    while time.monotonic() - began < 0.3:
        throttle.add(1)
        throttle.add(4)
        QCoreApplication.processEvents()
    assert 3 <= len(delivered) <= 14 and set(delivered) == {5}
    throttle.add(2)
    throttle.clear()
    assert throttle.is_idle
    throttle.flush()
    assert delivered[-1] == 5


@pytest.mark.parametrize("pages", [1, 7, 300, 5000])
def test_the_strip_finds_the_page_under_the_mouse(qtbot, qapp, pages):
    strip = MemoryStrip(theme.Theme(qapp))
    qtbot.addWidget(strip)
    strip.resize(600, 40)
    strip.set_facts(StripFacts(pages=pages, read_to=pages // 2, snapshots={1: "checkpoint"}, evidence=(1, 1)))
    for page in {1, pages // 2 + 1, pages}:
        first = strip.page_at(strip.cell_rect(page).center().x())
        assert first <= page < first + strip.pages_per_cell
    strip.grab()


def test_a_folder_is_judged_before_it_is_chosen(tmp_path: Path):
    assert look_at(tmp_path) is None
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    assert 'model_type "llama"; Readthrough runs mamba' in look_at(tmp_path).problem
    values = json.loads((DEMO_FOLDER / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(values))
    assert "has no weights" in look_at(tmp_path).problem
    (tmp_path / "model.safetensors").write_bytes(bytes(1000))
    assert look_at(tmp_path).problem == ""
    (tmp_path / "config.json").write_text("no json")
    assert "cannot be read" in look_at(tmp_path).problem
    assert model_name(str(DEMO_FOLDER)) == "Demo model"


@pytest.mark.slow
def test_the_tour_writes_every_picture(tmp_path: Path, qapp, monkeypatch):
    from app.window import tour
    from tests import fakes
    from tests.app.conftest import make_pdf

    monkeypatch.setenv("READTHROUGH_LIBRARY", "")
    path = make_pdf(tmp_path / "x.pdf", 60)
    assert (
        tour.run(
            str(tmp_path / "out"), document=str(path), command=lambda _: fakes.worker_command(pages=60, delay=0.03)
        )
        == 0
    )
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert len(names) == 13 and names[0] == "01-first-start-light.png" and names[-1] == "24-keyboard-dark.png"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from(["- one", "Two on page 7", "# Three", "4. four", "Five:", "six", "\u2029x"]), max_size=6
        ),
        min_size=1,
        max_size=5,
    )
)
def test_lines_set_one_after_the_other_end_as_lines_set_at_once(texts):
    from PySide6.QtWidgets import QApplication

    from app.summary.line_text import LineText, lines_of

    look = theme.Theme(QApplication.instance())
    grown, fresh = LineText("a", look), LineText("b", look)
    for lines in texts:
        grown.show_lines(lines_of("\n".join(lines), [[3, 4, 9]] * (len(lines) % 2)))
    last = texts[-1]
    fresh.show_lines(lines_of("\n".join(last), [[3, 4, 9]] * (len(last) % 2)))
    for view in (grown, fresh):
        while not view.is_finished:
            view.work()
    assert grown.toHtml() == fresh.toHtml() and grown.document().blockCount() == max(len(last), 1)
    for view in (grown, fresh):
        view.deleteLater()
    look.deleteLater()


def test_a_text_that_streams_in_ends_as_the_whole_text(qtbot, qapp):
    from app.summary.line_text import LineText, lines_of

    text = "Key findings:\n- Pump P-204 failed (page 9).\n- See pages 12 to 13.\n\nThat is all."
    streamed, whole = LineText("a", theme.Theme(qapp)), LineText("b", theme.Theme(qapp))
    qtbot.addWidget(streamed)
    qtbot.addWidget(whole)
    for end in range(1, len(text) + 1):
        streamed.show_lines(lines_of(text[:end]))
    whole.show_lines(lines_of(text))
    assert streamed.toHtml() == whole.toHtml() and 'href="page:12"' in whole.toHtml()
