"""Set minutes of the Federal Open Market Committee, given as plain text, as one PDF with bookmarks.

    python -m engine.training.minutes FOLDER OUT.pdf

FOLDER holds one `.txt` file a meeting, named so that their order is the meetings' order, each on one line as the public
text collections have it. The minutes are works of the US government and in the public domain. Words are not changed;
headings and paragraph ends, which such a text has lost, are set again. Needs fpdf2 (extra `test`) and DejaVu fonts.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from fpdf import FPDF

TITLE = "Minutes of the Federal Open Market Committee, December 2015 to December 2017"
FONTS = Path("/usr/share/fonts/truetype/dejavu")
PARAGRAPH = 750
"""Characters after which the next sentence end closes a paragraph."""
HEADINGS = (
    "Annual Organizational Matters",
    "Selection of Committee Officers",
    "Developments in Financial Markets and Open Market Operations",
    "Developments in Financial Markets, Open Market Operations, and Policy Normalization",
    "Developments in Financial Markets and the Federal Reserve's Balance Sheet",
    "Staff Review of the Economic Situation",
    "Staff Review of the Financial Situation",
    "Staff Economic Outlook",
    "Participants' Views on Current Conditions and the Economic Outlook",
    "Participants' Views on Current Economic Conditions and the Economic Outlook",
    "Committee Policy Action",
    "Notation Vote",
)
_TITLE = re.compile(r"Minutes of the Federal Open Market Committee (.{8,40}?\d{4})(?=[A-Z ]| Page)")
_HEADING = re.compile(
    "(?:^| )(" + "|".join(sorted((h.replace("'", "['’]") for h in HEADINGS), key=len, reverse=True)) + ")(?= [A-Z])"
)
_SENTENCE_END = re.compile(r"(?<=[a-z)][.;]) (?=[A-Z])")


class Minutes(FPDF):
    """A page with the title above and the page number below."""

    def header(self) -> None:
        """Draw the running title."""
        if self.page_no() > 1:
            self.set_font("Serif", size=8)
            self.cell(0, 6, TITLE, align="C", new_x="LMARGIN", new_y="NEXT")
            self.ln(4)

    def footer(self) -> None:
        """Draw the page number."""
        self.set_y(-15)
        self.set_font("Serif", size=8)
        self.cell(0, 8, str(self.page_no()), align="C")


def paragraphs(text: str) -> list[str]:
    """Return `text` cut at sentence ends into paragraphs of about PARAGRAPH characters."""
    found = [""]
    for sentence in _SENTENCE_END.split(text):
        if len(found[-1]) > PARAGRAPH:
            found.append("")
        found[-1] = f"{found[-1]} {sentence}".strip()
    return [paragraph for paragraph in found if paragraph]


def build(folder: Path, out: Path) -> int:
    """Write the PDF and return its number of pages. Raises ValueError where a file does not begin with its title."""
    pdf = Minutes(format="Letter")
    pdf.set_title(TITLE)
    pdf.set_author("Federal Open Market Committee")
    pdf.set_margins(28, 24, 28)
    pdf.set_auto_page_break(True, 24)
    pdf.add_font("Serif", "", FONTS / "DejaVuSerif.ttf")
    pdf.add_font("Serif", "B", FONTS / "DejaVuSerif-Bold.ttf")
    for file in sorted(folder.glob("*.txt")):
        text = " ".join(file.read_text(encoding="utf-8").split())
        title = _TITLE.match(text)
        if title is None:
            raise ValueError(f"{file.name} does not begin with the title of the minutes")
        pdf.add_page()
        _heading(pdf, f"Meeting of {title[1]}", 0, 14)
        parts = _HEADING.split(text[title.end() :].strip())
        for paragraph in paragraphs(parts[0]):
            _paragraph(pdf, paragraph)
        for heading, body in zip(parts[1::2], parts[2::2], strict=True):
            _heading(pdf, heading, 1, 11)
            for paragraph in paragraphs(body.strip()):
                _paragraph(pdf, paragraph)
    pdf.output(str(out))
    return pdf.page_no()


def _heading(pdf: FPDF, text: str, level: int, size: int) -> None:
    pdf.ln(3)
    pdf.start_section(text, level=level)
    pdf.set_font("Serif", "B", size)
    pdf.multi_cell(0, size * 0.55, text, new_x="LMARGIN", new_y="NEXT", align="L")
    pdf.ln(2)


def _paragraph(pdf: FPDF, text: str) -> None:
    pdf.set_font("Serif", size=10)
    pdf.multi_cell(0, 5, text, new_x="LMARGIN", new_y="NEXT", align="L")
    pdf.ln(2)


if __name__ == "__main__":
    print(f"{build(Path(sys.argv[1]), Path(sys.argv[2]))} pages")
