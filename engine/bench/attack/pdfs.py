"""Hostile PDFs: actions, bombs, cycles, lies about lengths, wild numbers, maps to escape codes, and damaged ones."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.bench.attack import pdf_writer
from engine.bench.attack.pdf_writer import PdfWriter, document, finished, shown
from engine.bench.attack.place import Case, Place

LINES = ["The pump was repaired by Anna Smith.", "It cost 250 euros."]
DAMAGED = 40
"""Full number of randomly damaged PDFs."""


def cases(place: Place, chance: random.Random, share: float) -> Iterator[Case]:
    """Yield hostile PDFs, and a sound one with random damage again and again."""
    chosen = [name for name in FILES if share >= 1 or chance.random() < max(share, 0.15)]
    for name in chosen:
        yield Case("pdfs", name, lambda name=name: print_pdf(place, FILES[name]()))  # type: ignore[misc]
    yield Case("pdfs", "actions, read and asked", lambda: read_actions(place))
    sound = pdf_writer.write_record(place.folder / "sound.pdf", 6).read_bytes()
    for number in range(max(2, round(DAMAGED * share))):
        data = damaged(sound, chance)
        yield Case("pdfs", f"damage {number + 1}", lambda data=data: print_pdf(place, data))  # type: ignore[misc]


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return `data` with random damage: bytes, bits, a piece left out, doubled or filled, an end cut off."""
    found = bytearray(data)
    match chance.randrange(6):
        case 0:
            for _ in range(chance.randint(1, 200)):
                found[chance.randrange(len(found))] = chance.randrange(256)
        case 1:
            for _ in range(chance.randint(1, 30)):
                found[chance.randrange(len(found))] ^= 1 << chance.randrange(8)
        case 2:
            start = chance.randrange(len(found))
            del found[start : start + chance.randint(1, 3000)]
        case 3:
            start = chance.randrange(len(found))
            found[start:start] = found[start : start + chance.randint(1, 3000)]
        case 4:
            start = chance.randrange(len(found))
            length = min(chance.randint(1, 3000), len(found) - start)
            found[start : start + length] = bytes(length)
        case _:
            del found[chance.randrange(len(found)) :]
    return bytes(found)


def print_pdf(place: Place, data: bytes) -> list[str]:
    """Print the text of a PDF; no action of it leaves a file behind."""
    folder = place.new_folder()
    path = folder / "file.pdf"
    path.write_bytes(data)
    faults = place.faults("text", str(path))
    path.unlink()
    if any(folder.iterdir()):
        faults.append(f"it wrote {[file.name for file in folder.iterdir()]}")
    return faults


def read_actions(place: Place) -> list[str]:
    """Read and ask a PDF whose actions would write a file."""
    folder = place.new_folder()
    path = folder / "file.pdf"
    path.write_bytes(_launch(folder / "RUN"))
    library = str(folder / "library.db")
    faults = place.faults("read", str(path), "--library", library, statuses=(0,))
    faults += place.faults("ask", str(path), "Who repaired the pump?", "--library", library, statuses=(0,))
    return faults + (["an action was run"] if (folder / "RUN").exists() else [])


def _launch(target: Path = Path("/tmp/readthrough-attack-run")) -> bytes:
    action = f"<< /S /Launch /F (/bin/sh) /Unix << /F (/bin/sh) /P (-c 'touch {target}') >> >>"
    return finished(document([LINES], catalog=f"/OpenAction {action} /AA << /WC {action} /WS {action} >>"))


def _script() -> bytes:
    script = "app.alert('RUN'); this.exportDataObject({cName:'x', nLaunch:2}); while(true){}"
    return finished(document([LINES], catalog=f"/OpenAction << /S /JavaScript /JS ({script}) >>"))


def _bomb(levels: int) -> bytes:
    data = b"0 0 m " * 40_000_000 if levels == 1 else bytes(200_000_000)
    filters = "/Filter [" + " /FlateDecode" * levels + "]"
    for _ in range(levels):
        data = zlib.compress(data, 9)
    return _with_content(data, filters)


def _with_content(data: bytes, entries: str = "", resources: str = "") -> bytes:
    pdf = PdfWriter()
    tree, font = pdf.reserve(), pdf.add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    content = pdf.stream(data, entries)
    page = pdf.add(
        f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R"
        f" /Resources << /Font << /F1 {font} 0 R >> {resources} >> >>"
    )
    pdf.set(tree, f"<< /Type /Pages /Count 1 /Kids [{page} 0 R] >>")
    pdf.add(f"<< /Type /Catalog /Pages {tree} 0 R >>")
    return finished(pdf)


def _form_cycle(depth: int) -> bytes:
    """Return a page that draws a form that draws itself, or a chain of forms each drawn ten times by the last."""
    pdf = PdfWriter()
    tree = pdf.reserve()
    form = 0
    for level in range(depth):
        own = len(pdf.objects) + 1
        drawn = form or own
        resources = f"/Resources << /XObject << /X {drawn} 0 R >> >>"
        form = pdf.stream(
            b"/X Do " * (10 if level else 1), f"/Type /XObject /Subtype /Form /BBox [0 0 9 9] {resources}"
        )
    content = pdf.stream(b"/X Do " * 10)
    page = pdf.add(
        f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R"
        f" /Resources << /XObject << /X {form} 0 R >> >> >>"
    )
    pdf.set(tree, f"<< /Type /Pages /Count 1 /Kids [{page} 0 R] >>")
    pdf.add(f"<< /Type /Catalog /Pages {tree} 0 R >>")
    return finished(pdf)


def _tree(kids: Callable[[int], str], count: int, pages: int = 1) -> bytes:
    """Return a document whose page tree says `count` and has the children that `kids` gives for its first page."""
    pdf = PdfWriter()
    tree = pdf.reserve()
    content = pdf.stream(shown(LINES))
    page = pdf.add(f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R >>")
    pdf.set(tree, f"<< /Type /Pages /Count {count} /Kids [{' '.join(kids(page) for _ in range(pages))}] >>")
    pdf.add(f"<< /Type /Catalog /Pages {tree} 0 R >>")
    return finished(pdf)


def _to_unicode() -> bytes:
    """Return a page whose letters a font's map turns into escape codes and marks of direction."""
    pdf = PdfWriter()
    tree = pdf.reserve()
    pairs = "\n".join(
        f"<{code:02x}> <{target}>"
        for code, target in zip(
            b"abcdefg", ("001b", "005d0030003b", "0007", "202e", "0000", "d800", "009b"), strict=True
        )
    )
    table = f"begincmap 1 begincodespacerange <00> <ff> endcodespacerange 7 beginbfchar\n{pairs}\nendbfchar endcmap"
    unicode_map = pdf.stream(table.encode())
    font = pdf.add(f"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode {unicode_map} 0 R >>")
    content = pdf.stream(shown(["abcPWNEDc", "defg text that can be read"]))
    page = pdf.add(
        f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R"
        f" /Resources << /Font << /F1 {font} 0 R >> >> >>"
    )
    pdf.set(tree, f"<< /Type /Pages /Count 1 /Kids [{page} 0 R] >>")
    pdf.add(f"<< /Type /Catalog /Pages {tree} 0 R >>")
    return finished(pdf)


def _outline_cycle() -> bytes:
    pdf = document([LINES])
    catalog = pdf.objects.pop()
    top = pdf.add("null")
    item = pdf.add(f"<< /Title (again) /Parent {top} 0 R /Next {top + 1} 0 R /First {top} 0 R >>")
    pdf.set(top, f"<< /Type /Outlines /First {item} 0 R /Last {item} 0 R /Count 99999999 >>")
    pdf.add(catalog.replace(b">>", f"/Outlines {top} 0 R >>".encode(), 1))
    return finished(pdf)


def _nested(text: str) -> bytes:
    pdf = document([LINES])
    catalog = pdf.objects.pop()
    deep = pdf.add("[" * 100_000 + "]" * 100_000)
    pdf.add(catalog.replace(b">>", f"/{text} {deep} 0 R >>".encode(), 1))
    return finished(pdf)


def _cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


def _lengths(length: int) -> bytes:
    pdf = document([LINES])
    pdf.objects = [
        content.replace(b"/Length", b"/Wrong").replace(b"<< ", b"<< /Length %d " % length, 1)
        if b"stream" in content
        else content
        for content in pdf.objects
    ]
    return finished(pdf)


FILES: dict[str, Callable[[], bytes]] = {
    "a script at opening": _script,
    "a launch action": _launch,
    "a remote action": lambda: finished(
        document([LINES], catalog="/OpenAction << /S /GoToR /F (http://127.0.0.1:9/x) >>")
    ),
    "a form that is sent": lambda: finished(
        document([LINES], catalog="/OpenAction << /S /SubmitForm /F (http://127.0.0.1:9) >>")
    ),
    "an XFA form": lambda: finished(document([LINES], catalog="/AcroForm << /XFA (<xdp/>) /Fields [] >>")),
    "a bomb of operators": lambda: _bomb(1),
    "a bomb in two layers": lambda: _bomb(2),
    "a bomb in three layers": lambda: _bomb(3),
    "forty filters": lambda: _with_content(shown(LINES), "/Filter [" + " /ASCIIHexDecode" * 40 + "]"),
    "an unknown filter": lambda: _with_content(shown(LINES), "/Filter /NoSuchDecode"),
    "a megabyte of brackets": lambda: _with_content(b"[" * (1 << 20)),
    "a megabyte of strings": lambda: _with_content(b"(" * (1 << 20)),
    "a megabyte of q": lambda: _with_content(b"q " * (1 << 20)),
    "letters without end": lambda: _with_content(b"BT /F1 1 Tf (" + b"A" * (3 << 20) + b") Tj ET"),
    "200,000 strings": lambda: _with_content(b"BT /F1 1 Tf " + b"(ab) Tj 1 0 Td " * 200_000 + b"ET"),
    "text far off the page": lambda: _with_content(
        b"BT /F1 10 Tf 1e30 -1e30 Td (far) Tj 0 0 0 0 1e99 1e99 Tm (off) Tj ET"
    ),
    "wild numbers": lambda: _with_content(
        b"BT /F1 9999999999999999999999 Tf 1 0 0 1 - . Tm (x) Tj ET " + b"9" * 100_000 + b" w"
    ),
    "a form that draws itself": lambda: _form_cycle(1),
    "forms that multiply": lambda: _form_cycle(9),
    "an image of 2^31 pixels": lambda: _with_content(
        b"BI /W 2147483647 /H 2147483647 /BPC 8 /CS /G ID x EI " + shown(LINES)
    ),
    "a tree that says 120,000 pages": lambda: _tree(lambda page: f"{page} 0 R", 120_000, 1),
    "120,000 pages": lambda: _tree(lambda page: f"{page} 0 R", 120_000, 120_000),
    "a tree that holds itself": lambda: _tree(lambda page: "1 0 R", 1),
    "minus one page": lambda: _tree(lambda page: f"{page} 0 R", -1),
    "2^63 pages": lambda: _tree(lambda page: f"{page} 0 R", 2**63),
    "missing pages": lambda: _tree(lambda page: "99999 0 R", 1),
    "pages that are no pages": lambda: _tree(lambda page: "(x) 7 null << >>", 4),
    "a map to escape codes": _to_unicode,
    "an outline that holds itself": _outline_cycle,
    "a title of escape codes": lambda: finished(document([LINES]), r"/Title (\033]0;PWNED\007 \n two)"),
    "a title of a megabyte": lambda: finished(document([LINES]), f"/Title ({'x' * (1 << 20)})"),
    "a deep outline": lambda: _nested("Outlines"),
    "a deep catalog entry": lambda: _nested("Names"),
    "a page of no size": lambda: finished(document([LINES], page="/MediaBox [0 0 0 0]")),
    "a page of infinite size": lambda: finished(
        document([LINES], page="/MediaBox [0 0 1e38 1e38] /UserUnit 1e38 /Rotate 45")
    ),
    "10,000 annotations": lambda: finished(
        document(
            [LINES],
            page="/Annots [" + "<< /Type /Annot /Subtype /Text /Contents (note) /Rect [0 0 9 9] >>" * 10_000 + "]",
        )
    ),
    "streams of length 0": lambda: _lengths(0),
    "streams of length 2^31": lambda: _lengths(2**31),
    "streams of negative length": lambda: _lengths(-5),
    "encrypted by an unknown filter": lambda: document([LINES]).to_bytes(5, "/Encrypt << /Filter /NoSuch /V 99 >>"),
    "encrypted with rubbish": lambda: document([LINES]).to_bytes(
        5,
        "/Encrypt << /Filter /Standard /V 5 /R 6 /Length 256 /O (x) /U (y) /OE () /UE () /P -1 >> /ID [() ()]",
    ),
    "a root that is missing": lambda: document([LINES]).to_bytes(999),
    "a table of references that holds itself": lambda: document([LINES]).to_bytes(5, "/Prev 200"),
    "half a file": lambda: _cut(finished(document([LINES] * 20)), 0.5),
    "a tenth of a file": lambda: _cut(finished(document([LINES] * 20)), 0.1),
    "only a header": lambda: pdf_writer.HEADER,
    "a header and zeros": lambda: pdf_writer.HEADER + bytes(10_000_000),
    "a header and brackets": lambda: pdf_writer.HEADER + b"<<" * 2_000_000,
    "a header and objects": lambda: pdf_writer.HEADER + b"1 0 obj\n" * 1_000_000,
}
