"""Everyday words, and words like them: what the training's unlisted values and compound names are made of.

A model that knows a list need not read the page. So that it copies what it has never met, it must meet much that it
has never met: thousands of words put together at random say nothing but what stands there.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NOUNS = _words("""
    acorn actor addition adventure agreement aircraft alley almond ambulance anchor angle ankle answer antenna
    anvil apron aquarium arch arena armchair arrow artist ash atlas attic autumn avenue axe axle backpack bacon
    badge bag ballet balloon banana band bandage banner barn barrel basin basket battery beach beacon beam bean
    bear beard beetle bell bench berry billboard binder biscuit blade blanket blossom board bolt bonnet boot
    border bottle bowl bracelet bracket branch bread breeze brick bride broom brother brush bucket budget buffet
    bulb bundle burner bush butcher butter button cabbage cabin cable cactus cage cake calendar camel camera
    camp canal candle cannon canoe canvas captain caravan carpenter carpet carriage carrot castle cattle ceiling
    centre ceremony chalk chamber champion channel chapel chapter charcoal chart cherry chess chicken chimney
    chin chocolate cider cigar cinema circle circus clay cliff climate cloth clover coach coast coconut collar
    column comb comet compass concert cone cook cookie corn costume cottage counter couple court cousin cradle
    crayon cricket crown crystal cucumber cupboard curtain cushion cyclist cylinder daisy dancer danger dentist
    desert dessert detour diamond diary dinner disaster dish diver doctor doll dolphin domain donkey dragon
    drawer dream dress drill drum duck duty eagle earring earth echo editor elbow elephant embassy emerald
    engine envelope error evening exhibition factory falcon family fashion feast feather fender ferry festival
    fiddle figure finger flag flame flask flute foam fog folder font football fork fountain fox frame freight
    friend frost fruit funnel galaxy gallery game garage garlic gem ghost giant giraffe glacier globe glue goat
    goggles golf goose grain grammar granite grape grass gravel grove guest guide guitar gull gutter hail hammer
    hammock handle hangar harp harvest hat hatch hawk hazel headline hedge helmet herb hero hinge honey hood
    hook horn hospital hostel hotel hound hurricane husband hut iceberg icon idea incense index infant inn
    insect invoice iron ivory ivy jacket jaguar jam jar jelly jewel journey judge juice jungle jury kettle
    keyboard kingdom kiosk kite kitten knee knife knight knot label lace ladder lagoon lamb landlord lantern
    laundry lava lavender lawn lawyer leader leaf lemon lens leopard lesson lettuce lever lighthouse lily lime
    lion lizard lobby lobster locker locomotive loop lorry lotus luggage lunch machine magazine magnet mailbox
    mallet mango manner mansion maple marble margin mask mast match meadow medal melon memory menu merchant
    mermaid metal meteor microscope midnight mineral minister mirror missile mist mitten model monk monkey
    monsoon monument moose mosaic moss moth motorway mountain mouse mud muffin mule mushroom mustard napkin
    nature necklace needle neighbour nest net nickel noodle notebook novel nugget nun nurse oak oar oasis ocean
    office olive omelette onion opera orange orbit orchard orchestra organ ornament ostrich otter outfit oyster
    packet paddle painter palace palm pancake panda panel panther parade parcel parrot partner passage pasta
    pastry patrol pavement peach peacock pearl pebble pedal pelican pencil penguin pepper perfume petal phantom
    piano picnic pie pigeon pillow pilot pine pirate pitcher plain planet plaster plate platform plum pocket
    poem poet polish pond pony poppy porch portrait potato potter powder prayer prince prison prize profile
    prophet pudding puddle pulley pumpkin puppet puppy purse puzzle pyramid quarry queen quest quilt rabbit
    raccoon racket radar radish raft railway rainbow raisin ramp ranch raven razor recipe reef referee reindeer
    relay relic rescue reservoir resort restaurant ribbon riddle rider ring ritual robe rocket rodeo roll
    romance rope rose rotor route rudder rug ruler saddle safari sailor salad salmon sand sandal satellite sauce
    sausage scarf scooter scorpion scout screen script sculpture seal season shark sheep shell shelter shepherd
    shield shore shovel shower shuttle siege silk singer sister sketch skirt sky slate sled sleeve slipper snail
    snow soap soccer sock sofa soldier soup spade sparrow spear sphere spider spinach spiral spoon squirrel
    stable staff stage stamp star statement steam stew stool storm stove stranger straw stream string studio
    suburb subway suit suitcase sultan sunset surfer swallow swan sweater sword syrup tailor talent tambourine
    tape target taxi teacher teapot teddy telescope temple tennis tent terrace thief thistle thorn throne
    thunder ticket tiger timber toast tobacco tomato tongue toolbox torch tornado tortoise towel toy tractor
    trader traffic trailer tray treasure treaty trench triangle tribe trophy trousers trumpet trunk tulip tunnel
    turnip turtle tutor twig twin umbrella uncle uniform universe valley vanilla vase vault velvet vendor verse
    vest veteran victory villa violin virus volcano vote voyage waffle wagon waiter wallet walnut wardrobe
    warrior wasp waterfall weapon weather web wedding weed whale wheat whip whistle wife wilderness willow wine
    wing witness wizard wolf woman wreath wrestler yacht yarn yoghurt zebra zipper zone
""")
WORDS = _words("""
    absent active actual afraid alive ancient angry annual awake basic better bitter bold brave brief brisk
    broken busy calm careful central cheap cheerful clear clever close common complete correct costly crazy
    cruel curious daily deaf dear deep delicate dense double doubtful dull eager eastern easy elastic electric
    endless equal exact extra faint false fancy fast fatal final fine firm fixed flat foreign formal former
    fragile free fresh full funny future gentle global glossy golden grand graceful great greedy guilty handy
    happy harsh hidden hollow honest huge human humble idle ill inner intense joint junior keen kind large lazy
    left legal likely liquid little local lonely loud lucky mad magic main major many mature mean merry mild
    minor mobile modern moist mutual native naval neat nervous noble noisy normal northern obvious odd
    official opposite oral ordinary outer oval pale partial patient perfect plastic polite popular precious
    previous private proper proud public pure quick random rapid rare ready real recent regular remote rich
    right rigid ripe rival rough royal rude rural sacred sad safe secret senior separate serious severe shallow
    sharp shiny shy silent silly similar simple single sleepy slender slight slim slow smart smooth social soft
    solar solid sore sour southern special spicy spiral square steady steep sticky stiff strange strict strong
    sudden sunny super sweet swift tall tame tender tense thick thin thirsty tidy tiny tired tough tragic
    true ugly unique urban useful usual vague vain valid vast violent vital vivid warm weak wealthy weekly
    western whole wicked wide wild wise wrong yearly young
""")
PARTICIPLES = _words("""
    adjusted announced archived arranged asked assembled avoided awarded balanced baked bought built burnt
    called captured carried changed chosen collected combined compared confirmed copied corrected counted
    covered crushed cut debated decorated defended delayed described destroyed discovered divided doubled drawn
    dropped earned edited emptied engraved enlarged erased escorted exported extended finished flooded folded
    followed forgotten forgiven found framed gathered given granted grown guarded halved heard held hired
    honoured imported improved invented joined kept launched learned lent lifted listed lowered marked married
    melted mentioned merged missed mixed named noticed observed offered omitted ordered painted pardoned planted
    polished praised pressed printed promised protected pulled pushed raised reached recorded recycled reduced
    removed renamed reported resumed reversed revised rewarded rolled ruled saved seen selected sewn shared
    shortened shown simplified softened sold sorted spread stolen stored stretched stripped suggested taught
    thrown together traded translated trusted turned twisted upgraded used valued wanted warned washed watched
    whispered won wrapped written
""")


def _followers(words: Iterable[str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for word in words:
        text = f"...{word}."
        for i in range(3, len(text)):
            found.setdefault(text[i - 3 : i], []).append(text[i])
    return {before: "".join(signs) for before, signs in found.items()}


_FOLLOWERS = _followers((*NOUNS, *WORDS, *PARTICIPLES))


def wordlike(r: random.Random) -> str:
    """Four to twelve letters that follow each other as in everyday words (a Markov chain of order three)."""
    while True:
        out = "..."
        while len(out) < 16 and (out == "..." or out[-1] != "."):
            signs = _FOLLOWERS[out[-3:]]
            out += signs[int(r.random() * len(signs))]
        word = out.strip(".")
        if 4 <= len(word) <= 12:
            return word


def compound(r: random.Random) -> str:
    """Two everyday words as one."""
    first = NOUNS if r.random() < 0.5 else WORDS
    return first[int(r.random() * len(first))] + NOUNS[int(r.random() * len(NOUNS))]


def word(r: random.Random) -> str:
    """Return a noun, or with probability 1/3 a word-like string."""
    return wordlike(r) if r.random() < 0.33 else NOUNS[int(r.random() * len(NOUNS))]


_SHAPES = (
    "{n}", "{n}s", "a {n}", "the {n}", "{w}", "{p}",
    "{n} {n}s", "{n} {n}", "a {n} {n}", "the {n} {n}", "{w} {n}", "{w} {n}s", "a {w} {n}", "the {w} {n}", "a {p} {n}",
    "{p} {n}s", "{p} {n}", "{w} {w}", "{p} {w}",
    "{n} of the {n}", "a {n} in the {n}", "{n} and {n}", "{p} to the {n}", "{p} by the {n}", "{p} in {n}s",
    "{p} for a {w} {n}", "{p} on the {w} {n}", "to be {p}", "not {p}", "the {n} for the {n}",
    "too {w} a {n}", "{p} as {w}", "{n} at the {n}",
)  # fmt: skip
_MAKERS: dict[str, Callable[[random.Random], str]] = {
    "{n}": word,
    "{w}": lambda r: WORDS[int(r.random() * len(WORDS))],
    "{p}": lambda r: PARTICIPLES[int(r.random() * len(PARTICIPLES))],
}


def phrase(r: random.Random) -> str:
    """Return one to five words as a value of a record may be: "a worn kettle", "printed by the lake", "velvet"."""
    out: list[str] = []
    for part in _SHAPES[int(r.random() * len(_SHAPES))].split(" "):
        slot = _MAKERS.get(part[:3])
        made = slot(r) + part[3:] if slot else part
        if out and out[-1] == "a" and made[0] in "aeiou":
            out[-1] = "an"
        out.append(made)
    return " ".join(out)
