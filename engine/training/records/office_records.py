"""Records of offices: clinic visits, account transactions and minutes of meetings."""

from __future__ import annotations

from engine.training.records.vocabulary import Kind, relations

# fmt: off
VISITS = Kind(
    "visit",
    (
        "Visit notes of the {x} clinic", "Patient record, {x} practice", "Ward notes, {x} hospital",
        "Case file, {x} clinic", "Consultation record {x}",
    ),
    (
        "patient:N", "case:CA", "bed:BD", "referral:RF", "sample:SA", "resident:RS", "outpatient:OP", "infant:IF",
        "donor:DN", "visitor:VS",
    ),
    ("with", "for", "in",),
    relations("""
        noun: blood pressure/pressure of the blood > blood_pressure, heart rate/pulse > heart_rate
        noun: weight/body weight > weight, temperature/fever reading > fever
        noun: daily dose/dose a day > dose, file number/number of the file > serial, bill/amount due > amount
        noun: room/place on the ward > location
        noun: diagnosis/illness found > diagnosis, medication/medicine/drug given > medicine
        noun: height/body height > cm, blood sugar/sugar in the blood > dose
        noun: oxygen level/oxygen in the blood > percent, length of stay/time in the clinic > duration
        noun: ward/department > ward, next of kin/closest relative > person
        noun: family doctor/own doctor > person, insurer/health insurance > firm
        noun: policy number/insurance number > work_order, home town/town of residence > town
        noun: appointment time/hour of the appointment > time, wound length/length of the wound > mm
        noun: drinking amount/fluid a day > litres, pain score/strength of the pain > score
        noun: number of visits/count of visits > count, breathing rate/breaths a minute > count
        agent: examined, admitted, referred, signed off, treated, operated on, visited, vaccinated, registered
        date: admitted, discharged, examined, operated on, vaccinated, visited
    """),
    (
        "wound", "left knee", "right hand", "scar", "stitch", "heart beat", "blood count", "dose", "liver value",
        "kidney value", "lung", "skin", "back", "bandage", "drip", "hearing", "eyesight", "appetite", "blood clot",
        "swelling", "rash", "plaster cast", "throat", "shoulder", "test result", "catheter", "hip", "reflex",
        "old fracture", "gland",
    ),
    (
        "had become infected", "was far too low", "was far too high", "had not healed", "was irregular",
        "was worse than before", "came back positive", "had been missed", "was lost on the way",
        "gave reason for worry", "was painful to the touch", "had doubled by mistake", "was not as it should be",
        "had to be checked again", "was red and hot", "had opened again", "did not react",
        "was much larger than thought", "was taken from the wrong side", "had changed colour",
    ),
    (
        "the wound had become infected", "the dose had been doubled by mistake", "an allergy to penicillin was found",
        "the fever lasted {n} days", "the fracture had not healed", "the blood count was far too low",
        "the heart beat was irregular", "the scan showed a shadow on the lung", "two medicines did not agree",
        "the pain returned after {n} days", "the sugar level was out of range", "the test result came back positive",
        "a fall during the night was reported", "the kidney values had risen", "the follow-up had been missed",
        "an allergy to latex was found", "{n} tablets had been left out", "the patient had not eaten for {n} days",
        "the wrong medicine was handed out", "breathing stopped for {n} seconds", "the consent form was missing",
        "a second opinion differed",
    ),
    (
        "the waiting room was full", "the form was filled in at the desk", "the nurse changed the sheets",
        "breakfast was served at {t}", "the round began on the second floor", "the window was kept open",
        "the family came to visit", "the results were put in the file", "sleep was good", "the appetite was normal",
        "a walk in the garden was possible", "the bandage was changed", "the talk lasted {n} minutes",
        "the next visit was agreed by phone", "the lift was out of order", "the skin was dry and warm",
        "no complaints were made", "the diet stayed as before",
        "the curtains were drawn at {t}", "the trolley was moved to the corridor", "{n} meals were handed out",
        "the flowers were watered", "the phone in the ward was busy", "the letter to the doctor was typed",
        "the chair by the bed was changed", "the doctor was called at {t}",
    ),
    (
        "Visit of {d}", "Round of {d}", "Findings", "Therapy", "History", "Laboratory", "Further course",
        "Admission", "Nursing notes", "Letter of {d}", "Medication plan", "Discharge",
    ),
)
TRANSACTIONS = Kind(
    "account",
    (
        "Account history, {x} bank", "Ledger of the {x} branch", "Transaction report, {x} office",
        "Statement book, {x}", "Accounts of the {x} office",
    ),
    (
        "account:AC", "invoice:IN", "transfer:TR", "loan:LN", "order:OR", "claim:CL", "contract:CT", "card:CD",
        "deposit:DP", "receipt:RC", "mortgage:MG", "cheque:CQ", "policy:PO", "refund:RE",
    ),
    ("on", "for",),
    relations("""
        noun: amount/sum > amount, fee/charge > amount, balance/money left > amount, discount/price cut > percent
        noun: interest rate/rate of interest > percent
        noun: reference/reference code > work_order, customer number/client number > serial
        noun: branch/branch office > town, purpose/reason given > purpose
        noun: due time/cut-off time > time, term/running period > duration, credit limit/highest credit > amount
        noun: tax rate/rate of tax > percent, tax due/tax owed > amount
        noun: holder/account holder > person, adviser/bank adviser > person, payee/recipient > firm
        noun: payment method/way of paying > payment, number of postings/count of postings > count
        noun: instalment/monthly payment > amount, late charge/penalty > amount
        noun: currency loss/loss on exchange > amount, box number/safe box > location, tax number/tax code > work_order
        noun: security/guarantee > firm, overdraft/amount overdrawn > amount
        agent: approved, opened, disputed, checked, booked, blocked, cancelled, requested, signed
        date: paid, opened, closed, booked, blocked, cancelled, signed
    """),
    (
        "signature", "tax line", "receipt", "exchange rate", "reminder", "stamp", "guarantee", "date", "address",
        "account number", "payment slip", "interest", "second page", "bank code", "fee", "refund", "mandate",
        "copy", "seal", "name of the payee", "balance sheet", "proof of funds", "due date", "commission",
        "voucher", "currency", "carry-over", "rounding", "credit note", "cover letter",
    ),
    (
        "was missing", "had been altered", "was wrong", "had been charged twice", "could not be read",
        "did not agree with the book", "arrived too late", "had been left out", "was entered on the wrong side",
        "had run out", "belonged to another customer", "was never sent", "had been backdated",
        "was higher than agreed", "was lower than agreed", "had been forged", "was not legally valid",
        "had been lost", "was counted twice", "lacked a second hand", "was in the wrong currency",
    ),
    (
        "the same sum was paid twice", "the signature was missing", "the limit was exceeded {n} times",
        "the payee did not exist", "the receipt had been altered", "the refund never arrived",
        "the tax had been left out", "the exchange rate was wrong", "a payment went to a closed account",
        "the reminder was sent {n} weeks late", "the owner had not been informed", "cash was short at the count",
        "the papers had been backdated", "interest was charged twice", "the guarantee had run out",
        "{n} euros could not be traced", "a bribe was suspected", "the customer had died {n} weeks before",
        "the payment went out {n} times", "the file had been opened by a stranger", "nobody had checked the total",
        "money was moved at night",
    ),
    (
        "the statement was printed and sent", "the counter opened at {t}", "the branch was busy",
        "the daily totals agreed", "the mail was sorted by noon", "a copy was kept in the vault",
        "the customer asked for a quote", "the rate list was updated", "the form was stamped", "the coins were counted",
        "the queue was short", "the new brochure came in", "the audit team asked for {n} files",
        "the machine at the door was refilled", "the call was returned at {t}", "the archive was moved to the cellar",
        "the safe was opened at {t}", "{n} coins were rolled", "the pen at the counter was replaced",
        "a courier brought two bags", "the calendar was turned over", "the stamp pad was dry",
        "{n} letters were franked", "the lobby was painted",
    ),
    (
        "Postings of {d}", "Statement of {d}", "Transfers", "Remarks", "Open items", "Review", "Month end",
        "Balance", "Correspondence", "Quarter {n}", "Charges and fees", "Notes of the branch",
    ),
)
MINUTES = Kind(
    "minutes",
    (
        "Minutes of the {x} council", "Board minutes, {x} association", "Minutes of the {x} committee",
        "Record of the {x} assembly", "Meeting notes, {x} society",
    ),
    (
        "motion:MT", "project:PJ", "item:IT", "proposal:PP", "report:RP", "budget line:BL", "petition:PT",
        "bylaw:BY", "tender:TD", "amendment:AM", "grant:GR", "resolution:RS", "study:ST",
    ),
    ("on", "for", "under",),
    relations("""
        noun: budget/money set aside > amount, cost estimate/estimated cost > amount
        noun: number of votes/result of the vote > votes, share of the costs/part of the costs > percent
        noun: file number/number on file > serial, venue/meeting place > town, outcome/decision > outcome
        noun: subject/topic > subject
        noun: speaking time/time to speak > duration, start of work/work to begin > date
        noun: deadline/last day for replies > date, contractor/builder > firm, architect/planner > person
        noun: chair/head of the group > person, contact/contact person > person, number of pages/page count > count
        noun: code/register code > work_order, turnout/share of members present > percent
        noun: subsidy/public money granted > amount, area/ground needed > area, length/total length > metres
        noun: number of objections/count of objections > count, time of the vote/hour of the vote > time
        noun: reading room/room for the papers > location, running costs/yearly costs > amount
        agent: proposed, seconded, presented, opposed, drafted, amended, submitted, signed
        date: submitted, adopted, presented, postponed, drafted, amended
    """),
    (
        "vote", "quorum", "contract", "deadline", "tender", "plan", "grant", "cost table", "permit", "reserve",
        "report", "map", "legal opinion", "invitation", "attendance list", "site visit", "traffic count",
        "drawing", "minority view", "second reading", "survey", "appendix", "timetable", "funding",
        "agreement with the county", "public notice", "noise study", "land deed", "risk assessment",
        "signature of the chair",
    ),
    (
        "had to be repeated", "was not reached", "had not been signed", "was missed", "drew no offers",
        "broke the building rules", "had been refused", "did not add up", "was incomplete",
        "had never been sent out", "was declared void", "had doubled in cost", "was kept from the members",
        "was out of date", "could not be found", "had been leaked to the press", "went against the statutes",
        "was based on old figures", "had been decided in private", "was contested in court",
    ),
    (
        "the vote had to be repeated", "the costs had doubled", "the quorum was not reached",
        "the contract had not been signed", "two members had a conflict of interest",
        "the deadline was missed by {n} weeks",
        "the tender drew no offers", "the plan broke the building rules", "the grant had been refused",
        "the neighbours had not been heard", "the figures did not add up", "the work had started without a permit",
        "the reserve was used up", "{n} residents objected", "the report was incomplete",
        "{n} members walked out", "the costs rose by {n} per cent", "a member had a share in the builder",
        "the mayor had not been told", "{n} trees had been felled without leave", "the sum had already been spent",
        "the wrong version was voted on",
    ),
    (
        "the chair opened the meeting at {t}", "the minutes of the last meeting were read", "coffee was served",
        "the agenda was agreed", "a short discussion followed", "the microphone did not work at first",
        "{n} guests were present", "the window was opened", "the slides were handed out", "the treasurer was thanked",
        "the meeting was paused for {n} minutes", "the next meeting was set for {w}", "the room had been changed",
        "a letter was read out", "the speaker answered two questions", "the attendance list went round",
        "the clerk took notes", "{n} chairs were brought in", "a guest arrived at {t}", "the flag was hung up",
        "the projector was warm", "the list of speakers was closed", "name plates were handed out",
        "the hall was locked at {t}",
    ),
    (
        "Opening", "Reports", "Motions", "Discussion of {d}", "Any other business", "Finance", "Meeting of {d}",
        "Item {n} of the agenda", "Questions from the public", "Resolutions", "Attendance", "Closing",
    ),
)
# fmt: on
