"""Office files, books, mail and archives: headings, tables with their rows and cells, slides, sheets, attachments."""

from __future__ import annotations

import datetime
import io
import zipfile
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pptx
import pytest

from engine.documents.extraction.extractor import open_document
from engine.documents.formats.office.cell_formats import shown
from engine.documents.pages import DocumentError, DocumentInfo, Outcome, Page
from tests.engine.documents.drawing import draw_pdf

W = "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'"
NAMES = ("office", "text", "table", "drawing")
ODF = " ".join(f"xmlns:{name}='urn:oasis:names:tc:opendocument:xmlns:{name}:1.0'" for name in NAMES)


def read(path: Path) -> tuple[DocumentInfo, list[Page], Outcome]:
    with open_document(path) as document:
        pages = list(document.pages())
    assert document.outcome is not None
    return document.info, pages, document.outcome


def zipped(path: Path, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def docx(path: Path, body: str, **files: str) -> Path:
    styles = "<w:style w:styleId='H1'><w:name w:val='heading 1'/></w:style>"
    styles += "<w:style w:styleId='H2'><w:name w:val='heading 2'/></w:style>"
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
        "word/styles.xml": f"<w:styles {W}>{styles}</w:styles>",
        "docProps/core.xml": "<c xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title>Shift book</dc:title></c>",
    }
    return zipped(
        path, parts | {f"word/{name}.xml": f"<w:{name} {W}>{text}</w:{name}>" for name, text in files.items()}
    )


def paragraph(text: str, style: str = "", run: str = "") -> str:
    properties = f"<w:pPr><w:pStyle w:val='{style}'/></w:pPr>" if style else ""
    return f"<w:p>{properties}<w:r>{run}<w:t>{text}</w:t></w:r></w:p>"


def test_word_headings_make_the_outline(tmp_path: Path) -> None:
    body = ""
    for number in range(1, 6):
        body += paragraph(f"Chapter {number}", "H1") + paragraph("Some words of it. " * 120)
        body += paragraph("Part", "H2") + paragraph("More of the words. " * 20)
    info, pages, outcome = read(docx(tmp_path / "a.docx", body))
    assert (info.title, info.kind, outcome.kind) == ("Shift book", "office", "text")
    chapters = [entry for entry in info.outline if entry.level == 1]
    assert [entry.title for entry in chapters] == [f"Chapter {number}" for number in range(1, 6)]
    for entry in chapters:
        assert pages[entry.page - 1].text.startswith(f"# {entry.title}\n")


def test_word_tables_keep_empty_and_merged_cells(tmp_path: Path) -> None:
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"

    rows = [
        cell("Item") + cell("Price") + cell("Due"),
        cell("Seal") + cell("") + cell("3 May"),
        cell("Both", "<w:gridSpan w:val='2'/>") + cell("9 May", "<w:vMerge w:val='restart'/>"),
        cell("Relay") + cell("48") + cell("hidden", "<w:vMerge/>"),
    ]
    table = "".join(f"<w:tr>{row}</w:tr>" for row in rows)
    _, pages, _ = read(docx(tmp_path / "a.docx", f"<w:tbl>{table}</w:tbl>"))
    assert pages[0].text == "Item\tPrice\tDue\nSeal\t\t3 May\nBoth\t\t9 May\nRelay\t48"


def test_word_reads_what_is_shown_and_nothing_else(tmp_path: Path) -> None:
    body = (
        f"<w:p><w:ins>{paragraph('inserted ')[5:-6]}</w:ins><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>"
        "<w:r><w:t>10</w:t></w:r><w:r><w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:t>6</w:t></w:r>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:footnoteReference w:id='2'/></w:r></w:p>"
        f"<w:sdt><w:sdtContent>{paragraph('in a control')}</w:sdtContent></w:sdt>"
    )
    note = f"<w:footnote w:id='2'>{paragraph('A note.')}</w:footnote>"
    _, pages, _ = read(docx(tmp_path / "a.docx", body, footnotes=note))
    assert pages[0].text == "inserted 10^6 [footnote 2]\n[footnote 2: A note.]\nin a control"


def test_opendocument_text_has_headings_tables_and_notes(tmp_path: Path) -> None:
    body = (
        "<office:text><text:h text:outline-level='1'>Pumps</text:h><text:p>One<text:s text:c='2'/>two"
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>why</text:p></text:note-body>"
        "</text:note></text:p><table:table><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell>"
        "<table:table-cell table:number-columns-repeated='2'/><table:table-cell><text:p>D</text:p></table:table-cell>"
        "</table:table-row></table:table></office:text>"
    )
    files: dict[str, str | bytes] = {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": f"<office:document-content {ODF}><office:body>{body}</office:body></office:document-content>",
    }
    info, pages, _ = read(zipped(tmp_path / "a.odt", files))
    assert pages[0].text == "# Pumps\nOne  two [note: why]\n\nA\t\t\tD"
    assert [(entry.title, entry.page) for entry in info.outline] == [("Pumps", 1)]


def test_books_are_read_by_chapters_in_their_order(tmp_path: Path) -> None:
    opf = (
        "<package xmlns='http://www.idpf.org/2007/opf' xmlns:dc='http://purl.org/dc/elements/1.1/'><metadata>"
        "<dc:title>My book</dc:title></metadata><manifest>"
        + "".join(f"<item id='{name}' href='{name}.xhtml' media-type='application/xhtml+xml'/>" for name in "abc")
        + "</manifest><spine><itemref idref='b'/><itemref idref='a'/><itemref idref='c'/></spine></package>"
    )
    files: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": "<container xmlns='urn:oasis:names:tc:opendocument:xmlns:container'><rootfiles>"
        "<rootfile full-path='O/c.opf'/></rootfiles></container>",
        "O/c.opf": opf,
        "O/a.xhtml": "<html><body><h1>Ende</h1><p>größer</p></body></html>",
        "O/b.xhtml": "<html><body><h1>Anfang</h1><p>Es war einmal.</p></body></html>",
    }
    info, pages, outcome = read(zipped(tmp_path / "a.epub", files))
    assert [page.text for page in pages] == ["# Anfang\n\nEs war einmal.", "# Ende\n\ngrößer"]
    assert info.title == "My book"
    assert "1 chapter is missing from the file" in outcome.sentence


def test_slides_are_pages_with_tables_and_notes(tmp_path: Path) -> None:
    show = pptx.Presentation()
    first = show.slides.add_slide(show.slide_layouts[1])
    first.shapes.title.text, first.placeholders[1].text = "Results", "North pump\nSouth pump"
    first.notes_slide.notes_text_frame.text = "Say hello"
    second = show.slides.add_slide(show.slide_layouts[6])
    table = second.shapes.add_table(2, 2, 0, 0, 1_000_000, 1_000_000).table
    table.cell(0, 0).text, table.cell(0, 1).text, table.cell(1, 1).text = "A", "B", "D"
    show.save(str(tmp_path / "a.pptx"))
    _, pages, _ = read(tmp_path / "a.pptx")
    assert [page.text for page in pages] == ["# Results\nNorth pump\nSouth pump\nNotes: Say hello", "A\tB\n\tD"]
    assert [page.label for page in pages] == ["Slide 1", "Slide 2"]


def test_sheets_are_sections_with_numbers_as_shown(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Prices"
    sheet.append(["Item", "Price", "Share", "Date"])
    sheet.append(["Seal", 120.5, 0.125, datetime.datetime(2024, 5, 3, 14, 30)])
    sheet.append(["x", None, 1])
    sheet["C2"].number_format, sheet["B2"].number_format = "0.0%", '#,##0.00 "EUR"'
    book.create_sheet("Stock").append(["a", 3])
    book.save(tmp_path / "a.xlsx")
    info, pages, _ = read(tmp_path / "a.xlsx")
    assert [page.text for page in pages] == [
        "# Prices\nItem\tPrice\tShare\tDate\nSeal\t120.50 EUR\t12.5%\t2024-05-03 14:30:00\nx\t\t1",
        "# Stock\na\t3",
    ]
    assert [(entry.title, entry.page) for entry in info.outline] == [("Prices", 1), ("Stock", 2)]
    assert [page.label for page in pages] == ["Sheet Prices", "Sheet Stock"]


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (1234.5, "#,##0.00", "1,234.50"),
        (1234.5, "General", "1234.5"),
        (0.5, "0%", "50%"),
        (3, "0.00", "3.00"),
        (True, "General", "TRUE"),
        (datetime.date(2024, 5, 3), "", "2024-05-03"),
        (12.0, "[$€-407] #,##0.00", "€ 12.00"),
        ("two\nlines", "@", "two lines"),
    ],
)
def test_a_cell_is_read_as_it_is_shown(value: object, number_format: str, text: str) -> None:
    assert shown(value, number_format) == text


def test_rich_text_is_read_with_its_letters_and_cells(tmp_path: Path) -> None:
    (tmp_path / "a.rtf").write_text(
        r"{\rtf1\ansi\ansicpg1250{\fonttbl{\f0 Times;}}\f0 Hello \b world\b0\par Za\'bf\'f3\'b3\'e6 g\u281?\par"
        r"\trowd\cellx1000\cellx2000 Item\cell Price\cell\row}"
    )
    assert read(tmp_path / "a.rtf")[1][0].text == "Hello world\nZażółć gę\nItem\tPrice"


MAIL = (
    "From: Ann <a@x.org>\nTo: b@x.org\nSubject: =?utf-8?q?Pr=C3=BCfung?=\nMIME-Version: 1.0\n"
    "Content-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: text/plain; charset=iso-8859-2\n"
    "Content-Transfer-Encoding: 8bit\n\nPompa naprawiona, \xb3\xf3d\xbc.\n--q\nContent-Type: text/csv; name=c.csv\n"
    "Content-Disposition: attachment; filename=c.csv\n\nid,n\n1,2\n--q\nContent-Type: image/png\n"
    "Content-Disposition: attachment; filename=p.png\nContent-Transfer-Encoding: base64\n\n"
    "iVBORw0KGgoAAAANAAAA\n--q--\n"
)


def test_headers_and_footers_of_word_are_read_once(tmp_path: Path) -> None:
    path = docx(
        tmp_path / "letter.docx",
        paragraph("The pump was repaired."),
        header1=paragraph("Harbour works, 3 May 2024"),
        header2=paragraph("Harbour works, 3 May 2024"),
        footer1=paragraph("Page 1 of 2"),
        footer2=paragraph("Form V-12, rev. 4"),
    )
    _, (page,), _ = read(path)
    assert page.text.split("\n") == ["Harbour works, 3 May 2024", "The pump was repaired.", "Form V-12, rev. 4"]


def test_headers_of_rich_text_are_read_once(tmp_path: Path) -> None:
    path = tmp_path / "letter.rtf"
    path.write_bytes(
        rb"{\rtf1\ansi\ansicpg1250{\fonttbl{\f0 Arial;}}{\header \pard Kancel\'e1\'f8 {\b Ostermann}\par}"
        rb"{\headerf \pard Kancel\'e1\'f8 {\b Ostermann}\par}{\footer \pard \chpgn\par}The pump was repaired.\par}"
    )
    _, (page,), _ = read(path)
    assert page.text.split("\n") == ["Kancelář Ostermann", "The pump was repaired."]


def test_headers_and_hidden_sheets_of_open_documents_are_told(tmp_path: Path) -> None:
    style = "xmlns:style='urn:oasis:names:tc:opendocument:xmlns:style:1.0'"
    master = (
        "<style:header><text:p>Harbour works</text:p></style:header><style:footer><text:p>12</text:p></style:footer>"
    )
    files: dict[str, str | bytes] = {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": f"<o {ODF}><office:body><office:text><text:p>Repaired.</text:p></office:text></office:body></o>",
        "styles.xml": f"<o {ODF} {style}><style:master-page>{master}</style:master-page></o>",
    }
    _, (page,), _ = read(zipped(tmp_path / "letter.odt", files))
    assert page.text == "Harbour works\nRepaired."
    sheets = "".join(
        f"<table:table table:name='{name}' table:style-name='{name}'><table:table-row><table:table-cell>"
        "<text:p>7</text:p></table:table-cell></table:table-row></table:table>"
        for name in ("New", "Old")
    )
    hidden = "<style:style style:name='Old'><style:table-properties table:display='false'/></style:style>"
    files = {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": f"<o {ODF} {style}>{hidden}<office:body><office:spreadsheet>{sheets}</office:spreadsheet>"
        "</office:body></o>",
    }
    _, pages, outcome = read(zipped(tmp_path / "fleet.ods", files))
    assert [page.label for page in pages] == ["Sheet New", "Sheet Old"]
    assert "Hidden sheets are read too: Old." in outcome.sentence


def test_an_attached_message_is_read_as_a_message(tmp_path: Path) -> None:
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "jw@example.org", "Forty chairs"
    inner.set_content("We need them by Easter.")
    outer = EmailMessage()
    outer["Subject"] = "Offer"
    outer.set_content("See below.")
    outer.add_attachment(inner)
    path = tmp_path / "offer.eml"
    path.write_bytes(outer.as_bytes())
    _, pages, _ = read(path)
    assert "Attachments: Forty chairs.eml" in pages[0].text
    assert pages[1].text == "From: jw@example.org\nSubject: Forty chairs\n\nWe need them by Easter."


def test_mail_is_read_with_headers_and_attachments(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(MAIL.encode("latin-1"))
    info, pages, outcome = read(tmp_path / "a.eml")
    assert info.title == "Prüfung"
    assert pages[0].text == (
        "From: Ann <a@x.org>\nTo: b@x.org\nSubject: Prüfung\nAttachments: c.csv, p.png\n\nPompa naprawiona, łódź."
    )
    assert (pages[1].text, pages[1].label) == ("id,n\n1,2", "c.csv")
    assert "attachment not read: p.png" in outcome.sentence


def test_a_mailbox_gives_its_messages_in_order(tmp_path: Path) -> None:
    box = "From ann Fri May  3 10:00:00 2024\nSubject: One\n\nFirst\n>From here\n\n"
    box += "From bob Sat May  4 10:00:00 2024\nSubject: Two\n\nSecond\n"
    (tmp_path / "a.mbox").write_text(box)
    _, pages, _ = read(tmp_path / "a.mbox")
    assert [page.text for page in pages] == ["# One\nSubject: One\n\nFirst\nFrom here", "# Two\nSubject: Two\n\nSecond"]


def test_an_archive_gives_all_that_can_be_read(tmp_path: Path) -> None:
    pdf = draw_pdf(tmp_path / "t.pdf", [[(50, 700, "in a PDF")], [(50, 700, "page two")]]).read_bytes()
    word = docx(tmp_path / "w.docx", paragraph("in Word")).read_bytes()
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("deep.txt", "in a text, in an archive")
    files: dict[str, str | bytes] = {
        "a.pdf": pdf,
        "b.docx": word,
        "c.zip": inner.getvalue(),
        "d.csv": "x;y\n1;2\n",
        "p.png": b"\x89PNG\0\1\2\3" * 200,
    }
    info, pages, outcome = read(zipped(tmp_path / "all.zip", files))
    assert [page.text for page in pages] == ["in a PDF", "page two", "in Word", "in a text, in an archive", "x;y\n1;2"]
    assert [page.label for page in pages][:2] == ["a.pdf: page 1", "a.pdf: page 2"]
    assert outcome.sentence.endswith("Not read: p.png (not text).")
    assert [entry.title for entry in info.outline if entry.level == 1] == ["a.pdf", "b.docx", "c.zip", "d.csv"]


def refusal(path: Path) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read(path)
    assert caught.value.sentence.startswith(path.name)
    return caught.value


def test_what_cannot_be_read_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "old.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert refusal(tmp_path / "old.doc").kind == "unsupported"
    (tmp_path / "cut.docx").write_bytes(docx(tmp_path / "a.docx", paragraph("x")).read_bytes()[:200])
    assert refusal(tmp_path / "cut.docx").kind == "damaged"
    assert refusal(zipped(tmp_path / "pictures.zip", {"p.png": b"\x89PNG\0\1\2\3" * 200})).kind == "unsupported"


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "<w:document>" + " " * 450_000_000)
    assert refusal(tmp_path / "bomb.docx").kind == "too_big"
    entities = "".join(f"<!ENTITY {b} '{f'&{a};' * 1000}'>" for a, b in ("ab", "bc", "cd", "de"))
    text = f"<!DOCTYPE d [<!ENTITY a '{'x' * 1000}'>{entities}]><w:document {W}><w:body><w:p><w:r><w:t>&e;</w:t></w:r>"
    with zipfile.ZipFile(tmp_path / "laughs.docx", "w") as archive:
        archive.writestr("word/document.xml", f"{text}</w:p></w:body></w:document>")
    assert refusal(tmp_path / "laughs.docx").kind == "too_big"


def test_formulas_are_read_on_one_line(tmp_path: Path) -> None:
    m = "xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math'"
    run = "<m:r><m:t>{}</m:t></m:r>".format
    half = f"<m:f><m:num>{run('1')}</m:num><m:den>{run('2')}</m:den></m:f>"
    square = f"<m:sSup><m:e>{run('v')}</m:e><m:sup>{run('2')}</m:sup></m:sSup>"
    root = f"<m:rad><m:deg/><m:e>{run('a+b')}</m:e></m:rad>"
    body = f"<w:p {m}><w:r><w:t>Energy: </w:t></w:r><m:oMath>{run('E=')}{half}{run('m')}{square}</m:oMath></w:p>"
    body += f"<w:p {m}><m:oMathPara><m:oMath>{root}</m:oMath></m:oMathPara></w:p>"
    _, pages, _ = read(docx(tmp_path / "a.docx", body))
    assert pages[0].text.split("\n") == ["Energy: E=1/2mv^2", "√(a+b)"]
