"""Refusals and answers with a negation, in the manner of instruct models, in twenty languages: (question, reply)."""

from __future__ import annotations

import pytest

from engine.profile.refusal import judge

REFUSALS = [
    ("What is the CEO's salary?", "The report is silent regarding executive pay."),
    ("Who won?", "I couldn't find who won in the pages I was given."),
    ("When was it built?", "No construction date can be found."),
    ("How many?", "The number isn't given."),
    ("How many?", "It doesn't say how many."),
    ("Who?", "That information is missing from the excerpt."),
    ("Who?", "Unfortunately, nothing in the provided text tells us who that was."),
    ("What is the fee?", "The text provides details about opening hours and location but does not list any fee."),
    ("What is the fee?", "Based on the provided context, I cannot answer this question."),
    ("What is the fee?", "The answer to this question cannot be found in the document."),
    ("What is the fee?", "There isn't enough information in the document to determine the fee."),
    ("What is the fee?", "The document only talks about opening hours. It says nothing about fees."),
    ("What is the fee?", "The fee is not something the document covers."),
    ("What is the fee?", "I don't have that information."),
    ("What is the fee?", "This is not addressed."),
    ("What is the fee?", "The fee remains unspecified."),
    ("What is the fee?", "None of the pages mention a fee."),
    ("What is the fee?", "The memo makes no reference to any fee."),
    ("What is the fee?", "Not stated."),
    ("What is the fee?", "Not in this document"),
    ("What is the fee?", "The fee does not appear in the table."),
    ("What is the fee?", "Neither the introduction nor the tables give a fee."),
    ("What is the fee?", "I have reviewed the document, and it does not include information on fees."),
    ("What is the fee?", "The document does not provide a specific fee amount."),
    (
        "What is the fee?",
        "The provided document does not contain the answer to this question. It focuses on the history of the harbour.",
    ),
    ("Was kostet es?", "Der Preis geht aus den Unterlagen nicht hervor."),
    ("Was kostet es?", "Dazu steht nichts im Text."),
    ("Was kostet es?", "Hierzu liegen im Dokument keine Angaben vor."),
    ("Was kostet es?", "Diese Information ist im Dokument nicht enthalten."),
    ("Was kostet es?", "Leider kann ich diese Frage anhand des Dokuments nicht beantworten."),
    ("Was kostet es?", "Ein Preis wird nirgends genannt."),
    ("Was kostet es?", "Das Dokument trifft dazu keine Aussage."),
    ("Was kostet es?", "Über die Kosten verrät der Bericht nichts."),
    ("Was kostet es?", "Es ist nicht bekannt, was es kostet; der Text äußert sich dazu nicht."),
    ("Combien ça coûte ?", "Le prix n'est mentionné nulle part."),
    ("Combien ça coûte ?", "Cette information n'est pas disponible dans le document."),
    ("Combien ça coûte ?", "Le texte ne fournit pas cette information."),
    ("Combien ça coûte ?", "Je ne trouve aucune indication de prix dans ce document."),
    ("Combien ça coûte ?", "Le document n'aborde pas la question du prix."),
    ("Combien ça coûte ?", "Il n'y a rien sur le prix dans ce texte."),
    ("¿Cuánto cuesta?", "El precio no aparece en el documento."),
    ("¿Cuánto cuesta?", "No se indica el precio."),
    ("¿Cuánto cuesta?", "El texto no hace referencia al precio."),
    ("¿Cuánto cuesta?", "No hay información sobre el precio en el texto proporcionado."),
    ("¿Cuánto cuesta?", "En ninguna parte se dice cuánto cuesta."),
    ("Quanto costa?", "Il prezzo non è indicato nel documento."),
    ("Quanto costa?", "Il testo non ne parla."),
    ("Quanto costa?", "Non ci sono informazioni sul prezzo."),
    ("Quanto custa?", "O documento não informa o preço."),
    ("Quanto custa?", "Não há menção ao preço no texto."),
    ("Сколько стоит?", "В тексте об этом ничего не говорится."),
    ("Сколько стоит?", "Цена нигде не указана."),
    ("Сколько стоит?", "Документ не содержит информации о цене."),
    ("Сколько стоит?", "К сожалению, я не нашёл ответа в документе."),
    ("Сколько стоит?", "Стоимость в договоре не оговорена."),
    ("多少钱？", "文中没有相关信息。"),
    ("多少钱？", "根据提供的文本，无法得知价格。"),
    ("多少钱？", "该文件并未给出价格。"),
    ("多少钱？", "资料里找不到价格。"),
    ("いくらですか", "価格についての情報は文書に含まれていません。"),
    ("いくらですか", "文書からは価格を確認できません。"),
    ("いくらですか", "価格は明記されていません。"),
    ("얼마입니까?", "가격은 문서에 명시되어 있지 않습니다."),
    ("얼마입니까?", "문서에서 가격을 확인할 수 없습니다."),
    ("كم السعر؟", "السعر غير مذكور في النص."),
    ("كم السعر؟", "لا توجد معلومات عن السعر."),
    ("كم السعر؟", "لم يتم ذكر السعر في المستند."),
    ("Fiyat ne kadar?", "Belgede fiyat belirtilmemiştir."),
    ("Fiyat ne kadar?", "Metinde fiyatla ilgili bilgi bulunmamaktadır."),
    ("Ile kosztuje?", "Cena nie jest podana w dokumencie."),
    ("Ile kosztuje?", "Dokument nie zawiera informacji o cenie."),
    ("Hoeveel kost het?", "De prijs wordt niet genoemd in het document."),
    ("Hoeveel kost het?", "Het document geeft hierover geen informatie."),
    ("Vad kostar det?", "Priset anges inte i dokumentet."),
    ("Hvad koster det?", "Prisen fremgår ikke af dokumentet."),
    ("कीमत क्या है?", "दस्तावेज़ में कीमत का उल्लेख नहीं है।"),
    ("מה המחיר?", "המחיר אינו מצוין במסמך."),
    ("What is the fee?", "Hmm, I looked everywhere, but the brochure just doesn't tell you what it costs."),
    ("What is the fee?", "You'd have to ask the office; the leaflet gives no price."),
    ("What is the fee?", "That detail was left out of the notice."),
]
ANSWERS = [
    ("Did the fee rise?", "No, the fee did not rise."),
    ("Who voted against?", "Nobody voted against the motion."),
    ("Is smoking allowed?", "No, smoking is not permitted anywhere in the building."),
    ("Does the contract include repairs?", "The contract does not include repairs; these are charged separately."),
    ("What does the policy exclude?", "The policy does not cover flood damage or wear and tear."),
    ("Are pets allowed?", "Pets are not allowed."),
    ("Was he found guilty?", "The court found no evidence of fraud and acquitted him."),
    ("Did the witness mention the car?", "The witness did not mention the car."),
    ("What did the study find?", "The study found no significant difference between the groups."),
    ("What is missing?", "The spare key is missing from the box."),
    ("Were the minutes approved?", "The minutes were not approved because two pages were missing."),
    ("How many accidents?", "None were reported during the year."),
    ("What did the minister say?", "The minister refused to comment on the report."),
    ("Why was the claim rejected?", "Because the application did not state the date of birth."),
    ("Can it be cancelled?", "It cannot be cancelled before the end of the term."),
    ("What is unknown?", "The author of the poem is unknown."),
    ("Hat er gestanden?", "Nein, er hat die Tat nicht gestanden."),
    ("Was ist nicht erlaubt?", "Nicht erlaubt sind offene Feuer und laute Musik."),
    ("Was steht nicht im Vertrag?", "Das Angebot enthält keine Montage."),
    ("Gab es Verletzte?", "Es gab keine Verletzten."),
    ("Y a-t-il eu des blessés ?", "Non, il n'y a eu aucun blessé."),
    ("Que n'autorise pas le règlement ?", "Le règlement n'autorise pas les chiens dans le parc."),
    ("¿Hubo heridos?", "No hubo heridos."),
    ("¿Qué no cubre el seguro?", "El seguro no cubre los daños por agua."),
    ("Были ли пострадавшие?", "Пострадавших не было."),
    ("Что запрещено?", "Курить в здании не разрешается."),
    ("有人受伤吗？", "没有人受伤。"),
    ("保修包括什么？", "保修不包括人为损坏。"),
    ("けが人はいましたか", "けが人はいませんでした。"),
    ("هل أصيب أحد؟", "لم يصب أحد في الحادث."),
    ("What is said about parking?", "The document says parking is free for residents."),
    ("When?", "No exact date is given, but work begins in the spring of 2024."),
    ("Is the deposit refundable?", "The deposit is not refundable."),
    ("What did the audit reveal?", "The audit revealed no irregularities."),
    ("Does the warranty cover rust?", "The warranty does not cover rust."),
    ("What does the will leave to Anna?", "The will leaves Anna nothing."),
    ("Has the law entered into force?", "The act has not yet entered into force."),
    ("What does the letter say about Marta?", "He does not mention Marta in his letter."),
]


@pytest.mark.parametrize(("question", "reply"), REFUSALS)
def test_a_reply_that_only_says_what_is_missing_refuses(question: str, reply: str) -> None:
    assert judge(reply, question) == "refuses"


@pytest.mark.parametrize(("question", "reply"), ANSWERS)
def test_an_answer_with_a_negation_is_kept(question: str, reply: str) -> None:
    assert judge(reply, question) != "refuses"


def test_a_contrast_counts_in_its_own_language() -> None:
    """ "Ma" is "but" in Italian and "has" in Polish."""
    assert judge("W umowie nie ma mowy o sprzątaniu klatki schodowej.", "Kto sprząta?") == "refuses"


def test_thinking_and_json_are_no_part_of_the_verdict() -> None:
    thought = "<think>\nThe document names the judge, but no solicitor.\n</think>\n\nThe document names no solicitor."
    assert judge(thought, "Who is the solicitor?") == "refuses"
    assert judge('{"answer": null, "reason": "The document does not mention the price."}', "Price?") == "refuses"
    assert judge('```json\n{"answer": "8443"}\n```', "Which port?") == "answers"
