"""Presentations (.pptx): a slide a page, its title first, then its texts by their place, tables, charts and notes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from pptx import Presentation
from pptx.exc import PackageNotFoundError

from engine.documents.formats.office.comments import comments_note
from engine.documents.formats.office.package import Package
from engine.documents.formats.parts import Block, Parts
from engine.documents.pages import DocumentError

_MOST_POINTS = 2_000
_COMMENTS = re.compile(r"ppt/comments/[^/]+\.xml")


def read_pptx(data: bytes) -> Parts:
    """Return a presentation's slides, outline and title."""
    try:
        presentation = Presentation(io.BytesIO(data))
    except (PackageNotFoundError, KeyError, ValueError) as error:
        raise DocumentError("damaged", "") from error
    parts = Parts(title=presentation.core_properties.title or "")
    hidden = 0
    for number, slide in enumerate(presentation.slides, 1):
        if slide._element.get("show") == "0":
            hidden += 1
        blocks = list(_slide(slide))
        parts.add_blocks(blocks or [Block("")], f"Slide {number}", breaks=False)
    if note := comments_note(Package(data), _COMMENTS, ("cm",)):
        parts.notes.append(note)
    if hidden:
        slides = "1 slide is" if hidden == 1 else f"{hidden} slides are"
        parts.notes.append(f"{slides} hidden in the show and read all the same")
    return parts


def _slide(slide: Any) -> Iterator[Block]:
    title = slide.shapes.title
    if title is not None and title.text_frame.text.strip():
        yield Block(" ".join(title.text_frame.text.split()), 1)
    for shape in sorted(_shapes(slide.shapes), key=lambda one: (one.top or 0, one.left or 0)):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        yield from _shape(shape)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = slide.notes_slide.notes_text_frame.text.strip()
        if notes:
            yield Block(f"Notes: {_lines(notes)}")


def _shapes(shapes: Any) -> Iterator[Any]:
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)
        else:
            yield shape


def _shape(shape: Any) -> Iterator[Block]:
    if getattr(shape, "has_table", False) and shape.has_table:
        for row in shape.table.rows:
            yield Block("\t".join(" ".join(cell.text.split()) for cell in row.cells).rstrip("\t"))
    elif getattr(shape, "has_chart", False) and shape.has_chart:
        yield from _chart(shape.chart)
    elif shape.has_text_frame:
        for paragraph in shape.text_frame.paragraphs:
            text = _lines("".join(run.text for run in paragraph.runs) or paragraph.text)
            if text.strip():
                yield Block(text)


def _chart(chart: Any) -> Iterator[Block]:
    """Yield a chart's numbers as a table."""
    if chart.has_title and chart.chart_title.has_text_frame:
        yield Block(chart.chart_title.text_frame.text)
    for plot in chart.plots:
        categories = [str(category) for category in plot.categories][:_MOST_POINTS]
        if categories:
            yield Block("\t".join(["", *categories]))
        for series in plot.series:
            values = ["" if value is None else f"{value:g}" for value in list(series.values)[:_MOST_POINTS]]
            yield Block("\t".join([str(series.name or ""), *values]))


def _lines(text: str) -> str:
    return text.replace("\v", "\n").replace("\r", "\n")
