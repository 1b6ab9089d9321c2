"""Text files as other programs write them: encodings, terminals, JSON, HTML of all kinds, pictures within the text."""

from __future__ import annotations

import base64
import json
import random
import time

import pytest

from engine.documents.formats.memory_file import MemoryFile
from engine.documents.formats.text.text_file import TextFile, TextPage

POLISH = "Zażółć gęślą jaźń. Łódź, dnia 3 maja. Pompa została naprawiona przez Józefa Śliwę.\n"
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy. Čerpadlo bylo opraveno dne 3. května.\n"
HUNGARIAN = "Az árvíztűrő tükörfúrógép. A szivattyút május 3-án megjavították, őrült jó gép.\n"
TURKISH = "Pompa üç Mayıs günü değiştirildi. Şoför İbrahim çağrıldı, öğle arası ışık söndü.\n"
LITHUANIAN = "Siurblys buvo pakeistas gegužės trečią dieną. Jonas Žukauskas ėjo į ūkį ąžuolų.\n"
HEBREW = "המשאבה תוקנה בשלושה במאי. העלות הייתה מאה ועשרים שקלים.\n"
CHINESE = "会议记录:水泵于五月三日停机检修,密封圈更换,费用一百二十元。\n"
RUSSIAN = "Насос остановлен третьего мая и отремонтирован. Стоимость работ сто двадцать рублей.\n"
GERMAN = "Die Pumpe wurde am 3. Mai ausgetauscht, größer als üblich, für Müller und Söhne.\n"


def read(data: bytes, suffix: str = ".txt") -> list[TextPage]:
    return list(TextFile(MemoryFile(data), suffix).pages())


def text_of(data: bytes, suffix: str = ".txt") -> str:
    return "\n".join(page.text for page in read(data, suffix))


def html(markup: str) -> str:
    return text_of(markup.encode(), ".html")


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (POLISH, "cp1250"),
        (POLISH, "iso8859-2"),
        (CZECH, "cp1250"),
        (CZECH, "iso8859-2"),
        (HUNGARIAN, "cp1250"),
        (TURKISH, "cp1254"),
        (LITHUANIAN, "cp1257"),
        (HEBREW, "cp1255"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (GERMAN, "cp1252"),
        (CHINESE, "gb18030"),
    ],
)
@pytest.mark.parametrize("times", [1, 30])
def test_old_encodings_give_the_right_letters(text: str, codec: str, times: int) -> None:
    assert text_of((text * times).encode(codec)).split() == (text * times).split()


@pytest.mark.parametrize(
    ("name", "codec"), [("Łukasz Wiśniewski; Żaneta Dąbrowska", "cp1250"), ("水泵检修记录", "gbk")]
)
def test_few_letters_in_a_table_of_ascii_are_right(name: str, codec: str) -> None:
    rows = "".join(f"{number};customer {number};{number}0,50\n" for number in range(500))
    assert name in text_of(f"id;name;amount\n{rows}501;{name};1\n".encode(codec), ".csv")


@pytest.mark.parametrize("codec", ["cp1251", "cp1250", "utf-8"])
def test_an_encoding_may_begin_late(codec: str) -> None:
    late = {"cp1251": RUSSIAN, "cp1250": POLISH, "utf-8": CHINESE}[codec]
    head = "".join(f"2024-05-01 10:{n % 60:02d}:00 unit {n} ok\n" for n in range(12_000))
    assert text_of(head.encode() + (late * 20).encode(codec)).endswith(late.strip())


def test_lines_of_two_encodings_stand_in_one_log() -> None:
    lines = [(RUSSIAN.encode("cp1251"), RUSSIAN), (GERMAN.encode(), GERMAN)] * 20
    assert text_of(b"".join(raw for raw, _ in lines)).split() == "".join(text for _, text in lines).split()


def test_a_declared_encoding_comes_first_unless_it_is_none() -> None:
    assert text_of("# -*- coding: cp1250 -*-\nŁódź".encode("cp1250")).endswith("Łódź")
    for name in ("idna", "rot13", "zlib_codec", "utf-7", "nonsense"):
        assert html(f'<meta charset="{name}"><p>grün') == "grün"


def test_an_uncertain_encoding_is_told() -> None:
    assert "not certain" in " ".join(read(b"\xb9 and \xe6")[0].notes)


def test_whole_escape_sequences_are_taken_out() -> None:
    line = "\x1b[90m2024-05-01\x1b[0m \x1b[1;31mERROR\x1b[0m \x1b]8;;http://x\x07unit\x1b]8;;\x07 "
    line += "\x1b(B1.5\x1b[K\x1b]0;title\x1b\\ bar\n"
    assert text_of(line.encode() * 5000).split("\n")[1500] == "2024-05-01 ERROR unit 1.5 bar"


def test_backspaces_are_carried_out() -> None:
    bold = "".join(f"{letter}\b{letter}" for letter in "NAME")
    underlined = "".join(f"_\b{letter}" for letter in "FILE")
    assert text_of(f"{bold}\n  {underlined}  o\bo\bok\n10%\b\b\b99%".encode()) == "NAME\n  FILE  ok\n99%"


def test_runs_of_nul_are_left_out_and_counted() -> None:
    pages = read(b"2024-05-01 start\n" + bytes(4096) + b"2024-05-02 stop\n")
    assert pages[0].text == "2024-05-01 start\n2024-05-02 stop"
    assert pages[0].notes == ["4,096 NUL bytes left out"]
    assert text_of(bytes(300_000) + b"after the rotation\n") == "after the rotation"


def test_json_escapes_are_decoded() -> None:
    record = {"name": "Zoë Müller", "city": "Łódź", "note": "王小明 😀", "path": "C:\\users\\u0041", "quote": 'a "b"'}
    line = text_of((json.dumps(record) + "\n").encode(), ".jsonl")
    assert json.loads(line) == record
    assert "Zoë Müller" in line and "王小明 😀" in line
    assert text_of(b"a path C:\\u0041bc and \\u00e9") == "a path C:\\u0041bc and \\u00e9"


@pytest.mark.parametrize("size", [200, 100_000, 300_000])
def test_pictures_in_the_text_are_left_out_and_counted(size: int) -> None:
    pages = read(
        f"# Report\n\n![pic](data:image/png;base64,{'iVBORw0KGgo' * (size // 11)})\n\nUnit P-204 stopped.\n".encode()
    )
    assert [page.text for page in pages] == ["# Report\n\n![pic]()\n\nUnit P-204 stopped."]
    assert "1 picture" in pages[0].notes[0]
    assert text_of(b"the data: it is here, data:short") == "the data: it is here, data:short"


def test_empty_cells_keep_their_place() -> None:
    rows = "<tr><td>P-204</td><td>3 May</td><td></td><td>120</td></tr>"
    rows += "<tr><td></td><td>&nbsp;</td><td>9 May</td><td>48</td></tr>"
    assert html(f"<table>{rows}</table>") == "P-204\t3 May\t\t120\n\t\t9 May\t48"


def test_cells_over_columns_and_rows_keep_the_others_in_place() -> None:
    rows = "<tr><td rowspan=2>A</td><td colspan=2>B</td><td>C</td></tr><tr><td>d</td><td>e</td><td>f</td></tr>"
    assert html(f"<table>{rows}</table>") == "A\tB\t\tC\n\td\te\tf"


def test_paragraphs_in_cells_make_no_rows() -> None:
    cell = "<td><p><span>{}</span></p><p>{}</p></td>"
    rows = f"<tr>{cell.format('Seal', 'kit')}{cell.format('120', '')}</tr>"
    rows += f"<tr>{cell.format('Relay', '')}<td><p></p></td></tr>"
    assert html(f"<table><tbody>{rows}</tbody></table>") == "Seal kit\t120\nRelay"


def test_a_page_laid_out_by_tables_keeps_its_paragraphs() -> None:
    inner = "<table><tr><td>1</td><td>2</td></tr></table>"
    page = f"<table><tr><td>menu</td><td><p>One.</p><p>Two.</p>{inner}</td></tr></table>"
    assert html(page).split("\n") == ["menu", "One.", "", "Two.", "", "1\t2"]


@pytest.mark.parametrize("odd", ["<![foo[ x ]]>", "<![if !x]>", "<!x y>", "<?php echo 1 ?>", "</>", "<!---->", "<!>"])
def test_odd_declarations_cost_no_text(odd: str) -> None:
    assert html(f"<p>Before</p>{odd}<p>After</p>").split() == ["Before", "After"]


def test_raised_and_lowered_figures_are_told_apart() -> None:
    assert html("10<sup>6</sup> cells<sup>1</sup>, H<sub>2</sub>O, the 1<sup>st</sup>, 10<sup>-3</sup>") == (
        "10^6 cells^1, H2O, the 1st, 10^-3"
    )


def test_controls_are_apart_and_hidden_parts_are_left_out() -> None:
    page = (
        "<label>Dose</label><span>5 mg</span><button>Save</button><label>Ward</label><span>7</span>"
        "<textarea>note</textarea><fieldset><legend>Legend</legend>in it</fieldset><center>mid</center>"
        "<dialog>ask</dialog>"
        "<p hidden>no</p><p style='display: none'>no</p><noscript>no</noscript><template>no</template><p>end</p>"
    )
    assert " ".join(html(page).split()) == "Dose 5 mg Save Ward 7 note Legend in it mid ask end"


def test_bare_ampersands_and_angles_cost_no_text() -> None:
    line = 'GET /a?x=1&y=2&copy=3 "ref&erer" 200 <-> a < b && c\n'
    lines = text_of(("<pre>" + line * 20_000 + "</pre>").encode(), ".html").count("GET /a?x=1&y=2")
    assert lines == 20_000
    assert html("Five words & no more <") == "Five words & no more <"


@pytest.mark.parametrize(
    "data",
    [
        b"<" * 1_000_000,
        b"[" * 1_000_000,
        b'",' * 500_000,
        b"a" * 3_000_000,
        "a\u0301".encode() * 200_000,
        b"&" * 1_000_000,
    ],
    ids=["angles", "brackets", "quotes", "one word", "marks", "ampersands"],
)
@pytest.mark.parametrize("suffix", [".html", ".jsonl", ".csv"])
def test_hostile_text_takes_no_longer_than_any_other(data: bytes, suffix: str) -> None:
    started = time.process_time()
    assert sum(len(page.text) for page in read(data, suffix)) >= 0
    assert time.process_time() - started < 12


def test_a_very_long_line_is_cut_into_pages_with_a_notice() -> None:
    pages = read(b"word " * 20_000)
    assert len(pages) > 20
    assert [bool(page.notes) for page in pages].count(True) == 1


@pytest.mark.parametrize("end", ["The end", "and", "mediadata", "see data:", "a data:image/png;base64,iVBORw0"])
@pytest.mark.parametrize("suffix", [".html", ".txt"])
def test_the_last_letters_are_kept_where_a_picture_could_begin(end: str, suffix: str) -> None:
    pages = read(f"The pump was repaired. {end}".encode(), suffix)
    assert "".join(page.text for page in pages).endswith(end)


def test_numbers_of_lists_are_those_that_the_page_shows() -> None:
    text = html(
        "<ol><li>Close the valve<li>Drain<ol type=a><li>upper tank<li>lower tank</ol><li value=7>Refill</ol>"
        "<ol start=4><li>four</ol><ol style='list-style: none'><li>bare</ol><ul><li>dot</ul>"
    )
    assert [line for line in text.split("\n") if line] == [
        *("1. Close the valve", "2. Drain", "a. upper tank", "b. lower tank", "7. Refill", "4. four", "bare", "dot")
    ]


def test_texts_for_pictures_chosen_options_and_powers() -> None:
    assert html("See <img alt='Plan of hall 3' src=a.png> here<img alt=''>") == "See ![Plan of hall 3] here"
    assert html("<select><option>W1<option selected>W7</select>").split("\n") == ["W1", "[x] W7"]
    assert html("x<sup>n+1</sup>, x<sup>n</sup>, 1<sup>st</sup>, 10<sup>−6</sup>, M<sup>me</sup>") == (
        "x^(n+1), x^n, 1st, 10^−6, Mme"
    )
    assert html("e<sup>-x</sup>, note<sup>a</sup>, x<sub>i</sub>, CO<sub>2</sub>") == "e^-x, note^a, x_i, CO2"


def test_accents_by_backspace_and_controls_of_eight_bits() -> None:
    assert text_of("cafe\b\u0301 noir\n".encode()) == "café noir"
    assert text_of(b"\x9b31mWARN\x9b0m fan 2 slow, M\xfcller\n", ".log") == "WARN fan 2 slow, Müller"


def test_files_in_base64_are_left_out_of_a_log_and_counted() -> None:
    blob = base64.b64encode(random.Random(1).randbytes(60_000)).decode()
    page = read(json.dumps({"id": 1, "scan": blob, "note": "after"}).encode() + b"\n", ".jsonl")[0]
    assert page.text == '{"id": 1, "scan": "", "note": "after"}'
    assert page.notes == ["1 file in base64 (78 KB) left out"]
    assert read(b'{"data": "' + b"QUJD" * 3000 + b'"}\n', ".jsonl")[0].text == '{"data": ""}'
    for honest in ("ACGT" * 900, "0f3a" * 2000):
        assert text_of(honest.encode()).replace("\n", "") == honest


def test_formulas_of_html_keep_their_fractions_and_powers() -> None:
    half = "<mfrac><mn>1</mn><mn>2</mn></mfrac>"
    power = "<msup><mi>x</mi><mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow></msup>"
    note = "<annotation encoding='application/x-tex'>\\frac12</annotation>"
    assert html(f"<p>so <math>{half}<mo>·</mo>{power}{note}</math> holds</p>") == "so 1/2·x^(n+1) holds"


def test_romanian_is_no_western_text() -> None:
    text = "Primăria a hotărât închiderea şoselei până la sfârşitul lucrărilor; maşinile vor ocoli oraşul prin sud."
    assert text_of(text.encode("cp1250")) == text
