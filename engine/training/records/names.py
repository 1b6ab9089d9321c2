"""Names of persons, towns, firms, medicines and things: a few lists, and makers with an enormous space.

Most names are made up, syllable by syllable, letter by letter, in the manner of the lists or out of everyday words, so
that a model can only copy them. The held-out lists are real names that training never shows: the makers draw again when
they hit one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from engine.training.records import everyday

# fmt: off
FIRST_NAMES = [
    "Anna", "Tomas", "Ines", "Viktor", "Clara", "Omar", "Lena", "Pavel", "Maria", "Jonas", "Aisha", "Peter", "Sofia",
    "David", "Elena", "Karl", "Nadia", "Simon", "Ruth", "Felix", "Irina", "Samuel", "Greta", "Hassan", "Julia",
    "Martin", "Carmen", "Leon", "Olga", "Henrik", "Priya", "Daniel", "Marta", "Erik", "Laila", "Oscar", "Ingrid",
    "Rafael", "Petra", "Bruno", "Alma", "Stefan", "Yara", "Walter", "Edith", "Luca", "Hanna", "Milan", "Rosa",
    "Anton", "Vera", "Ivan", "Nora", "Emil", "Tessa", "Hugo", "Paula", "Georg", "Mina", "Robert", "Agnes", "Theo",
    "Selma", "Arthur", "Dana", "Noah", "Judit", "Konrad", "Ella", "Marcus", "Freya", "Adrian", "Lydia", "Boris",
    "Helen", "Oliver", "Zoe", "Frank", "Iris", "Kamal", "Monika", "Ralph", "Sara", "Tobias", "Ursula", "Victor",
    "Wanda", "Xavier", "Yusuf", "Diana", "Edgar", "Flora", "Gustav", "Hilda", "Ian", "Jana",
]
LAST_NAMES = [
    "Keller", "Novak", "Lindqvist", "Okafor", "Adler", "Moreau", "Tanaka", "Brandt", "Silva", "Horvath", "Petrov",
    "Jansen", "Meyer", "Rossi", "Kowalski", "Nguyen", "Farrell", "Weber", "Sato", "Larsen", "Dubois", "Costa",
    "Walsh", "Patel", "Schmid", "Ortega", "Bergman", "Haas", "Ivanov", "Fischer", "Marin", "Olsen", "Kaya", "Romano",
    "Becker", "Singh", "Varga", "Blom", "Fuchs", "Reyes", "Hansen", "Koch", "Lopez", "Winter", "Sommer", "Bauer",
    "Vogel", "Lange", "Stein", "Wolf", "Kruger", "Pohl", "Engel", "Frank", "Busch", "Arnold", "Kuhn", "Jung",
    "Sauer", "Peters", "Moser", "Huber", "Egger", "Gruber", "Steiner", "Berger", "Wagner", "Pichler", "Auer",
    "Doyle", "Byrne", "Quinn", "Nolan", "Reid", "Grant", "Hunter", "Porter", "Mason", "Carter", "Fowler", "Archer",
    "Cooper", "Baker", "Turner", "Walker", "Ward", "Wood",
]
HELD_OUT_FIRST = [
    "Mirela", "Dario", "Solveig", "Casper", "Amara", "Niklas", "Beatriz", "Ewan", "Tamsin", "Rohan", "Linnea",
    "Matteo", "Aurelia", "Bartholomew", "Calliope", "Desmond", "Eleanor", "Fatima", "Gideon", "Harriet", "Ignacio",
    "Jocelyn", "Katarzyna", "Leopold", "Magdalena", "Nathaniel", "Octavia", "Penelope", "Quentin", "Rosalind",
    "Sebastian", "Theodora", "Ulysses", "Valentina", "Winifred", "Yolanda", "Zachary", "Annelise", "Bernadette",
    "Cornelius", "Dominika", "Evangeline", "Florian", "Guinevere", "Humphrey", "Isabella", "Jeremiah", "Khadija",
    "Lavinia", "Mordecai", "Nikolai", "Ophelia", "Prudence", "Reinhard", "Svetlana", "Thaddeus", "Veronica",
    "Wolfgang", "Xiomara", "Zebulon", "Mehmet", "Chiara",
]
HELD_OUT_LAST = [
    "Castellan", "Hedberg", "Oyelaran", "Vandermeer", "Thornbury", "Zielinski", "Marchetti", "Abernathy",
    "Kobayashi", "Drummond", "Applegate", "Bogdanov", "Carrington", "Delacroix", "Eriksson", "Fitzgerald",
    "Gallagher", "Hawthorne", "Inglewood", "Jablonski", "Krishnan", "Llewellyn", "Montgomery", "Nakamura",
    "Oppenheim", "Papadakis", "Quartermain", "Rutherford", "Sokolova", "Tchaikov", "Underwood", "Villanueva",
    "Whitaker", "Xenakis", "Yamaguchi", "Zimmerman", "Aldridge", "Blackwood", "Cunningham", "Dashwood", "Ellsworth",
    "Featherstone", "Goldberg", "Hutchinson", "Ishikawa", "Johansson", "Kavanagh", "Lombardi", "Mukherjee",
    "Nightingale", "Okonkwo", "Pemberton", "Rasmussen", "Schumacher", "Trevelyan", "Ferreira", "Vasquez", "Wetherby",
    "Chaudhry", "Bjornstad", "Macready", "Sandoval",
]
PLACES = [
    "Harlow", "Brenton", "Eastmoor", "Kelby", "Norvik", "Sandholm", "Ashford", "Linden", "Marbach", "Westerau",
    "Oakham", "Rivermouth", "Stonefield", "Lakeside", "Hillcrest", "Northgate", "Southport", "Millbrook",
    "Greenfield", "Fairview", "Redcliff", "Longford", "Ironbridge", "Saltmarsh", "Highbury", "Aldgate", "Birkdale",
    "Coldwater", "Deepdale", "Elmstead", "Foxhill", "Glenmoor", "Haverton", "Inverley", "Kingsway", "Lowick",
    "Marston", "Newbridge", "Overton", "Pinewood", "Ravensby", "Selby", "Thornton", "Upwell", "Vale", "Whitby",
    "Yarmouth",
]
HELD_OUT_PLACES = [
    "Tewkesbury", "Salamanca", "Uppsala", "Kilkenny", "Bratislava", "Wolverton", "Heidelberg", "Trondheim",
    "Aberdeen", "Valparaiso", "Gloucester", "Padua",
]
# Styles of names: beginnings, vowels, ends of syllables, ends of names.
_ONSETS = [
    "b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z", "b", "d", "g", "h",
    "k", "l", "m", "n", "p", "r", "s", "t", "v", "b", "d", "f", "g", "k", "l", "m", "n", "r", "s", "t", "b", "d",
    "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "br", "cl", "cr", "dr", "fl", "fr", "gl", "gr", "kl", "kr",
    "pl", "pr", "sch", "sh", "sk", "sl", "sm", "sn", "sp", "st", "str", "sv", "sw", "th", "tr", "tw", "ts", "zh",
    "kh", "ch", "ph", "qu", "y", "x",
]
_VOWELS = (3 * "a e i o u a e i o a e " + "ai au ea ei ie io oa oo ou y ay ia ö ü å é").split()
_CODAS = [
    "b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "x", "z", "l", "m", "n", "r", "s", "ck", "ff", "ll",
    "lm", "lt", "mb", "mp", "nd", "ng", "nk", "nn", "nt", "rb", "rd", "rg", "rk", "rl", "rm", "rn", "rt", "ss", "st",
    "th",
]
_ENDINGS = [
    "berg", "dal", "er", "ez", "ford", "ham", "in", "ini", "low", "man", "ner", "ov", "sen", "ski", "son", "stad",
    "ton", "vic", "well", "wick", "a", "o", "i", "us", "is", "as", "os", "el", "en", "an", "on", "ard", "ert", "olf",
    "und", "ova", "eva", "enko", "yan", "ian", "idis", "oglu", "bach", "feld", "hoff", "mann", "stein", "strom",
    "qvist", "lund", "gaard", "sson", "escu", "ic", "ak", "ek", "ik", "uk", "etti", "elli", "ado", "eira", "eau",
    "ois", "ert", "y", "ley", "by", "ston", "worth",
]
_FIRST_ENDINGS = [
    "a", "o", "i", "e", "ia", "ina", "ette", "el", "en", "an", "on", "us", "is", "ert", "ard", "olf", "win", "rid",
    "hild", "mir", "slav", "bert", "ine", "ela", "ika", "ar", "ir", "ur", "a", "a", "y",
]
_TOWN_ENDINGS = [
    "ford", "ton", "ham", "by", "field", "wick", "mouth", "bridge", "bury", "stead", "dale", "holm", "au", "ach",
    "burg", "hausen", "vik", "port", "haven", "moor", "ville",
]
_DRUG_ENDINGS = [
    "ol", "ine", "axin", "pril", "statin", "mab", "zole", "cillin", "fen", "tidine", "oxin", "vir", "done", "pam",
    "artan", "cort", "mycin", "profen", "lol", "ium",
]
_FIRMS = ("{} & Sons", "{} Ltd", "{} AG", "{} Works", "{} Brothers", "{} and Partners", "{} Group", "{} Supply",
"{} Inc")
_PARTICLES = ("van ", "de ", "von ", "di ", "van der ", "O'", "Mc", "Mac", "al-", "d'", "la ", "ten ", "St. ")
_TITLES = ("Dr ", "Mr ", "Ms ", "Mrs ", "Dr. ", "Prof. ", "Mr. ", "Ms. ", "Sister ", "Nurse ")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# fmt: on
HELD_OUT = frozenset([*HELD_OUT_FIRST, *HELD_OUT_LAST, *HELD_OUT_PLACES])

T = TypeVar("T")


def pick(r: random.Random, items: Sequence[T]) -> T:
    return items[int(r.random() * len(items))]


def syllables(r: random.Random, endings: Sequence[str]) -> str:
    """Return one to three syllables, mostly with one of `endings`; not capitalised."""
    at = r.random
    out = ""
    for _ in range(1 + int(at() * 2.2)):
        out += _VOWELS[int(at() * len(_VOWELS))] if at() < 0.08 else pick(r, _ONSETS) + pick(r, _VOWELS)
        if at() < 0.3:
            out += pick(r, _CODAS)
    if at() < 0.75 or len(out) < 3:
        if out[-1] in "aeiouyöüåé":
            out += pick(r, _ONSETS[:18])
        out += pick(r, endings)
    return out


def letters(r: random.Random) -> str:
    """Three to nine letters, mostly vowels and consonants in turn."""
    at = r.random
    vowel = at() < 0.35
    out = ""
    for _ in range(3 + int(at() * 7)):
        out += "aeiouy"[int(at() * 6)] if vowel else _LETTERS[int(at() * 26)]
        vowel = not vowel if at() < 0.82 else vowel
    return out


def _chain() -> dict[str, str]:
    """Two letters -> the letters that follow them in the training's names and towns; "." stands for both ends."""
    followers: dict[str, list[str]] = {}
    for word in (*FIRST_NAMES, *LAST_NAMES, *PLACES):
        text = f"..{word.lower()}."
        for i in range(2, len(text)):
            followers.setdefault(text[i - 2 : i], []).append(text[i])
    return {pair: "".join(signs) for pair, signs in followers.items()}


_FOLLOWERS = _chain()


def alike(r: random.Random) -> str:
    """Five to thirteen letters that follow each other as in the lists of names (a Markov chain of order two)."""
    while True:
        out = ".."
        while len(out) < 16 and (out == ".." or out[-1] != "."):
            out += pick(r, _FOLLOWERS[out[-2:]])
        name = out.strip(".")
        if 5 <= len(name) <= 13:
            return name


def _word(r: random.Random, endings: Sequence[str]) -> str:
    while True:
        chance = r.random()
        if chance < 0.15:
            made = letters(r)
        elif chance < 0.4:
            made = alike(r)
        elif chance < 0.65:
            made = syllables(r, endings)
        else:
            made = everyday.compound(r) if chance < 0.8 else everyday.wordlike(r)
        if made.capitalize() not in HELD_OUT:
            return made.capitalize()


def first_name(r: random.Random, *, listed: float = 0.15, plain: bool = False) -> str:
    """Return a first name; `listed` is the share from the list, `plain` leaves out hyphens."""
    if r.random() < listed:
        return pick(r, FIRST_NAMES)
    name = _word(r, _FIRST_ENDINGS)
    return f"{name}-{_word(r, _FIRST_ENDINGS)}" if r.random() < 0.03 and not plain else name


def last_name(r: random.Random, *, listed: float = 0.15, plain: bool = False) -> str:
    """Return a last name, now and then with a particle or a hyphen unless `plain`."""
    if r.random() < listed:
        return pick(r, LAST_NAMES)
    name = _word(r, _ENDINGS)
    chance = 1.0 if plain else r.random()
    if chance < 0.06:
        return pick(r, _PARTICLES) + name
    return f"{name}-{_word(r, _ENDINGS)}" if chance < 0.09 else name


def person(r: random.Random, *, held_out: bool = False, plain: bool = False) -> str:
    """Return a person's name: both names, an initial, or a title. `plain`: both names, half of them listed."""
    if held_out:
        first, last = pick(r, HELD_OUT_FIRST), pick(r, HELD_OUT_LAST)
    else:
        listed = 0.5 if plain else 0.15
        first, last = first_name(r, listed=listed, plain=plain), last_name(r, listed=listed, plain=plain)
    chance = 1.0 if plain else r.random()
    if chance < 0.06:
        return f"{first[0]}. {last}"
    if chance < 0.11:
        return pick(r, _TITLES) + last
    if chance < 0.13:
        return f"{first} {pick(r, _LETTERS).upper()}. {last}"
    return f"{first} {last}"


def place(r: random.Random, *, held_out: bool = False) -> str:
    """Return a town."""
    if held_out:
        return pick(r, HELD_OUT_PLACES)
    if r.random() < 0.4:
        return pick(r, PLACES)
    name = _word(r, _TOWN_ENDINGS)
    chance = r.random()
    if chance < 0.05:
        return f"{pick(r, ('Bad', 'New', 'Upper', 'Lower', 'Port', 'East', 'Great'))} {name}"
    return f"{name}-on-{_word(r, _TOWN_ENDINGS)}" if chance < 0.07 else name


def firm(r: random.Random, *, held_out: bool = False) -> str:
    """Return a firm named after a person."""
    return pick(r, _FIRMS).format(pick(r, HELD_OUT_LAST) if held_out else last_name(r))


def medicine(r: random.Random) -> str:
    """Return a made-up medicine, not capitalised as the real ones."""
    while True:
        name = syllables(r, _DRUG_ENDINGS)
        if name.capitalize() not in HELD_OUT:
            return name


def number_of(thing: str) -> int:
    """Return the last whole number of an identifier, which decides whether it is held out."""
    digits = ""
    for sign in reversed(thing):
        if sign.isdigit():
            digits = sign + digits
        elif digits:
            break
    return int(digits)


def _is_held_out(number: int) -> bool:
    return number % 9 == 4


def _number(r: random.Random, make: Callable[[], int], held_out: bool) -> int:
    while True:
        number = make()
        if _is_held_out(number) == held_out:
            return number


def identifier(r: random.Random, start: str, *, held_out: bool = False, plain: bool = False) -> str:
    """Return an identifier that mostly begins with `start`; numbers that leave 4 when divided by 9 are held out."""
    chance = 0.0 if plain else r.random()
    if not plain and r.random() < 0.2:
        start = "".join(pick(r, _LETTERS).upper() for _ in range(1 + int(r.random() * 2.5)))
    three = _number(r, lambda: 100 + int(r.random() * 900), held_out)
    if chance < 0.5:
        return f"{start}-{three}"
    two = _number(r, lambda: 10 + int(r.random() * 90), held_out)
    if chance < 0.64:
        return f"{start}-{two}"
    if chance < 0.72:
        return f"{start} {two if r.random() < 0.5 else three}"
    if chance < 0.80:
        return f"{start}{_number(r, lambda: int(r.random() * 10_000), held_out):04d}"
    if chance < 0.88:
        return f"{start}-{2012 + int(r.random() * 15)}-{three}"
    if chance < 0.94:
        return f"{start}-{_number(r, lambda: 1000 + int(r.random() * 9000), held_out)}"
    return f"{start}/{two:03d}" if chance < 0.97 else f"{start}.{two}"


def near_identifier(r: random.Random, thing: str, *, held_out: bool = False) -> str:
    """Return a thing with an identifier similar to that of `thing`: one digit changed, or two swapped."""
    end = max(i for i, sign in enumerate(thing) if sign.isdigit()) + 1
    start = end
    while start and thing[start - 1].isdigit():
        start -= 1
    old = thing[start:end]
    for _ in range(40):
        digits = list(old)
        i, j = int(r.random() * len(digits)), int(r.random() * len(digits))
        if r.random() < 0.4:
            digits[i], digits[j] = digits[j], digits[i]
        else:
            digits[i] = str(int(r.random() * 10))
            if held_out:  # numbers of that kind differ in two digits at least
                digits[j] = str(int(r.random() * 10))
        new = "".join(digits)
        if new != old and (new[0] != "0" or old[0] == "0") and _is_held_out(int(new)) == held_out:
            return thing[:start] + new + thing[end:]
    low = 10 ** (len(old) - 1)
    return f"{thing[:start]}{_number(r, lambda: low + int(r.random() * 9 * low), held_out):0{len(old)}d}{thing[end:]}"
