"""Styles of the stretches of a text document: laid over its blocks, without a change of its text."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QColor, QFont, QFontDatabase, QTextBlock, QTextCharFormat, QTextDocument, QTextLayout

from app.document.shaped import Shaped, Span
from app.style.theme import scaled

HEADINGS = (1.6, 1.35, 1.18, 1.08, 1.0, 1.0)
"""Sizes of headings, in sizes of the text."""


def style_spans(document: QTextDocument, at: int, shaped: Shaped, font: QFont, color: Callable[[str], QColor]) -> None:
    """Style a page's text, which begins at position `at` of the document. color: that of a role."""
    ranges: dict[int, list[QTextLayout.FormatRange]] = {}
    blocks: dict[int, QTextBlock] = {}
    for span in shaped.spans:
        style = _format(span, font, color)
        start, end = (
            at + len(shaped.text[:place].encode("utf-16-le", "surrogatepass")) // 2 for place in (span.start, span.end)
        )
        block = document.findBlock(start)
        while block.isValid() and block.position() < end:
            first = max(start - block.position(), 0)
            found = QTextLayout.FormatRange()
            found.start, found.length = first, min(end - block.position(), block.length() - 1) - first
            found.format = style
            ranges.setdefault(block.blockNumber(), []).append(found)
            blocks[block.blockNumber()] = block
            block = block.next()
    for number, found_ranges in ranges.items():
        blocks[number].layout().setFormats(found_ranges)
    if shaped.spans:
        document.markContentsDirty(at, len(shaped.text))


def _format(span: Span, font: QFont, color: Callable[[str], QColor]) -> QTextCharFormat:
    style = QTextCharFormat()
    match span.style:
        case "heading":
            style.setFont(scaled(font, HEADINGS[min(span.level, len(HEADINGS)) - 1], QFont.Weight.Bold))
        case "bold":
            style.setFontWeight(QFont.Weight.Bold)
        case "italic":
            style.setFontItalic(True)
        case "code":
            family = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
            style.setFontFamilies([family])
            style.setBackground(color("sunken"))
        case "link":
            style.setForeground(color("accent_text"))
            style.setFontUnderline(True)
        case "quote":
            style.setForeground(color("muted"))
    return style
