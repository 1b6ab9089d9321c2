"""The profile of instruct models: they follow instructions and answer in sentences of their own.

No threshold is fitted to a single model. An answer is kept as it was written; the passages that support it, and the
figures, dates and names that are on no page, are evidence beside it.
"""

from __future__ import annotations

import re

from engine.profile.profile import AnswerRules, Profile, SummaryRules, Weights
from engine.profile.refusal import judge
from engine.prompting.prompts import NO_FINDINGS, NOT_FOUND, Wording

_RULES = (
    "Answer in one to three sentences, in the language of the question, and only from the document. Copy figures, "
    f"dates and names exactly. If the document does not say, reply exactly: {NOT_FOUND}"
)
_SUMMARY_RULES = (
    'Write short bullet points, each on a line that begins with "- ". Copy figures, dates and names exactly. Write in '
    "the language of the document, without an introduction."
)
_NOTHING = f"reply exactly: {NO_FINDINGS}"

INSTRUCT_WORDING = Wording(
    document="Read the document between the tags. A task follows it.\n\n<document>\n",
    question=f"</document>\n\n{_RULES}\n\nQuestion: ",
    next_question=f"{_RULES}\n\nQuestion: ",
    reread="You will be asked this question about the document below.\nQuestion: ",
    summary=(
        "</document>\n\nSummarise the document in at most five points: its main facts, decisions and figures. "
        f"{_SUMMARY_RULES} If it holds nothing worth noting, {_NOTHING}"
    ),
    focus="</document>\n\nList in at most five points only what the document says about this subject: ",
    after_focus=f"\n{_SUMMARY_RULES} If it says nothing about the subject, {_NOTHING}",
    merge_document=(
        "Read these summaries of the parts of one document, in order. A task follows them.\n\n<summaries>\n"
    ),
    merge=(
        "</summaries>\n\nMerge them into one summary of the whole document. Keep what matters most, drop repetitions, "
        f"and add nothing. {_SUMMARY_RULES}"
    ),
    paragraph="\n\nInstead of points, write one paragraph of at most five sentences.",
    rows=(
        "</document>\n\nList every event, payment, deadline and decision that the document gives with a date or an "
        "amount, one on each line, in this form:\ndate | event | amount\nLeave a part empty where the document does "
        "not give it. Copy figures, dates and names exactly, and add nothing. If there is none, reply exactly: none"
    ),
    probe=(
        "</document>\n\nDoes the document hold the answer to the following question? Reply with yes or no."
        "\n\nQuestion: "
    ),
)


def has_findings(text: str) -> bool:
    """Return whether a section summary contains a finding: a refusal or "nothing of note" does not."""
    return judge(text) != "refuses" and not _NOTHING_NOTED.search(text.strip())


_NOTHING_NOTED = re.compile(
    r"^\W*(?:there (?:is|are) |this section (?:has|contains|holds) |the (?:section|document|text|"
    r"passage) (?:has|contains|holds) )?"
    r"(?:nothing (?:of note|worth noting|noteworthy|notable|significant|relevant|to (?:note|report|summari[sz]e))|"
    r"no (?:\w+ )?(?:key|notable|significant|relevant|important|major|specific|"
    r"particular) (?:findings?|points?|information|facts?|"
    r"details?|content|events?))\b[^.:\n]*\W*$|^\W*$"
    # The same in other languages: "nothing" or "no" with a word for important.
    r"|^\W*(?:(?:es gibt |der abschnitt enthält |il n['’]y a |no hay |non ci sono |não há |в (?:этом )?разделе )?"
    r"(?:nichts (?:nennenswertes|wesentliches|wichtiges|besonderes|bemerkenswertes|von bedeutung)|"
    r"keine (?:\w+ )?(?:wesentlich|wichtig|nennenswert|besonder|relevant|zentral|bemerkenswert)\w* \w+|"
    r"rien (?:à signaler|de (?:notable|particulier|significatif)|d['’]important)|"
    r"aucune? \w+ (?:notable|important|significati|particuli|essentiel|pertinent|marquant|clé)\w*|"
    r"nada (?:relevante|destacable|importante|que destacar|de relevante|digno de nota|a destacar)|"
    r"(?:sin|ning[uú]na?|hay|no hay) (?:\w+ )?(?:hallazgos|puntos|hechos|datos|información) \w*(?:relevante|destacable|"
    r"importante)\w*|(?:nulla|niente) di (?:rilevante|particolare|notevole|importante)|"
    r"nessun[ao']? ?\w+ (?:rilevante|importante|significativ)\w*|"
    r"ничего (?:существенного|важного|примечательного|значимого|особенного)|"
    r"(?:нет|отсутствуют|не содержит) (?:важных|ключевых|существенных|значимых|значительных) \w+))[^.:\n]*\W*$"
    r"|^\W*(?:本节|本段|此部分|该部分|本章|この節(?:に)?は?)?[^。\n]{0,6}(?:没有|沒有|无|無)[^。\n]{0,6}(?:值得注意|重要|关键|關鍵|特别|显著)"
    r"[^。\n]{0,12}\W*$|^\W*(?:特に|重要な)[^。\n]{0,12}(?:ありません|なし|ない)\W*$"
    r"|^\W*(?:لا توجد|لا يوجد|لا شيء)\s+(?:\S+\s+){0,2}?(?:مهمة?|بارزة?|جدير\w*|رئيسية?|ملحوظة?)[^.\n]{0,40}$",
    re.IGNORECASE,
)

INSTRUCT = Profile(
    name="instruct",
    wording=INSTRUCT_WORDING,
    answers=AnswerRules(
        judge=judge,
        weights=Weights(supported=100.0, verbatim=0.0, doubtful=-20.0, match=10.0, entropy=-1.0),
        look_ahead=192,
        longest=600,
        asking_seconds=20.0,
        rereading_seconds=60.0,
        attempts=3,
    ),
    summaries=SummaryRules(has_findings=has_findings, summary_tokens=700, paragraph_tokens=300),
    list_item=re.compile(r"\s*(?:[-*+\u2022\u2013\u25aa\u25cf]|\(?\d{1,3}[.)])\s+"),
)
