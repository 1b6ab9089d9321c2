"""Words of a question that a place of the document does not hold, and how much each tells by its absence.

Who asks for a vaccine is not answered where no vaccine is named; but people say "throw out" for "recall", and
"somebody" for a name. So a missing noun tells most, a missing verb or adjective about half, and a word that fits any
subject next to nothing. Another word counts for a missing one only where a person has put both into one group
(engine.scoring.everyday_words): vectors of words put "software" beside "computer", and the one is not the other.
English.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from engine.grounding.answer_sentences import Asked
from engine.grounding.sentence_index import SentenceIndex
from engine.grounding.words import stem, tokens
from engine.scoring.everyday_words import alike
from engine.scoring.related_words import RelatedWords

COMMON_RARITY, LEAST_RARITY = 1.5, 0.2
""""People" and "work" have a rarity of 1.5, and tell little by their absence."""
MOST = 6.0
"""Greatest weight of one word."""
AROUND = 4
"""Sentences before and behind one that are read with it: about a passage."""
ANY_SUBJECT, ACTION, ADVERB, INFLECTED = 0.1, 0.6, 0.3, 0.5
"""Shares of its rarity that a word weighs: one that fits any subject, a verb or adjective, an adverb or superlative,
and a word whose form or place makes it a verb. A noun weighs all of it."""
AKIN = 0.6
"""How much a word holds another that begins with it, or that differs in a prefix only."""
_BEGINNING = 5
"""Letters of the shortest beginning of a word that counts for it."""
_PREFIX = re.compile(r"^(?:un|dis|ir|non)(?=\w{4})")
_PEOPLE_OF = re.compile(r"(?:(?<=[mn])es|ians?|ans?|ish)$")
"""Endings of the stems of words for people and languages of a country."""
_SHORT_PLACE = 4
_BEFORE_VERB = {"i", "you", "he", "she", "we", "they", "it", "who", "that", "to", "not"} | {
    "must", "can", "may", "should", "would", "will", "could",
}  # fmt: skip
_ANY_SUBJECT = """
somebody someone something anybody anyone anything everybody everyone everything nobody nothing none one ones other
others another thing things way ways kind kinds sort sorts type types bit lot lots side sides part parts place places
time times moment end start beginning number numbers name names amount case cases example examples long short soon
early late always never ever often sometimes usually still already yet again together along away back out up down over
off around behind forward enough actually really exactly altogether total average twice once instead else even just
only almost nearly mostly mainly mean means meant same different such own able possible likely be become come go get
make take give put let keep bring set turn run look see stand stay last do have use need want happen exist seem appear
like try begin stop move leave find know think say tell ask call show first second third two three four five six seven
eight nine ten next previous current currently present big small large little good bad better best worse worst great
high higher highest low lower lowest fast faster slow many much more most less least few fewer several all any each
every both either neither whole half today now then when where why how who which what actual main general usual
certain particular special available necessary please document text page pages book paper report
"""
"""Pronouns, adverbs, numbers and verbs that fit any subject. Written by hand, like the next, from general knowledge."""
_ACTIONS = """
accept achieve act adapt add adjust admit advise affect afford agree aim allow announce answer apologise apply appoint
approve argue arise arrange arrive assume attach attack attempt attend avoid await ban bargain base beat beg behave
believe belong bend bind bite blame blow boil borrow bother break breathe build burn buy calculate cancel carry catch
cause celebrate change charge check choose claim clean clear climb close collect combine compare complain complete
concern confirm connect consider consist contain continue contribute control convince cook copy count cover create
cross cry cure cut damage deal decide declare decrease defend define delay delete deliver demand deny depend describe
deserve design destroy detect determine develop differ dig disagree disappear discover discuss dismiss divide double
doubt draw dress drink drive drop earn eat elect employ enable encourage enjoy ensure enter escape establish estimate
examine exceed exchange exclude expand expect expire explain explode express extend face fail fall fear feed feel
fight fill finance finish fire fit fix flow fly fold follow forbid force forget forgive form found free freeze fulfil
function gain gather generate grab grow guess guide handle hang harm hate heat help hesitate hide hire hit hold hope
hunt hurt identify ignore imagine implement imply import improve include increase indicate infect influence inform
inherit injure insist inspect install insure intend interpret interrupt intervene introduce invade invent invest
investigate invite involve join judge jump justify kick kill knock lack land laugh launch lay lead learn lend lie lift
limit link list listen live load lock loosen lose love maintain manage manufacture mark marry match matter measure
meet melt mend mention mind miss mix modify notice obey object obtain occur offer open operate oppose order organise
overcome owe pack paint participate pass pay perform permit pick plan plant play point pour practise praise predict
prefer prepare prescribe preserve press pretend prevent print proceed produce prohibit promise promote prove provide
publish pull punish purchase push quarrel qualify question quit raise reach react read realise receive recognise
recommend record recover reduce refer reflect refuse regard register regret reject relate release rely remain remember
remind remove rent repair repeat replace reply represent request require rescue resign resist resolve respond rest
restore restrict result retire return reveal review reward ride ring rise rob roll rule rush save scatter scream
search secure select sell send separate serve settle shake shape share shine shoot shut sign sing sink sit sleep slip
smell smile smoke solve sound speak spell spend split spoil spread stare state steal stick stir store stretch strike
struggle study submit succeed suffer suggest suit supply support suppose surprise surround survive suspect suspend
swear sweep swim swing switch talk taste teach tear tend test thank threaten throw tie tighten touch trace track trade
train transfer translate transmit travel treat trust undergo understand undo unite update upgrade urge vanish vary
visit vote wait wake walk warn wash waste watch wear weigh welcome win wipe wish withdraw wonder work worry wrap write
afraid alone angry asleep aware bright brief broad busy careful cheap clever cold common complex complicated cool
correct crazy dangerous dark dead deaf dear deep difficult dirty dry easy effective efficient empty equal essential
exact excellent expensive fair false familiar famous fine firm flat foreign formal fresh full funny glad guilty happy
hard harmful healthy heavy helpful hidden honest hot huge hungry ill illegal important impossible independent inner
innocent intelligent interesting international lawful lazy legal light local lonely loose loud lucky mad major minor
modern narrow natural nervous new nice noisy normal obvious odd official old ordinary outer permanent personal plain
pleasant polite poor popular powerful practical pretty private proper proud public pure quick quiet rapid rare raw
ready real reasonable reliable rich right rough round rude sad safe secret sensitive serious severe sharp sick
significant silent similar simple smart smooth soft solid sour steady steep strange strict strong stupid successful
sudden suitable sure sweet tall temporary terrible thick thin tight tired tough true typical ugly unable unlawful
unusual upset useful useless valid valuable various vast violent visible warm weak wealthy wet wide wild willing wise
wonderful wooden wrong young
"""
"""Common verbs and adjectives."""
_STEMS = {stem(word, "en"): ACTION for word in _ACTIONS.split()} | {
    stem(word, "en"): ANY_SUBJECT for word in _ANY_SUBJECT.split()
}


def weights(asked: Asked, language: str, rare: RelatedWords) -> dict[str, float]:
    """Return stem -> weight of the content words of a question, in order: their rarity in texts of all kinds, less for
    a word that other words replace as a rule."""
    found: dict[str, float] = {}
    before = ""
    for token, _, _ in tokens(asked.question):
        term = stem(token, language)
        if term in asked.terms and term not in found:
            found[term] = max(LEAST_RARITY, rare.rarity(token) - COMMON_RARITY) * _tells(token, term, before)
        before = token
    return found


def _tells(token: str, term: str, before: str) -> float:
    """Return the share of its rarity that a word weighs which stands behind the word `before`."""
    share = _STEMS.get(term, 1.0)
    if token.endswith(("ly", "est")):
        share = min(share, ADVERB)
    if before in _BEFORE_VERB or token.endswith("ed"):
        share = min(share, INFLECTED)
    return share


def missing(weighed: dict[str, float], stems: Collection[str]) -> float:
    """Return the weight of the heaviest word of `weighed` that `stems` do not hold, at most `MOST`; less where they
    hold a word akin to it."""
    return min(MOST, max((weight * (1.0 - held(term, stems)) for term, weight in weighed.items()), default=0.0))


def least_missing(index: SentenceIndex, weighed: dict[str, float], places: Iterable[int]) -> float:
    """Return `missing` of the place among `places`, each with the sentences around it and its headings,
    where it is least; `MOST` without a place."""
    return min((missing(weighed, index.stems_around(place, AROUND)) for place in places), default=MOST)


def held(term: str, stems: Collection[str]) -> float:
    """Return how much of the stem `term` the stems of a place hold: 1 for itself or a word of like meaning, `AKIN` for
    one that begins with it or differs by a prefix, 0 without either."""
    if term in stems or any(other in stems for other in alike(term)):
        return 1.0
    bare = _PREFIX.sub("", term)
    people = _PEOPLE_OF.sub("", term)
    beginnings = [term] if len(term) >= _BEGINNING else []
    if people != term and len(people) >= _SHORT_PLACE:
        beginnings.append(people)
    if (bare != term and bare in stems) or any(one.startswith(tuple(beginnings)) for one in stems if beginnings):
        return AKIN
    return AKIN if any(len(one) >= _BEGINNING and term.startswith(one) for one in stems) else 0.0
