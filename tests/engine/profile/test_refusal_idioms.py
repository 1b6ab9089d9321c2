"""Refusals in idioms, and answers that contain words of these idioms."""

from __future__ import annotations

import pytest

from engine.profile.refusal import judge


@pytest.mark.parametrize(
    "reply",
    [
        "I went through all three pages and ticket prices simply don't come up.",
        "The name of the insurer goes unmentioned.",
        "Zur Miete findet sich im Protokoll kein Wort.",
        "Darüber gibt der Text leider keinen Aufschluss.",
        "Le compte rendu reste muet sur le prix de la cantine.",
        "Le rapport passe sous silence le coût des travaux.",
        "El informe no aclara quién la construyó.",
        "La relazione tace sul prezzo dell'acqua.",
        "O relatório não esclarece quem pagou as obras.",
        "Over de winst wordt in het jaarverslag niets vermeld.",
        "О цене билета в отчёте не сказано ни слова.",
        "文中对此只字未提。",
        "料金については載っていません。",
        "لا يفصح التقرير عن راتب المدير.",
    ],
)
def test_idioms_of_absence_refuse(reply):
    assert judge(reply) == "refuses"


@pytest.mark.parametrize(
    "reply",
    [
        "The guests did not come back before 4 May.",
        "The cause of the fire remains unexplained after two inquiries.",
        "Darüber stimmten 39 Mitglieder ab, sechs waren dagegen.",
        "Le maire a rompu le silence le 8 février.",
        "La cooperativa no trata residuos; los vende por 1,12 euros.",
        "Il consorzio non fa utili: nel 2023 ha perso 7,2 milioni di euro.",
        "Музей не касается политики; билеты стоят 300 рублей.",
    ],
)
def test_answers_with_like_words_are_kept(reply):
    assert judge(reply) != "refuses"
