from __future__ import annotations

import pytest

from engine.documents.cleaning.quality import GOOD_ENOUGH, UNREADABLE, quality

PROSE = "The harbour master recorded every arrival in the ledger; 12 ships came in on 3 May 1911, £4,000 in all.\n"


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        "Администратор безопасности должен проверить журнал событий.",
        "通常のマルチユーザーモードからのシステムのシャットダウンがコマンドラインから出来ます。" * 3,
        "عذرا إشترى ماذا السيدة",
        "∑ αᵢ ≤ ∫ f(x) dx, § 4 ± 2 °C « oui » ¿qué? naïve façade",
        "re\x02corded on the line",
        "",
    ],
)
def test_honest_text_of_any_script_passes(text: str) -> None:
    assert quality(text).badness <= GOOD_ENOUGH


@pytest.mark.parametrize(
    "text",
    [
        "/g135/g21/g88 /g4/g77/g12",
        "(cid:12)(cid:44)(cid:9)",
        "\ufffd\ufffd\ufffd \ufffd\ufffd",
        "\uf0b7\uf041\uf042\uf043",
        "\x01\x05\x10\x11 a",
        "´¿¢Ã°£¢ ¿ðº˜ ´’«¢¬",
    ],
)
def test_guessed_characters_are_noise(text: str) -> None:
    assert quality(text).noise >= UNREADABLE


def test_lost_spaces_ask_for_the_other_reader_but_are_no_noise() -> None:
    marks = quality(PROSE.replace(" ", "").replace(";", "") + "nospacesinthislineatallbutitcanstillberead")
    assert marks.badness > GOOD_ENOUGH
    assert marks.noise <= GOOD_ENOUGH
