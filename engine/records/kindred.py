"""Words of one meaning: "deepest" asks for the depth, "earn" for the salary, "tonnage" for the tons.

They help to find the column that a question means where none has the word itself. English and German; light: no torch.
"""

from __future__ import annotations

from functools import lru_cache

from engine.grounding.words import stem

_GROUPS = (
    "deep deeper deepest depth shallow shallower shallowest tief tiefer tiefe",
    "long longer longest length short shorter shortest lang länger länge kurz kürzer",
    "long longer longest duration last lasted lasting short shorter shortest downtime dauer lang länger kurz kürzer",
    "wide wider widest width narrow narrower narrowest breit breiter breite",
    "high higher highest height tall taller tallest altitude elevation hoch höher höhe",
    "heavy heavier heaviest weigh weighed weight mass light lighter lightest schwer schwerer gewicht masse leicht",
    "tonnage ton tons tonne tonnes",
    "old older oldest young younger youngest age aged alt älter jung alter",
    "fast faster fastest slow slower slowest speed velocity schnell schneller langsam geschwindigkeit",
    "warm warmer warmest hot hotter hottest cold colder coldest cool temperature temp kalt heiß temperatur",
    "thick thicker thickest thin thinner thinnest thickness dick dünn dicke",
    "strong stronger strongest weak weaker weakest strength power",
    "far farther farthest near nearer nearest distance weit entfernung",
    "large larger largest big bigger biggest small smaller smallest size area groß größer größe klein fläche",
    "populous population inhabitants people einwohner",
    "earn earned earns salary salaries wage wages pay income gehalt lohn verdienen verdient",
    "pay paid pays payment payments bezahlt zahlung",
    "cost costs cost price priced fee charge kosten preis",
    "sell sold sells sale sales verkauft verkauf",
    "buy bought purchase purchased gekauft kauf",
    "begin began begun beginning start started starts beginn begonnen",
    "end ended ends ending finish finished expire expires expired expiry expiration ende endet",
    "renew renewed renewal renews verlängert verlängerung",
    "join joined joins joining hire hired start entry eintritt",
    "deliver delivered delivery lieferung geliefert",
    "arrive arrived arrival ankunft",
    "depart departed departure leave left abfahrt",
    "issue issued invoiced issuing ausgestellt",
    "bear born birth birthday geboren geburt",
    "die died death gestorben tod",
    "live lives lived city town place residence wohnt ort stadt wohnort",
    "supplier suppliers vendor vendors seller lieferant",
    "customer customers client clients buyer kunde kunden",
    "employee employees staff person people worker workers name mitarbeiter",
    "company companies firm firms partner",
    "fail failed fails failure failures fault faults breakdown breakdowns störung ausfall",
    "incident incidents event events",
    "status state condition zustand",
    "cause causes caused reason reasons grund ursache",
    "repair repaired repairs mended",
    "quantity quantities count number units pieces anzahl menge",
)
"""Words by their meaning; a word may stand in several groups."""
_LANGUAGES = ("en", "de")


@lru_cache(maxsize=1)
def _meanings() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, words in enumerate(_GROUPS):
        for word in words.split():
            for language in _LANGUAGES:
                found.setdefault(stem(word, language), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


def kindred(stems: frozenset[str], word: str) -> bool:
    """Return whether one of `stems`, those of a column's head, is of one meaning with the stem `word`."""
    own = _meanings().get(word)
    return own is not None and any(own & _meanings().get(each, frozenset()) for each in stems)
