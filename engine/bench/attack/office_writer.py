"""Writing office files, books, mail and archives as no office program does."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

SAID = "The pump was repaired by Anna Smith."
"""The text of every file that has one."""
MB = 1 << 20
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
)


def zipped(files: dict[str, str | bytes], level: int = 6) -> bytes:
    """Return a ZIP archive of `files`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def docx(body: str | bytes, prolog: str = "", **more: str | bytes) -> bytes:
    """Return a Word document with this body, or with `body` as the bytes of its text."""
    if isinstance(body, str):
        body = f'<?xml version="1.0"?>{prolog}<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'.encode()
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": body, **more}, level=1)


def paragraph(text: str = SAID) -> str:
    """Return a paragraph of a Word document."""
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def odt(body: str, prolog: str = "") -> bytes:
    """Return an OpenDocument file with this body."""
    content = f'<?xml version="1.0"?>{prolog}<office:document-content {_ODF}><office:body>{body}</office:body>'
    kind = "application/vnd.oasis.opendocument.text"
    return zipped({"mimetype": kind, "content.xml": f"{content}</office:document-content>"}, level=1)


def ods(rows: str) -> bytes:
    """Return an OpenDocument sheet of these rows."""
    return odt(f'<office:spreadsheet><table:table table:name="S">{rows}</table:table></office:spreadsheet>')


def cell(attributes: str = "", text: str = SAID) -> str:
    """Return a cell of an OpenDocument sheet."""
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def xlsx(sheet: str, prolog: str = "", strings: str = "", styles: str = "") -> bytes:
    """Return a workbook of one sheet with these rows."""
    kinds = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        f'spreadsheetml.{kind}+xml"/>'
        for part, kind in (
            ("workbook", "sheet.main"),
            ("worksheets/sheet1", "worksheet"),
            ("sharedStrings", "sharedStrings"),
            ("styles", "styles"),
        )
    )
    links = "".join(
        f'<Relationship Id="r{number}" Type="{_R}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(
            (("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml"), ("styles", "styles.xml")),
            1,
        )
    )
    rels = "http://schemas.openxmlformats.org/package/2006/relationships"
    return zipped(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f"{kinds}</Types>",
            "_rels/.rels": f'<Relationships xmlns="{rels}"><Relationship Id="r1" Type="{_R}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{S}" xmlns:r="{_R}"><sheets><sheet name="S" sheetId="1" r:id="r1"/>'
            "</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{rels}">{links}</Relationships>',
            "xl/worksheets/sheet1.xml": f'<?xml version="1.0"?>{prolog}<worksheet xmlns="{S}"><sheetData>{sheet}'
            "</sheetData></worksheet>",
            "xl/sharedStrings.xml": strings or f'<sst xmlns="{S}"><si><t>{SAID}</t></si></sst>',
            "xl/styles.xml": styles or f'<styleSheet xmlns="{S}"><cellXfs><xf numFmtId="0"/></cellXfs></styleSheet>',
        },
        level=1,
    )


def value(reference: str, value: str, more: str = "") -> str:
    """Return a row with one cell of a workbook."""
    return f'<row r="1"><c r="{reference}" {more}><v>{value}</v></c></row>'


def epub(chapter: str, place: str = "book.opf", link: str = "one.xhtml", prolog: str = "") -> bytes:
    """Return a book of one chapter."""
    opf = (
        f'<?xml version="1.0"?>{prolog}<package xmlns="http://www.idpf.org/2007/opf"><manifest>'
        f'<item id="a" href="{link}" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine>'
        "</package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        f'<rootfile full-path="{place}"/></rootfiles></container>'
    )
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "book.opf": opf,
            "one.xhtml": f"<html><body>{chapter}</body></html>",
        },
        level=1,
    )


def pptx(change: Callable[[str], str] = lambda text: text) -> bytes:
    """Return a presentation of one slide, with its slide's XML changed."""
    from pptx import Presentation

    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Repairs"
    slide.placeholders[1].text = SAID
    saved = io.BytesIO()
    presentation.save(saved)
    with zipfile.ZipFile(saved) as archive:
        files: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    files["ppt/slides/slide1.xml"] = change(bytes(files["ppt/slides/slide1.xml"]).decode())  # type: ignore[arg-type]
    return zipped(files, level=1)


def laughs(name: str = "lol") -> str:
    """Return a document type whose last entity is a thousand million times its first."""
    lines = [f'<!ENTITY {name}0 "ha">']
    lines += [f'<!ENTITY {name}{i} "{f"&{name}{i - 1};" * 10}">' for i in range(1, 10)]
    return f"<!DOCTYPE x [{''.join(lines)}]>"


def nested_zip(levels: int, copies: int) -> bytes:
    """Return archives within archives, `copies` in each."""
    data: bytes = SAID.encode()
    name = "text.txt"
    for _ in range(levels):
        data = zipped({f"{number}{name}": data for number in range(copies)})
        name = "inner.zip"
    return data


def overlapping(entries: int) -> bytes:
    """Return an archive whose entries all unpack the same 50 MB."""
    data = bytearray(zipped({"a.txt": b"a " * (25 * MB)}, level=9))
    at = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = bytes(data[at:end])
    more = b"".join(entry.replace(b"a.txt", f"{n:05}"[:5].encode()) for n in range(entries))
    tail = bytearray(data[end:])
    struct.pack_into("<HHI", tail, 8, entries, entries, len(more))
    return bytes(data[:at]) + more + bytes(tail)


def lying(offset: int, value: int, form: str = "<I") -> bytes:
    """Return an archive with a wrong field in its directory."""
    data = bytearray(zipped({"a.txt": SAID}))
    struct.pack_into(form, data, data.index(b"PK\x01\x02") + offset, value)
    return bytes(data)


def blanks(size: int, before: str, after: str) -> bytes:
    """Return `size` blanks between two texts."""
    return before.encode() + b" " * size + after.encode()


def mail(**headers: str) -> EmailMessage:
    """Return a message with these headers."""
    message = EmailMessage()
    for name, value in headers.items():
        message[name] = value
    message.set_content(SAID)
    return message


def with_attachment(name: str, data: bytes, kind: str = "octet-stream") -> bytes:
    """Return a message with one attachment."""
    message = mail(Subject="Repairs")
    message.add_attachment(data, "application", kind, filename=name)
    return message.as_bytes()


def multiparts(depth: int) -> bytes:
    """Return a message whose parts lie `depth` deep."""
    head = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (number, number) for number in range(depth)
    )
    return b"Subject: x\r\nMIME-Version: 1.0\r\n" + head + b"Content-Type: text/plain\r\n\r\n" + SAID.encode()


def messages_in_messages(depth: int) -> bytes:
    """Return messages within messages."""
    head = b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n"
    return head * depth + b"Subject: y\r\n\r\n" + SAID.encode()


def simple_mail(headers: bytes, body: bytes = SAID.encode()) -> bytes:
    """Return a message with these lines of headers and this body."""
    return b"From: a@example.org\r\n" + headers + b"\r\n\r\n" + body


def linked(target: Path) -> bytes:
    """Return an archive with a symbolic link."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("link.txt")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, str(target))
        archive.writestr("text.txt", SAID)
    return buffer.getvalue()
