"""Text recognition (OCR) of a page's picture with rapidocr, where the extra `ocr` is installed, or with tesseract.

rapidocr's models come with its wheel and know Latin letters, Chinese and Japanese. A line in another script comes out
as blanks or with low certainty; it is left out and counted, and a page of such lines is read by tesseract, if it is
there and more certain, else not at all.
"""

from __future__ import annotations

import logging
import os
from functools import cache
from importlib.util import find_spec
from typing import Any

from engine.documents.formats.pdf import tesseract
from engine.documents.formats.pdf.columns import in_reading_order
from engine.documents.formats.pdf.recognised import Recognised
from engine.documents.formats.pdf.segment import Segment

LONGEST_SIDE = 2_000
"""Pixels of the picture: 170 dots an inch on A4, enough for print of six points."""
_DETECTION_SIDE = 960
"""Pixels of the picture in which lines are looked for; three times as fast as with all of them, and no line is lost."""
_LEAST_CERTAINTY = 0.5
_LEAST_PAGE_CERTAINTY, _CERTAIN_ENOUGH = 0.7, 0.85
"""Certainties from which on a page is read, and from which on tesseract is not asked too."""
_CHARACTERS_A_HEIGHT = 0.6
"""Characters that a line has at least for each of its heights; fewer were not recognised."""
_MOST_LOST = 0.4
"""Share of lines that may be lost on a page that is read."""


def is_available() -> bool:
    """Return whether text recognition is installed and not switched off by READTHROUGH_OCR=off."""
    if os.environ.get("READTHROUGH_OCR", "").lower() == "off":
        return False
    return _has_rapidocr() or tesseract.program() is not None


def recognise(picture: Any) -> Recognised | None:
    """Return the text on a picture ([height, width, 3] uint8), None if there are no lines on it."""
    found = _by_rapidocr(picture) if _has_rapidocr() else None
    if found is not None and found.certainty >= _CERTAIN_ENOUGH:
        return found
    if found is None and _has_rapidocr():
        return None  # no lines: a photograph
    other = tesseract.recognise(picture)
    least = max(_LEAST_PAGE_CERTAINTY, found.certainty if found is not None else 0.0)
    return other if other is not None and other.certainty > least else found


def _has_rapidocr() -> bool:
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


def _by_rapidocr(picture: Any) -> Recognised | None:
    result = _engine()(picture, use_cls=False)
    if result.txts is None or result.boxes is None:
        return None
    segments: list[Segment] = []
    weight = certain = 0.0
    lost = 0
    for number, (box, text, score) in enumerate(zip(result.boxes, result.txts, result.scores, strict=True)):
        left, right = float(box[:, 0].min()), float(box[:, 0].max())
        top, bottom = float(box[:, 1].min()), float(box[:, 1].max())
        letters = len("".join(text.split()))
        if score < _LEAST_CERTAINTY or letters < _CHARACTERS_A_HEIGHT * (right - left) / max(1.0, bottom - top) - 1:
            lost += 1
            continue
        weight += letters
        certain += letters * float(score)
        # The box of a line reaches a little beyond its letters.
        margin = 0.12 * (bottom - top)
        segments.append(Segment(text.strip(), left, right, margin - bottom, -top - margin, number))
    if not weight or lost > _MOST_LOST * (lost + len(segments)) or certain / weight < _LEAST_PAGE_CERTAINTY:
        return Recognised("", 0.0, lost + len(segments)) if lost or segments else None
    return Recognised("\n".join(in_reading_order(segments)), certain / weight, lost)


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.use_cls": False,
            "Global.text_score": 0.0,
            "Global.max_side_len": LONGEST_SIDE,
            "Det.limit_type": "max",
            "Det.limit_side_len": _DETECTION_SIDE,
            "Rec.rec_batch_num": 1,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
