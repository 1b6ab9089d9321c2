"""Answers by selection: the questions that people type first, on pages of a manual, a record and a Chinese note."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from engine.answering import quoted_answer
from engine.answering.quoted_answer import Reply, quotation, reply_to
from engine.grounding.sentence_index import IndexedSentence, SentenceIndex

MANUAL = [
    "Packaging Manual\n\nThis manual describes the rules for packages. It was last updated on 19 September 2022.\n"
    "3.6 Virtual packages . . . . . . . . . . . . . 26\n3.8 Essential packages . . . . . . . . . . . 27",
    "3.6 Virtual packages\n\nA virtual package is a name that several packages provide. Mail readers depend on the "
    "name of a mail server, not on one server. There are three archive areas, main, contrib and extra.",
    "3.8 Essential packages\n\nPackages of this kind must work at every moment. They are never removed. The maintainer "
    "of a package answers its bug reports. A package of the main area costs nothing.",
]
RECORD = [
    "Shift record, week 13\n\nPump P-835 was repaired by Hassan Carter on 12 September 2024. Tea was served at four.",
    "Shift record, week 14\n\nA seal of the boiler leaked and was replaced the same day. The alarm was tested. "
    "31 July 2024 is the date on which conveyor C-165 was repaired. Pump P-835 was moved to hall 35 in the evening.",
    "Shift record, week 15\n\nCorrection: conveyor C-165 was repaired on 1 August 2024, not on 31 July 2024. "
    "Stefan Singh inspected the valve. Marta Varga signed the list of parts.",
]
CHINESE = ["泵站说明。每台泵都有一台电机和一个阀门。阀门泄漏的泵必须由操作员停止。下午四点供应茶水。"]


PAPER = [
    "Storing seeds\n\nThis booklet is for gardeners who keep seeds over the winter. Dry them first.",
    "© Copyright Kew Press 2014. All rights reserved.\n\nChapter 1. Drying\n\nA dry seed keeps for six years in a "
    "closed jar. A damp seed rots within weeks.",
]


@pytest.fixture
def reply(monkeypatch):
    """(pages, question) -> the reply."""
    monkeypatch.setattr(quoted_answer, "overview", lambda context: [("Manual, 3 pages.", []), ("“It is.”", [1])])

    def ask(pages: list[str], question: str, seed: int = 0):
        rows = [SimpleNamespace(number=number, text=text) for number, text in enumerate(pages, 1)]
        document = SimpleNamespace(pages=len(rows), complete=True)
        index = SentenceIndex(enumerate(pages, 1))
        return reply_to(
            SimpleNamespace(document=document, pages=lambda: rows, sentence_index=lambda: index), question, seed
        )

    return ask


def texts(reply: Reply) -> list[str]:
    return [line.text for line in reply.lines]


@pytest.mark.parametrize(
    ("pages", "question", "page", "words"),
    [
        (MANUAL, "What is a virtual package?", 2, "a name that several packages provide"),
        (MANUAL, "What is an essential package?", 3, "must work at every moment"),
        (MANUAL, "When was this manual last updated?", 1, "19 September 2022"),
        (MANUAL, "How many archive areas are there?", 2, "three archive areas"),
        (MANUAL, "Who answers bug reports?", 3, "The maintainer of a package"),
        (MANUAL, "Does a package of the main area cost anything?", 3, "costs nothing"),
        (RECORD, "When was conveyor C-165 repaired?", 3, "1 August 2024"),
        (RECORD, "Who is Marta Varga?", 3, "Marta Varga signed"),
        (RECORD, "Who repaired pump P 835?", 1, "Hassan Carter"),
        (CHINESE, "谁停止泄漏的泵？", 1, "操作员停止"),
    ],
)
def test_sentence_that_answers_is_quoted(reply, pages, question, page, words):
    got = reply(pages, question)
    assert got.found
    assert words in got.lines[0].text
    assert got.quoted[0].page == page


@pytest.mark.parametrize("question", ["What is this document about?", "Summarize the main points", "Worum geht es?"])
def test_overview_is_given_for_what_it_is_about(reply, question):
    got = reply(MANUAL, question)
    assert got.found and texts(got) == [
        "Manual, 3 pages.",
        "“Packaging Manual” (page 1)",
        "“This manual describes the rules for packages.” (page 1)",
        "“It is.” (page 1)",
    ]


def test_events_are_told_in_order(reply):
    got = reply(RECORD, "What happened to pump P-835?")
    assert got.found and [sentence.page for sentence in got.quoted] == [1, 2]
    assert all("P-835" in line for line in texts(got))


def test_events_of_a_part_are_those_under_its_heading(reply):
    got = reply(RECORD, "what happened in week 14")
    assert got.found and {sentence.page for sentence in got.quoted} == {2}
    assert any("seal of the boiler" in line for line in texts(got))


@pytest.mark.parametrize("pages", [MANUAL, RECORD])
@pytest.mark.parametrize("question", ["What is the capital of France?", "What happened to pump P-999?"])
def test_what_is_named_and_absent_is_said_with_closest_passages(reply, pages, question):
    got = reply(pages, question)
    assert not got.found
    assert got.absent and got.absent[0] in texts(got)[0]
    assert "Not in this document" not in " ".join(texts(got))


def test_closest_passages_are_shown_where_nothing_answers(reply):
    got = reply(MANUAL, "Which colour has the roof of the mail building in winter?")
    assert not got.found
    assert texts(got)[0] == "No answer found. Closest passages:"
    assert 1 <= len(got.lines) - 1 <= 3 and all(line.startswith("“") for line in texts(got)[1:])


def test_absence_is_claimed_only_where_no_word_is_found(reply):
    got = reply(RECORD, "Was anyone injured?")
    assert texts(got) == ["No page of the document mentions any word of this question."]


def test_every_line_is_quoted_from_its_page(reply):
    for pages in (MANUAL, RECORD):
        for question in ("What is a package?", "List all pumps", "Who was it?", "And when?"):
            for sentence in reply(pages, question).quoted:
                assert pages[sentence.page - 1][sentence.start : sentence.end] in sentence.text


def test_contents_lines_are_no_answers(reply):
    got = reply(MANUAL, "Where are virtual packages?")
    assert not any(". . ." in line for line in texts(got))


def test_another_seed_gives_another_sentence(reply):
    first, second = (reply(RECORD, "Who repaired conveyor C-165?", seed) for seed in (0, 1))
    assert first.lines[0] != second.lines[0]


@pytest.mark.parametrize(
    ("question", "words"),
    [("When was this manual last updated?", "19 September 2022"), ("Who repaired pump P 835?", "Hassan Carter")],
)
def test_words_that_answer_are_marked_in_their_sentence(reply, question, words):
    pages = MANUAL if "manual" in question else RECORD
    got = reply(pages, question)
    line, best = got.lines[0], got.quoted[0]
    assert got.span is not None and line.emphasis is not None
    assert words in pages[best.page - 1][slice(*got.span)]
    assert words in line.text[slice(*line.emphasis)]
    assert best.start <= got.span[0] < got.span[1] <= best.end


@pytest.mark.parametrize(
    ("question", "words"), [("Who wrote it?", "Anna Berg"), ("When was the report written?", "3 May 2024")]
)
def test_author_and_date_come_from_the_front_of_a_document(reply, question, words):
    pages = [
        "Report on bridges. Author: Anna Berg. Date: 3 May 2024.\nThe bridges of the county were inspected in winter.",
        "The committee wrote to Ben Stone. He wrote back on 9 June 2023 that the report of Carl Wood was lost.",
    ]
    got = reply(pages, question)
    assert got.found and words in got.lines[0].text


def test_words_across_a_line_end_are_marked_as_they_are_shown():
    sentence = IndexedSentence(1, 10, 52, "It was repaired by\nHassan Carter in May.", False, "")
    line = quotation(sentence, span=(29, 42))
    assert line.text == "“It was repaired by Hassan Carter in May.”"
    assert line.emphasis is not None and line.text[slice(*line.emphasis)] == "Hassan Carter"


@pytest.mark.parametrize(
    ("question", "words"), [("Who are the authors?", "Anna Berg"), ("When was it written?", "02-Jul")]
)
def test_labels_on_the_first_page_name_author_and_date(reply, question, words):
    lines = [f"The bridge {number} was inspected and found sound by the county's engineers." for number in range(8)]
    head = "Title: Bridges Author: Anna Berg <berg@example.org>, Carl Wood Status: Draft Created: 02-Jul-2026"
    pages = [" ".join(lines) + "\n\n" + head, "The authors are no engineers. The plan was written with care in 2019."]
    got = reply(pages, question)
    assert got.found and words in got.lines[0].text


def test_closest_passages_are_no_parts_of_sentences(reply):
    page = "An agreement is void where it\n\n- is not a covered agreement;\n- names a fine of the council;\n\n"
    pages = [page + "The council may impose a fine on a company. Fines are paid within thirty days."]
    got = reply(pages, "Which fine must a pilot of a balloon pay to the zoo?")
    assert not got.found and len(got.lines) > 1
    assert all(line[1].isupper() for line in texts(got)[1:])


def test_people_and_languages_are_not_absent_where_their_country_is_named(reply):
    pages = ["The bank of China announced that the renminbi gained 2.1 percent. Tea was served at four."]
    assert not reply(pages, "Did the Chinese currency gain?").absent
    assert reply(pages, "Did the Norwegian currency gain?").absent == ("Norwegian",)


@pytest.mark.parametrize(
    ("page", "question", "words"),
    [
        ("城西水厂供应饮用水。自五月起由王丽华担任厂长。管网全长四百一十二公里。", "谁是厂长？", "王丽华"),
        ("城西水厂供应饮用水。自五月起由王丽华担任厂长。管网全长四百一十二公里。", "管网有多长？", "四百一十二公里"),
        ("Das Werk liegt am Fluss. Das Rohrnetz ist 412 Kilometer lang.", "Wie lang ist das Rohrnetz?", "412"),
    ],
)
def test_other_languages_are_answered_by_words(reply, page, question, words):
    got = reply([page], question)
    assert got.found and words in got.lines[0].text


def test_other_languages_are_refused_where_no_word_is_shared(reply):
    assert not reply(CHINESE, "总统是谁？").found


def test_numbers_of_headings_are_no_answers(reply):
    got = reply(["9.2.2\n\nUser names\n\nA user name may have 32 letters.\n\n9.2.3"], "How long may a user name be?")
    assert got.found and not any(line.strip("“”") in ("9.2.2", "9.2.3") for line in texts(got))
    assert "32 letters" in " ".join(texts(got))


def test_a_document_without_another_date_is_dated_by_its_copyright(reply):
    got = reply(PAPER, "In which year was it published?")
    assert got.found and "2014" in got.lines[0].text


@pytest.mark.parametrize("question", ["What is this booklet about?", "What is this booklet for?"])
def test_a_question_for_what_a_document_is_about_gets_its_overview(reply, question):
    assert texts(reply(PAPER, question))[0] == "Manual, 3 pages."


def test_the_length_and_the_title_of_a_document_are_no_sentences_of_it(reply):
    got = reply(MANUAL, "How many pages has the document?")
    assert got.found and texts(got) == ["The document has 3 pages."] and not got.quoted


CONTRACT = [
    "This agreement is between Hall Ltd and Emma Wood. Any dispute between the parties shall be settled by arbitration "
    "in Leeds. Wages are due on the last day of each month. The company owns all drawings. Notice is thirty days."
]


def test_words_that_are_on_no_page_may_still_mean_what_is(reply):
    got = reply(CONTRACT, "What happens if they disagree?")
    assert any("arbitration" in text for text in texts(got))


def test_a_sentence_that_announces_its_readers_brings_their_list(reply):
    pages = [
        "Pond care\n\nThis guide is intended for use by the following readers:\n- keepers of fish\n- gardeners\n"
        "- schools\n\nA pond needs light."
    ]
    shown = texts(reply(pages, "Who is this guide for?"))
    assert any("following readers" in line for line in shown) and any("gardeners" in line for line in shown)


def test_a_question_about_the_document_itself_gets_passages(reply):
    got = reply(RECORD, "Which printer drew the picture on the cover of this report?")
    assert not got.found and len(got.lines) > 1


CATCH = (
    "Table 2. Fish landed, by harbour: 2003 and 2004\nHarbour\tCod\tAsian carp\n"
    "Dover . . . . .\t12\t30\nHull . . . . .\t7\t9"
)


def test_the_row_that_a_question_names_answers_with_its_table(reply):
    got = reply([CATCH], "How many fish were landed at Dover?")
    assert got.found and texts(got)[0].startswith("“Dover")
    assert "Table: “" in texts(got)[1] and "|" not in texts(got)[1]
    assert reply([CATCH], "How many Asians landed fish at Dover?").absent == ()


def test_a_row_does_not_hide_that_a_name_is_absent(reply):
    got = reply([CATCH], "How many fish were landed at Dover for Norway?")
    assert not got.found and got.absent == ("Norway",)


def test_every_further_sentence_has_one_line_behind_see_also(reply):
    pages = [CATCH, CATCH.replace("Table 2", "Table 3").replace("landed", "sold").replace("\t12\t30", "\t11\t29")]
    got = reply(pages, "How many fish were landed at Dover?")
    lines = texts(got)
    assert got.also and lines[-len(got.also) - 1] == "See also:"
