"""Books (.epub): the chapters in their order, each as pages, with the titles of the table of contents."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

from engine.documents.formats.office.package import Package, parsed_xml
from engine.documents.formats.parts import Block, Parts
from engine.documents.formats.text.encoding import decoded
from engine.documents.formats.text.html import HtmlText
from engine.documents.pages import DocumentError

_CONTAINER = "META-INF/container.xml"
_ROOTFILE = "{urn:oasis:names:tc:opendocument:xmlns:container}rootfile"
_OPF = "{http://www.idpf.org/2007/opf}"
_NCX = "{http://www.daisy.org/z3986/2005/ncx/}"
_XHTML = "{http://www.w3.org/1999/xhtml}"
_DC_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")


def read_epub(package: Package) -> Parts:
    """Return a book's pages, outline and title."""
    rootfile = next(package.xml(_CONTAINER).iter(_ROOTFILE), None)
    if rootfile is None:
        raise DocumentError("damaged", "")
    place = rootfile.get("full-path", "")
    root = package.xml(place)
    folder = posixpath.dirname(place)
    title = next(root.iter(_DC_TITLE), None)
    parts = Parts(title=(title.text or "").strip() if title is not None else "")
    if "META-INF/encryption.xml" in package and b"EncryptedData" in package.read("META-INF/encryption.xml"):
        parts.notes.append("parts of the book are encrypted (fonts, or chapters under copy protection)")
    items = {item.get("id", ""): item for item in root.iter(f"{_OPF}item")}
    titles = _titles(package, folder, list(items.values()))
    lost = 0
    for reference in root.iter(f"{_OPF}itemref"):
        item = items.get(reference.get("idref", ""))
        if item is None or item.get("media-type") not in _PAGES:
            continue
        name = _resolved(folder, item.get("href", ""))
        if name not in package:
            lost += 1
            continue
        html = "".join(text for text, _ in decoded([package.read(name)], None))
        text = "".join(HtmlText().convert([html])).strip()
        if text:
            parts.add_blocks(_blocks(text, titles.get(name, "")), titles.get(name, ""), breaks=False)
    if lost:
        parts.notes.append(f"{lost} chapter{' is' if lost == 1 else 's are'} missing from the file")
    return parts


def _blocks(text: str, title: str) -> list[Block]:
    """Return a chapter's text as blocks; the title of the table of contents stands for its first heading."""
    blocks = []
    is_titled = not title
    for paragraph in text.split("\n"):
        level = len(paragraph) - len(paragraph.lstrip("#"))
        if 0 < level <= 6 and paragraph[level : level + 1] == " ":
            blocks.append(Block(paragraph[level + 1 :].strip(), level))
            is_titled = True
        else:
            blocks.append(Block(paragraph))
    return blocks if is_titled else [Block(title, 1), *blocks]


def _titles(package: Package, folder: str, items: list) -> dict[str, str]:  # type: ignore[type-arg]
    """Return file -> title by the book's table of contents, in either of its two forms."""
    titles: dict[str, str] = {}
    for item in items:
        name = _resolved(folder, item.get("href", ""))
        if name not in package:
            continue
        base = posixpath.dirname(name)
        if item.get("media-type") == "application/x-dtbncx+xml":
            for point in parsed_xml(package.read(name)).iter(f"{_NCX}navPoint"):
                label, content = point.find(f"{_NCX}navLabel/{_NCX}text"), point.find(f"{_NCX}content")
                if label is not None and content is not None:
                    titles.setdefault(_resolved(base, content.get("src", "")), " ".join((label.text or "").split()))
        elif "nav" in (item.get("properties") or "").split():
            for link in parsed_xml(package.read(name)).iter(f"{_XHTML}a"):
                text = " ".join("".join(str(text) for text in link.itertext()).split())
                titles.setdefault(_resolved(base, link.get("href", "")), text)
    return titles


def _resolved(folder: str, reference: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(reference.split("#", maxsplit=1)[0])))
