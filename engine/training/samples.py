"""The shipped samples: a year's incident record of a plant as a PDF, and a quarter of shift log as a text file.

    python -m engine.training.samples        writes resources/samples (needs fpdf2, a development dependency)

Both are records of the kind that the demo model was trained on, with the training's names and fresh values; each week
is a section of its own. README.md beside them lists questions and their answers.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from fpdf import FPDF, TextStyle

from engine.training.records import records, words
from engine.training.records.facts import Fact, Finding
from engine.training.records.questions import ask
from engine.training.records.writer import Writer

FOLDER = Path(__file__).parents[2] / "resources" / "samples"
TOKENIZER = Path(__file__).parents[2] / "resources" / "models" / "demo"
PLANT = "Harlow"
YEAR = 2024
PDF_WEEKS, LOG_WEEKS = 52, 13
PDF_TOKENS, LOG_TOKENS = 1250, 1100
PDF_NAME, LOG_NAME = "harlow-incidents-2024.pdf", "harlow-shifts-2025.log"
PDF_SEED, LOG_SEED = 2024, 2025
# Week -> key findings in it. Six in all: the most that the demo model merges without mistakes.
PDF_FINDINGS = {5: 1, 14: 1, 23: 2, 37: 1, 46: 1}
LOG_FINDINGS = {2: 1, 4: 2, 7: 1, 10: 2}


class SampleWriter(Writer):
    """A writer whose dates fall into one week and whose machines never come up twice."""

    unrelated = strange = shaken = 0.0

    def __init__(self, seed: int, year: int) -> None:
        super().__init__(seed)
        self.year = year
        self.week = 0
        self._used: set[str] = set()

    def monday(self) -> date:
        return date.fromisocalendar(self.year, self.week + 1, 1)

    def date(self) -> str:
        return spoken(self.monday() + timedelta(days=self.below(7)))

    def thing(self, kind: words.Kind, near: str | None = None) -> str:
        while True:
            thing = super().thing(kind, near)
            if thing not in self._used:
                self._used.add(thing)
                return thing


@dataclass(frozen=True)
class Week:
    """One section: its heading, paragraphs and facts."""

    heading: str
    days: list[str]
    paragraphs: list[str]
    facts: list[Fact]
    findings: list[Finding]


def spoken(day: date) -> str:
    return f"{day.day} {words.MONTHS[day.month - 1]} {day.year}"


def weeks(
    seed: int, year: int, count: int, tokens: int, findings: dict[int, int], count_tokens: Callable[[str], int]
) -> list[Week]:
    """Return `count` weeks of record, each at most `tokens` tokens."""
    writer = SampleWriter(seed, year)
    made: list[Week] = []
    for index in range(count):
        writer.week = index
        record = records.make_record(
            writer,
            kind=words.INCIDENTS,
            tokens=tokens,
            facts=3 + writer.below(3),
            findings=findings.get(index + 1, 0),
            count_tokens=count_tokens,
            corrections=0.15,
            plain=True,
        )
        lines = [line for page in record.pages for line in page.split("\n")]
        days = [spoken(writer.monday() + timedelta(days=d)) for d in range(7)]
        heading = f"Shift record of the {PLANT} plant, week {index + 1}"
        made.append(Week(heading, days, lines[1:], record.facts, record.findings))
    return made


def write_pdf(made: list[Week], path: Path) -> int:
    """Typeset the weeks with a title page, running heads and an outline; returns the number of pages.

    No list of contents: the model was trained on records alone, and takes one for noise.
    """
    from fpdf import FPDF

    class Document(FPDF):
        section = ""

        def header(self) -> None:
            if self.page_no() > 1:
                self.set_font("helvetica", size=8)
                self.set_text_color(110)
                self.cell(0, 5, f"{PLANT} plant - Incident record {YEAR}", align="L")
                self.set_x(self.l_margin)
                self.cell(0, 5, self.section, align="R", new_x="LMARGIN", new_y="NEXT")
                self.set_draw_color(190)
                self.line(self.l_margin, self.get_y() + 1, self.w - self.r_margin, self.get_y() + 1)
                self.ln(7)
                self.set_text_color(0)

        def footer(self) -> None:
            if self.page_no() > 1:
                self.set_y(-15)
                self.set_font("helvetica", size=8)
                self.set_text_color(110)
                self.cell(0, 5, f"Page {self.page_no()}", align="C")
                self.set_text_color(0)

    pdf = Document(format=(148, 210))
    pdf.core_fonts_encoding = "cp1252"  # Latin-1 has no euro sign
    pdf.set_title(f"{PLANT} plant: incident record {YEAR}")
    pdf.set_author(f"{PLANT} plant, maintenance office")
    pdf.set_creation_date(datetime(YEAR + 1, 1, 6, tzinfo=UTC))  # the same file every time
    pdf.set_margins(18, 14, 18)
    pdf.set_auto_page_break(True, margin=20)
    _title_page(pdf)
    pdf.set_section_title_styles(_title_style(15, 4), _title_style(11, 3))
    for index, week in enumerate(made):
        pdf.section = f"Week {index + 1}"
        pdf.add_page()
        pdf.start_section(week.heading)
        step = max(1, len(week.paragraphs) // 6)
        for at, paragraph in enumerate(week.paragraphs):
            if at % step == 0 and at // step < 7:
                shift = "Day shift" if (index + at) % 2 else "Night shift"
                pdf.start_section(f"{shift}, {week.days[at // step]}", level=1)
            pdf.set_font("times", size=11)
            pdf.multi_cell(0, 5.6, paragraph, align="L", new_x="LMARGIN", new_y="NEXT")
            pdf.ln(2.5)
    pdf.output(str(path))
    return pdf.pages_count


def _title_page(pdf: FPDF) -> None:
    pdf.add_page()
    pdf.ln(45)
    pdf.set_font("helvetica", "B", 24)
    pdf.multi_cell(0, 12, f"{PLANT} plant", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("helvetica", size=16)
    pdf.multi_cell(0, 10, f"Incident record {YEAR}", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(6)
    pdf.set_draw_color(60)
    pdf.line(pdf.l_margin, pdf.get_y(), pdf.w - pdf.r_margin, pdf.get_y())
    pdf.ln(6)
    pdf.set_font("times", size=11)
    text = (
        "Kept by the maintenance office. Readings, repairs and findings of all shifts, week by week. "
        "This record was made up by a program as a sample; no such plant exists."
    )
    pdf.multi_cell(0, 6, text, align="L", new_x="LMARGIN", new_y="NEXT")


def _title_style(size: int, space: int) -> TextStyle:
    return TextStyle("helvetica", "B", size, t_margin=space / 2, b_margin=2, l_margin=0)


def write_log(made: list[Week], path: Path, seed: int) -> None:
    """Write the weeks as a plain log: a heading line, a line for each day, and an entry with its time a sentence."""
    writer = Writer(seed)
    lines: list[str] = []
    for week in made:
        lines += [week.heading, ""]
        sentences = [s if s.endswith(".") else s + "." for p in week.paragraphs for s in _sentences(p)]
        step = -(-len(sentences) // 7)
        for number, day in enumerate(week.days):
            part = sentences[number * step : (number + 1) * step]
            if not part:
                continue
            lines.append(f"Events of {day}")
            times = sorted((writer.below(16) + 6, writer.below(12) * 5) for _ in part)
            lines += [f"{hour}:{minute:02d} {s}" for (hour, minute), s in zip(times, part, strict=True)]
            lines.append("")
    path.write_text("\n".join(lines), encoding="utf-8")


def _sentences(paragraph: str) -> list[str]:
    """Return sentences of generated text: a stop, a space and a capital or digit end one."""
    out: list[str] = []
    start = 0
    for i in range(len(paragraph) - 2):
        after = paragraph[i + 2]
        if paragraph[i : i + 2] == ". " and (after.isupper() or after.isdigit()):
            out.append(paragraph[start : i + 1])
            start = i + 2
    return [*out, paragraph[start:]]


def write_readme(pdf_weeks: list[Week], log_weeks: list[Week], path: Path) -> None:
    """Write questions to try, with the answers of the record."""
    writer = Writer(0)
    writer.shaken = 0.0
    lines = [
        "# Samples",
        "",
        "Made by `python -m engine.training.samples`; nothing in them is real. They are records of the kind that the",
        "shipped demonstration model was trained on, so its answers can be checked against what stands below.",
    ]
    for name, made in ((PDF_NAME, pdf_weeks), (LOG_NAME, log_weeks)):
        lines += ["", f"## {name}", "", "| question | the record says |", "|---|---|"]
        for week in made[:: max(1, len(made) // 8)][:8]:
            for fact in week.facts[:1]:
                lines.append(f"| {ask(writer, fact).question} | {fact.value} |")
        lines.append("| What was the speed of pump P-999? | Not in this document. |")
    path.write_text("\n".join(lines) + "\n")


def main() -> None:
    from engine.training.tokenizer import WordEncoder, load

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    count = WordEncoder(load(TOKENIZER)).count
    for_pdf = weeks(PDF_SEED, YEAR, PDF_WEEKS, PDF_TOKENS, PDF_FINDINGS, count)
    for_log = weeks(LOG_SEED, YEAR + 1, LOG_WEEKS, LOG_TOKENS, LOG_FINDINGS, count)
    pages = write_pdf(for_pdf, options.out / PDF_NAME)
    write_log(for_log, options.out / LOG_NAME, LOG_SEED)
    write_readme(for_pdf, for_log, options.out / "README.md")
    print(f"{PDF_NAME}: {pages} pages; {LOG_NAME}: {LOG_WEEKS} weeks")


if __name__ == "__main__":
    main()
