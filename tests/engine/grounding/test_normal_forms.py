"""The same figure written in another way: times of day, ranges, rounded numbers, units, cited pages."""

from __future__ import annotations

import pytest

from engine.grounding.cited_pages import cited_beyond
from engine.grounding.claims import claims, spelled_claims
from engine.grounding.conversions import unconverted
from engine.grounding.quantities import mismatched
from engine.grounding.support import supports, unsupported
from engine.grounding.times import times_of_day

SAME = [
    ("Revenue was $4.2bn in fiscal 2023.", "FY2023 revenue came to 4,200 million dollars."),
    ("It grew 12.5 percent year-over-year.", "Growth was 12.5% on the previous year."),
    ("The meeting was held on Tuesday, 5th March 2024, at 2 p.m.", "5 March 2024, 14:00. Present:"),
    ("Dr. Ann-Marie O'Neill chairs the board.", "Ann-Marie O’Neill, MD, is chair of the board."),
    ("From 2019 to 2021, sales doubled.", "Sales doubled between 2019 and 2021."),
    ("He was born in the 1960s.", "Born in 1964, he studied law."),
    ("The tank holds 1500 litres.", "The tank has a volume of 1.5 m³ (1,500 l)."),
    ("About a third of staff (33%) left.", "33 per cent of the staff left."),
    ("Version 2.0 was released in Q4 2022.", "Release 2.0: fourth quarter of 2022."),
    ("Section 5(2) allows it.", "5. (2) The tenant may sublet."),
    ("The rent is £1,200/month.", "Rent: 1200 pounds a month."),
    (
        "Ten people attended, including the Mayor of Northgate.",
        "10 people attended, among them the mayor of Northgate.",
    ),
    ("The IBAN is DE89 3704 0044 0532 0130 00.", "IBAN DE89370400440532013000"),
    ("Call +44 20 7946 0958.", "Telephone 020 7946 0958 or +44 (0)20 7946 0958"),
    ("Mr. Smith's deposit was returned on 03/04/2022.", "On 3 April 2022 the deposit of John Smith was returned."),
    ("The temperature must stay at −18 °C or below.", "Keep at -18°C or colder."),
    ("Article 12 of the Regulation applies.", "Regulation, Art. 12: it applies"),
    ("The distance is 3.5km.", "a distance of 3.5 km"),
    ("Die Miete beträgt 1.250,00 €.", "Miete: 1250 Euro"),
    ("Am 3. Mai 2021 wurde Frau Dr. Petra Kern gewählt.", "Petra Kern wurde am 03.05.2021 gewählt."),
    ("Der Verein hat rund 350 Mitglieder.", "Der Verein zählt 348 Mitglieder."),
    (
        "Le loyer s'élève à 950 € par mois, soit 11 400 € par an.",
        "Loyer mensuel : 950 euros. Loyer annuel : 11400 euros.",
    ),
    ("La réunion a eu lieu le 3 mai à 9h30.", "Réunion du 3 mai, 9 h 30"),
    ("El 45 % de los socios votó a favor.", "Votó a favor el 45 por ciento."),
    ("Встреча состоялась 5 мая 2022 года в 14:00.", "5 мая 2022 г., 14 часов"),
    ("Население — около 12 тыс. человек.", "Население составляет 12 040 человек."),
    ("会议于2023年5月8日下午3点举行。", "2023年5月8日15时召开会议"),
    ("共有约1.2万人参加。", "参加人数12,000人"),
    ("参加費は3,000円です。", "参加費 三千円"),
    ("회비는 월 3만 원입니다.", "회비: 월 30,000원"),
    ("The fine is 500 pounds sterling.", "a fine of £500"),
    (
        "She is a Professor of Biology at Cambridge University.",
        "She teaches biology at Cambridge University as a professor.",
    ),
    ("According to Table 3, the yield was 71 %.", "Table 3. Yield: 71%"),
    (
        "The NASA probe reached Mars on July 4, 1997.",
        "The probe of the National Aeronautics and Space Administration landed on Mars on 4 July 1997.",
    ),
    ("Interest: 4.75% p.a., payable quarterly.", "interest of 4.75 per cent a year, payable every quarter"),
    ("It was approved 7–2.", "approved by seven votes to two"),
    ("The ratio is 3:1.", "a ratio of 3 to 1"),
    ("Costs rose by one-third.", "Costs rose by a third."),
    ("It opens Mon-Fri 8am-6pm.", "Open Monday to Friday from 8:00 to 18:00"),
    ("The word 'Quorum' means half of the members.", "Quorum: half the members"),
    ("Both parents, Maria and José García, signed.", "Signed: María García, José García"),
    ("In May of 2020, the lab at MIT closed.", "The MIT laboratory closed in May 2020."),
    ("The book has 312 pages and costs $24.99.", "312 pp., USD 24.99"),
    ("The population density is 120/km².", "120 people per square kilometre"),
    ("It weighs 2½ kg.", "It weighs 2.5 kg."),
    ("Room A-101 is on the first floor.", "Room A101 (1st floor)"),
    ("The sum of EUR 1.000,50 was transferred.", "1000.50 euros were transferred"),
    ("JavaScript and Node.js 18 are required.", "Requires Node.js version 18; JavaScript"),
]

"""(answer, page) that say the same."""
ANOTHER = [
    ("Revenue was $4.3bn.", "4,200 million dollars"),
    ("at 3 p.m.", "14:00"),
    ("Dr. Anne O'Neill chairs it.", "Ann-Marie O’Neill"),
    ("Twenty-nine people came.", "28 people came"),
    ("12 %", "21 per cent"),
    ("It has 15 rooms.", "It has fifty rooms."),
    ("Born in the 1970s.", "Born in 1964"),
    ("Petra Kerner wurde gewählt.", "Petra Kern wurde gewählt"),
    ("über 500 Mitglieder", "348 Mitglieder"),
    ("共有1.3万人", "12,000人"),
    ("le 4 mai à 9h30", "3 mai, 9 h 30"),
]
"""(answer, page) of which the answer has one figure or name that is not on the page."""


def marks(answer: str, page: str) -> list[str]:
    found = unsupported(answer, [page])
    found += [claim.text for claim in spelled_claims(answer) if not supports(claim, page)]
    found += [number for number in mismatched(answer, [page]) if not any(number in claim for claim in found)]
    return unconverted(found, answer)


@pytest.mark.parametrize(("answer", "page"), SAME)
def test_nothing_is_marked_in_the_same_written_otherwise(answer: str, page: str) -> None:
    assert marks(answer, page) == []


@pytest.mark.parametrize(("answer", "page"), ANOTHER)
def test_one_thing_is_marked(answer: str, page: str) -> None:
    assert len(marks(answer, page)) == 1


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("at 9:05", 545),
        ("7:30 pm", 1170),
        ("um 9 Uhr", 540),
        ("à 18 h 30", 1110),
        ("às 9h", 540),
        ("午後2時", 840),
        ("下午3点", 900),
        ("в 6 часов", 360),
    ],
)
def test_times_of_day(text: str, minutes: int) -> None:
    assert [found for _, _, found in times_of_day(text)] == [minutes]


@pytest.mark.parametrize(
    ("answer", "page"),
    [
        ("от 6:00 до 23:00", "с 6 до 23 часов"),
        ("from 13:30 to 15:00", "dalle 13.30 alle 15.00"),
        ("14時から16時まで", "午後2時から4時"),
        ("19-21 °C", "between 19 °C and 21 °C"),
        ("30-45平方米", "面积30至45平方米"),
        ("客服电话:400-820-5591", "客服电话400-820-5591,由"),
        ("about 287,000", "the price is 287,450.80"),
        ("mehr als 280.000", "287.450"),
        ("30 horas", "una semana de 30h"),
        ("186,400 m³", "186,400 cubic metres"),
        ("1240", "ו-1,240 שקלים"),
        ("٥٫٥", "5.5 kW"),
        ("2022年", "令和4年5月14日"),
        ("Kunsthalle Ostvik in Malmo", "Kunsthalle Ostvik, Malmö"),
        ("It was Mr Pryce.", "an engineer, Joshua Pryce, found"),
        ("USD 48k", "a loss of $48,000"),
        ("Игоря Зубова сменила она.", "Лесничий Игорь Павлович Зубов ушёл на пенсию"),
    ],
)
def test_the_page_supports_another_way_of_writing(answer: str, page: str) -> None:
    assert unsupported(answer, [page]) == []


@pytest.mark.parametrize(
    ("answer", "page"),
    [
        ("from 13:40", "dalle 13.30 alle 15.00"),
        ("19-22 °C", "between 19 °C and 21 °C"),
        ("about 250,000", "the price is 287,450.80"),
        ("287,000", "the price is 287,450.80"),
        ("part 88-2014", "part 88-2041"),
        ("Die Geschäfte führt Reto Zurbriggen.", "Die Geschäfte führt Herr Reto Zgraggen."),
    ],
)
def test_a_wrong_figure_or_name_is_marked(answer: str, page: str) -> None:
    assert len(unsupported(answer, [page])) == 1


def test_spelled_numbers_are_claims_above_twelve() -> None:
    assert [claim.text for claim in spelled_claims("Two of thirty-eight, and thousands more")] == ["thirty-eight"]
    assert supports(spelled_claims("Thirty-eight left.")[0], "38 patients left")
    assert not supports(spelled_claims("Thirty-nine left.")[0], "38 patients left")


def test_a_number_by_itself_confirms_a_count_but_no_quantity_in_a_unit() -> None:
    assert mismatched("41 of 56 owners", ["41 owners of 56, or 7 318 shares"]) == []
    assert mismatched("5 mg", ["5. Dose: 3 mg, in 5, 6 or 7 parts"]) == ["5"]


def test_the_same_quantity_in_another_unit_is_right() -> None:
    assert unconverted(["two"], "two years (24 months)") == []
    assert unconverted(["31"], "It is 9.5 metres deep, which is about 31 feet.") == []
    assert unconverted(["2,048"], "2 GB (2,048 MB)") == []
    assert unconverted(["40"], "It is 9.5 metres deep, which is about 40 feet.") == ["40"]


def test_a_cited_page_that_does_not_exist_is_named() -> None:
    assert cited_beyond("It costs 5 EUR (see page 7, p. 2).", 3, ["a text"]) == ["page 7"]
    assert cited_beyond("Vgl. Seite 12.", 3, ["siehe Seite 12"]) == []
    assert not claims("It is old (page 7).")
