"""The vocabulary of the long records: names, things, relations, wordings, filler and findings of four kinds of record.

Every list of wordings is a `Wordings`: most are for training, the last few are held out and used in evaluation only.
"""

from __future__ import annotations

from dataclasses import dataclass

# fmt: off
FIRST_NAMES = [
    "Anna", "Tomas", "Ines", "Viktor", "Clara", "Omar", "Lena", "Pavel", "Maria", "Jonas", "Aisha", "Peter", "Sofia",
    "David", "Elena", "Karl", "Nadia", "Simon", "Ruth", "Felix", "Irina", "Samuel", "Greta", "Hassan", "Julia",
    "Martin", "Carmen", "Leon", "Olga", "Henrik", "Priya", "Daniel", "Marta", "Erik", "Laila", "Oscar", "Ingrid",
    "Rafael", "Petra", "Bruno", "Alma", "Stefan", "Yara", "Walter", "Edith", "Luca", "Hanna", "Milan", "Rosa", "Anton",
    "Vera", "Ivan", "Nora", "Emil", "Tessa", "Hugo", "Paula", "Georg", "Mina", "Robert", "Agnes", "Theo", "Selma",
    "Arthur", "Dana", "Noah", "Judit", "Konrad", "Ella", "Marcus", "Freya", "Adrian", "Lydia", "Boris", "Helen",
    "Oliver", "Zoe", "Frank", "Iris", "Kamal", "Monika", "Ralph", "Sara", "Tobias", "Ursula", "Victor", "Wanda",
    "Xavier", "Yusuf", "Diana", "Edgar", "Flora", "Gustav", "Hilda", "Ian", "Jana",
]
LAST_NAMES = [
    "Keller", "Novak", "Lindqvist", "Okafor", "Adler", "Moreau", "Tanaka", "Brandt", "Silva", "Horvath", "Petrov",
    "Jansen", "Meyer", "Rossi", "Kowalski", "Nguyen", "Farrell", "Weber", "Sato", "Larsen", "Dubois", "Costa", "Walsh",
    "Patel", "Schmid", "Ortega", "Bergman", "Haas", "Ivanov", "Fischer", "Marin", "Olsen", "Kaya", "Romano", "Becker",
    "Singh", "Varga", "Blom", "Fuchs", "Reyes", "Hansen", "Koch", "Lopez", "Winter", "Sommer", "Bauer", "Vogel",
    "Lange", "Stein", "Wolf", "Kruger", "Pohl", "Engel", "Frank", "Busch", "Arnold", "Kuhn", "Jung", "Sauer", "Peters",
    "Moser", "Huber", "Egger", "Gruber", "Steiner", "Berger", "Wagner", "Pichler", "Auer", "Doyle", "Byrne", "Quinn",
    "Nolan", "Reid", "Grant", "Hunter", "Porter", "Mason", "Carter", "Fowler", "Archer", "Cooper", "Baker", "Turner",
    "Walker", "Ward", "Wood",
]
HELD_OUT_FIRST = [
    "Mirela", "Dario", "Solveig", "Casper", "Amara", "Niklas", "Beatriz", "Ewan", "Tamsin", "Rohan", "Linnea",
    "Matteo",
]
HELD_OUT_LAST = [
    "Castellan", "Hedberg", "Oyelaran", "Vandermeer", "Thornbury", "Zielinski", "Marchetti", "Abernathy", "Kobayashi",
    "Drummond",
]
SYLLABLES = [
    "ba", "bel", "bor", "cal", "cor", "dan", "del", "dor", "fal", "fen", "gar", "gor", "hal", "hem", "jor", "kal",
    "ker", "lan", "lin", "lor", "mal", "mar", "mer", "mon", "nar", "nel", "nor", "pal", "per", "ran", "rel", "ros",
    "sal", "sen", "sol", "tal", "ter", "tor", "val", "ven", "vor", "wil", "zan", "zel",
]
ENDINGS = [
    "berg", "dal", "er", "ez", "ford", "ham", "in", "ini", "low", "man", "ner", "ov", "sen", "ski", "son", "stad",
    "ton", "vic", "well", "wick",
]

MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
]
PLACES = [
    "Harlow", "Brenton", "Eastmoor", "Kelby", "Norvik", "Sandholm", "Ashford", "Linden", "Marbach", "Westerau",
    "Oakham", "Rivermouth", "Stonefield", "Lakeside", "Hillcrest", "Northgate", "Southport", "Millbrook", "Greenfield",
    "Fairview", "Redcliff", "Longford", "Ironbridge", "Saltmarsh", "Highbury",
]


@dataclass(frozen=True)
class Wordings:
    """Ways to say one thing."""

    training: tuple[str, ...]
    held_out: tuple[str, ...]


@dataclass(frozen=True)
class Relation:
    """What may be asked of a thing. `form` is noun (the {a} of {s}), agent (who {a} {s}) or date (when was {s} {a})."""

    form: str
    name: str
    value: str
    """The maker of values: a key of `records.VALUE_MAKERS`, or words to choose from divided by |."""


@dataclass(frozen=True)
class Kind:
    """One kind of record."""

    name: str
    titles: tuple[str, ...]
    things: tuple[str, ...]
    """Things with an identifier: a word and, behind a colon, the letters its identifier starts with."""
    relations: tuple[Relation, ...]
    findings: tuple[str, ...]
    filler: tuple[str, ...]
    headings: tuple[str, ...]


# {s} the thing, {S} with a capital, {a} the relation, {A} with a capital, {v} the value, {p} a person, {d} a date.
NOUN_STATEMENTS = Wordings(
    (
        "The {a} of {s} was {v}.", "{A} of {s}: {v}.", "At {s} the {a} was {v}.", "For {s} the {a} was {v}.",
        "The {a} for {s} is {v}.", "The {a} of {s} was given as {v}.", "{S} had {v} as its {a}.",
        "A check of {s} gave {v} for the {a}.", "On {d} the {a} of {s} was {v}.", "{p} noted {v} as the {a} of {s}.",
        "On {d} {p} noted {v} as the {a} of {s}.", "According to {p}, the {a} of {s} was {v} on {d}.",
    ),
    ("The notes put the {a} of {s} at {v}.", "As for {s}, its {a} was found to be {v}."),
)
AGENT_STATEMENTS = Wordings(
    (
        "{v} {a} {s}.", "{S} was {a} by {v}.", "It was {v} who {a} {s}.", "On {d} {v} {a} {s}.",
        "On {d} {s} was {a} by {v}.", "{S} was {a} by {v} on {d}.", "The person who {a} {s} was {v}.",
    ),
    ("{v} is the one who {a} {s}.", "That {s} was {a} is thanks to {v}."),
)
DATE_STATEMENTS = Wordings(
    (
        "{S} was {a} on {v}.", "On {v} {s} was {a}.", "{v} is the date on which {s} was {a}.",
        "{S} was {a} by {p} on {v}.", "On {v} {p} {a} {s}.",
    ),
    ("The day {s} was {a} was {v}.",),
)
NOUN_CORRECTIONS = Wordings(
    (
        "Correction: the {a} of {s} was {v}, not {w}.", "The {a} of {s} was corrected to {v}.",
        "Correction to the above: for {s} the {a} is {v}.",
        "The {a} of {s} was entered wrongly as {w}; the right one is {v}.",
    ),
    ("It later turned out that the {a} of {s} was {v} and not {w}.",),
)
AGENT_CORRECTIONS = Wordings(
    ("Correction: {s} was {a} by {v}, not by {w}.", "It was in fact {v}, not {w}, who {a} {s}."),
    ("Contrary to the first note, {v} {a} {s}.",),
)
DATE_CORRECTIONS = Wordings(
    ("Correction: {s} was {a} on {v}, not on {w}.", "The date on which {s} was {a} was corrected to {v}."),
    ("In truth {s} was {a} on {v}.",),
)
NOUN_QUESTIONS = Wordings(
    (
        "What was the {a} of {s}?", "What is the {a} of {s}?", "What was the {a} at {s}?",
        "Which {a} was noted for {s}?", "Give the {a} of {s}.", "{A} of {s}?",
    ),
    ("Can you tell me the {a} of {s}?", "For {s}, what was the {a}?"),
)
AGENT_QUESTIONS = Wordings(
    ("Who {a} {s}?", "By whom was {s} {a}?", "Which person {a} {s}?", "Name the person who {a} {s}."),
    ("Can you tell me who {a} {s}?",),
)
DATE_QUESTIONS = Wordings(
    ("When was {s} {a}?", "On what date was {s} {a}?", "On which day was {s} {a}?"),
    ("Can you tell me when {s} was {a}?",),
)
WHO_FOLLOW_UPS = Wordings(("And who noted it?", "Who noted that?", "And who was that by?"), ("Noted by whom?",))
WHEN_FOLLOW_UPS = Wordings(("And when was that?", "When was that?", "And on what date?"), ("On which day was it?",))
SAME_THING_FOLLOW_UPS = {
    "noun": Wordings(("And the {a}?", "And what was its {a}?"), ("What about the {a}?",)),
    "agent": Wordings(("And who {a} it?", "Who {a} it?"), ("And by whom was it {a}?",)),
    "date": Wordings(("And when was it {a}?", "When was it {a}?"), ("And on which day was it {a}?",)),
}
KEY_FINDINGS = Wordings(
    (
        "Key finding: at {s} {f}.", "KEY FINDING: at {s} {f}.", "Key finding - {s}: {f}.",
        "This is a key finding: at {s} {f}.", "Marked as key: at {s} {f}.",
    ),
    ("To be kept as a key finding: at {s} {f}.",),
)
SIDE_FINDINGS = Wordings(
    ("At {s} {f}.", "It was also seen that at {s} {f}.", "Of no further weight: at {s} {f}."), ("Besides, at {s} {f}.",)
)

OPENINGS = (
    "", "", "", "", "", "Later that day ", "In the morning ", "In the afternoon ", "Before the break ", "As agreed, ",
    "As on the days before, ", "After a short talk ", "Towards the evening ", "Once again ", "As usual, ", "On {w} ",
    "At {t} ", "Around {t} ", "Between two calls ", "Without delay ", "Shortly after {t} ",
)
COMMON_FILLER = (
    "the weather was dry", "nothing else was reported", "the list was filed in folder {n}", "the phone rang twice",
    "a copy went to the office", "the next entry follows below", "no further steps were needed",
    "the usual form was used",
    "everyone had left by {t}", "the keys were handed over", "the plan for the week stayed the same",
    "the notes of the day before were read", "the room was cleaned", "a new folder was started",
    "the matter was left for the next day", "the doors were locked at {t}", "all was quiet", "tea was served at {t}",
    "the printer was out of paper", "the lights in the hall were changed", "the visit took {n} minutes",
    "a short list was made", "two letters were sent", "the old files were put away", "{n} pages were copied",
)

INCIDENTS = Kind(
    "incident",
    ("Incident record of the {x} works", "Equipment log, {x} plant", "Shift record of the {x} plant"),
    (
        "pump:P", "compressor:K", "boiler:B", "conveyor:C", "turbine:T", "valve:V", "fan:F", "press:PR", "crane:CR",
        "chiller:CH", "mixer:M", "furnace:FU", "generator:G", "filter:FT", "motor:MO", "tank:TK",
    ),
    (
        Relation("noun", "inlet pressure", "pressure"),
        Relation("noun", "outlet pressure", "pressure"),
        Relation("noun", "bearing temperature", "temperature"),
        Relation("noun", "oil temperature", "temperature"),
        Relation("noun", "speed", "speed"),
        Relation("noun", "running time", "hours"),
        Relation("noun", "repair cost", "amount"),
        Relation("noun", "work order", "work_order"),
        Relation("noun", "serial number", "serial"),
        Relation("noun", "location", "location"),
        Relation("noun", "cause of the stop", "a worn seal|a blocked filter|a loose cable|a broken belt|low oil|"
                 "a power cut|"
                 "a leaking hose|a cracked pipe|a failed sensor|an open guard|a stuck valve|too much dust|"
                 "a wrong setting|"
                 "a dry bearing|a blown fuse|a frozen line"),
        Relation("agent", "inspected", "person"),
        Relation("agent", "repaired", "person"),
        Relation("agent", "restarted", "person"),
        Relation("agent", "signed off", "person"),
        Relation("date", "inspected", "date"),
        Relation("date", "repaired", "date"),
        Relation("date", "installed", "date"),
    ),
    (
        "the drive belt had worn through", "the shaft seal was leaking oil", "the bearing had run dry",
        "vibration rose above the limit", "the guard had been left open", "the emergency stop did not work",
        "the cooling water was blocked", "the relief valve opened too late", "a crack was found in the casing",
        "the alarm had been switched off", "the coupling was out of line", "smoke came from the motor",
        "the filter had not been changed for {n} weeks", "the pressure fell {n} times in one shift",
        "the oil had been mixed with water", "the sensor gave false readings", "the fuse had blown {n} times",
        "the lining was worn down to {n} mm", "the foundation bolts were loose", "the hose burst under load",
    ),
    (
        "the shift began with a walk through the hall", "the gauges were read and entered", "the floor was swept",
        "the night shift took over at {t}", "the spare parts were counted", "the tools were put back in place",
        "a delivery of {n} boxes came in", "the oil stock was checked", "the pipes were painted grey",
        "the noise in hall {n} was as usual", "the crew met at the gate", "the fence was checked on foot",
        "the ladder was moved to the store", "the lamps at the gate were replaced", "production ran without a stop",
        "the safety talk lasted {n} minutes", "the waste was taken away", "a visitor was shown round the hall",
        "the control room was warm", "the trend on the screen was flat",
    ),
    ("Day shift, {d}", "Night shift, {d}", "Events of {d}", "Round of {d}", "Maintenance", "Follow-up", "Observations"),
)
VISITS = Kind(
    "visit",
    ("Visit notes of the {x} clinic", "Patient record, {x} practice", "Ward notes, {x} hospital"),
    ("patient:N", "case:CA", "bed:BD", "referral:RF", "sample:SA", "ward case:WC"),
    (
        Relation("noun", "blood pressure", "blood_pressure"),
        Relation("noun", "heart rate", "heart_rate"),
        Relation("noun", "weight", "weight"),
        Relation("noun", "temperature", "fever"),
        Relation("noun", "daily dose", "dose"),
        Relation("noun", "file number", "serial"),
        Relation("noun", "bill", "amount"),
        Relation("noun", "room", "location"),
        Relation("noun", "diagnosis", "asthma|a broken wrist|bronchitis|gout|anaemia|a sprained ankle|migraine|eczema|"
                 "a torn muscle|hay fever|pneumonia|a slipped disc|sinusitis|arthritis|a kidney stone|diabetes"),
        Relation("noun", "medication", "ibuprofen|metformin|aspirin|insulin|amoxicillin|lisinopril|warfarin|codeine|"
                 "prednisone|omeprazole|iron tablets|paracetamol"),
        Relation("agent", "examined", "person"),
        Relation("agent", "admitted", "person"),
        Relation("agent", "referred", "person"),
        Relation("agent", "signed off", "person"),
        Relation("date", "admitted", "date"),
        Relation("date", "discharged", "date"),
        Relation("date", "examined", "date"),
    ),
    (
        "the wound had become infected", "the dose had been doubled by mistake", "an allergy to penicillin was found",
        "the fever lasted {n} days", "the fracture had not healed", "the blood count was far too low",
        "the heart beat was irregular", "the scan showed a shadow on the lung", "two medicines did not agree",
        "the pain returned after {n} days", "the sugar level was out of range", "the test result came back positive",
        "a fall during the night was reported", "the kidney values had risen", "the follow-up had been missed",
    ),
    (
        "the waiting room was full", "the form was filled in at the desk", "the nurse changed the sheets",
        "breakfast was served at {t}", "the round began on the second floor", "the window was kept open",
        "the family came to visit", "the results were put in the file", "sleep was good", "the appetite was normal",
        "a walk in the garden was possible", "the bandage was changed", "the talk lasted {n} minutes",
        "the next visit was agreed by phone", "the lift was out of order", "the skin was dry and warm",
        "no complaints were made", "the diet stayed as before",
    ),
    ("Visit of {d}", "Round of {d}", "Findings", "Therapy", "History", "Laboratory", "Further course"),
)
TRANSACTIONS = Kind(
    "account",
    ("Account history, {x} bank", "Ledger of the {x} branch", "Transaction report, {x} office"),
    ("account:AC", "invoice:IN", "transfer:TR", "loan:LN", "order:OR", "claim:CL", "contract:CT", "card:CD"),
    (
        Relation("noun", "amount", "amount"),
        Relation("noun", "fee", "amount"),
        Relation("noun", "balance", "amount"),
        Relation("noun", "discount", "percent"),
        Relation("noun", "interest rate", "percent"),
        Relation("noun", "reference", "work_order"),
        Relation("noun", "customer number", "serial"),
        Relation("noun", "branch", "town"),
        Relation("noun", "purpose", "rent|wages|fuel|repairs|insurance|office paper|travel|a deposit|a refund|"
                 "new tyres|cleaning|"
                 "advertising|a loan payment|training|software|water and power"),
        Relation("agent", "approved", "person"),
        Relation("agent", "opened", "person"),
        Relation("agent", "disputed", "person"),
        Relation("agent", "checked", "person"),
        Relation("date", "paid", "date"),
        Relation("date", "opened", "date"),
        Relation("date", "closed", "date"),
    ),
    (
        "the same sum was paid twice", "the signature was missing", "the limit was exceeded {n} times",
        "the payee did not exist", "the receipt had been altered", "the refund never arrived",
        "the tax had been left out", "the exchange rate was wrong", "a payment went to a closed account",
        "the reminder was sent {n} weeks late", "the owner had not been informed", "cash was short at the count",
        "the papers had been backdated", "interest was charged twice", "the guarantee had run out",
    ),
    (
        "the statement was printed and sent", "the counter opened at {t}", "the branch was busy",
        "the daily totals agreed", "the mail was sorted by noon", "a copy was kept in the vault",
        "the customer asked for a quote", "the rate list was updated", "the form was stamped", "the coins were counted",
        "the queue was short", "the new brochure came in", "the audit team asked for {n} files",
        "the machine at the door was refilled", "the call was returned at {t}", "the archive was moved to the cellar",
    ),
    ("Postings of {d}", "Statement of {d}", "Transfers", "Remarks", "Open items", "Review", "Month end"),
)
MINUTES = Kind(
    "minutes",
    ("Minutes of the {x} council", "Board minutes, {x} association", "Minutes of the {x} committee"),
    ("motion:MT", "project:PJ", "item:IT", "proposal:PP", "report:RP", "budget line:BL", "petition:PT"),
    (
        Relation("noun", "budget", "amount"),
        Relation("noun", "cost estimate", "amount"),
        Relation("noun", "number of votes", "votes"),
        Relation("noun", "share of the costs", "percent"),
        Relation("noun", "file number", "serial"),
        Relation("noun", "venue", "town"),
        Relation("noun", "outcome", "approved|rejected|postponed|withdrawn|sent back|passed with changes|left open"),
        Relation("noun", "subject", "the new roof|the car park|the school bus|the library|street lights|"
                 "the playground|the sports hall|"
                 "tree planting|the bridge|waste collection|the summer fair|the heating|the footpath|the town archive"),
        Relation("agent", "proposed", "person"),
        Relation("agent", "seconded", "person"),
        Relation("agent", "presented", "person"),
        Relation("agent", "opposed", "person"),
        Relation("date", "submitted", "date"),
        Relation("date", "adopted", "date"),
        Relation("date", "presented", "date"),
    ),
    (
        "the vote had to be repeated", "the costs had doubled", "the quorum was not reached",
        "the contract had not been signed", "two members had a conflict of interest",
        "the deadline was missed by {n} weeks",
        "the tender drew no offers", "the plan broke the building rules", "the grant had been refused",
        "the neighbours had not been heard", "the figures did not add up", "the work had started without a permit",
        "the reserve was used up", "{n} residents objected", "the report was incomplete",
    ),
    (
        "the chair opened the meeting at {t}", "the minutes of the last meeting were read", "coffee was served",
        "the agenda was agreed", "a short discussion followed", "the microphone did not work at first",
        "{n} guests were present", "the window was opened", "the slides were handed out", "the treasurer was thanked",
        "the meeting was paused for {n} minutes", "the next meeting was set for {w}", "the room had been changed",
        "a letter was read out", "the speaker answered two questions", "the attendance list went round",
    ),
    ("Opening", "Reports", "Motions", "Discussion of {d}", "Any other business", "Finance", "Meeting of {d}"),
)
KINDS = (INCIDENTS, VISITS, TRANSACTIONS, MINUTES)
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
