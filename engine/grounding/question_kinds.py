"""Kinds of question: the required type of the answer. Several languages; English first. Light: no torch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from engine.grounding.words import folded

Kind = Literal[
    "about", "entries", "events", "list", "count", "amount", "time", "person", "place", "definition", "check", "other"
]
"""Kind of the requested answer: an overview, the dates, amounts or names of the whole document, events, a list, a
count, a quantity, a date, a person, a place, a definition, yes or no, or another kind."""

TEXT = (
    r"(?:documents?|texts?|files?|papers?|reports?|books?|manuals?|articles?|contracts?|records?|pdfs?|laws?|acts?|"
    r"agreements?|minutes|speech|speeches|guides?|guidelines?|handbooks?|tables?|stud(?:y|ies)|letters?|polic(?:y|ies)|"
    r"regulations?|leaflets?|brochures?|lectures?|talks?|stor(?:y|ies)|novels?|theses|thesis|presentations?|notes?|"
    r"booklets?|pamphlets?|forms?|notices?|memos?|memorand(?:um|a)|instructions|summar(?:y|ies)|bulletins?|essays?|"
    r"publications?|proposals?|circulars?|bills?|orders?|directives?)"
)
_ABOUT = re.compile(
    rf"what(?:'s| is| are| was)? (?:this|the|that)? ?{TEXT} (?:all )?about\b|"
    rf"what(?:'s| is) (?:this|it)(?: {TEXT})? for\s*\??$|"
    r"^what (?:is|was|were) (?:the|this) (?:whole )?(?:case|dispute|quarrel|trial|lawsuit|matter|proceedings?|claim|"
    r"complaint|"
    r"appeal|hearing|meeting|debate|project|research|survey|talk|thing) (?:all )?about\b|"
    r"what(?:'s| is) (?:this|it)(?: all)? about\b|"
    rf"^(?:and )?what(?:'s| is) (?:this|it|that)(?: {TEXT})?\s*\??$|^what am i looking at|"
    rf"what (?:is|are) the (?:main |central |key )?(?:subjects?|topics?|themes?|purpose|aim|goal|ideas?|thesis) of "
    rf"(?:this|the) {TEXT}|what (?:does|do) (?:this|the) {TEXT} (?:deal with|focus on|try to say)|"
    r"\b(?:summari[sz]e|summary|overview|gist|tl;?dr|main (?:points|ideas?|findings|topics?|message|conclusions?)|"
    r"key (?:points|findings|messages?|takeaways)|(?:most )?important points)\b|"
    rf"what (?:does|do|is) (?:this|the) {TEXT}(?: \w+){{0,2}} (?:say|cover|contain|describe|discuss|tell|show)s?"
    r"\s*\??$|"
    r"what (?:kind|sort|type) of \w+ is (?:this|it)\b|"
    r"worum geht|wovon handelt|zusammenfass|wichtigste[nrs]? (?:punkte|aussagen)|de quoi (?:parle|s'agit|traite)|résum|"
    r"de qué (?:trata|habla)|resum|о ч[её]м|кратко|содержани[ея] документа|何について|要約|概要|主要内容|讲了什么|摘要"
)
_ENTRIES = re.compile(
    r"(?:^(?:please )?(?:list|name|show|give)(?: me)?(?: all)?(?: the)?|^(?:which|what)(?: are)?(?: all)?(?: the)?) "
    r"(?:(?P<date>dates?|deadlines)|(?P<amount>amounts|sums|figures|numbers|prices)|"
    r"(?P<name>names|people|persons|organi[sz]ations|companies))"
    r"(?: (?:are|is|were))?(?: (?:mentioned|named|given|listed|there|in|of|that|which|appear\w*|occur\w*|the|this|"
    rf"{TEXT}))*\s*\??$|^who is (?P<who>mentioned|named)\b"
)
"""Asks for the dates, amounts or names of the whole document."""
_EVENTS = re.compile(
    r"^(?:and )?what (?:has |had )?(?:happened|happens|occurred|went wrong|took place|changed|was (?:done|going on))\b|"
    r"^what (?:was|were) (?:wrong|the (?:problem|matter|cause|reason)s?) with\b|^tell me (?:more )?about\b|"
    r"^was (?:geschah|passierte|wurde gemacht|ist .*(?:passiert|geschehen))|^que s'est-il passé|"
    r"^qué (?:pasó|ocurrió|sucedió)|^что (?:случилось|произошло)"
)
_LIST = re.compile(
    r"^(?:please )?(?:list|name|enumerate|give (?:me )?(?:all|a list))\b|\ball (?:the )?\w+s\b.*\?*$|"
    r"^(?:which|what) (?:\w+ ){0,2}\w+s (?:are|were|exist|do|did|have|can|should|must|may|will|would|might|could|"
    r"joined|belong|include|apply|took|made|used|need)\b|"
    r"^what (?:are|were) (?:the |some |all )?(?:\w+ ){0,3}\w+s\b|^(?:nenne|liste|welche \w+ (?:gibt|sind))|"
    r"^(?:quels|quelles) sont|^(?:cuáles|qué) son|^(?:какие|перечисл)|列出|有哪些|一覧"
)
_COUNT = re.compile(r"\bhow many\b|\bnumber of\b|wie ?viele\b|combien d|cuánt[oa]s|сколько|多少|几个|いくつ|何[個人件]")
_QUANTITY = (
    r"(?:cost|price|amount|total|size|length|height|speed|rate|temperature|pressure|weight|percentage|share|budget|"
    r"salary|fee|value|population|distance|age|volume)"
)
_AMOUNT = re.compile(
    r"\bhow (?:much|long|far|old|big|large|high|deep|fast|often|heavy|tall|wide|hot|cold)\b|"
    rf"\bwhat (?:is|was|were|are) the (?:\w+ )?{_QUANTITY}\b|wie (?:viel|lange|hoch|groß|alt|weit|schnell|teuer)\b|"
    r"\bcombien\b|cuánto|как(?:ая|ов) (?:цена|стоимость|сумма)|いくら|多大|多长"
)
_TIME = re.compile(
    r"^(?:and )?(?:since |until |by )?when\b|\b(?:what|which) (?:day|date|year|month|time|decade|century)\b|"
    r"\bhow long ago\b|^wann\b|welche[mns]? (?:tag|datum|jahr)|^quand\b|quelle (?:date|année)|^cuándo\b|^когда\b|"
    r"в каком году|いつ|何時|何年|什么时候|何时|哪一年"
)
_PERSON = re.compile(
    r"^(?:and |by |to |for |with )?who(?:m|se)?\b|\b(?:what|which) (?:person|people|man|woman|author|king|president)\b|"
    r"\bby whom\b|^wer\b|^wem\b|^wen\b|^qui\b|^quién|^кто\b|^кем\b|誰|谁"
)
_PLACE = re.compile(
    r"^(?:and |from |to )?where\b|\b(?:what|which) (?:city|country|place|town|state|region|location|room)\b|^wo\b|"
    r"^wohin\b|^où\b|^dónde|^где\b|^куда\b|どこ|哪里|哪儿"
)
_DEFINITION = re.compile(
    r"^what(?:'s| is| are| does) (?:an? |the |meant by )?(?P<en>[^?]+?)(?: mean| stand for| do)?\s*\??$|"
    r"^define (?P<d>.+)$|^was (?:ist|sind|bedeutet) (?:ein |eine |der |die |das )?(?P<de>[^?]+)|"
    r"^qu'est-ce qu(?:e|') (?:un |une )?(?P<fr>[^?]+)|^qué (?:es|son|significa) (?:un |una |el |la )?(?P<es>[^?]+)|"
    r"^что (?:такое|значит) (?P<ru>[^?]+)|^(?P<ja>.+)とは"
)
_NAMED = re.compile(
    r"^(?:the )?(?:name|term|word|words|abbreviation|acronym|expression|letters|symbol|notion|concept)s? "
    r"(?:of )?(?:the )?(?=\w)"
)
"""Stands before a term whose meaning is requested."""
_CHECK = re.compile(
    r"^(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|should|shall|may|must|am|isn't|aren't|wasn't|"
    r"weren't|doesn't|don't|didn't|ist|sind|war|waren|hat|haben|kann|darf|muss|wird|wurde|est-ce que|es|son|está)\b|"
    r"ли\b|吗|ですか"
)
_LONGEST_TERM = 6
"""Highest number of words in a term whose definition is requested."""


@dataclass(frozen=True)
class QuestionKind:
    """The kind of a question."""

    kind: Kind
    term: str = ""
    """Term whose definition is requested; for "entries", their kind: date, amount or name."""


def question_kind(question: str) -> QuestionKind:
    """Return the kind of `question`."""
    plain = folded(question).strip()
    if _ABOUT.search(plain):
        return QuestionKind("about")
    if listed := _ENTRIES.search(plain):
        return QuestionKind("entries", "name" if listed["who"] else str(listed.lastgroup))
    for kind, pattern in _TYPED:
        if pattern.search(plain):
            return QuestionKind(kind)
    definition = _DEFINITION.search(plain)
    if definition:
        term = next((part for part in definition.groups() if part), "").strip()
        term = _NAMED.sub("", term)
        if 0 < len(term.split()) <= _LONGEST_TERM:
            return QuestionKind("definition", term)
    return QuestionKind("check" if _CHECK.search(plain) else "other")


_TYPED: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("events", _EVENTS),
    ("count", _COUNT),
    ("time", _TIME),
    ("amount", _AMOUNT),
    ("person", _PERSON),
    ("place", _PLACE),
    ("list", _LIST),
)
