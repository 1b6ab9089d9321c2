"""Answers and summaries of a model that writes in its own words: rows R1 to R21 of the review of version 0.1.0.

Each failed at that version. The model is scripted (engine.bench.scripted_model); everything else is the product.
"""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine.answering import reread, retrieval
from engine.answering.retrieval import topic_of
from engine.answering.selection import is_sure
from engine.answering.support import supporting_passages
from engine.answering.text_end import until_end
from engine.bench.shapes import SHAPE_7B
from engine.bench.transcripts import Case, Shown, play
from engine.generation.repetition import repeats
from engine.grounding.attribution import PageIndex
from engine.grounding.claims import claims
from engine.grounding.corrections import corrects
from engine.grounding.support import unsupported
from engine.library.records import Turn
from engine.network.config import FalconMambaConfig
from engine.profile.base import BASE
from engine.profile.choose import choose_profile
from engine.profile.demo import DEMO
from engine.profile.instruct import INSTRUCT
from engine.profile.refusal import judge
from engine.reading.context import Context
from engine.summarising.outline import outline
from tests.engine.answering.test_selection import attempt
from tests.engine.tiny import add_tokenizer

PARAGRAPH = (
    "The committee met in spring, talked about the budget of the year, the staff and the buildings, and heard the "
    "treasurer, who had counted the money in the bank and found that there was less of it than before. "
)
COMPANY = "The CEO is Maria Lopez. The CEO reports to the board. The annex gives a working pressure of 5 bar."


def ask(question: str, *replies: str, document: str = COMPANY) -> Shown:
    return play(Case("test", document, "ask", question, list(replies), {}))


@pytest.mark.parametrize("reply", ["The CEO is Maria Lopez.", "**Maria Lopez**", "Sure! The answer is: Maria Lopez."])
def test_r1_answer_in_own_words_is_kept(reply: str) -> None:
    shown = ask("Who is the CEO?", reply)
    assert (shown.text, shown.refused, shown.marked, shown.pages) == (reply, False, [], [1])


def test_r2_refusal_in_other_words_is_no_answer() -> None:
    refusal = "The document does not mention the salary of the CEO."
    shown = ask("What is the CEO's salary?", refusal)
    assert (shown.text, shown.refused, shown.pages) == (refusal, True, [])
    partly = "Not in this document explicitly, but an annex says 5 bar."
    shown = ask("What is the working pressure?", partly)
    assert (shown.text, shown.refused, shown.pages) == (partly, False, [1])


def test_r3_what_repeats_the_question_supports_nothing() -> None:
    pages = [(1, "Pump P-204 ran. The bearing temperature of pump P-204 was 61 degrees.")]
    question = "What was the bearing temperature of pump P-204?"
    preamble = "Based on the information provided in the document, the bearing temperature of pump P-204"
    assert supporting_passages(question, preamble, pages) == []
    assert supporting_passages(question, preamble + " was 61 degrees.", pages)


def test_r4_fact_behind_a_long_preamble_is_seen() -> None:
    reply = (
        "Thank you for the question. I have read the document that you gave me from its beginning to its end, and I "
        "have looked for the person who holds the position that you ask about. According to the document, the CEO is "
        "Maria Lopez."
    )
    assert ask("Who is the CEO?", reply).pages == [1]


def test_r5_cyrillic_words_are_no_names() -> None:
    assert claims("насос был отремонтирован в мае") == []
    page = "Насос отремонтировали в мае 2023 года."
    assert unsupported("В мае 2023 года был отремонтирован насос.", [page]) == []


def test_r6_german_nouns_and_list_numbers_are_no_claims() -> None:
    assert unsupported("Nach Angaben des Betreibers wurde das Lager getauscht.", ["The bearing was replaced."]) == []
    listed = "1. **Sensors**: replace them\n2. Training: for all\n3. Figures: monthly"
    assert unsupported(listed, ["Replace the sensors, train all, publish monthly figures."]) == []


def test_r7_numbered_merge_is_kept() -> None:
    document = "Revenue was 480 million in 2023.\fThe workforce fell to 410 people."
    merge = "Here is the merged summary:\n\n1. **Revenue**: 480 million\n2. **Workforce**: 410 people"
    notes = ["- Revenue was 480 million.", "- The workforce fell to 410."]
    shown = play(Case("test", document, "merge", "", [*notes, merge], {}))
    assert [line for line in merge.splitlines() if line] == [line for line in shown.text.splitlines() if line]
    assert (shown.marked, shown.pages) == ([], [1, 2])


def test_r8_paraphrase_has_its_page() -> None:
    pages = [
        (1, "In the third quarter revenue rose by 12 %, above all because of exports to Poland."),
        (2, "The bakery in Bremen was closed."),
    ]
    line = "Third-quarter revenue increased 12 %, mainly driven by Polish exports"
    assert PageIndex(pages).pages_of(line) == [1]
    assert [p.page for p in supporting_passages("What happened?", line, pages)] == [1]


@pytest.mark.parametrize(
    "note",
    ["No key findings", "There are no key findings in this section.", "The document does not mention the pump.", ""],
)
def test_r9_note_without_findings(note: str) -> None:
    assert not INSTRUCT.summaries.has_findings(note)
    assert INSTRUCT.summaries.has_findings("- The pump failed in May.")
    assert INSTRUCT.summaries.no_findings in INSTRUCT.wording.summary
    assert INSTRUCT.summaries.no_findings in INSTRUCT.wording.after_focus


@pytest.mark.parametrize("marker", ["* ", "1. ", "• ", "- "])
def test_r10_outline_skips_the_preamble(marker: str) -> None:
    text = f"Here is a summary of the key findings:\n{marker}The pump failed in May.\n{marker}It was replaced."
    note: Any = SimpleNamespace(
        text=text, line_pages=[[], [3], [3]], first_page=3, last_page=4, heading="Pumps", number=1
    )
    ((line, pages),) = outline([note], INSTRUCT.summaries.has_findings)
    assert "The pump failed in May." in line
    assert "summary" not in line
    assert pages == [3]


@pytest.mark.parametrize(
    "sentence",
    [
        "The revised budget is 420,000 EUR.",
        "Use water instead of acid.",
        "The valve is closed, not open, at night.",
        "Mistakes happen when the shift is tired.",
    ],
)
def test_r11_ordinary_sentences_correct_nothing(sentence: str) -> None:
    assert not corrects(sentence)


def test_r12_answers_have_no_type_check() -> None:
    assert INSTRUCT.answers.copying is None
    assert ask("Who won?", "3M Company won.", document="The tender was won by 3M Company.").text == "3M Company won."


def test_r13_absent_identifier_is_asked_all_the_same() -> None:
    document = "In fiscal year 2024 the dose was lowered. Unit A7 was closed."
    shown = ask("What changed in FY2024?", "The dose was lowered.", document=document)
    assert (shown.refused, shown.text) == (False, "The dose was lowered.")
    shown = ask("What happened to unit A77?", "Unit A7 was closed.", document=document)
    assert not shown.refused


def test_r14_the_context_is_the_published_one(tmp_path: Any) -> None:
    """Two networks of one shape have the contexts of their own repositories."""
    for name, context in (("falcon-mamba-7b-instruct", 8_192), ("Falcon3-Mamba-7B-Instruct", 32_768)):
        folder = tmp_path / f"models--tiiuae--{name}" / "snapshots" / "abc"
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps({**SHAPE_7B, "num_hidden_layers": 2}))
        assert FalconMambaConfig.from_folder(folder).trained_context == context


def test_r15_own_words_are_not_doubtful_for_their_probability() -> None:
    said = replace(attempt("The CEO is Maria Lopez.", match=0.4, verbatim=False), certainty=0.55)
    assert is_sure(said, INSTRUCT.answers)
    assert not is_sure(said, DEMO.answers)
    assert INSTRUCT.answers.marked_words == 0


@pytest.mark.parametrize(
    "more", ["", " She reports to the board, which is what the second sentence of the document says of her."]
)
def test_r16_long_and_short_answers_are_treated_alike(more: str) -> None:
    shown = ask("Who is the CEO?", f"The CEO is Maria Gomez.{more}")
    assert (shown.refused, shown.marked) == (False, ["Maria Gomez"])


@pytest.mark.parametrize("question", ["And what about the CFO?", "And in Berlin?", "Und der Finanzvorstand?"])
def test_r17_follow_up_keeps_its_topic(question: str) -> None:
    turn = Turn(1, 1, None, "", "What does the CEO of Meridian earn?", "", None, None, None, None, False, 0.0)
    assert topic_of(question, [turn]) == f"{turn.question} {question}"
    other = "Who inspected pump P-12?"
    assert topic_of(other, [turn]) == other


def test_r18_asking_sections_is_bounded_in_time() -> None:
    prompts = SimpleNamespace(question=lambda text: text)
    tokenizer = SimpleNamespace(prompts=prompts, encode_request=lambda request: [0] * 60)

    def affordable(profile: Any, speed: float) -> int:
        runtime = SimpleNamespace(profile=profile, tokenizer=tokenizer)
        return retrieval._affordable(cast(Context, SimpleNamespace(runtime=runtime)), speed)

    assert affordable(INSTRUCT, 10.0) == retrieval.FEWEST_ASKED
    assert affordable(INSTRUCT, 400.0) > 64
    assert affordable(DEMO, 10.0) == retrieval.SECTIONS


@pytest.mark.parametrize(
    ("question", "reply", "document"),
    [
        (
            "Wer ist die Direktorin?",
            "Direktorin ist seit dem 3. Mai 2021 Frau Ada Berg.",
            "Ada Berg wurde am 3.5.2021 Direktorin.",
        ),
        ("Кто директор?", "Директором является Анна Белова.", "Анна Белова назначена директором."),
        ("厂长是谁？", "厂长是李敏。", "李敏担任厂长。"),
    ],
)
def test_r19_other_languages(question: str, reply: str, document: str) -> None:
    shown = ask(question, reply, document=document)
    assert (shown.text, shown.refused, shown.marked, shown.pages) == (reply, False, [], [1])


def test_r20_page_and_paragraph_are_asked_for_with_their_lengths() -> None:
    wording = INSTRUCT.wording
    assert "at most five points" in wording.summary and "at most five points" in wording.focus
    assert "at most five sentences" in wording.paragraph
    assert INSTRUCT.summaries.paragraph_tokens < INSTRUCT.summaries.summary_tokens


def test_r21_profiles_are_chosen_by_the_folder(tmp_path: Any) -> None:
    assert choose_profile(add_tokenizer(tmp_path)) is INSTRUCT
    (tmp_path / "plain").mkdir()
    assert choose_profile(add_tokenizer(tmp_path / "plain", chat=False)) is BASE
    (tmp_path / "config.json").write_text('{"readthrough": {"demo": true}}')
    assert choose_profile(tmp_path) is DEMO


def test_unclear_reply_waits_for_the_probe() -> None:
    assert judge("It is not stated explicitly, but the table shows 40 units.", "How many?") == "unclear"
    assert judge("It is not stated.", "How many?") == "refuses"
    assert judge("Forty.", "How many?") == "answers"


def test_reread_reply_replaces_a_refusal() -> None:
    shown = ask("Who is the CEO?", "I could not find that in the document.", "The CEO is Maria Lopez.")
    assert (shown.text, shown.refused, shown.pages) == ("The CEO is Maria Lopez.", False, [1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. The pump is checked daily.\n2. The pump is checked daily.\n3. The pump is checked daily.\n", True),
        ("1. Check the pump.\n2. Close the valve.\n3. Call the service.\n", False),
        ("\n".join(f"- In {year} the plant was audited again." for year in range(2001, 2010)), True),
        ("\n".join(f"- Pump P-{n} ran at {n * n} rpm all day." for n in range(101, 110)), False),
        (4 * "The committee met and talked about the budget, the staff, the buildings and the roads. ", True),
        (2 * PARAGRAPH, True),
        (PARAGRAPH, False),
    ],
)
def test_repetition_of_lists_and_paragraphs(text: str, expected: bool) -> None:
    assert repeats(text) == expected


def test_stop_strings_end_a_base_models_answer() -> None:
    def pieces() -> Any:
        yield from ("\nMaria", " Lopez.\nQues", "tion: Who")
        return "stop"

    assert "".join(until_end(pieces(), BASE.answers.stop_strings)).strip() == "Maria Lopez."


@pytest.mark.parametrize(
    ("question", "reply", "marked", "pages"),
    [
        # A wrong figure is marked, and the sentence that it is said of is still the evidence.
        ("What did the repair cost?", "The repair of the east wing cost 25,100 euros.", ["25,100"], [3]),
        # The year of the report is no reason for a further page.
        ("How many visitors came?", "In 2023 the museum had 84,600 visitors.", [], [2]),
        ("How many visitors came?", "| Year | Visitors |\n|---|---|\n| 2023 | 84,600 |", [], [2]),
    ],
)
def test_pages_of_answers_with_figures(question: str, reply: str, marked: list[str], pages: list[int]) -> None:
    document = (
        "Report of the Vyazovsk museum for 2023. The director is Ludmila Kovaleva.\f"
        "The museum was seen by 84,600 visitors, 12 % more than in the year before.\f"
        "The repair of the east wing was finished in November. It cost 21,500 euros."
    )
    shown = ask(question, reply, document=document)
    assert (shown.marked, shown.pages) == (marked, pages)


def test_german_nouns_with_an_article_between_them_are_no_name() -> None:
    assert [claim.text for claim in claims("Es stieg die Zahl der Gäste im Haus am See.") if claim.kind == "name"] == []


def test_capital_preposition_before_a_year_is_no_identifier() -> None:
    assert [claim.kind for claim in claims("В 2023 году музей работал. В 2022 году тоже.")] == ["number", "number"]
    assert [claim.kind for claim in claims("Насос В 2023 отремонтирован.")] == ["identifier"]


def test_names_with_either_russian_e_are_the_same() -> None:
    assert not unsupported("Директор — Ковалева.", ["Музеем руководит Ковалёва, она директор."])


def test_rereading_is_bounded_in_time_on_a_slow_machine() -> None:
    def affordable(speed: float, seconds: float | None) -> int:
        rules = SimpleNamespace(rereading_seconds=seconds)
        readings = SimpleNamespace(latest=lambda document, identity: SimpleNamespace(speed=speed))
        context = SimpleNamespace(
            runtime=SimpleNamespace(profile=SimpleNamespace(answers=rules), identity=None),
            library=SimpleNamespace(readings=readings),
            document_id=1,
        )
        return reread._affordable(cast(Context, context))

    assert affordable(10.0, 60.0) == reread.LEAST
    assert affordable(100.0, 60.0) == 6_000
    assert affordable(10.0, None) > 1_000_000
