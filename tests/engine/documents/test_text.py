from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.documents.formats.regular_file import RegularFile
from engine.documents.formats.text.encoding import NotText, detect_whole
from engine.documents.formats.text.html import HtmlText
from engine.documents.formats.text.page_cutter import LONGEST, SHORTEST, cut_pages
from engine.documents.formats.text.text_file import TextFile

WORDS = st.sampled_from(
    ["word ", "a longer word ", "end.\n", "\n", "\n\n", "  indented\n", "x" * 700, "。", "y" * 5000]
)
LONG_TEXTS = st.lists(WORDS, max_size=60).map(lambda parts: "".join(parts) * 5)


def blocks(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def read(path: Path, suffix: str = ".txt") -> list[str]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return [page.text for page in TextFile(RegularFile(descriptor, path.stat().st_size), suffix).pages()]
    finally:
        os.close(descriptor)


@given(LONG_TEXTS, st.integers(1, 9000))
@settings(max_examples=60, deadline=None)
def test_pages_joined_give_the_text_however_it_came(text: str, size: int) -> None:
    pages = list(cut_pages(blocks(text, size)))
    assert "".join(pages) == text
    assert pages == list(cut_pages([text]))
    assert all(SHORTEST <= len(page) <= LONGEST for page in pages[:-1])


@given(LONG_TEXTS, LONG_TEXTS)
@settings(max_examples=60, deadline=None)
@example("line\n" * 1000, "more\n" * 1000)
def test_appending_shifts_no_page_but_the_last(text: str, more: str) -> None:
    before = list(cut_pages([text]))
    assert list(cut_pages([text + more]))[: max(0, len(before) - 1)] == before[:-1]


def test_a_page_ends_where_the_text_pauses() -> None:
    paragraph = "Some words of a line.\n" * 30
    for page in list(cut_pages([(paragraph + "\n") * 20]))[:-1]:
        assert page.endswith(".\n\n")
    record = "2024-01-01 ERROR it broke\n    at one place\n    at another\n"
    for page in list(cut_pages([record * 300]))[:-1]:
        assert page.startswith("2024")
        assert page.endswith("another\n")


TEXT = "Grüße aus Köln, 12 €: déjà vu.\nZweite Zeile mit mehr Wörtern und Äpfeln.\n"
JAPANESE = "通常のマルチユーザーモードからのシステムのシャットダウンがコマンドラインから出来ます。\n" * 20
RUSSIAN = "Эта глава посвящена обзору проекта и его истории. Если вы уже знаете её, читайте дальше.\n" * 20


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (TEXT, "utf-8"),
        (TEXT, "utf-8-sig"),
        (TEXT, "utf-16"),
        (TEXT, "utf-16-le"),
        (TEXT, "utf-16-be"),
        (TEXT, "utf-32"),
        (TEXT, "cp1252"),
        (JAPANESE, "utf-8"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "iso2022_jp"),
        (RUSSIAN, "utf-8"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
    ],
)
def test_text_in_any_common_encoding_is_read(tmp_path: Path, text: str, codec: str) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(text.encode(codec))
    assert "\n".join(read(path)).split() == text.split()


def test_bytes_that_do_not_fit_do_not_spoil_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(("Größe und Höhe\n" * 50).encode() + b"caf\xe9\n" + "schön\n".encode())
    assert read(path)[-1].endswith("café\nschön")


def test_binary_is_no_text() -> None:
    with pytest.raises(NotText):
        detect_whole(os.urandom(4096))
    with pytest.raises(NotText):
        detect_whole(b"\x7fELF\x02\x01\x01" + bytes(range(32)) * 10)


def test_a_character_cut_between_blocks_is_not_broken(tmp_path: Path) -> None:
    path = tmp_path / "line.txt"
    path.write_bytes(("ж" * 700_001).encode())
    assert "".join(read(path)) == "ж" * 700_001


PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>A &amp; B</title><style>p {color: red}</style></head>
<body><h1>Heading</h1><p>One <b>bo</b>ld
 para</p><script>if (a < b) { x("<p>no</p>") }</script><table><tr><th>a<th>b</tr><tr><td>1</td><td>2</td></tr></table>
<pre>kept
  as it is</pre>&eacute;&#x41;</body></html>"""


@given(st.integers(1, 400))
@settings(max_examples=30, deadline=None)
def test_html_is_read_without_tags_scripts_and_styles(size: int) -> None:
    text = "".join(HtmlText().convert(blocks(PAGE, size)))
    assert text == "# Heading\n\nOne bold para\n\na\tb\n1\t2\n\nkept\n  as it is\n\néA"


def test_html_says_its_title_and_encoding(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes('<meta charset="koi8-r"><title>Имя</title><p>Привет'.encode("koi8-r"))
    descriptor = os.open(path, os.O_RDONLY)
    file = TextFile(RegularFile(descriptor, path.stat().st_size), ".html")
    assert file.title == "Имя"
    assert [page.text for page in file.pages()] == ["Привет"]
    os.close(descriptor)


def test_endless_tags_comments_and_scripts_are_passed_over() -> None:
    picture = "<p>A<img src='data:" + "z" * 600_000 + "'>B"
    comment = "<!-- " + "<x " * 200_000 + "-->C"
    script = "<script>" + "if (a<b) f();" * 60_000 + "</script>D"
    unfinished = "<x " * 300_000
    text = "".join(HtmlText().convert(blocks(picture + comment + script + unfinished, 65_536)))
    assert text == "ABCD"
