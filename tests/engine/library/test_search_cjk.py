"""Full-text search in scripts that are written without spaces."""

from __future__ import annotations

import random

import pytest

from engine.library import cjk
from engine.library.library import Library
from engine.library.reading_run import Progress
from engine.library.records import NewSection
from tests.engine.library_fakes import IDENTITY, FakeFile

FILLER = "二〇二四年3月19日，李静报告阀门更换轴承，当班人员已经记录在册。水泵完成保养，锅炉温度过低。"
LINES = {
    "zh": ("冷却塔于五月十二日由王芳检修。", "谁检修了冷却塔？"),
    "zh two characters": ("风扇停止运转。", "风扇怎么样？"),
    "ja": ("ポンプの軸受は田中が交換した。", "軸受を交換したのは誰ですか"),
    "ko": ("밸브는 김철수가 닫았다.", "밸브를 누가 닫았나요?"),
    "th": ("ปั๊มหมายเลขสองถูกซ่อมโดยสมชาย", "ใครซ่อมปั๊มหมายเลขสอง"),
    "mixed": ("冷却塔 CT-7 的压力为 4 bar。", "CT-7 冷却塔"),
}


def search(library: Library, texts: list[str], question: str, **options) -> list[int]:
    document = library.documents.for_file(FakeFile(sha256=question)).id
    sections = [NewSection(n, "", text, n, n, n, 1) for n, text in enumerate(texts, 1)]
    library.reading(document, IDENTITY).finish(Progress(len(texts) + 1, sections=sections))
    return [hit.section.number for hit in library.search.sections(document, question, **options)]


@pytest.mark.parametrize("script", LINES)
def test_a_question_finds_the_line_it_is_about(library: Library, script: str) -> None:
    line, question = LINES[script]
    texts = [FILLER * random.Random(n).randint(1, 5) for n in range(90)]
    texts[57] = FILLER + line + FILLER
    assert search(library, texts, question)[0] == 58


def test_a_single_character_finds_words_that_begin_with_it(library: Library) -> None:
    assert search(library, ["火灾", "水灾", FILLER], "火") == [1]


def test_phrases_must_stand_as_they_are(library: Library) -> None:
    texts = ["冷却水塔", "冷却塔很高", "塔的冷却"]
    assert search(library, texts, "冷却", phrases=["冷却塔"]) == [2]


def test_removed_sections_are_not_found(library: Library) -> None:
    assert search(library, ["冷却塔"], "冷却塔") == [1]
    library.documents.remove(library.documents.all()[0].id)
    with library._db.read() as conn:
        assert conn.execute("SELECT count(*) FROM sections_cjk").fetchone() == (0,)


def test_bigrams() -> None:
    assert cjk.bigrams("冷却塔 CT-7 好") == "冷却 却塔 好"
    assert cjk.bigrams("pump") == ""
    assert not cjk.has_cjk("Größe naïve Привет")
