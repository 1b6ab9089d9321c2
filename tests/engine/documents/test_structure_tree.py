"""Tagged files are read in the order of their structure tree, where it says more than the places do."""

from __future__ import annotations

from pathlib import Path

from tests.engine.documents.drawing import draw_pdf
from tests.engine.documents.in_process import pdf_lines


def tagged(path: Path, marked: list[tuple[int, int, list[str]]], order: list[int], foot: str = "") -> Path:
    """Draw paragraphs (x, y, lines), with a tree that has them in `order`."""
    content = []
    for number, (x, y, lines) in enumerate(marked):
        shown = " 0 -12 Td ".join(f"({line}) Tj" for line in lines)
        content.append(f"/P << /MCID {number} >> BDC BT /F1 10 Tf {x} {y} Td {shown} ET EMC")
    if foot:
        content.append(f"/Artifact BMC BT /F1 8 Tf 50 30 Td ({foot}) Tj ET EMC")
    kids = " ".join(f"{12 + place} 0 R" for place in range(len(order)))
    parents = " ".join(f"{12 + order.index(number)} 0 R" for number in range(len(marked)))
    objects = [
        f"<< /Type /StructTreeRoot /K [11 0 R] /ParentTree {12 + len(order)} 0 R >>",
        f"<< /Type /StructElem /S /Document /P 10 0 R /K [{kids}] >>",
        *(f"<< /Type /StructElem /S /P /P 11 0 R /Pg 100 0 R /K {number} >>" for number in order),
        f"<< /Nums [0 [{parents}]] >>",
    ]
    catalog = "/StructTreeRoot 10 0 R /MarkInfo << /Marked true >>"
    return draw_pdf(path, ["\n".join(content)], catalog=catalog, page="/StructParents 0", objects=objects)


BOX = (50, 500, ["A box that is read last.", "It has two lines."])


def test_blocks_come_in_the_order_of_the_tree_and_what_is_in_none_stays(tmp_path: Path) -> None:
    marked = [(50, 700, ["First paragraph."]), BOX, (50, 400, ["Third paragraph."])]
    path = tagged(tmp_path / "a.pdf", marked, [0, 2, 1], foot="Foot of the page")
    assert pdf_lines(path) == ["First paragraph.", "Third paragraph.", *BOX[2], "Foot of the page"]


def test_a_tree_with_labels_before_values_leaves_the_rows(tmp_path: Path) -> None:
    marked = [(50, 700, ["Patient"]), (50, 680, ["Dose"]), (250, 700, ["Ivo Brandt"]), (250, 680, ["5 mg"])]
    assert pdf_lines(tagged(tmp_path / "a.pdf", marked, [0, 1, 2, 3])) == ["Patient\tIvo Brandt", "Dose\t5 mg"]


def test_blocks_of_running_text_beside_each_other_are_taken_apart(tmp_path: Path) -> None:
    left, right = (
        ["The ferry leaves the pier at", "noon on every second day."],
        ["Dogs are carried free, but", "not in the upper saloon."],
    )
    path = tagged(tmp_path / "a.pdf", [(50, 700, ["Rules"]), (50, 680, left), (320, 680, right)], [0, 1, 2])
    assert pdf_lines(path) == ["Rules", *left, *right]


def test_numbers_of_items_stay_beside_their_items(tmp_path: Path) -> None:
    items = ["Ring the bell before the", "gate is opened to visitors."]
    marked = [(50, 700, ["1.", "2."]), (90, 700, items)]
    assert pdf_lines(tagged(tmp_path / "a.pdf", marked, [0, 1])) == [f"1.\t{items[0]}", f"2.\t{items[1]}"]
