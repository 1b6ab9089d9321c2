"""Words, lines and cells of PDF pages in reading order, whatever the order and direction of drawing."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.documents.extraction.extractor import open_document
from engine.documents.pages import DocumentError, Outcome, Page
from tests.engine.documents.drawing import Word, draw_pdf, escaped, shown
from tests.engine.documents.in_process import pdf_lines

LEFT = [
    "The harbour master kept a ledger of all ships",
    "that came in during the year and wrote down",
    "what they carried, who had sent it, and which",
    "of the sheds it was taken to by the dock crew.",
    "On the third of May he was ill and his clerk",
    "took the book home, which was against the rule.",
]
RIGHT = [
    "In the second part of the report the pumps of",
    "the north station are described one by one with",
    "their makers, the year of purchase and the cost",
    "of all repairs since the station was opened to",
    "the public; the oldest of them runs to this day",
    "and needs no more than a new seal every spring.",
]


def read(path: Path, **options: str) -> tuple[list[Page], Outcome]:
    with open_document(path, processes=1, **options) as document:  # type: ignore[arg-type]
        pages = list(document.pages())
    assert document.outcome is not None
    return pages, document.outcome


def text_of(path: Path) -> str:
    return read(path)[0][0].text


def lines_at(x: float, lines: list[str], top: float = 700) -> list[Word]:
    return [(x, top - 14 * number, line) for number, line in enumerate(lines)]


@pytest.mark.parametrize("gap", [60, 25, 18])
def test_one_digit_cells_stay_apart(tmp_path: Path, gap: float) -> None:
    rows = [["March", "58", "2,839", "38", "0", "5", "14"], ["April", "7", "6", "1", "2", "8", "9"]]
    xs = [50, 110, 150, 200, 200 + gap, 200 + 2 * gap, 200 + 3 * gap]
    words = [(x, 700 - 20 * y, cell) for y, row in enumerate(rows) for x, cell in zip(xs, row, strict=True)]
    assert [line.split() for line in text_of(draw_pdf(tmp_path / "a.pdf", [words])).split("\n")] == rows


def test_cells_of_one_operator_stay_apart(tmp_path: Path) -> None:
    content = "BT /F1 10 Tf 50 700 Td [(38) -4000 (0) -4000 (5) -4000 (14)] TJ ET"
    assert text_of(draw_pdf(tmp_path / "a.pdf", [content])).split() == ["38", "0", "5", "14"]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_text_keeps_its_lines(tmp_path: Path, turn: int) -> None:
    matrix = {90: "0 1 -1 0", 180: "-1 0 0 -1", 270: "0 -1 1 0"}[turn]
    step = {90: (14, 0), 180: (0, 14), 270: (-14, 0)}[turn]
    content = "\n".join(
        f"BT /F1 10 Tf {matrix} {300 + step[0] * n} {300 + step[1] * n} Tm ({escaped(line)}) Tj ET"
        for n, line in enumerate(LEFT)
    )
    for rotate in ("", f"/Rotate {turn}"):
        assert text_of(draw_pdf(tmp_path / "a.pdf", [content], page=rotate)) == "\n".join(LEFT)


def test_upright_and_turned_text_of_a_page_are_kept_apart(tmp_path: Path) -> None:
    note = "BT /F1 10 Tf 0 1 -1 0 30 300 Tm (Copy of the archive) Tj ET"
    text = text_of(draw_pdf(tmp_path / "a.pdf", [shown(lines_at(80, LEFT)) + note]))
    assert text == "\n".join([*LEFT, "Copy of the archive"])


@pytest.mark.parametrize("order", ["columns", "right first", "woven", "bottom up"])
def test_two_columns_are_read_one_after_the_other(tmp_path: Path, order: str) -> None:
    left, right = lines_at(50, LEFT), lines_at(320, RIGHT)
    words = {
        "columns": left + right,
        "right first": right + left,
        "woven": [word for pair in zip(left, right, strict=True) for word in pair],
        "bottom up": (left + right)[::-1],
    }[order]
    assert text_of(draw_pdf(tmp_path / "a.pdf", [words])) == "\n".join(LEFT + RIGHT)


def test_a_heading_over_two_columns_comes_first(tmp_path: Path) -> None:
    heading = [(50, 740, "A report on the harbour and on the pumps of the north station, in two parts of one page")]
    words = lines_at(320, RIGHT) + lines_at(50, LEFT) + heading
    assert text_of(draw_pdf(tmp_path / "a.pdf", [words])) == "\n".join([heading[0][2], *LEFT, *RIGHT])


def test_labels_stand_beside_their_values(tmp_path: Path) -> None:
    labels, values = ["Patient", "Dose", "Ward", "Next visit"], ["Ivo Brandt", "5 mg", "Ward 7", "9 June"]
    words = lines_at(50, labels) + lines_at(250, values)
    rows = [f"{label}\t{value}" for label, value in zip(labels, values, strict=True)]
    assert text_of(draw_pdf(tmp_path / "a.pdf", [words])) == "\n".join(rows)


def test_a_table_drawn_by_columns_is_read_by_rows(tmp_path: Path) -> None:
    columns = [["Date", "3 May", "9 May"], ["Item", "Seal kit", "Relay"], ["Amount", "120.50", "48.75"]]
    words = [word for x, column in zip((50, 200, 350), columns, strict=True) for word in lines_at(x, column)]
    assert text_of(draw_pdf(tmp_path / "a.pdf", [words])) == (
        "Date\tItem\tAmount\n3 May\tSeal kit\t120.50\n9 May\tRelay\t48.75"
    )


def test_lines_drawn_from_the_bottom_are_turned_round(tmp_path: Path) -> None:
    assert text_of(draw_pdf(tmp_path / "a.pdf", [lines_at(50, LEFT)[::-1]])) == "\n".join(LEFT)


@pytest.mark.parametrize("by", ["letter", "line"])
def test_a_shadow_is_read_once(tmp_path: Path, by: str) -> None:
    text = "Statement total 4711"
    letters = [(60 + 7 * number, 700.0, letter) for number, letter in enumerate(text) if letter != " "]
    if by == "letter":
        words = [word for x, y, letter in letters for word in ((x, y, letter), (x + 1, y - 1, letter))]
    else:
        words = [(60, 700, text), (61, 699, text)]
    assert "".join(text_of(draw_pdf(tmp_path / "a.pdf", [words])).split()) == text.replace(" ", "")


def test_double_letters_and_equal_figures_stay(tmp_path: Path) -> None:
    text = "Llanfairpwll 1111 0000 aaa bookkeeper"
    letters = [(60 + 6 * number, 700.0, letter) for number, letter in enumerate(text) if letter != " "]
    assert "".join(text_of(draw_pdf(tmp_path / "a.pdf", [letters])).split()) == text.replace(" ", "")


@pytest.mark.parametrize("spacing", [1.0, 1.8, 2.5])
def test_letter_spacing_cuts_no_words(tmp_path: Path, spacing: float) -> None:
    content, x = "", 60.0
    for word in ["Invoice", "138588", "of", "the", "Metropolis", "Tower", "paid", "by", "North", "Drive"]:
        advance = sum(_WIDTHS.get(letter, 5.56) + spacing for letter in word[:-1])
        content += f"BT /F1 10 Tf {spacing} Tc {x} 700 Td ({word[:-1]}) Tj ET "
        content += f"BT /F1 10 Tf 0 Tc {x + advance} 700 Td ({word[-1]} ) Tj ET "
        x += advance + _WIDTHS.get(word[-1], 5.56) + 2.78 + spacing
    assert (
        text_of(draw_pdf(tmp_path / "a.pdf", [content])) == "Invoice 138588 of the Metropolis Tower paid by North Drive"
    )


_WIDTHS = {letter: 2.78 for letter in "tfI"} | {letter: 2.22 for letter in "ijl"} | {"r": 3.33, "m": 8.33, "M": 8.33}
_WIDTHS |= {letter: 5.0 for letter in "vcsky"} | {"w": 7.22, "T": 6.11, "N": 7.22, "D": 7.22}


def test_raised_figures_are_no_part_of_a_number(tmp_path: Path) -> None:
    content = "BT /F1 10 Tf 50 700 Td (about 10) Tj /F1 6 Tf 39 4 Td (6) Tj /F1 10 Tf 6 -4 Td (cells) Tj ET"
    assert text_of(draw_pdf(tmp_path / "a.pdf", [content])) == "about 10^6 cells"


def test_text_beyond_the_page_is_left_out(tmp_path: Path) -> None:
    words = [(50, 700, "on the page"), (50, 900, "above the page"), (700, 700, "beside it")]
    assert text_of(draw_pdf(tmp_path / "a.pdf", [words])) == "on the page"


FIELDS = (
    "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Marta Quill) /Rect [200 696 400 712] >>",
    "<< /Type /Annot /Subtype /Widget /FT /Tx /Ff 8192 /T (pin) /V (1234) /Rect [200 666 400 682] >>",
    "<< /Type /Annot /Subtype /Widget /FT /Btn /T (ok) /V /Yes /AS /Yes /Rect [200 636 212 648]"
    " /AP << /N << /Yes 14 0 R /Off 14 0 R >> >> >>",
    "<< /Type /Annot /Subtype /Widget /FT /Tx /T (note) /F 2 /V (not shown) /Rect [200 606 400 622] >>",
    "<< /Type /XObject /Subtype /Form /BBox [0 0 12 12] /Length 0 >>\nstream\n\nendstream",
)
FORM = {
    "catalog": "/AcroForm << /Fields [10 0 R 11 0 R 12 0 R 13 0 R] /DR << /Font << /F1 3 0 R >> >> >>",
    "page": "/Annots [10 0 R 11 0 R 12 0 R 13 0 R]",
}


def test_values_of_a_form_stand_beside_their_labels(tmp_path: Path) -> None:
    labels = [(50, 700, "Name"), (50, 670, "Secret"), (50, 640, "Checked")]
    text = text_of(draw_pdf(tmp_path / "a.pdf", [labels], objects=FIELDS, **FORM))
    assert text == "Name\tMarta Quill\nSecret\nChecked\t[x]"


def test_a_form_without_printed_text_is_read(tmp_path: Path) -> None:
    assert text_of(draw_pdf(tmp_path / "a.pdf", [""], objects=FIELDS, **FORM)).split("\n")[0] == "Marta Quill"


def test_a_typed_note_is_read_and_comments_are_counted(tmp_path: Path) -> None:
    notes = (
        "<< /Type /Annot /Subtype /FreeText /Contents (Approved on 2 May) /Rect [50 600 300 620] /DA (/F1 10 Tf) >>",
        "<< /Type /Annot /Subtype /Text /Contents (Is this right?) /Rect [300 600 320 620] >>",
    )
    path = draw_pdf(tmp_path / "a.pdf", [lines_at(50, LEFT[:2])], objects=notes, page="/Annots [10 0 R 11 0 R]")
    pages, outcome = read(path)
    assert pages[0].text == "\n".join([*LEFT[:2], "Approved on 2 May"])
    assert "1 comment beside the page is not read" in outcome.sentence


def test_hidden_layers_are_left_out(tmp_path: Path) -> None:
    content = (
        shown([(50, 700, "on the page")])
        + " /OC /MC0 BDC "
        + shown([(50, 680, "HIDDEN DRAFT 9999")])
        + " EMC /OC /MC1 BDC "
        + shown([(50, 660, "a layer that is on")])
        + " EMC"
    )
    layers = ("<< /Type /OCG /Name (draft) >>", "<< /Type /OCG /Name (notes) >>")
    path = draw_pdf(
        tmp_path / "a.pdf",
        [content],
        objects=layers,
        resources="/Properties << /MC0 10 0 R /MC1 11 0 R >>",
        catalog="/OCProperties << /OCGs [10 0 R 11 0 R] /D << /OFF [10 0 R] >> >>",
    )
    assert text_of(path) == "on the page\na layer that is on"


def test_letters_shifted_by_a_constant_are_not_fed(tmp_path: Path) -> None:
    text = "The pump was stopped at nine and the crew drained the line before it was opened again " * 8
    shifted = "".join(chr(ord(letter) - 29) for letter in text)
    lines = [shifted[start : start + 80].replace("\x03", "") for start in range(0, len(shifted), 80)]
    _, outcome = read(draw_pdf(tmp_path / "a.pdf", [lines_at(50, lines)]))
    assert outcome.kind == "unreadable_fonts"


def test_a_dynamic_form_is_named(tmp_path: Path) -> None:
    template = "<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><template/></xdp:xdp>"
    stream = f"<< /Length {len(template)} >>\nstream\n{template}\nendstream"
    path = draw_pdf(
        tmp_path / "a.pdf",
        [[(50, 700, "Please wait...")]],
        objects=(stream,),
        catalog="/NeedsRendering true /AcroForm << /Fields [] /XFA 10 0 R >>",
    )
    assert "XFA" in read(path)[1].sentence


def test_encryption_for_a_certificate_is_named(tmp_path: Path) -> None:
    path = draw_pdf(tmp_path / "a.pdf", [[(50, 700, "words")]])
    data = path.read_bytes().replace(
        b"/Root 1 0 R", b"/Root 1 0 R /Encrypt << /Filter /Adobe.PubSec /V 4 >> /ID [<00> <00>]"
    )
    path.write_bytes(data)
    with pytest.raises(DocumentError) as caught:
        read(path)
    assert caught.value.kind == "needs_certificate"


def attached(name: str, number: int, data: str) -> tuple[str, str]:
    """Return a file specification and its stream, to be numbered `number` and `number` + 1."""
    file = f"<< /Type /Filespec /F ({name}) /UF ({name}) /EF << /F {number + 1} 0 R >> >>"
    return file, f"<< /Type /EmbeddedFile /Length {len(data)} >>\nstream\n{data}\nendstream"


def test_files_of_a_portfolio_follow_its_cover(tmp_path: Path) -> None:
    inner = draw_pdf(tmp_path / "inner.pdf", [[(50, 700, "The pump was repaired.")], [(50, 700, "Page two.")]])
    objects = (
        *attached("report.pdf", 10, inner.read_bytes().decode("latin-1")),
        *attached("list.csv", 12, "id;n\n1;2\n"),
    )
    names = "/Names << /EmbeddedFiles << /Names [(a) 10 0 R (b) 12 0 R] >> >>"
    cover = [[(50, 700, "For the best experience, open this portfolio in another program.")]]
    path = draw_pdf(tmp_path / "a.pdf", cover, objects=objects, catalog=f"{names} /Collection << /View /T >>")
    pages, _ = read(path)
    assert [page.text for page in pages][1:] == ["The pump was repaired.", "Page two.", "id;n\n1;2"]
    assert [page.label for page in pages] == [None, "report.pdf: page 1", "report.pdf: page 2", "list.csv"]
    plain, outcome = read(draw_pdf(tmp_path / "b.pdf", cover, objects=objects, catalog=names))
    assert len(plain) == 1
    assert "2 files are attached to it and were not read: report.pdf, list.csv" in outcome.sentence


def test_raised_signs_of_running_text_get_a_caret_without_a_look_at_each_character(tmp_path: Path) -> None:
    content = (
        "BT /F1 10 Tf 50 700 Td (The lake holds 10) Tj 5 Ts /F1 6 Tf (9) Tj 0 Ts /F1 10 Tf ( litres of water.) Tj ET"
    )
    rest = lines_at(50, ["It was dammed in 1931 for the town below it.", "Two turbines stand at its foot."], 680)
    path = draw_pdf(tmp_path / "a.pdf", [f"{content}\n{shown(rest)}"])
    assert text_of(path).split("\n")[0] == "The lake holds 10^9 litres of water."


def test_cells_that_only_wide_spaces_part_are_cells(tmp_path: Path) -> None:
    rows = [("Larch", "seldom", "often"), ("Alder", "often", "never"), ("Willow", "never", "seldom")]
    prose = lines_at(
        50,
        ["Trees were counted along the river in each month", "of the year, and then again a year later by boat."],
        500,
    )
    prose += lines_at(
        50,
        ["The counts of both years are given in the table.", "No tree was counted twice on one day of a month."],
        470,
    )
    content = "\n".join(
        f"BT /F1 10 Tf 90 Tw 50 {700 - 14 * number} Td ({' '.join(row)}) Tj 0 Tw ET" for number, row in enumerate(rows)
    )
    lines = text_of(draw_pdf(tmp_path / "a.pdf", [f"{content}\n{shown(prose)}"])).split("\n")
    assert [tuple(line.split("\t")) for line in lines[:3]] == rows


def test_a_word_whose_letters_are_drawn_apart_is_one_word(tmp_path: Path) -> None:
    title, left = [], 50.0
    for letter, width in zip("GEZEITEN", (7.8, 6.7, 6.1, 6.7, 2.8, 6.1, 6.7, 7.2), strict=True):
        title.append((left, 740.0, letter))
        left += width + 3.5
    path = draw_pdf(tmp_path / "a.pdf", [[*title, *lines_at(50, LEFT[:3])]])
    assert text_of(path).split("\n")[0] == "GEZEITEN"


def test_leader_dots_join_no_words(tmp_path: Path) -> None:
    words = []
    for number, entry in enumerate((["Log", "of", "the", "pilots"], ["Tide", "table"], ["Fees", "and", "dues"])):
        left = 50.0
        for word in entry:
            words.append((left, 700 - 14 * number, word))
            left += 5.0 * len(word) + 5
        words += [(left + 6 * dot, 700 - 14 * number, ".") for dot in range(30)]
        words.append((400, 700 - 14 * number, str(number + 1)))
    text = text_of(draw_pdf(tmp_path / "a.pdf", [words]))
    assert "Log of the pilots" in text and "Fees and dues" in text


def test_a_table_below_two_columns_keeps_its_rows(tmp_path: Path) -> None:
    words = [*lines_at(50, LEFT[:4]), *lines_at(320, RIGHT[-4:])]
    rows = [("Bird", "May", "June", "July"), ("Heron", "4", "11", "0"), ("Stork", "2", "6", "3")]
    for number, row in enumerate(rows):
        words += [(x, 600 - 14 * number, cell) for x, cell in zip((50, 190, 330, 470), row, strict=True)]
    lines = text_of(draw_pdf(tmp_path / "a.pdf", [words])).split("\n")
    assert [tuple(line.split("\t")) for line in lines[-3:]] == rows
    assert lines[:8] == [*LEFT[:4], *RIGHT[-4:]]


def test_lists_beside_each_other_are_read_one_after_the_other(tmp_path: Path) -> None:
    left = ["\u2022 Rent rises to", "14 a metre", "\u2022 Two floors"]
    right = ["\u2022 New site is", "level", "\u2022 One lift"]
    words = [(60.0, 700.0 - 20 * number, line) for number, line in enumerate(left)]
    words += [(260.0, 700.0 - 20 * number, line) for number, line in enumerate(right)]
    lines = pdf_lines(draw_pdf(tmp_path / "a.pdf", [words]))
    assert lines == left + right


def test_a_space_at_the_end_of_a_number_parts_it_from_its_item(tmp_path: Path) -> None:
    """Numbers of a list are drawn first, each with a space that reaches to the item."""
    items = ("Switch off the mains.", "Remove the screws.", "Lift the lid.")
    numbers = [(60.0, 700.0 - 14 * place, f"{place + 1}. ") for place in range(3)]
    texts = [(71.12, 700.0 - 14 * place, item) for place, item in enumerate(items)]
    lines = pdf_lines(draw_pdf(tmp_path / "a.pdf", [[*numbers, *texts]]))
    assert lines == [f"{number}. {item}" for number, item in enumerate(items, 1)]


def test_a_raised_figure_nearly_as_high_as_the_others_gets_a_caret(tmp_path: Path) -> None:
    content = "BT /F1 12 Tf 50 700 Td (It holds 1.2 x 10) Tj /F1 10.4 Tf 5 Ts (9) Tj /F1 12 Tf 0 Ts ( litres) Tj ET"
    assert pdf_lines(draw_pdf(tmp_path / "a.pdf", [content])) == ["It holds 1.2 x 10^9 litres"]
