"""Markdown without its markup and tables in columns: what is shown, and where each letter of the file stands in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app.document.columns import in_columns, separator_of
from app.document.markdown_text import rendered
from app.pages.marks import Passage
from tests.app.library_on_disk import write_library

MARKDOWN = """# Pump *house*

The `P-204` was **replaced [today](https://example.org/a)** for 5 &lt; 6 \\* euros.
It runs.

1. one
2. two
   - under two

> said
> somebody

| part | price |
|------|------:|
| seal | **12** |

<b>no HTML</b>

![a plan](plan.png)

```sh
x = 1

y
```
"""
SHOWN = """Pump house

The P-204 was replaced today for 5 < 6 * euros. It runs.

1. one
2. two
    • under two

│ said somebody

part  price
seal  12

<b>no HTML</b>

[a plan]

x = 1

y"""


def test_markdown_is_shown_without_its_markup():
    (page,) = rendered([MARKDOWN])
    assert [line.rstrip() for line in page.text.split("\n")] == SHOWN.split("\n")
    styles = {(span.style, page.text[span.start : span.end]) for span in page.spans}
    assert {("heading", "Pump house"), ("bold", "replaced today"), ("code", "P-204"), ("link", "today")} <= styles
    assert [span.address for span in page.spans if span.style == "link"] == ["https://example.org/a"]


@pytest.mark.parametrize(
    "words", ["house", "P-204", "today", "euros", "It runs", "two", "somebody", "12", "a plan", "y\n"]
)
def test_every_place_of_the_source_is_known_in_the_shown_text(words: str):
    (page,) = rendered([MARKDOWN])
    at = MARKDOWN.rindex(words)
    assert page.text[page.at(at) : page.at(at + len(words.strip()))] == words.strip()


def test_code_that_crosses_a_page_goes_on_as_code():
    one, two = rendered(["text\n\n```\n# first\n", "# second\n```\n\n# after\n"])
    assert one.text == "text\n\n# first" and two.text == "# second\n\nafter"
    assert [span.style for span in two.spans] == ["code", "heading"]
    assert two.text[two.at(2) : two.at(8)] == "second"


@pytest.mark.parametrize(
    "text", ["", "\n\n", "| a |\n|---|", "1. a\n\n   b\n", "[](x)", "\\", "&amp;", "``` \n", "- \n- x"]
)
def test_any_markdown_is_shown(text: str):
    (page,) = rendered([text])
    for place in range(len(text) + 1):
        assert 0 <= page.at(place) <= len(page.text)


def test_table_is_shown_in_columns():
    text = 'name;price;note\n"Smith; J";12,50;"a ""b"""\n水泵;3;\n'
    (page,) = in_columns([text])
    assert page.text.split("\n") == ["name      price  note", 'Smith; J  12,50  a ""b""', "水泵      3      ", ""]
    at = text.index("12,50")
    assert page.text[page.at(at) : page.at(at + 5)] == "12,50"


def test_columns_are_those_of_all_shown_pages_and_text_without_a_separator_stays():
    one, two = in_columns(["a,b\n", "long name,c\n"])
    assert one.text.startswith("a          b") and two.text.startswith("long name  c")
    assert separator_of(["no table", "here"]) == "" and in_columns(["no table"])[0].text == "no table"


@pytest.mark.parametrize(
    ("name", "page", "shown", "quoted"),
    [
        ("notes.md", "## Pumps\n\nThe **pump** failed.\n", "Pumps\n\nThe pump failed.", "The **pump** failed."),
        ("prices.csv", "part,price\nseal,12\n", "part  price\nseal  12", "seal,12"),
    ],
)
def test_text_view_shows_it_and_marks_the_quoted_sentence(start, tmp_path: Path, name, page, shown, quoted):
    path = tmp_path / name
    path.write_text(page, encoding="utf-8")
    write_library(tmp_path / "library.db", {str(path): [page]})
    driver = start(settings={"on_open": "wait"})
    driver.open(path)
    view = driver.window.document.text
    driver.until(lambda: shown in view.toPlainText())
    at = page.index(quoted)
    driver.until(lambda: driver.session.document_id is not None and "page 1" in view.toPlainText())
    driver.window.document.show_passages([Passage(1, quoted, (), at, at + len(quoted))])
    assert view.marked_text.replace("\u2029", "\n").split() == quoted.replace("*", "").replace(",", " ").split()


def test_link_of_markdown_is_asked_about_before_it_is_opened(start, tmp_path: Path):
    path = tmp_path / "links.md"
    path.write_text("[the manual](https://example.org/manual)\n", encoding="utf-8")
    write_library(tmp_path / "library.db", {str(path): [path.read_text()]})
    driver = start(settings={"on_open": "wait"})
    driver.open(path)
    view = driver.window.document.text
    driver.until(lambda: "page 1" in view.toPlainText() and "manual" in view.toPlainText())
    cursor = view.document().find("manual")
    view.setTextCursor(cursor)
    cursor.clearSelection()
    view.setTextCursor(cursor)
    spot = view.cursorRect().center()
    spot.setX(spot.x() - 12)
    driver.bot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert driver.find("addressDialog").informativeText() == "https://example.org/manual"
    driver.find("addressDialog").reject()
