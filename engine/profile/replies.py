"""Replies of instruct models as they are written: markdown, labels, preambles and offers around the answer. Light."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress

_EMPHASIS = re.compile(r"\*\*|__|`+|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)")
_MARKER = re.compile(
    r"^\s*(?:>\s*|#{1,6}\s+|[-*+\u2022\u2013\u25aa\u25cf\u25e6\u00b7]\s+|\(?\d{1,3}[.)]\s+|[a-z][.)]\s+)+"
)
_RULE = re.compile(r"^\s*\|?(?:\s*:?-{2,}:?\s*\|?)+\s*$")
"""The line between the head and the rows of a table, or between parts of a text."""
_THINKING = re.compile(
    r"<(?P<tag>think|thinking|thought|reasoning|reflection|scratchpad|analysis)>.*?</(?P=tag)>",
    re.DOTALL | re.IGNORECASE,
)
_THINKING_ENDS = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
"""The end of thinking whose beginning the chat template wrote."""
_ANSWER_TAG = re.compile(r"</?(?:answer|response|output|final)>", re.IGNORECASE)
_FENCE = re.compile(r"^\s*(?:```|~~~)\s*[\w+-]*\s*$")
_FENCED = re.compile(r"\s*```[\w+-]*\n(?P<text>.*?)```\s*", re.DOTALL)
_KEY_PARTS = re.compile(r"[^\W\d_]+")
_ANSWER_KEYS = frozenset(("answer", "response", "result", "output", "text", "antwort", "réponse", "respuesta", "答案"))
_LABELLED_WORDS = 4
"""Longer values of a JSON text are sentences of their own."""
_QUOTES = "\"'\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019\u300c\u300d "
_LABEL = re.compile(
    r"^(?:(?:final |short |direct )?answer|antwort|réponse|respuesta|risposta|resposta|antwoord|ответ|"
    r"відповідь|odpowiedź|"
    r"svar|答案|回答|答|الإجابة|الجواب|cevap|yanıt|उत्तर|답변|답)\s*[:：]\s*",
    re.IGNORECASE,
)
_ATTRIBUTION = re.compile(
    r"^(?:well,? |so,? |yes,? |sure[,!.] |certainly[,!.] |of course[,!.] |great question[,!.] )?"
    r"(?:according to|based (?:solely |only )?(?:up)?on|as (?:per|stated|mentioned|described|noted|"
    r"indicated|shown) (?:in|on|by)?|from|per|in|"
    r"laut|gemäß|nach|basierend auf|im|selon|d['’]après|sur la base d[eu]|dans|según|de acuerdo con|con base en|en|"
    r"согласно|по|в|исходя из|на основании|secondo|in base a|segundo|conforme|volgens|zgodnie z|根据|依据|"
    r"按照|据|وفقًا|وفقا|بحسب|حسب|بناءً على|استنادًا)"
    r"\s?[^,，:：.]{0,70}(?:documents?|texts?|passages?|excerpts?|reports?|information|contexts?|pages?|"
    r"records?|content|material|agreement|contract|manual|guideline|minutes|letter|policy|act|rules|"
    r"dokument\w*|text\w*|bericht\w*|angaben|informationen|textes?|extraits?|rapports?|documentos?|"
    r"texto|informe|información|"
    r"документ\w*|текст\w*|отч[её]т\w*|информаци\w*|documento|testo|tekst|dokumentem|文件|文档|文檔|文本|资料|報告|"
    r"报告|المستند|الوثيقة|النص|للمستند|للوثيقة|للنص)"
    r"[^,，:：.]{0,40}[,，:：]\s*",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^(?:sure|certainly|of course|absolutely|okay|ok|great question|good question|thank you|thanks|"
    r"gerne?|natürlich|klar|selbstverständlich|"
    r"bien sûr|certainement|volontiers|voici|claro|por supuesto|desde luego|конечно|разумеется|certo|"
    r"certamente|com certeza|natuurlijk|"
    r"oczywiście|当然|好的|بالتأكيد|بالطبع|حسنًا|tabii|elbette)\b[^.!:：\n]{0,40}[.!:：,，]\s*",
    re.IGNORECASE,
)


def plain_line(line: str) -> str:
    """Return a line of a reply without list markers, emphasis, quotes and a label such as "Answer:"."""
    line = _EMPHASIS.sub("", _MARKER.sub("", line)).strip(_QUOTES)
    return _LABEL.sub("", line).strip(_QUOTES)


def said(reply: str) -> str:
    """Return a reply without what the model wrote while it was thinking, and without the tags around its answer. An
    answer in JSON becomes a line for each value."""
    rest = _THINKING.sub("", reply)
    if (end := _THINKING_ENDS.search(rest)) is not None:
        rest = rest[end.end() :]
    rest = _ANSWER_TAG.sub("", rest).strip()
    if not rest:
        return reply
    block = _FENCED.fullmatch(rest)
    inner = (block["text"] if block else rest).strip()
    if inner[:1] in ("{", "[") and inner[-1:] in ("}", "]"):
        with suppress(ValueError, RecursionError):
            return "\n".join(_values(json.loads(inner))) or rest
    return rest


def _values(value: object, key: str = "") -> Iterator[str]:
    """Yield a line for each value of a JSON text, with its key before a number or a word."""
    name = " ".join(_KEY_PARTS.findall(key)).lower()
    if isinstance(value, dict):
        for inner, held in value.items():
            yield from _values(held, str(inner))
    elif isinstance(value, list):
        for held in value:
            yield from _values(held, key)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, str) and len(value.split()) > _LABELLED_WORDS:
        yield value
    elif value != "":
        yield str(value) if not name or name in _ANSWER_KEYS else f"{name}: {value}"


def plain(reply: str) -> str:
    """Return a reply without markdown, line by line; a row of a table becomes its cells, and its head is left out."""
    lines = [line for line in said(reply).splitlines() if not _FENCE.match(line)]
    kept = []
    for number, raw in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if _RULE.match(raw) or (raw.count("|") > 1 and _RULE.match(following)):
            continue
        if raw.count("|") > 1:
            raw = ": ".join(cell.strip() for cell in raw.strip().strip("|").split("|"))
        if line := plain_line(raw):
            kept.append(line)
    return "\n".join(kept)


def without_attribution(sentence: str) -> str:
    """Return a sentence without an opening such as "Sure!" or "According to the document,"."""
    rest = _OPENING.sub("", sentence, count=1)
    return _ATTRIBUTION.sub("", rest, count=1)
