"""Manners of instruct models that are no claims, or the same claim as on the page."""

from __future__ import annotations

import pytest

from engine.grounding.claims import claims
from engine.grounding.number_words import spelled_numbers
from engine.grounding.support import supports
from engine.grounding.unconfirmed_claims import unconfirmed_claims
from engine.profile.refusal import judge, sentences


@pytest.mark.parametrize(
    ("said", "page"),
    [
        ("47 des 83 sociétaires", "Présents : 47 sociétaires sur 83. La séance est ouverte."),
        ("de 23:00 a 7:00", "el período de las 23 a las 7 horas"),
        ("cuarenta y cinco decibelios", "55 decibelios de día y 45 de noche"),
        ("36 chilogrammi (circa 79 libbre)", "Peso 36 kg."),
        ("36 kg (about 79 pounds)", "It weighs 36 kg."),
        ("every 2 weeks (1 fortnight)", "sampled every 2 weeks"),
        ("12/11/2023", "hospitalisé du 11 au 17 novembre 2023. Coronarographie le 12 novembre : deux stents."),
        ("15 000–30 000 рублей", "штраф от 15 до 30 тысяч рублей"),
        ("46万9,700円", "合計金額 469,700円"),
        ("4 أقساط", "يدفع على أربعة أقساط"),
        ("62 Std. zu 54,00 €", "Montage, 62 Stunden zu 54,00 EUR"),
        ("61 degrees Celsius", "Oil temperature 61 °C."),
        ("a las 11 de la noche", "de las 23 a las 7 horas"),
        ("às 5 da tarde", "até às 17 horas"),
        ("curso 2024/25", "para el curso 2024-2025"),
        ("سنتان (24 شهرا)", "مدة العقد سنتان."),
        ("1兆5,000億円", "総額は15000億円"),
    ],
)
def test_other_manners_of_the_same_claim_are_confirmed(said: str, page: str):
    assert unconfirmed_claims(said, [page]) == []


@pytest.mark.parametrize(
    ("said", "page", "marked"),
    [
        ("12/11/2024", "du 11 au 17 novembre 2023. Coronarographie le 12 novembre.", ["12/11/2024"]),
        ("15 000–40 000 рублей", "штраф от 15 до 30 тысяч рублей", ["40 000"]),
        ("6 أقساط", "يدفع على أربعة أقساط", ["6"]),
        ("12 members", "Article 11. Ten members form a quorum.\nArticle 12. The board has three members.", ["12"]),
        ("36 kg (about 95 pounds)", "It weighs 36 kg.", ["95"]),
        ("curso 2024/26", "para el curso 2024-2025", ["2024/26"]),
        ("1兆5,000億円", "目標は150億円", ["1兆5,000億"]),
    ],
)
def test_a_wrong_figure_in_such_a_manner_is_marked(said: str, page: str, marked: list[str]):
    assert unconfirmed_claims(said, [page]) == marked


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("C'est Bastien Roche qui a été élu.", ["Bastien Roche"]),
        ("D'Angelo Rossi est élu.", ["D'Angelo Rossi"]),
        ("Es sind 30 Tage Zeit, sagt Ilse Brandner.", ["Ilse Brandner"]),
    ],
)
def test_small_words_and_counted_things_are_no_part_of_a_name(text: str, names: list[str]):
    assert [claim.text for claim in claims(text) if claim.kind == "name"] == names


def test_the_day_of_a_date_ends_no_sentence():
    assert sentences("Frist ist der 17. April 2024. Danach gilt Satz 2.") == [
        "Frist ist der 17. April 2024.",
        "Danach gilt Satz 2.",
    ]


def test_arabic_number_words_have_values():
    assert [int(value) for _, _, value in spelled_numbers("ثلاثة أشهر ثم مئة درهم")] == [3, 100]


@pytest.mark.parametrize(
    ("reply", "question"),
    [
        (
            "There is no cholesterol result listed. The chemistry section covers glucose only.",
            "Is there cholesterol?",
        ),
        ("The blood group isn't among the values reported here.", "What is the blood group?"),
        ("The purchase order doesn't offer one, nor does it mention any rebate.", "Is there a discount?"),
        ("Not stated. The paper names its funder but never gives an amount.", "How much did it cost?"),
        ("抱歉，文中没有关于自行车颜色的描述。", "自行车是什么颜色？"),
        ("Die Rechnung enthält keine Angaben dazu; genannt werden nur die Positionen.", "Welche Garantie gibt es?"),
        ("Le contrat n'en parle pas ; seules les pénalités sont mentionnées.", "Quelle assurance ?"),
        ("El texto no menciona el precio; solo se indica el plazo.", "¿Cuánto cuesta?"),
    ],
)
def test_a_refusal_that_lists_what_there_is_stays_one(reply: str, question: str):
    assert judge(reply, question) == "refuses"


def test_a_page_supports_a_day_whose_year_it_gives_elsewhere():
    assert supports("12 November 2023", "In 2023: opened on 12 November, closed in 3 May 2023.")
    assert not supports("13 November 2023", "opened on 12 November, closed on 3 May 2023.")
