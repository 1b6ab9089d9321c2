"""Refusals: the test whether a reply says that the document does not hold the answer, in many languages.

A reply is read clause by clause. A clause states that something is missing (engine.profile.phrases), or is filler (an
apology, an offer), or describes the document, or makes another statement. A reply that makes no statement besides a
missing-clause refuses. A reply that makes one as well is unclear: the pipeline asks the model yes or no. Light: no
torch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from engine.grounding.dates import dates
from engine.grounding.languages import language_of
from engine.grounding.number_words import spelled_numbers
from engine.grounding.words import folded
from engine.profile.denials import denies, restates
from engine.profile.phrases.central_european import central_european
from engine.profile.phrases.east_asian import east_asian
from engine.profile.phrases.germanic import dutch_nordic, english, german
from engine.profile.phrases.phrases import Phrases
from engine.profile.phrases.romance import french, italian_portuguese, spanish
from engine.profile.phrases.slavic import slavic
from engine.profile.phrases.south_east_asian import south_east_asian
from engine.profile.phrases.west_asian import west_asian
from engine.profile.profile import Verdict
from engine.profile.replies import plain, without_attribution
from engine.prompting.prompts import NOT_FOUND

Kind = Literal["missing", "partly", "filler", "describes", "says"]
"""Kind of a clause: something is missing, or missing in part ("not explicitly"), or one of the other kinds."""

_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’»)\]*]*\s+|(?<=[。！？؟۔।])|(?<=[;；؛])\s*|\n+")
_ABBREVIATION = re.compile(
    r"\b(?:dr|mr|mrs|ms|prof|no|nos|nr|ext|tel|art|abs|std|incl|min|max|fig|vs|etc|ca|approx|z\.b|d\.h|bzw|usw|inkl|"
    r"p|pp|s|st|г|им|стр|т\.е|т\.д)\.$",
    re.I,
)
_COMPLEMENT = re.compile(r",? (?:that|dass|daß|qu['’e]|que|che|dat|att|at|что|що|że) ?|أنّ?\s", re.IGNORECASE)
_INSERTED = re.compile(
    r",\s*(?:however|though|nevertheless|jedoch|allerdings|cependant|toutefois|sin embargo|однако|echter|tuttavia|"
    r"porém|contudo|unfortunately|leider|malheureusement|lamentablemente|к сожалению)\s*,\s*",
    re.IGNORECASE,
)
"""A contrast between two commas, inside a clause."""
_PRONOUN = re.compile(r"^\W*(?:(?:and )?(?:it|they|this|these)\s+|(?=(?:do|does|did)(?: not|n['’]t)\b))", re.IGNORECASE)
"""The beginning of a clause whose subject is that of the one before: "It does not", "does not"."""
_EDGES = " .!?…,;:：，。、！？؟۔।–—-\"'“”„«»()[]*_"
_FIGURE = re.compile(r"\d")
_DAY = re.compile(r"(?<![\d.,])\d{1,2}\.$")
_NONE = re.compile(
    r"^(?:not|nicht|none|no|nothing|nein|keine?|ninguno|ninguna|aucune?|нет|无|無|لا شيء)$", re.IGNORECASE
)
_COUNTS = re.compile(
    r"\b(?:how many|which|any|are there|is there|was there|were there|wie viele|welche|combien|quels?|"
    r"cuánt\w+|cuál\w*|сколько|как\w+)\b",
    re.IGNORECASE,
)
_ONLY = re.compile(
    r"\b(?:only|just|merely|solely|nothing (?:more|else)|lediglich|nur|bloß|ausschließlich|uniquement|seulement|"
    r"ne .{1,40} que|"
    r"seule?s?|sol[oa]|sólo|solamente|únicamente|soltanto|solamente|unicamente|apenas|somente|só|alleen|slechts|"
    r"enkel|tylko|"
    r"jedynie|wyłącznie|только|лишь|исключительно|лише|тільки|yalnızca|sadece|endast|bara|kun|vain|csak|doar|numai|"
    r"pouze|jen|"
    r"iba|chỉ|hanya)\b|केवल|सिर्फ|只|仅|僅|のみ|だけ|만|فقط|رק|μόνο|เพียง|เท่านั้น",
    re.IGNORECASE,
)
_MENTIONS = re.compile(
    r"\b(?:mention|list|nam(?:e|ing)|discuss|cover|talk|deal|speak|spoke|refer|concern|describ|address|g[ai]ve|state|"
    r"appear|quote|"
    r"cite|contain|touch|nenn|genannt|erwähn|behandel|enthäl|spricht|redet|geht|beschr|parle|évoqu|mentionn|trait|"
    r"cit|indiqu|"
    r"habla|mencion|trata|indic|parla|menzion|riport|fala|refer|noem|vermeld|staat|mówi|wymieni|wspomin|poda|упомина|"
    r"говор|"
    r"указ|назв|речь|йдеться|згаду|geçiyor|geçmek|bahsed|söz|anıl|yer al|nämn|står|nævn|maini|kerro|említ|szól|"
    r"menționea|"
    r"vorbe|zmiň|uvád|uved|hovoř|nói|đề cập|nhắc|menyebut|membahas|disebut|αναφέρ)\w*|ज़िक्र|जिक्र|उल्लेख|बात|提到|提及|"
    r"谈|談|涉及|讲|"
    r"記載|示され|書かれ|触れ|述べ|언급|적혀|나와|기재|يذكر|ذكر|يتحدث|يتناول|מוזכר|מזכיר|กล่าวถึง|ระบุ",
    re.IGNORECASE,
)
"""A clause with both says of what the document does speak: "only the deposit is mentioned"."""
_BECAUSE = re.compile(
    r",? \b(?:because|weil|parce que|car|porque|perché|poiché|omdat|ponieważ|bo|потому что|так как|оскільки|eftersom|"
    r"fordi|koska|"
    r"mert|deoarece|protože)\b",
    re.IGNORECASE,
)
_SPEAKS = re.compile(
    r"^(?:he|she|they|mrs?\.? \w+|ms\.? \w+|dr\.? \w+|the (?!documents?|texts?|reports?|passages?|excerpts?|authors?|"
    r"contracts?|"
    r"leases?|pages?|sections?|tables?|articles?|letters?|minutes)\w+(?: \w+)?) (?:said|says|testified|claimed|"
    r"replied|told|"
    r"declared|swore|admitted|denied|had no|could not (?:say|recall|remember|tell|explain))\b"
    r"|^(?:er|sie|(?:der|die) (?:zeug\w+|kläger\w*|beklagte\w*|angeklagte\w*|fahrer\w*|patient\w*|polizei|mieter\w*|"
    r"vermieter\w*|direktor\w*|sprecher\w*|bürgermeister\w*|minister\w*)) (?:sagte|konnte|gab|machte|erklärte|"
    r"wollte)\b",
    re.IGNORECASE,
)
"""A person who says or does not know something: that is what the document reports."""
_NEGATION = re.compile(
    r"\b(?:no|not|never|cannot|unable|impossible|unclear|unknown|nicht|kein\w*|unklar|pas|ne|non|nessun\w*|não|nada|"
    r"niet|geen|nie|"
    r"brak|не|нет|нельзя|невозможно|немає|inte|ikke|ei|en|nem|nu|není)\b|n['’]t\b",
    re.IGNORECASE,
)
_AS_ASKED = re.compile(rf"\W*{re.escape(NOT_FOUND.rstrip('.'))}\s*(?:[.!]|$)", re.IGNORECASE)
"""The words that the prompt asks for."""
_FEW_WORDS = 3
"""A clause of fewer words says nothing by itself."""


@cache
def _phrases() -> tuple[Phrases, ...]:
    """Return the phrases of all languages: a clause is too short to tell its own. Compiled once (0.15 s)."""
    return (
        english(),
        german(),
        french(),
        spanish(),
        italian_portuguese(),
        dutch_nordic(),
        slavic(),
        east_asian(),
        west_asian(),
        central_european(),
        south_east_asian(),
    )


@dataclass(frozen=True)
class Clause:
    """A clause of a reply."""

    kind: Kind
    text: str
    contrasts: bool = False
    """True when the clause begins with "but", or follows a semicolon."""


def judge(reply: str, question: str = "") -> Verdict:
    """Return whether `reply` to `question` says that the document does not hold the answer."""
    if _AS_ASKED.match(plain(reply)):
        return "refuses"
    clauses = clauses_of(reply, question)
    other = {place for place, clause in enumerate(clauses) if _speaks_of_other_things(clause)}
    missing = [place for place, clause in enumerate(clauses) if clause.kind in ("missing", "partly")]
    if not missing:
        # "Sorry, the passage only discusses the notice period."
        apologises = any(clause.kind == "filler" for clause in clauses)
        says = [clause.text for place, clause in enumerate(clauses) if place not in other and clause.kind == "says"]
        if apologises and other and not says:
            return "refuses"
        return "denies" if denies(question, reply, says) else "answers"
    asked = set(re.findall(r"\d[\d.,]*", question))
    said = [
        place
        for place, clause in enumerate(clauses)
        if place not in other and (clause.kind == "says" or (place > missing[0] and _has_new_figure(clause, asked)))
    ]
    if not said:
        return "refuses"
    first = missing[0]
    hedged = any(clauses[place].kind == "partly" for place in missing)
    before = any(place < first for place in said)
    contrasted = any(place > first and clauses[place].contrasts for place in said)
    return "unclear" if hedged or before or contrasted else "refuses"


def _speaks_of_other_things(clause: Clause) -> bool:
    """Return whether a clause says of what alone the document speaks, which is not what was asked."""
    return clause.kind in ("says", "describes") and bool(_ONLY.search(clause.text) and _MENTIONS.search(clause.text))


def clauses_of(reply: str, question: str = "") -> list[Clause]:
    """Return the clauses of a reply in order, each with its kind."""
    found: list[Clause] = []
    follows = False
    for sentence in sentences(plain(reply)):
        inserted = _INSERTED.search(sentence)
        whole = _INSERTED.sub(" ", sentence)
        for contrasts, text in _clauses(whole):
            # "It" after a sentence about the document is the document.
            about = found and found[-1].kind == "describes" and _PRONOUN.match(text)
            kind = _kind(_PRONOUN.sub("the document ", text) if about else text, question)
            if kind == "missing" and (first := _stated_first(text, question)) is not None:
                found.append(Clause("says", first, contrasts))
            if kind is not None:
                found.append(Clause(kind, text, contrasts or follows or inserted is not None))
            follows = False
        follows = sentence.endswith((";", "；", "؛"))
    return found


def _stated_first(text: str, question: str) -> str | None:
    """Return the part of a clause before a comma that states a number, where only the rest says that something is
    missing: "Nine voted against, their names are not given." """
    first, comma, rest = text.partition(", ")
    if not comma or len(first.split()) < _FEW_WORDS or _kind(first, question) != "says" or _ONLY.search(text):
        return None
    numbered = _FIGURE.search(first) or any(True for _ in spelled_numbers(folded(first)))
    return first if numbered and not _NEGATION.search(first) and _kind(rest, question) == "missing" else None


def sentences(text: str) -> list[str]:
    """Return the sentences of a reply without markdown."""
    parts: list[str] = []
    for part in _SENTENCE.split(text):
        if parts and part and (_ABBREVIATION.search(parts[-1]) or _is_in_date(parts[-1], part)):
            parts[-1] += f" {part}"
        elif part and part.strip(_EDGES):
            parts.append(part.strip())
    return parts


def _is_in_date(before: str, after: str) -> bool:
    """Return whether a full stop belongs to a day: 17. April."""
    day = _DAY.search(before)
    return day is not None and any(found.start == 0 for found in dates(f"{day[0]} {after[:20]}"))


def _clauses(sentence: str) -> list[tuple[bool, str]]:
    """Return (begins with "but", text) of each clause of a sentence; only a contrast divides it."""
    pieces = [(False, sentence)]
    language = language_of(sentence, "")
    for phrases in _phrases():
        if language and language not in phrases.languages:
            continue  # "ma" is "but" in Italian and "has" in Polish
        divided: list[tuple[bool, str]] = []
        for contrasts, piece in pieces:
            at = 0
            for found in phrases.contrast.finditer(piece):
                if piece[at : found.start()].strip(_EDGES):
                    divided.append((contrasts, piece[at : found.start()]))
                contrasts, at = True, found.end()
            if piece[at:].strip(_EDGES):
                divided.append((contrasts, piece[at:]))
        pieces = divided
    return pieces


def _kind(clause: str, question: str) -> Kind | None:
    """Return the kind of a clause; None for one that says nothing by itself."""
    text = clause.strip(_EDGES)
    bare = without_attribution(text).strip(_EDGES) or text
    if _NONE.match(bare):
        return "says" if _COUNTS.search(question) else "missing"
    for phrases in _phrases():
        if (kind := _kind_in(phrases, text, bare)) is not None:
            return "says" if kind == "missing" and restates(question, text) else kind
    if any(phrases.filler.search(bare) for phrases in _phrases()):
        return "filler"
    if any(phrases.describes.search(bare) for phrases in _phrases()):
        return "describes"
    return "says" if _is_long_enough(bare) else None


def _kind_in(phrases: Phrases, text: str, bare: str) -> Kind | None:
    """Return the kind of a clause as one language has it; None where it has none."""
    reason = _BECAUSE.search(text)
    said = "" if reason is None else text[: reason.start()]
    if (len(said.split()) >= _FEW_WORDS and not _NEGATION.search(said)) or _SPEAKS.search(text):
        return None  # what lacks is a reason, or somebody's own words: "refused because no receipt was provided"
    complement = _COMPLEMENT.search(text)
    head = text[: complement.start()] if complement else text
    if phrases.reports.search(text) and complement and not phrases.missing.search(head):
        return "says"
    for wording in dict.fromkeys((bare, text)):
        if phrases.missing.search(wording):
            return "partly" if phrases.hedge.search(wording) else "missing"
    return None


def _has_new_figure(clause: Clause, asked: set[str]) -> bool:
    """Return whether a clause that describes the document gives a figure that was not asked about."""
    figures = set(re.findall(r"\d[\d.,]*", clause.text))
    return clause.kind == "describes" and bool(figures - asked)


def _is_long_enough(text: str) -> bool:
    words = text.split()
    return len(words) >= _FEW_WORDS or _FIGURE.search(text) is not None or any(len(word) > 3 for word in words)
