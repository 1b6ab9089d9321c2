"""Hostile office files, books, mail and archives: bombs, deep and expanding XML, paths that lead out, wild numbers, and
sound files with random damage.

Each is printed by `text`. Nothing is written beside it, no file that it names is opened, and no secret is shown.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.bench.attack.office_writer import (
    MB,
    SAID,
    S,
    W,
    blanks,
    cell,
    docx,
    epub,
    laughs,
    linked,
    lying,
    messages_in_messages,
    multiparts,
    nested_zip,
    ods,
    odt,
    overlapping,
    paragraph,
    pptx,
    simple_mail,
    value,
    with_attachment,
    xlsx,
    zipped,
)
from engine.bench.attack.pdfs import damaged
from engine.bench.attack.place import Case, Place

DAMAGED = 24
"""Full number of randomly damaged files."""
SECRET = "zyxandrian"
"""Content of a file that hostile ones name."""
_DEPTH = 100_000


def cases(place: Place, chance: random.Random, share: float) -> Iterator[Case]:
    """Yield hostile files, then sound ones with random damage."""
    secret = place.folder / "secret.txt"
    secret.write_text(SECRET)
    makers = {**PACKAGES, **MAILS, **naming(secret)}
    for name in list(makers) if share >= 1 else chance.sample(list(makers), max(6, int(len(makers) * share))):
        yield Case("office", name, lambda name=name: print_file(place, name, makers[name]()))  # type: ignore[misc]
    sound = {suffix: make() for suffix, make in SOUND.items()}
    for number in range(max(3, round(DAMAGED * share))):
        suffix = list(sound)[number % len(sound)]
        data = damaged(sound[suffix], chance)
        yield Case("office", f"damage {number + 1}.{suffix}", lambda s=suffix, d=data: print_file(place, f"x.{s}", d))  # type: ignore[misc]


def print_file(place: Place, name: str, data: bytes) -> list[str]:
    """Print a file; a sound part of it is not lost, and nothing is left behind or read from elsewhere."""
    folder = place.new_folder()
    path = folder / f"file.{name.rpartition('.')[2]}"
    path.write_bytes(data)
    ended = place.run("text", str(path))
    faults = ended.faults(place.base)
    path.unlink()
    if SECRET in ended.out + ended.err:
        faults.append("it shows the content of another file")
    if name in KEEPS and SAID not in ended.out:
        faults.append("its sound text is missing")
    left = [file.name for file in (*folder.iterdir(), *place.folder.glob("evil*"))]
    return faults + ([f"it wrote {left}"] if left else [])


PACKAGES: dict[str, Callable[[], bytes]] = {
    "bomb of 600 MB.docx": lambda: docx(blanks(600 * MB, f'<w:document xmlns:w="{W}">', "</w:document>")),
    "bomb of 300 MB of text.docx": lambda: docx(
        b"".join(
            (
                f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>'.encode(),
                b"word " * (60 * MB),
                b"</w:t></w:r></w:p></w:body></w:document>",
            )
        )
    ),
    "a million paragraphs.docx": lambda: docx(paragraph("x") * 1_000_000),
    "deep.docx": lambda: docx("<w:sdt><w:sdtContent>" * _DEPTH + paragraph() + "</w:sdtContent></w:sdt>" * _DEPTH),
    "deep tables.docx": lambda: docx(
        "<w:tbl><w:tr><w:tc>" * 5_000 + paragraph() + "</w:tc></w:tr></w:tbl>" * 5_000 + paragraph()
    ),
    "entities.docx": lambda: docx(f"{paragraph('&lol9;')}{paragraph()}", laughs()),
    "spans.docx": lambda: docx(
        f'<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="{"9" * 5_000}"/></w:tcPr>{paragraph()}</w:tc></w:tr></w:tbl>'
    ),
    "numbering.docx": lambda: docx(
        f'<w:p><w:pPr><w:numPr><w:ilvl w:val="{"9" * 30}"/><w:numId w:val="-1"/></w:numPr></w:pPr></w:p>{paragraph()}',
        **{"word/numbering.xml": f'<w:numbering xmlns:w="{W}"><w:num w:numId="x"/></w:numbering>'},
    ),
    "escape codes.docx": lambda: docx(paragraph("&#27;]0;PWNED&#7;") + paragraph()),
    "no XML.docx": lambda: docx(b"\0" * 1_000),
    "deep.odt": lambda: odt(
        f"<office:text>{'<text:section>' * _DEPTH}<text:p>{SAID}</text:p>{'</text:section>' * _DEPTH}</office:text>"
    ),
    "deep spans.odt": lambda: odt(
        f"<office:text><text:p>{'<text:span>' * _DEPTH}{SAID}{'</text:span>' * _DEPTH}</text:p></office:text>"
    ),
    "entities.odt": lambda: odt(f"<office:text><text:p>&lol9;</text:p><text:p>{SAID}</text:p></office:text>", laughs()),
    "blanks.odt": lambda: odt(
        f'<office:text><text:p><text:s text:c="{"9" * 5_000}"/><text:s text:c="²"/>{SAID}</text:p>'
        f'<text:h text:outline-level="{"9" * 5_000}">H</text:h><text:h text:outline-level="³">H</text:h></office:text>'
    ),
    "repeated cells.ods": lambda: ods(
        "<table:table-row>"
        + cell(f'table:number-columns-repeated="{"9" * 5_000}"')
        + cell('table:number-columns-repeated="²"')
        + "</table:table-row>"
    ),
    "repeated cells in 20,000 rows.ods": lambda: ods(
        ("<table:table-row>" + cell('table:number-columns-repeated="1000"') + "</table:table-row>") * 20_000
    ),
    "a value of 1e999.xlsx": lambda: xlsx(value("A1", "1e999") + value("A2", "-1e999") + value("A3", "nan")),
    "a string beyond the table.xlsx": lambda: xlsx(value("A1", "99999999999", 't="s"') + value("A2", "0", 't="s"')),
    "a string of minus one.xlsx": lambda: xlsx(value("A1", "-1", 't="s"')),
    "a cell far away.xlsx": lambda: xlsx(value("XFD1048576", "0", 't="s"') + value("ZZZZZZ99999999999", "1")),
    "a row of 30 digits.xlsx": lambda: xlsx(f'<row r="{"9" * 30}"><c><v>1</v></c></row>'),
    "a row of 5,000 digits.xlsx": lambda: xlsx(f'<row r="{"9" * 5_000}"><c><v>1</v></c></row>'),
    "a date far away.xlsx": lambda: xlsx(
        value("A1", "1e15", 's="0"') + value("A2", "-5e9", 's="0"'),
        styles=f'<styleSheet xmlns="{S}"><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>',
    ),
    "a format of brackets.xlsx": lambda: xlsx(
        value("A1", "1.5", 's="0"'),
        styles=f'<styleSheet xmlns="{S}"><numFmts><numFmt numFmtId="200" formatCode="{"[$" * 50_000}"/></numFmts>'
        '<cellXfs><xf numFmtId="200"/></cellXfs></styleSheet>',
    ),
    "a format of 400 decimals.xlsx": lambda: xlsx(
        value("A1", "1.5", 's="0"'),
        styles=f'<styleSheet xmlns="{S}"><numFmts><numFmt numFmtId="200" formatCode="0.{"0" * 400}"/></numFmts>'
        '<cellXfs><xf numFmtId="200"/></cellXfs></styleSheet>',
    ),
    "entities.xlsx": lambda: xlsx(value("A1", "&lol9;", 't="str"'), laughs()),
    "entities in strings.xlsx": lambda: xlsx(
        value("A1", "0", 't="s"'), strings=f'{laughs()}<sst xmlns="{S}"><si><t>&lol9;</t></si></sst>'
    ),
    "a bomb of strings.xlsx": lambda: xlsx(
        value("A1", "0", 't="s"'), strings=f'<sst xmlns="{S}"><si><t>{" " * (600 * MB)}</t></si></sst>'
    ),
    "a million rows.xlsx": lambda: xlsx("<row><c><v>1</v></c></row>" * 1_000_000),
    "deep.xlsx": lambda: xlsx("<row><c>" * 50_000 + "<v>1</v>" + "</c></row>" * 50_000),
    "deep groups.pptx": lambda: pptx(
        lambda text: text.replace("</p:spTree>", "<p:grpSp>" * 20_000 + "</p:grpSp>" * 20_000 + "</p:spTree>")
    ),
    "entities.pptx": lambda: pptx(lambda text: text.replace("<p:sld ", f"{laughs()}<p:sld ").replace(SAID, "&lol9;")),
    "half a slide.pptx": lambda: pptx(lambda text: text[: len(text) // 2]),
    "entities.epub": lambda: epub(SAID, prolog=laughs()),
    "deep.epub": lambda: epub("<div>" * _DEPTH + SAID + "</div>" * _DEPTH),
    "a bomb of chapters.epub": lambda: epub("word " * (120 * MB)),
    "archives in archives.zip": lambda: nested_zip(10, 1),
    "many archives in archives.zip": lambda: nested_zip(4, 12),
    "entries that overlap.zip": lambda: overlapping(3_000),
    "70,000 entries.zip": lambda: zipped({f"{number}.txt": "x" for number in range(70_000)}, level=0),
    "10,000 texts.zip": lambda: zipped({f"{number}.txt": SAID for number in range(10_000)}, level=0),
    "a bomb of zeros.zip": lambda: zipped({"a.txt": b"\0" * (500 * MB), "b.txt": SAID}, level=1),
    "names of escape codes.zip": lambda: zipped(
        {"\x1b]0;PWNED\x07.txt": SAID, "two\nlines.txt": SAID, "\u202e.txt": "x"}
    ),
    "a size that lies.zip": lambda: lying(24, 0xFFFFFFF0),
    "a method of 99.zip": lambda: lying(10, 99, "<H"),
    "a checksum that is wrong.zip": lambda: lying(16, 7),
    "an offset beyond the file.zip": lambda: lying(42, 0x7FFFFFFF),
    "encrypted.zip": lambda: lying(8, 1, "<H"),
    "deep.rtf": lambda: b"{\\rtf1 " + b"{" * 500_000 + SAID.encode() + b"}" * 500_000 + b"}",
    "binary.rtf": lambda: b"{\\rtf1 \\bin99999999999999999999 " + SAID.encode() + b"}",
    "characters.rtf": lambda: b"{\\rtf1 \\u-99999999999 ?\\u55296 ?\\'zz\\'1b]0;PWNED\\'07 " + SAID.encode() + b"}",
    "8 MB of words.rtf": lambda: b"{\\rtf1 " + b"\\b0 x" * (2 * MB) + b"}",
    "8 MB of brackets.rtf": lambda: b"{\\rtf1 " + b"{\\*\\x " * (MB) + b"}",
}


MAILS: dict[str, Callable[[], bytes]] = {
    "multiparts in multiparts.eml": lambda: multiparts(5_000),
    "messages in messages.eml": lambda: messages_in_messages(5_000),
    "100,000 headers.eml": lambda: simple_mail(b"\r\n".join(b"X-%d: y" % n for n in range(100_000))),
    "a header of 8 MB.eml": lambda: simple_mail(b"Subject: " + b"x" * (8 * MB)),
    "a folded header.eml": lambda: simple_mail(b"Subject: x" + b"\r\n x" * 200_000),
    "addresses.eml": lambda: simple_mail(b"To: " + b"(" * 20_000 + b"a@example.org, " * 20_000),
    "encoded words.eml": lambda: simple_mail(b"Subject: " + b"=?utf-8?q?=1b]0;PWNED=07?= " * 20_000),
    "a date of digits.eml": lambda: simple_mail(b"Date: " + b"9" * 100_000),
    "a charset of idna.eml": lambda: simple_mail(b"Content-Type: text/plain; charset=idna"),
    "a charset of zlib.eml": lambda: simple_mail(b"Content-Type: text/plain; charset=zlib_codec"),
    "a charset of escapes.eml": lambda: simple_mail(
        b"Content-Type: text/plain; charset=unicode_escape", b"\\ud800 " * 99
    ),
    "base64 of nothing.eml": lambda: simple_mail(b"Content-Transfer-Encoding: base64", b"=" * (4 * MB)),
    "uuencoded.eml": lambda: simple_mail(b"Content-Transfer-Encoding: x-uuencode", b"begin 644 a\n" + b"M" * (2 * MB)),
    "a file name that leads out.eml": lambda: with_attachment("../../evil.txt", SAID.encode()),
    "a file name of escape codes.eml": lambda: with_attachment("x\x1b]0;PWNED\x07.txt", SAID.encode()),
    "a bomb attached.eml": lambda: with_attachment("a.zip", zipped({"a.txt": b"\0" * (500 * MB)}, level=1)),
    "rubbish attached.eml": lambda: with_attachment("a.docx", b"PK\x03\x04" + bytes(range(256)) * 100),
    "10,000 messages.mbox": lambda: b"From a@example.org Fri May  3 2024\nSubject: x\n\ny\n\n" * 10_000,
    "From lines.mbox": lambda: b"From " * (2 * MB),
    "html.eml": lambda: simple_mail(b"Content-Type: text/html", b"<" * MB + b"<p>" + SAID.encode()),
}


def naming(secret: Path) -> dict[str, Callable[[], bytes]]:
    """Return files that name another file, by links, entities and paths that lead out of an archive."""
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    remote = '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'
    return {
        "an entity of a file.docx": lambda: docx(f"{paragraph('&e;')}{paragraph()}", entity),
        "an entity of a file.odt": lambda: odt(
            f"<office:text><text:p>&e;</text:p><text:p>{SAID}</text:p></office:text>", entity
        ),
        "an entity of a file.xlsx": lambda: xlsx(value("A1", "&e;", 't="str"'), entity),
        "an entity of a file.epub": lambda: epub(SAID, prolog=entity),
        "a document type elsewhere.odt": lambda: odt(f"<office:text><text:p>{SAID}</text:p></office:text>", remote),
        "a place that leads out.epub": lambda: epub(SAID, place=f"../../../../../..{secret}"),
        "a chapter that leads out.epub": lambda: epub(SAID, link=f"../../../../../..{secret}"),
        "a chapter of a file.epub": lambda: epub(SAID, link=secret.as_uri()),
        "names that lead out.zip": lambda: zipped(
            {"../../evil.txt": SAID, "../../../../../../tmp/evil.txt": SAID, f"{secret}": SAID, "C:\\evil.txt": SAID}
        ),
        "a link.zip": lambda: linked(secret),
        "a template elsewhere.docx": lambda: docx(
            paragraph(),
            **{
                "word/_rels/document.xml.rels": "<Relationships><Relationship Id='r1' TargetMode='External' "
                "Type='attachedTemplate' Target='http://127.0.0.1:9/x.dotm'/></Relationships>"
            },
        ),
    }


KEEPS = frozenset(
    (
        "numbering.docx",
        "spans.docx",
        "blanks.odt",
        "repeated cells.ods",
        "characters.rtf",
        "escape codes.docx",
        "10,000 texts.zip",
        "names of escape codes.zip",
        "100,000 headers.eml",
        "a header of 8 MB.eml",
        "encoded words.eml",
        "a date of digits.eml",
        "a charset of idna.eml",
        "a file name that leads out.eml",
        "a file name of escape codes.eml",
        "a bomb attached.eml",
        "rubbish attached.eml",
        "an entity of a file.docx",
        "an entity of a file.odt",
        "an entity of a file.epub",
        "a document type elsewhere.odt",
        "names that lead out.zip",
        "a link.zip",
        "a template elsewhere.docx",
    )
)
"""Files whose sound text must be printed."""
SOUND: dict[str, Callable[[], bytes]] = {
    "docx": lambda: docx(paragraph() * 200),
    "odt": lambda: odt(f"<office:text>{f'<text:p>{SAID}</text:p>' * 200}</office:text>"),
    "xlsx": lambda: xlsx("".join(value(f"A{n}", str(n)) for n in range(1, 200))),
    "pptx": pptx,
    "epub": lambda: epub(f"<p>{SAID}</p>" * 200),
    "eml": lambda: with_attachment("a.txt", SAID.encode() * 200),
    "rtf": lambda: b"{\\rtf1 " + (SAID.encode() + b"\\par ") * 200 + b"}",
    "zip": lambda: zipped({"a.txt": SAID * 200, "b.txt": SAID}),
}
"""Sound files that are then damaged."""
