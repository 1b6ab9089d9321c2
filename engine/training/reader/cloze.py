"""Questions made from plain sentences by rules, with the span that answers them.

The questions are clumsy and the answers sure: a date, number, name or phrase of the sentence, its reason, or what it
says that something is. Words are dropped and case is changed as people do, so that more than equal words must be
learned.
"""

from __future__ import annotations

import random
import re

_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
DATE = re.compile(
    rf"\b(?:\d{{1,2}} )?(?:{_MONTH})(?: \d{{1,2}}(?:st|nd|rd|th)?)?,? \d{{4}}\b|\b(?:{_MONTH}) \d{{1,2}}\b|"
    r"\b1[0-9]\d\d\b|\b20[0-4]\d\b"
)
NUMBER = re.compile(
    r"(?<![\w.])[$€£]?\d[\d,.]*\d?(?: ?%| percent| per cent| million| billion| thousand)?(?![\w])|"
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred)\b"
)
NAME = re.compile(r"\b[A-Z][\w'’-]+(?: (?:(?:of|the|and|de|van|von|for|la|du) ){0,2}[A-Z][\w'’.-]*)*")
PHRASE = re.compile(r"\b(?:a|an|the|its|their|his|her|some|any|all) (?:[a-z][a-z-]+ ){0,3}[a-z][a-z-]+\b")
BECAUSE = re.compile(r"\b(?:because|due to|owing to|so that|in order to)\b\s+(?P<a>[^,;.:()]{12,120})")
DEFINED = re.compile(
    r"^(?P<s>[A-Z][^,;:.()]{1,60}?)(?: \([^)]*\))? (?P<v>is|are|was|were) "
    r"(?P<a>(?:a|an|the|one of|any) [^;:.()]{8,160})"
)
AUX = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|could|will|would|may|might|must|should|shall|does|did|do|cannot)\b"
)
IRREGULAR = {
    "became": "become", "began": "begin", "made": "make", "took": "take", "led": "lead", "won": "win", "wrote": "write",
    "gave": "give", "held": "hold", "built": "build", "found": "find", "left": "leave", "grew": "grow", "rose": "rise",
    "fell": "fall", "ran": "run", "sold": "sell", "sent": "send", "met": "meet", "saw": "see", "came": "come",
    "went": "go", "got": "get", "kept": "keep", "lost": "lose", "paid": "pay", "said": "say", "set": "set",
    "spent": "spend", "stood": "stand", "taught": "teach", "told": "tell", "thought": "think",
    "understood": "understand", "brought": "bring", "bought": "buy", "chose": "choose", "drew": "draw",
    "fought": "fight", "hit": "hit", "knew": "know", "put": "put", "spoke": "speak",
}  # fmt: skip
VERB = re.compile(rf"\b(?:[a-z]{{3,}}ed|{'|'.join(IRREGULAR)})\b")
_LOW = """
the a an this that these those it he she they in on at by for from with as to of and but or its his her their there some
many most all each both such when while during after before since under that which who whose however also although
though because if where through into over between about against without within than then so
"""
_SMALL = """
is are was were be been has have had do does did will would can could may what who when where which how why
"""
LOW = frozenset(_LOW.split())
"""Words that lose their capital inside a sentence."""
SMALL = LOW | frozenset(_SMALL.split())
"""Words that say nothing alone."""
PRONOUN = frozenset({"it", "he", "she", "they", "this", "these"})
PLACE = frozenset({"in", "at", "near", "from", "to"})
_TIME = frozenset({"in", "on", "since", "during", "of", "by", "from", "until", "around", "about"})
"""Words before a date."""
_WEIGHTS = {"date": 3.0, "number": 3.0, "name": 2.0, "phrase": 1.0}
Made = tuple[str, int, int]
"""A question, and the characters of the sentence that answer it."""
_LOOSE = SMALL | PLACE
"""Words that end no phrase."""


def base_form(verb: str, known: frozenset[str]) -> str:
    """Return the infinitive of a verb in the past; `known`: words that exist."""
    if verb in IRREGULAR:
        return IRREGULAR[verb]
    if verb.endswith("ied"):
        return verb[:-3] + "y"
    stem = verb[:-2]
    if len(stem) > 3 and stem[-1] == stem[-2] and stem[:-1] in known and stem not in known:
        return stem[:-1]
    if stem in known and verb[:-1] not in known:
        return stem
    return verb[:-1] if verb[:-1] in known else stem


def _lower_first(text: str) -> str:
    first = text.split(" ", 1)[0]
    return text[:1].lower() + text[1:] if first.lower() in LOW else text


def candidates(sentence: str) -> list[tuple[str, int, int]]:
    """Return (kind, start, end) of the possible answers in `sentence`."""
    found: list[tuple[str, int, int]] = []
    for m in DATE.finditer(sentence):
        found.append(("date", m.start(), m.end()))
    for m in NUMBER.finditer(sentence):
        if not any(s <= m.start() < e for _, s, e in found):
            found.append(("number", m.start(), m.end()))
    for m in NAME.finditer(sentence):
        s, e = m.start(), m.end()
        first = m.group().split(" ")[0].lower()
        if first in LOW or first in SMALL:
            if " " not in m.group():
                continue
            s += len(first) + 1
        if e - s > 2 and not any(a < e and s < b for _, a, b in found):
            found.append(("name", s, e))
    for m in PHRASE.finditer(sentence):
        words = m.group().split(" ")
        while words and words[-1] in _LOOSE:
            words.pop()
        end = m.start() + len(" ".join(words))
        if len(words) > 1 and not any(a < end and m.start() < b for _, a, b in found):
            found.append(("phrase", m.start(), end))
    return found


def ask(sentence: str, rng: random.Random, known: frozenset[str], title: str = "") -> Made | None:
    """Return a question that `sentence` answers, and the characters of its answer; None where no rule fits.

    `known`: words that exist, in lower case; `title`: what "it" stands for, if that is known.
    """
    if not 30 <= len(sentence) <= 400:
        return None
    chance = rng.random()
    if chance < 0.25 and (m := DEFINED.search(sentence)):
        return _definition(m, rng, title)
    if chance < 0.5 and (m := BECAUSE.search(sentence)):
        question = _front("Why", sentence[: m.start()].strip(" ,"), "", known, title)
        return (finish(question, rng), m.start("a"), m.end("a")) if question else None
    options = candidates(sentence)
    if not options:
        return None
    kind, start, end = rng.choices(options, [_WEIGHTS[option[0]] for option in options])[0]
    left, right = _clause(sentence, start, end, rng)
    if len((left + " " + right).split()) < 4:
        return None
    wh, left, right = _question_word(kind, sentence[start:end], left, right, rng)
    if len(left.split()) < 2 and right:
        if not AUX.search(right) and rng.random() < 0.5:
            return None
        question = f"{wh} {right}" if left.lower() in LOW or not left else f"{wh} {left} {right}"
    else:
        question = _front(wh, left, right, known, title)
        if not question:
            if rng.random() < 0.6:
                return None
            question = f"{left} {wh.lower()} {right}"
    return finish(question, rng), start, end


def _definition(m: re.Match[str], rng: random.Random, title: str) -> Made | None:
    """Return a question for what something is, from a match of DEFINED."""
    subject = m["s"]
    if subject.lower() in PRONOUN or subject.lower() == "there":
        if not title:
            return None
        subject = title
    subject, end = _lower_first(subject), m.end("a")
    if len(m["a"]) > 60 and (cut := re.search(r",| (?:that|which|who|where|when) ", m["a"])) and cut.start() > 8:
        end = m.start("a") + cut.start()
    what = rng.choice(("What", "What", "What", "Who" if " " in subject and subject[0].isupper() else "What"))
    is_it = f"{what} {m['v']} {subject}?"
    form = rng.choice((is_it, is_it, f"Define {subject}", f"What does {subject} mean?"))
    return finish(form, rng), m.start("a"), end


def _clause(sentence: str, start: int, end: int, rng: random.Random) -> tuple[str, str]:
    """Return the text left and right of an answer, at random only within its clause."""
    low, high = 0, len(sentence)
    for m in re.finditer(r"[,;:()—–]\s", sentence):
        if m.end() <= start and start - m.end() > 12 and rng.random() < 0.5:
            low = m.end()
        if m.start() >= end:
            if m.start() - low > 40 and rng.random() < 0.6:
                high = m.start()
            break
    return sentence[low:start].strip(" ,"), sentence[end:high].strip(" ,.;:!?)\"'”")


def _question_word(kind: str, answer: str, left: str, right: str, rng: random.Random) -> tuple[str, str, str]:
    """Return the question words for `answer`, and the remaining text left and right of it."""
    before = left.rsplit(" ", 1)[-1].lower() if left else ""
    if kind == "number":
        noun = right.split(" ", maxsplit=1)[0] if right else ""
        if answer[0] in "$€£":
            return "How much", left, right
        if "%" in answer or not noun.isalpha() or noun in SMALL:
            return rng.choice(("What percentage", "How much", "What number", "How many")), left, right
        return f"How many {noun}", left, right[len(noun) :].strip()
    forms: tuple[str, ...]
    if kind == "date":
        forms, drop = ("When", "When", "In what year", "What date", "In which year"), before in _TIME
    elif kind == "name" and before in PLACE:
        forms, drop = ("Where", "Where", "What place", "In what"), True
    elif kind == "name" and before == "by":
        forms, drop = ("By whom", "Who", "By what"), True
    elif kind == "name":
        forms, drop = ("Who", "What", "Which", "What"), False
    else:
        forms, drop = ("What", "What", "Which", "What kind of"), False
    return rng.choice(forms), left[: -len(before)].strip() if drop else left, right


def _front(wh: str, left: str, right: str, known: frozenset[str], title: str) -> str:
    """Return `wh`, auxiliary, subject, rest in this order; nothing where no verb is found in `left`."""
    m = AUX.search(left)
    if m and m.start() > 0:
        subject, rest, verb = left[: m.start()].strip(), left[m.end() :].strip(), m.group()
    else:
        m = VERB.search(left)
        if not m or m.start() == 0:
            return ""
        subject, rest, verb = left[: m.start()].strip(), left[m.end() :].strip(), "did"
        rest = f"{base_form(m.group(), known)} {rest}".strip()
    if not subject:
        return ""
    if subject.lower() in PRONOUN:
        if not title:
            return ""
        subject = title
    return f"{wh} {verb} {_lower_first(subject)} {rest} {right}".strip()


def finish(question: str, rng: random.Random) -> str:
    """Return `question` shortened, with words dropped and case changed now and then."""
    words = [w for w in re.sub(r"\s+", " ", question).strip(" ,.;:").split(" ") if w]
    chance = rng.random()
    if chance < 0.1:
        words = [w for w in words if w.lower() not in SMALL] or words
    elif chance < 0.5:
        words = [w for i, w in enumerate(words) if i < 2 or rng.random() > 0.12]
    if len(words) > 22:
        words = words[:2] + words[-rng.randint(8, 18) :] if rng.random() < 0.4 else words[: rng.randint(12, 22)]
    text = " ".join(words).strip("?")
    if rng.random() < 0.15:
        text = text.lower()
    if rng.random() < 0.85:
        text += "?"
    return text
