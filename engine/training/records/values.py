"""Values of relations: numbers with units, codes, names and dates, and lists of choices with some held out."""

from __future__ import annotations

from collections.abc import Callable

from engine.training.records import everyday, names
from engine.training.records.chance import Chance


def _amount(w: Chance) -> str:
    chance = w.random.random()
    if chance < 0.5:
        n = w.below(9000) + 100 if chance < 0.3 else w.below(90) * 1000 + 10_000
        return f"{n:,} euros"
    if chance < 0.65:
        return f"{w.below(900) + 20}.{w.below(100):02d} euros"
    if chance < 0.75:
        return f"EUR {w.below(9000) + 1000:,}"
    if chance < 0.85:
        return f"{w.below(900) + 20}.{w.below(100):02d}"
    return f"{w.pick(('$', '£', '€'))}{w.below(90_000) + 100:,}"


def _decimal(w: Chance, low: int, high: int, unit: str) -> str:
    """Return a number of `unit`: mostly with one decimal, now and then a range or with two."""
    whole = w.below(high - low) + low
    chance = w.random.random()
    if chance < 0.7:
        return f"{whole}.{w.below(10)} {unit}"
    if chance < 0.82:
        return f"{whole}.{w.below(100):02d} {unit}"
    if chance < 0.92:
        return f"{whole} {unit}"
    return f"{whole}.{w.below(10)} to {whole + 1 + w.below(5)}.{w.below(10)} {unit}"


def _whole(w: Chance, low: int, high: int, unit: str) -> str:
    """Return a whole number of `unit`; a range now and then."""
    n = w.below(high - low) + low
    return f"{n} {unit}" if w.random.random() < 0.92 else f"{n} to {n + 1 + w.below(20)} {unit}"


def _duration(w: Chance) -> str:
    n = w.below(58) + 2
    unit = w.pick(("minutes", "hours", "days", "weeks", "months"))
    return f"{n} {unit}" if w.random.random() < 0.8 else f"{w.below(11) + 2} h {w.below(59) + 1} min"


def _code(w: Chance) -> str:
    a, b = w.pick("ABDEHKMRTWX"), w.pick("ACEFLNOPSU")
    chance = w.random.random()
    if chance < 0.5:
        return f"{a}{b}-{w.below(9000) + 1000}"
    if chance < 0.75:
        return f"{a}{w.below(90) + 10}{b}{w.below(900) + 100}"
    return (
        f"{w.below(9000) + 1000}/{w.below(90) + 10}"
        if chance < 0.9
        else f"{a}{b}{w.pick('GJQVZ')} {w.below(900) + 100}"
    )


def _serial(w: Chance) -> str:
    chance = w.random.random()
    if chance < 0.6:
        return f"{w.below(90_000) + 10_000}"
    if chance < 0.8:
        return f"{w.below(9_000_000) + 1_000_000}"
    return f"{w.below(900) + 100}-{w.below(9000) + 1000}"


def _medicine(w: Chance) -> str:
    return names.medicine(w.random) if w.random.random() < 0.5 and not w.easy else _choice(w, "medication")


def _choice(w: Chance, name: str) -> str:
    """Return an entry of a list; in training often an unlisted value, to prevent answers from memory."""
    training, held_out = CHOICES[name]
    if not (w.held_out or w.easy) and w.random.random() < w.strange:
        chance = w.random.random()
        if chance < 0.2:
            return w.pick(CHOICES[w.pick(_LISTS)][0])
        return names.alike(w.random) if chance < 0.28 else _phrase(w)
    return w.pick(held_out if w.held_out and w.random.random() < 0.5 else training)


def _phrase(w: Chance) -> str:
    while True:
        made = everyday.phrase(w.random)
        if made not in _HELD_OUT:
            return made


VALUE_MAKERS: dict[str, Callable[[Chance], str]] = {
    "person": lambda w: w.person(),
    "date": lambda w: w.date(),
    "town": lambda w: w.place(),
    "firm": lambda w: names.firm(w.random, held_out=w.held_out),
    "amount": _amount,
    "pressure": lambda w: _decimal(w, 1, 20, "bar"),
    "temperature": lambda w: _whole(w, 20, 100, "°C"),
    "speed": lambda w: f"{(w.below(280) + 20) * 10} rpm",
    "hours": lambda w: f"{w.below(9000) + 100} hours",
    "duration": _duration,
    "percent": lambda w: _decimal(w, 1, 30, "%"),
    "votes": lambda w: f"{w.below(60) + 3} to {w.below(30) + 1}",
    "work_order": _code,
    "serial": _serial,
    "location": lambda w: (
        f"{w.pick(('hall', 'room', 'bay', 'floor', 'wing', 'shelf', 'row', 'yard'))} {w.below(60) + 1}"
    ),
    "blood_pressure": lambda w: f"{w.below(70) + 100}/{w.below(45) + 55}",
    "heart_rate": lambda w: f"{w.below(80) + 45} bpm",
    "weight": lambda w: _decimal(w, 42, 112, "kg") if w.random.random() < 0.4 else f"{w.below(70) + 42} kg",
    "fever": lambda w: f"{w.below(5) + 36}.{w.below(10)} °C",
    "dose": lambda w: f"{(w.below(60) + 1) * 5} mg",
    "volts": lambda w: _whole(w, 110, 690, "V"),
    "current": lambda w: _decimal(w, 2, 60, "A"),
    "power": lambda w: _whole(w, 3, 400, "kW"),
    "litres": lambda w: _whole(w, 5, 950, "litres"),
    "mm": lambda w: _decimal(w, 1, 90, "mm"),
    "cm": lambda w: _whole(w, 10, 240, "cm"),
    "metres": lambda w: _decimal(w, 1, 80, "m"),
    "area": lambda w: _whole(w, 12, 900, "m²"),
    "noise": lambda w: _whole(w, 40, 110, "dB"),
    "count": lambda w: str(w.below(490) + 2),
    "score": lambda w: f"{w.below(90) + 10} of 100" if w.random.random() < 0.5 else f"{w.below(9) + 1} out of 10",
    "time": lambda w: f"{w.below(24):02d}:{w.below(60):02d}",
    "medicine": _medicine,
}
# fmt: off
_CHOICES = {
    "cause": "a worn seal|a blocked filter|a loose cable|a broken belt|low oil|a power cut|a leaking hose|"
    "a cracked pipe|"
        "a failed sensor|an open guard|a stuck valve|too much dust|a wrong setting|a dry bearing|a blown fuse|"
        "a frozen line|"
        "a bent shaft|a burnt coil|a loose bolt|water in the oil|a torn hose|a worn brush|an empty tank|"
        "a dirty contact|"
        "a lost signal|a jammed gate|a split gasket|too high a load|a faulty switch|a slack chain|rust in the housing|"
        "a missing screw|a clogged drain|air in the line|a tripped breaker|a broken spring|a cold start|a worn gear|"
        "a short circuit|a closed damper",
    "diagnosis": "asthma|a broken wrist|bronchitis|gout|anaemia|a sprained ankle|migraine|eczema|a torn muscle|"
    "hay fever|"
        "pneumonia|a slipped disc|sinusitis|arthritis|a kidney stone|diabetes|a bruised rib|measles|an ear infection|"
        "a broken toe|high blood pressure|a stomach ulcer|gastritis|a burn of the hand|shingles|tonsillitis|a hernia|"
        "insomnia|a dislocated shoulder|psoriasis|angina|a concussion|vertigo|lumbago|mumps|a gallstone|scarlet fever|"
        "a cataract|an insect bite|epilepsy",
    "medication": "ibuprofen|metformin|aspirin|insulin|amoxicillin|lisinopril|warfarin|codeine|prednisone|omeprazole|"
        "iron tablets|paracetamol|ramipril|simvastatin|diazepam|furosemide|morphine|cetirizine|doxycycline|naproxen|"
        "cortisone|heparin|salbutamol|digoxin|bisoprolol|melatonin|zinc drops|cough syrup|eye drops|a nose spray",
    "purpose": "rent|wages|fuel|repairs|insurance|office paper|travel|a deposit|a refund|new tyres|cleaning|"
    "advertising|"
        "a loan payment|training|software|water and power|a gift|legal advice|the yearly fee|parking|building sand|"
        "new chairs|postage|a printer|a study trip|telephone|winter coal|garden work|a van|school books|a licence|"
        "stage lights|medical care|roof tiles|moving costs|spare parts|a fence|catering|tuition|a pension",
    "outcome": "approved|rejected|postponed|withdrawn|sent back|passed with changes|left open|adopted by all|"
    "voted down|"
        "sent to the committee|put on the next list|taken note of|passed by a narrow vote|shelved|accepted in part|"
        "declared void|handed to the mayor|split in two|returned for a second reading|tied",
    "subject": "the new roof|the car park|the school bus|the library|street lights|the playground|the sports hall|"
        "tree planting|the bridge|waste collection|the summer fair|the heating|the footpath|the town archive|"
        "the old mill|the swimming pool|a bicycle lane|the fire station|the market square|the music school|night buses|"
        "the cemetery wall|a water tower|the youth club|the town clock|winter service|the village hall|dog licences|"
        "the harbour|a statue|solar panels|the ferry|the nursery|noise at night|the flood wall|the museum|the choir|"
        "a tax on signs|the twin town|the bakery",
    "condition": "good|poor|fair|like new|damaged|worn|to be watched|unsafe|clean|dirty|dry|damp|rusty|cracked|"
    "scratched|"
        "bent|sound|stable|fit for use|out of order|not yet known|beyond repair|as before|acceptable|leaking",
    "colour": "red|blue|green|grey|white|black|yellow|orange|brown|dark blue|light grey|silver|purple|pink|beige|"
        "dark green|pale yellow|copper|cream|turquoise",
    "goods": "copper wire|paper rolls|glass jars|steel bolts|flour|paint|seed potatoes|rubber mats|coffee beans|"
    "bed linen|"
        "engine oil|window frames|garden tools|light bulbs|tin cans|wool|roof tiles|printer ink|salt|work gloves|"
        "bricks|olive oil|school desks|bottled water|car batteries|apples|cement|fish meal|tyres|cotton shirts|plywood|"
        "plastic pipes|cheese|fire hoses|tea chests|brass fittings|rice|leather belts|medical masks|raw sugar",
    "ward": "surgery|the heart ward|the eye clinic|the children's ward|intensive care|the burns unit|the skin clinic|"
        "the day clinic|radiology|the lung ward|the maternity ward|neurology|the emergency room|the dialysis unit|"
        "geriatrics",
    "payment": "cash|cheque|bank transfer|credit card|direct debit|standing order|postal order|voucher|gold coins|"
        "a bill of exchange|debit card|instalments|an online wallet|barter|offset",
}
# fmt: on
_LISTS = tuple(_CHOICES)
CHOICES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
"""Name -> (training, held out); every fifth is held out."""
for _name, _text in _CHOICES.items():
    _items = _text.split("|")
    CHOICES[_name] = (
        tuple(item for i, item in enumerate(_items) if i % 5 != 4),
        tuple(item for i, item in enumerate(_items) if i % 5 == 4),
    )


_NAMED = frozenset(("person", "date", "town", "firm"))
"""Sorts that are asked for by who, when or where: a phrase would not be an answer."""
_HELD_OUT = frozenset(item for _, held_out in CHOICES.values() for item in held_out)


def make(w: Chance, name: str) -> str:
    """Return a value of the sort `name`; in training at random one of no sort, to train copying."""
    maker = VALUE_MAKERS.get(name)
    if maker and name not in _NAMED and not (w.held_out or w.easy) and w.random.random() < w.strange / 10:
        return _phrase(w)
    return maker(w) if maker else _choice(w, name)


def near(w: Chance, value: str) -> str:
    """Return a value similar to `value`: one digit changed. Names and words are returned unchanged."""
    places = [i for i, sign in enumerate(value) if sign.isdigit()]
    if not places:
        return value
    i = w.pick(places)
    low = 1 if i == 0 or not (value[i - 1].isdigit() or value[i - 1] in ".,:") else 0
    return value[:i] + str(low + w.below(10 - low)) + value[i + 1 :]
