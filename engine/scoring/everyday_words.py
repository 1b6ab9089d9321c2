"""Everyday words and the words that contracts, laws, manuals and reports use for the same thing. English. Light.

People ask for "holiday" and "pay" where a text says "leave" and "remuneration". A group holds words of one meaning; a
word may be in several. Written by hand from general knowledge of the language, not from any one document.
"""

from __future__ import annotations

from functools import cache

from engine.grounding.words import stem

_GROUPS = """
pay salary wage earnings earn income remuneration compensation paid payment
cost price fee charge expense expenditure rate amount
money funds cash amount payment sum financing budget
pay fund support sponsor finance grant subsidise subsidy funded financed
wrote write written author authored
lesson training course class instruction workshop teach
plant site factory facility works mill
share percentage percent proportion fraction ratio
disappear vanish collapse extinct lost loss
trouble problem difficulty conflict complaint
log access login enter sign authenticate
holiday vacation leave absence
sack fire dismiss terminate termination discharge severance
quit resign resignation leave terminate withdraw
job work employment occupation position post
worker employee staff personnel workforce workers
boss manager supervisor director employer superior head
head chair chairman chairperson president leader director
firm company corporation business enterprise employer organisation undertaking
phone telephone mobile cellular smartphone
car automobile vehicle motor
house home housing dwelling residence building premises
flat apartment dwelling unit
buy purchase acquire acquisition procure
sell sale dispose disposal transfer
get receive obtain acquire entitled gain
give provide grant supply deliver issue
start begin commence commencement initiate launch onset
end finish terminate expire expiry conclude completion cease
stop prevent cease halt suspend prohibit block inhibit
quarrel disagree disagreement dispute conflict controversy arbitration
fight conflict battle war combat dispute
allow permit authorise authorize permission may entitled lawful
forbid prohibit ban bar restrict disallow unlawful forbidden
must shall require required obligation obligatory mandatory duty
law act statute legislation regulation rule code
rule regulation requirement policy provision guideline
crime offence offense violation felony
punishment penalty fine sanction punish sentence
court tribunal judge judicial judiciary
lawyer attorney counsel solicitor
agreement contract treaty deal settlement
sign signed execute enter concluded
owner holder proprietor shareholder
stock share equity
loan credit debt borrowing mortgage
jobless unemployed unemployment
rise increase grow growth climb gain higher up
fall decrease decline drop reduce reduction lower down decrease
bigger larger increase widen expand greater
smaller lower decrease narrow reduce less
fast quick rapid speed quickly faster
slow slowdown delay slower
big large great major size
small little minor tiny
new recent novel latest modern
old former previous age ancient
important significant essential key major crucial main
dangerous hazardous harmful unsafe risk danger hazard
safe safety secure protected
sick ill illness disease symptom symptoms
sickness illness disease disorder condition
germ bacterium bacteria organism virus pathogen infection
medicine drug medication treatment antibiotic therapy
cure treat treatment therapy heal
doctor physician practitioner clinician provider healthcare
nurse carer provider
die death fatal fatality mortality dead
catch contract infect infection exposure acquire
spread transmit transmission distribute
hurt injure injury harm damage wound
pain ache headache sore
kid child children infant pediatric
baby infant newborn
woman women female
man men male
people persons population inhabitants citizens residents
live reside dwell inhabit residence
country nation state
town city municipality village
founder framer founded establish
vote ballot election elect poll
choose select pick elect choice appoint
leader head president chief
king ruler monarch emperor
soldier army troops military
test exam examination check assay
check verify inspect examine control review
find detect discover locate identify
show display present demonstrate indicate list
look search view examine
fix repair correct mend solve resolve
broken faulty defective damaged failure
mistake error fault bug
fail failure fault unsuccessful
change modify alter amend amendment adjust modification
delete remove erase clear
throw remove discard eject recall expel
keep retain maintain preserve store hold
save store record preserve write
store host keep save archive
copy duplicate replicate backup
start boot launch startup
leave exit quit depart
close shut exit quit
log login sign authenticate
password passphrase credential
block ban deny prevent refuse
turn switch set enable disable
setting option configuration parameter preference
screen display monitor
file document record
folder directory
program application software tool command utility
run execute start launch invoke
web internet online website site
send transmit forward deliver submit mail
letter mail notice correspondence
ask request question query apply
answer reply response respond
tell inform notify notice announce
say state declare mention
help assist support aid assistance
need require necessary requirement
want wish desire intend
try attempt seek
make create produce build construct manufacture
build construct construction erect
use apply utilise utilize usage employ
work function operate operation
happen occur arise result event
cause reason lead result due because
goal aim objective target purpose
meet satisfy fulfil achieve reach
miss fail unmet
reader audience user intended
audience reader user intended target
author writer wrote written
book manual document guide volume
map geospatial geographic cartography
picture image photo photograph illustration figure
talk discuss discussion speak speech
idea concept notion proposal
plan programme program scheme project
money-back refund reimburse reimbursement
reimburse refund repay compensate
insurance cover coverage insured
school education training teaching
teacher instructor lecturer professor
student pupil learner
food meal diet nutrition
drink beverage water
weather climate temperature rain
heat heating warm temperature
cold cool winter
earth soil ground land
tree forest wood
animal livestock cattle species
farm agriculture agricultural farming farmer
year annual annually yearly
month monthly
week weekly fortnight
day daily
often frequently frequency regularly every
deadline limit due latest
enough sufficient adequate
whole entire complete total
part portion section share component
kind type form sort category class
way method manner means procedure technique
place location site position where
near close adjacent nearby
far distance remote
gather collect obtain collection
join accede accession enter member
split divide separate
hide conceal secret hidden
secret confidential private confidentiality
rich wealthy wealth
poor poverty low-income
tax levy duty
guess estimate assume
compare comparison versus
careful cautious caution prudent prudence
careless negligent negligence reckless
tear demolish demolition dismantle destroy destruction removal
clean cleanup remediation remedial decontaminate removal
dirty pollute polluted pollution contaminate contamination contaminant
ingredient component substance constituent composition
made composed consist comprise composition contain
meet meeting convene session held
invent inventor invention develop create devise
shoot fire launch project eject
boat ship vessel craft
plane aircraft airplane aviation
train railway railroad rail
road street highway route
rent lease tenancy tenant
landlord lessor owner
customer client consumer buyer purchaser user
seller vendor supplier provider dealer
shop store retail retailer
comment opinion view remark feedback respond
read reader audience intended meant
hand submit file lodge return deliver
late overdue delay deadline
regard consider treat deem qualify classify
count include reckon
crash accident collision incident
altogether total overall sum entire
gun firearm weapon rifle pistol
guess forecast predict projection outlook expect
cheap inexpensive affordable
expensive costly dear
strong robust solid
weak soft subdued sluggish
worried concerned concern anxious
angry protest complain complaint grievance
promise pledge commit commitment undertake undertaking
warn warning alert caution
trash rubbish waste garbage refuse
rise climb soar surge increase jump
raise increase hike lift
cut reduce reduction decrease lower
maker manufacturer producer
eat feed consume consumption ingest diet
eye visual sight vision visually
skin dermal cutaneous topical
heart cardiac cardiovascular
lung pulmonary respiratory
kidney renal
liver hepatic
brain cerebral neurological
stomach gastric abdominal
tooth teeth dental
pregnant pregnancy gestation
birth born delivery
mother maternal
parents parental guardian caregiver
elderly older aged senior
teenager adolescent youth
smoke smoking tobacco cigarette
alcohol liquor spirits
overweight obese obesity
tired fatigue exhaustion
itch itching rash
swelling swollen oedema edema
fever temperature febrile
operation surgery surgical operate
shot jab injection vaccination vaccine immunisation
pill tablet capsule
scan imaging radiograph ultrasound
cancer tumour malignancy malignant carcinoma
contagious infectious transmissible
feel feeling symptom
recover recovery rehabilitation
disabled disability impairment
jail prison imprisonment incarceration custody detention
arrest detain detention custody
guilty convicted conviction
sue lawsuit litigation claim proceedings
claimant plaintiff
witness testimony
proof evidence prove
steal theft stolen robbery burglary
cheat fraud fraudulent deception
kill murder homicide killed
illegal unlawful illicit prohibited forbidden
legal lawful permitted
heir beneficiary inherit inheritance
marry marriage married spouse
spy surveillance monitoring
permission consent licence license approval authorisation
win prevail victory
lose defeat loss lost
guarantee warranty assurance
owe debt liability arrears
bankrupt bankruptcy insolvent insolvency
bill invoice
profit surplus earnings
pension retirement superannuation
spending expenditure outlays spent
abroad overseas foreign
immigrant migrant immigration
parliament congress legislature
police constabulary
flood flooding
sea ocean marine
river stream waterway
coast shore shoreline coastal
mountain peak summit
fish fishery fishing
pig swine hog sow piglet
cow cattle bovine
insect pest
crop harvest
fertiliser manure
pesticide insecticide herbicide
engine motor
spanner wrench
leak leakage spill
electricity power electric
noise sound acoustic
smell odour scent
weigh weight mass heavy
height tall high
depth deep
width wide breadth
computer machine hardware
hacker attacker intruder
encrypt encryption cipher
upgrade update
download fetch
chat message messaging
app application program software
guess predict prediction
average mean
graph chart plot diagram
experiment trial
survey questionnaire poll
participant respondent volunteer
scientist researcher investigator
university college institute
grade mark score
graduate finish
painter artist painted
prize award medal
travel trip journey
flight fly flown
lorry truck
bike bicycle cycling
wash rinse clean
burn combustion
sleep asleep insomnia sleeplessness
happy satisfied satisfaction
fear afraid anxiety
believe think view
forget forgot forgotten
understand comprehend comprehension
learn study
true correct accurate
wrong incorrect problem weakness
better superior improve outperform exceed
worse inferior deteriorate
best optimal superior
worst lowest
avoid prevent evade
reliable reliably accurate accurately correctly
complicated complex difficult
easy simple straightforward
together jointly
rest remainder remaining
twice double
soon shortly promptly
current currently present
moment currently present
border boundary limit
inside within internal
outside external
bring carry transport
accept agree consent approve
disagree refuse reject
reject refuse decline
forced compelled compulsory mandatory
voluntary optional
participate participation
damage harm destroy
break breach violate infringe circumvent
suggest recommend recommendation propose
advise advice recommend guidance
quick rapid fast
"""


@cache
def _by_stem() -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for line in _GROUPS.splitlines():
        stems = list(dict.fromkeys(stem(word, "en") for word in line.split()))
        for own in stems:
            found.setdefault(own, {}).update(dict.fromkeys(other for other in stems if other != own))
    return {own: tuple(others) for own, others in found.items()}


def alike(own: str) -> tuple[str, ...]:
    """Return the stems of words that mean about the same as the stem `own`; none for an unknown one."""
    return _by_stem().get(own, ())
