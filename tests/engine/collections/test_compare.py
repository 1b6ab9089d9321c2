"""Two documents side by side: sections matched in any order, and the facts that differ with both pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.command_line import main
from engine.collections.compare import Part, compare
from engine.library.library import Library
from tests.engine.records.filled import add_file

LEASE = (
    "The tenant shall pay a rent of 1,200 EUR at the beginning of each month. The lease begins on 1 March 2024 and "
    "ends after two years. The landlord keeps the roof in good repair at all times."
)
GARDEN = "The garden behind the house may be used by all tenants of the house from May until the end of September."
DOGS = "Dogs and cats are welcome in the house, provided that the neighbours are not disturbed during the night."


def part(heading: str, page: int, text: str) -> Part:
    return Part(heading, ((page, text),))


def test_a_changed_date_and_sum_are_named_with_both_pages() -> None:
    new = LEASE.replace("1,200", "1,350").replace("1 March 2024", "1 April 2024")
    (pair,) = compare([part("Rent", 2, LEASE)], [part("Rent", 5, new)])
    assert pair.outcome == "changed" and not pair.added and not pair.removed
    facts = {fact.kind: (fact.before, fact.after, fact.old.page, fact.new.page) for fact in pair.facts}
    assert facts["date"] == (("1 March 2024",), ("1 April 2024",), 2, 5)
    assert facts["amount"] == (("1,200 EUR",), ("1,350 EUR",), 2, 5)


def test_sections_are_matched_in_any_order_and_named_new_or_gone() -> None:
    old = [part("Rent", 1, LEASE), part("Garden", 2, GARDEN)]
    new = [part("Animals", 1, DOGS), part("The rent", 2, LEASE)]
    pairs = compare(old, new)
    assert [(pair.outcome, (pair.new or pair.old).heading) for pair in pairs] == [  # type: ignore[union-attr]
        ("new", "Animals"),
        ("same", "The rent"),
        ("gone", "Garden"),
    ]


def test_added_and_removed_sentences_stand_apart() -> None:
    sentences = LEASE.split(". ")
    (pair,) = compare([part("Rent", 1, LEASE)], [part("Rent", 1, ". ".join(sentences[1:]) + " " + GARDEN)])
    assert [sentence.text for sentence in pair.removed] == [f"{sentences[0]}."]
    assert [sentence.text for sentence in pair.added] == [GARDEN]


def test_text_that_stands_in_another_section_now_is_no_change() -> None:
    old = [part("Rent", 1, LEASE), part("House", 2, f"{DOGS} {GARDEN} Bicycles stand in the yard.")]
    new = [part("Rent", 1, LEASE), part("House", 2, DOGS), part("Garden", 3, f"{GARDEN} Bicycles stand in the cellar.")]
    pairs = {(pair.new or pair.old).heading: pair for pair in compare(old, new)}  # type: ignore[union-attr]
    assert pairs["House"].removed == [sentence for sentence in pairs["House"].removed if "yard" in sentence.text]
    assert pairs["Garden"].outcome == "changed" and pairs["Garden"].old is not None
    assert [sentence.text for sentence in pairs["Garden"].added] == ["Bicycles stand in the cellar."]


def test_line_breaks_are_no_change() -> None:
    (pair,) = compare([part("Rent", 1, LEASE)], [part("Rent", 1, LEASE.replace(" and ends", "\nand ends"))])
    assert pair.outcome == "same"


def test_the_command_compares_two_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in (("old.txt", LEASE), ("new.txt", LEASE.replace("1,200", "1,350"))):
        (tmp_path / name).write_text(f"Lease\n\n{text}\n")
    assert main(["compare", str(tmp_path / "old.txt"), str(tmp_path / "new.txt")]) == 0
    printed = capsys.readouterr().out
    assert "1 section changed" in printed
    assert "amount: 1,200 EUR (page 1) → 1,350 EUR (page 1)" in printed


def test_a_file_is_compared_with_what_was_read_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "house.txt"
    file.write_text(f"{LEASE}\n\n{GARDEN}\n")
    arguments = ["--library", str(tmp_path / "library.db"), "compare", str(file)]
    assert main(arguments) == 2
    assert "no library" in capsys.readouterr().err
    with Library.open(tmp_path / "library.db") as library:
        add_file(library, file)
    assert main(arguments) == 0
    assert capsys.readouterr().out == "1 section unchanged\n"
    file.write_text(f"{LEASE}\n\n{GARDEN}\n\n{DOGS}\n")
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert said.startswith("1 section changed") and "+ Dogs and cats are welcome" in said


def test_a_long_file_that_is_unchanged_has_no_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The library's sections are a page each here, those of the comparison several pages."""
    file = tmp_path / "house.txt"
    rooms = [f"Room {number} has {number + 2} windows and a door to room {number + 1}." for number in range(400)]
    file.write_text("\n".join(rooms))
    with Library.open(tmp_path / "library.db") as library:
        assert len(library.sections.of(add_file(library, file).id)) > 5
    arguments = ["--library", str(tmp_path / "library.db"), "compare", str(file)]
    assert main(arguments) == 0
    assert "sections unchanged\n" in (said := capsys.readouterr().out) and said.count("\n") == 1
    file.write_text("\n".join(["A porch was built in front of the house.", *rooms]))
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "+ A porch was built" in said and "gone" not in said and "Gone" not in said


def test_the_mark_of_a_heading_is_no_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of Word has its headings marked, the same text as RTF has not."""
    marked, plain = tmp_path / "a.txt", tmp_path / "b.txt"
    marked.write_text(f"# The lease\n\n{LEASE}\n\n- {DOGS}\n")
    plain.write_text(f"The lease\n\n{LEASE}\n\n{DOGS}\n")
    assert main(["--library", str(tmp_path / "l.db"), "compare", str(marked), str(plain)]) == 0
    assert capsys.readouterr().out == "1 section unchanged\n"
