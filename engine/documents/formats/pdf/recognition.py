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
from typing import Any, NamedTuple

import numpy as np

from engine.documents.formats.pdf import tesseract
from engine.documents.formats.pdf.bars import with_bars
from engine.documents.formats.pdf.columns import in_reading_order
from engine.documents.formats.pdf.missed_ink import missed_pieces
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
_DARK, _MARGIN, _SMALL_PART = 200, 24, 0.5
"""Brightness of ink at most, pixels around what is not blank, and share of the picture below which it is cut out."""
_CERTAIN_PIECE = 0.9
_TALL = 1.5
"""Height of a line in its width from which on it runs up or down."""
_LINES_TURNED, _CLEARLY_MORE = 5, 0.1
"""Lines that are tried in another direction, and certainty that they must gain, or may lose if they are sideways."""


class _Line(NamedTuple):
    text: str
    score: float
    """Certainty, 0 to 1."""
    box: Any
    """[4, 2] x, y of the corners, clockwise from the upper left."""

    @property
    def length(self) -> float:
        """Return the longer side of the box."""
        return float(np.ptp(self.box, axis=0).max())

    @property
    def is_tall(self) -> bool:
        """Return whether the line runs up or down."""
        width, height = np.ptp(self.box, axis=0)
        return bool(height > _TALL * width)


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
    """Return the text on a picture; one that lies on its side or its head is turned first."""
    picture = _cropped(picture)
    lines = _lines(picture)
    found = _recognised(lines)
    if found is None or (found.certainty >= _CERTAIN_ENOUGH and not _are_sideways(lines)):
        return found
    turn = _turn(picture, lines)
    return _recognised(_lines(np.ascontiguousarray(np.rot90(picture, turn)))) if turn else found


def _cropped(picture: Any) -> Any:
    """Return the part of a picture that is not blank, where that is small: a logo, a stamp."""
    dark = picture.min(axis=2) < _DARK
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    if len(rows) == 0:
        return picture
    top, bottom = max(0, rows[0] - _MARGIN), rows[-1] + _MARGIN
    left, right = max(0, columns[0] - _MARGIN), columns[-1] + _MARGIN
    part = picture[top:bottom, left:right]
    return np.ascontiguousarray(part) if part.size < _SMALL_PART * picture.size else picture


def _lines(picture: Any) -> list[_Line]:
    # The engine keeps what it was told last.
    result = _engine()(picture, use_det=True, use_cls=False, return_word_box=True, return_single_char_box=True)
    if result.txts is None or result.boxes is None:
        return []
    lines = []
    for number, (box, text, score) in enumerate(zip(result.boxes, result.txts, result.scores, strict=True)):
        characters = result.word_results[number] if number < len(result.word_results) else ()
        line = _Line(text.strip(), float(score), box)
        if not line.is_tall and box.shape == (4, 2):
            line = line._replace(text=_with_bars(picture, line, characters))
        lines.append(line)
    return [*lines, *_missed(picture, lines)]


def _missed(picture: Any, lines: list[_Line]) -> list[_Line]:
    """Return the pieces of text beside the lines that are read with certainty; other ink may be anything."""
    found = []
    for box in missed_pieces(picture, [line.box for line in lines]):
        text, score = _read_line(np.ascontiguousarray(_cut(picture, box)))
        if score >= _CERTAIN_PIECE and any(map(str.isalnum, text)):
            found.append(_Line(text.strip(), score, box))
    return found


def _with_bars(picture: Any, line: _Line, characters: Any) -> str:
    """Return the text of a line with its bars. `characters`: (text, certainty, box) of each, without spaces."""
    upper_left, upper_right = line.box[0], line.box[1]
    along = (upper_right - upper_left) / max(1.0, float(np.linalg.norm(upper_right - upper_left)))
    shown = [
        (text, (np.asarray(box, dtype=np.float32).mean(axis=0) - upper_left) @ along) for text, _, box in characters
    ]
    if "".join(text for text, _ in shown) != "".join(line.text.split()):
        return line.text
    return with_bars(line.text, [float(centre) for _, centre in shown], _straight(picture, line.box))


def _straight(picture: Any, box: Any) -> Any:
    """Return the picture of a line whose corners are `box`, clockwise from the upper left."""
    import cv2

    width = max(1, round(float(np.linalg.norm(box[1] - box[0]))))
    height = max(1, round(float(np.linalg.norm(box[3] - box[0]))))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(box.astype(np.float32), corners)
    return cv2.warpPerspective(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_CUBIC)


def _are_sideways(lines: list[_Line]) -> bool:
    return 2 * sum(line.is_tall for line in lines) > len(lines)


def _turn(picture: Any, lines: list[_Line]) -> int:
    """Return the quarter turns to the left after which some of the lines are read with more certainty, 0 for none.

    Lines that run up or down are read as well as others, but their order is by their places on the page as it stands.
    """
    is_sideways = _are_sideways(lines)
    looked = sorted(lines, key=lambda line: (line.is_tall != is_sideways, -line.length))[:_LINES_TURNED]
    least = _mean([line.score for line in looked]) + (-_CLEARLY_MORE if is_sideways else _CLEARLY_MORE)
    certainties = {}
    for turn in (1, 3) if is_sideways else (2,):
        turned = [np.ascontiguousarray(np.rot90(_cut(picture, line.box), turn)) for line in looked]
        certainties[turn] = _mean([_read_line(line)[1] for line in turned])
    best = max(certainties, key=lambda turn: certainties[turn])
    return best if certainties[best] > least else 0


def _cut(picture: Any, box: Any) -> Any:
    left, top = np.maximum(0, box.min(axis=0)).astype(int)
    right, bottom = np.ceil(box.max(axis=0)).astype(int)
    return picture[top : max(bottom, top + 1), left : max(right, left + 1)]


def _read_line(line: Any) -> tuple[str, float]:
    """Return the text on the picture of a line and its certainty."""
    result = _engine()(line, use_det=False, use_cls=False, return_word_box=False, return_single_char_box=False)
    return (result.txts[0], float(result.scores[0])) if result.scores else ("", 0.0)


def _mean(values: list[float]) -> float:
    return sum(values) / max(1, len(values))


def _recognised(lines: list[_Line]) -> Recognised | None:
    segments: list[Segment] = []
    weight = certain = 0.0
    lost = 0
    for number, line in enumerate(lines):
        left, right = float(line.box[:, 0].min()), float(line.box[:, 0].max())
        top, bottom = float(line.box[:, 1].min()), float(line.box[:, 1].max())
        letters = len("".join(line.text.split()))
        is_short = letters < _CHARACTERS_A_HEIGHT * (right - left) / max(1.0, bottom - top) - 1
        if line.score < _LEAST_CERTAINTY or is_short:
            lost += 1
            continue
        weight += letters
        certain += letters * line.score
        # The box of a line reaches a little beyond its letters.
        margin = 0.12 * (bottom - top)
        segments.append(Segment(line.text, left, right, margin - bottom, -top - margin, number))
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
