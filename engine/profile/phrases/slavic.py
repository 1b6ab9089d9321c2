"""Refusals in Russian, Ukrainian and Polish."""

from __future__ import annotations

import re

from engine.profile.phrases.phrases import Phrases, any_of


def slavic() -> Phrases:
    """Return the phrases of Russian, Ukrainian and Polish."""
    text = (
        r"(?:документ\w*|текст\w*|отрыв\w*|фрагмент\w*|страниц\w*|раздел\w*|отч[её]т\w*|источник\w*|"
        r"договор\w*|файл\w*|материал\w*|стать\w*|контекст\w*|протокол\w*|"
        r"уривк\w*|звіт\w*|сторін\w*|dokumen\w*|tekst\w*|fragmen\w*|stron\w*|raport\w*|źród\w*|umow\w*)"
    )
    say = (
        r"(?:упом\w*|указ\w*|сообща\w*|сказан\w*|говор\w*|содерж\w*|привод\w*|приведен\w*|назв\w*|"
        r"назыв\w*|описа\w*|описыва\w*|уточн\w*|раскры\w*|найд\w*|наш[её]л\w*|обнаруж\w*|"
        r"определ\w*|отвеч\w*|ответ\w*|установ\w*|значит\w*|предостав\w*|представл\w*|освеща\w*|"
        r"затраг\w*|затронут\w*|пояс\w*|объясн\w*|отраж[её]н\w*|прописан\w*|фигурир\w*|"
        r"упомян\w*|відом\w*|йдеться|мовиться|навод\w*|розкри\w*|згад\w*|вказ\w*|міст\w*|зазнач\w*|"
        r"wspomin\w*|wymien\w*|poda(?:je|ją|no|ne|ny|na|ną|nej|nego|nych|ła|ł|li|ją)\b|zawier\w*|określ\w*|"
        r"informuj\w*|wspomnian\w*|"
        r"znalaz\w*|"
        r"znale[źz]\w*|mówi\w*|precyz\w*|wskaz\w*|wyja[śs]ni\w*|odnos\w*|uwzgl\w*|porusz\w*|ujawn\w*)"
    )
    fact = (
        r"(?:информаци\w*|сведени\w*|данн\w*|упоминани\w*|указани\w*|ответа?|інформаці\w*|відомост\w*|"
        r"згад\w*|informacj\w*|wzmian\w*|danych|odpowiedzi|szczegół\w*)"
    )
    return Phrases(
        languages=frozenset(["ru", "uk", "pl", "bg"]),
        missing=any_of(
            rf"\b(?:не|nie)\s+(?:\w+\s+){{0,3}}?{say}",
            r"\b(?:нет|немає|brak|никаких|никакой|жодн\w*|żadn\w*|недостаточно|отсутству\w*|"
            rf"не имеется|нету|nie ma)\b .{{0,40}}{fact}",
            rf"{text}.{{0,30}}\bотсутству\w*|\bотсутству\w*.{{0,30}}{text}|\bвідсутн\w*.{{0,30}}{text}",
            rf"{fact} .{{0,60}}\b(?:нет|отсутству\w*|немає|brak|не приводится|не содержится)\b",
            r"\b(?:я|мне|ja) .{0,20}\b(?:не (?:могу|нашёл|нашел|удалось|знаю|вижу)|nie (?:mogę|wiem|"
            r"znalazł\w*|jestem w stanie))",
            rf"\b(?:невозможно|нельзя|неможливо|nie można|nie da się)\b .{{0,60}}(?:{text}|определ|"
            r"установ|ответ|сказать|określić|stwierdzić|ustalić)",
            rf"\b(?:неясно|непонятно|niejasne)\b.{{0,60}}{text}|{text}.{{0,60}}\b(?:неясно|непонятно)\b",
            rf"^(?:нет|не|немає|nie|brak) .{{0,20}}\b(?:в|из|у|w|z) .{{0,20}}{text}",
            r"^(?:не (?:указан[оаы]?|упомянут[оаы]?|известн[оаы]?|определен[оаы]?)|неизвестно|"
            r"нет данных|невідомо|nie podano|brak danych|nieznan[eya])$",
            rf"\b{text}\b.{{0,40}}\b(?:умалчивает|молчит|ничего не|ни слова|milczy|nic nie|обходит (?:\w+ )?молчани)",
            rf"{text}.{{0,60}}\bне (?:урегулир|рассм|освещ|отраж|описан|оговор|регламентир|регулир)\w*|"
            r"\bnie ma (?:\S+ ){0,3}?mowy\b|\b(?:umow\w*|ustaw\w*|regulamin\w*|"
            r"statut\w*)\b.{0,30}\bnie (?:regul|określ|przewid)\w*",
            r"\b(?:ни слова|ни одного упоминани\w*|ani słowa|без ответа|bez odpowiedzi)\b",
            rf"\b{text}\b.{{0,40}}\bне (?:следует|вытекает|ясно|видно|понятно|испливає|зрозуміло)\b",
            r"\b(?:ответить|сказать|определить|установить|узнать|понять|відповісти|визначити)\b.{0,60}\b(?:нельзя|"
            r"невозможно|"
            r"не получится|не удастся|неможливо|не можна)\b",
            r"\bnie (?:wiadomo|sposób (?:ustalić|stwierdzić|powiedzieć))\b|^неизвестно\b|^невідомо\b",
            rf"\b(?:ничего|нигде|nigdzie|nic)\b.{{0,40}}\b(?:{text}|не|nie)\b",
        ),
        hedge=re.compile(
            r"(?:явн|прям|точн|конкретн|напрямую|буквальн|дословн|поимённ|wprost|dokładn|bezpośredni|wyraźn)", re.I
        ),
        contrast=re.compile(r"\b(?:но|однако|хотя|зато|але|проте|ale|jednak|lecz|natomiast)\b", re.I),
        reports=any_of(
            rf"\b(?:{text}|приложени\w*|таблиц\w*)\b.{{0,20}}(?:сказано|указано|говорится|сообщается|"
            r"указывает|отмечается|napisano|podano|stwierdza), (?:что|że|що)\b"
        ),
        describes=any_of(
            rf"\b{text}\b (?:\S+ ){{0,3}}?(?:посвящ\w*|описыва\w*|рассказыва\w*|касается|"
            r"рассматрива\w*|речь идёт|речь идет|упомина\w*|содержит|opisuje|dotyczy|omawia)",
            r"^(?:указан|упомянут|перечислен|привед[её]н|описан)\w* (?:только|лишь)\b",
        ),
        filler=any_of(
            r"^(?:к сожалению|извините|простите|прошу прощения|на жаль|przepraszam|niestety)[^.]{0,20}$",
            r"(?:пожалуйста|если (?:вы|у вас|нужно|хотите)|вы можете|рекоменду|советую|обратитесь|"
            r"уточните|proszę|jeśli (?:masz|chcesz|potrzebujesz))",
        ),
    )
