"""Records of works: equipment incidents, inspections and deliveries."""

from __future__ import annotations

from engine.training.records.vocabulary import Kind, relations

# fmt: off
INCIDENTS = Kind(
    "incident",
    (
        "Incident record of the {x} works", "Equipment log, {x} plant", "Shift record of the {x} plant",
        "Machine log {x}", "Plant diary, {x}",
    ),
    (
        "pump:P", "compressor:K", "boiler:B", "conveyor:C", "turbine:T", "valve:V", "fan:F", "press:PR",
        "crane:CR", "chiller:CH", "mixer:M", "furnace:FU", "generator:G", "filter:FT", "motor:MO", "tank:TK",
        "robot:RB", "lathe:LA", "burner:BU", "gearbox:GX", "hoist:HO", "oven:OV", "saw:SW", "blower:BL",
        "winder:WI", "heater:HE",
    ),
    ("at", "on",),
    relations("""
        noun: inlet pressure/pressure at the inlet/intake pressure > pressure
        noun: outlet pressure/pressure at the outlet/discharge pressure > pressure
        noun: bearing temperature/temperature of the bearing > temperature
        noun: oil temperature/temperature of the oil > temperature, speed/rate of turning > speed
        noun: running time/time in service/hours run > hours
        noun: repair cost/cost of the repair/price of the repair > amount
        noun: work order/job number/order for the work > work_order
        noun: serial number/factory number > serial, location/place/position > location
        noun: cause of the stop/reason for the stop > cause
        noun: supply voltage/voltage > volts, motor current/current draw > current, power/rated power > power
        noun: oil level/level of the oil > litres
        noun: belt tension/pull of the belt > percent, shaft play/play of the shaft > mm
        noun: downtime/time out of service > duration, noise level/loudness > noise
        noun: maker/manufacturer > firm, foreman/head of the crew > person, start time/hour of the start > time
        noun: condition/state > condition, colour/paint > colour
        noun: number of stops/count of stops > count, leak rate/loss by leaks > percent
        agent: inspected, repaired, restarted, signed off, cleaned, tested, replaced, shut down, oiled
        date: inspected, repaired, installed, cleaned, tested, replaced, shut down
    """),
    (
        "drive belt", "shaft seal", "bearing", "guard", "emergency stop", "cooling line", "relief valve", "casing",
        "alarm", "coupling", "oil filter", "fuse", "lining", "hose", "sensor", "foundation bolt", "gear wheel",
        "chain", "brake", "cable", "control panel", "drain", "gasket", "pipe", "spring", "display", "earth lead",
        "lid", "switch", "inlet grid",
    ),
    (
        "had worn through", "was leaking", "had run dry", "was left open", "did not work", "was blocked",
        "opened too late", "was cracked", "had been switched off", "was out of line", "was too hot to touch",
        "was mixed up with another", "had come loose", "burst under load", "was missing", "had rusted through",
        "was put in the wrong way round", "gave false readings", "made a grinding noise", "had melted", "was bent",
        "had frozen", "failed twice", "was past its date",
    ),
    (
        "the drive belt had worn through", "the shaft seal was leaking oil", "the bearing had run dry",
        "vibration rose above the limit", "the guard had been left open", "the emergency stop did not work",
        "the cooling water was blocked", "the relief valve opened too late", "a crack was found in the casing",
        "the alarm had been switched off", "the coupling was out of line", "smoke came from the motor",
        "the filter had not been changed for {n} weeks", "the pressure fell {n} times in one shift",
        "the sensor gave false readings", "the fuse had blown {n} times",
        "the lining was worn down to {n} mm", "the foundation bolts were loose", "the hose burst under load",
        "oil was found on the floor", "sparks were seen for {n} seconds",
        "the stop lasted {n} hours longer than planned", "{n} bolts were missing", "a worker was hurt at the hand",
        "the spare part had not been ordered",
    ),
    (
        "the shift began with a walk through the hall", "the gauges were read and entered", "the floor was swept",
        "the night shift took over at {t}", "the spare parts were counted", "the tools were put back in place",
        "a delivery of {n} boxes came in", "the oil stock was checked", "the pipes were painted grey",
        "the noise in hall {n} was as usual", "the crew met at the gate", "the fence was checked on foot",
        "the ladder was moved to the store", "the lamps at the gate were replaced", "production ran without a stop",
        "the safety talk lasted {n} minutes", "the waste was taken away", "a visitor was shown round the hall",
        "the control room was warm", "the trend on the screen was flat",
        "the gate was opened at {t}", "a truck left with {n} pallets", "the heating in the office was turned up",
        "the crane driver took a break", "the wash basin was mended", "gloves were handed out",
        "the forklift was charged", "the board in the hall was wiped",
    ),
    (
        "Day shift, {d}", "Night shift, {d}", "Events of {d}", "Round of {d}", "Maintenance", "Follow-up",
        "Observations", "Week {n}", "Readings", "Stops and repairs", "Late shift", "Open points",
        "Shift record of the {x} plant, week {n}",
    ),
)
INSPECTIONS = Kind(
    "inspection",
    (
        "Inspection report, {x} district", "Audit of the {x} sites", "Safety inspection {x}",
        "Report of the {x} inspectors", "Audit file, {x}",
    ),
    (
        "building:BG", "lift:LF", "kitchen:KT", "laboratory:LB", "warehouse:WH", "scaffold:SC", "exit:EX",
        "sprinkler:SP", "ladder:LD", "hydrant:HY", "workshop:WS", "garage:GA", "tunnel:TN", "stairwell:SW",
    ),
    ("at", "in",),
    relations("""
        noun: grade/mark > score, fine/penalty > amount, floor area/area > area, noise level/loudness > noise
        noun: permit number/licence number > work_order
        noun: owner/proprietor > firm, tenant/user > firm, safety officer/person in charge > person
        noun: inspector/examiner > person, height/clear height > metres
        noun: humidity/dampness of the air > percent, air temperature/temperature of the air > temperature
        noun: load limit/highest load > weight, number of faults/count of faults > count
        noun: response time/time to react > duration, water pressure/pressure of the water > pressure
        noun: cable length/length of the cable > metres, condition/state > condition
        noun: wall colour/colour of the walls > colour, town/municipality > town
        noun: opening hour/time of opening > time, insured value/value for the insurance > amount
        noun: slope/gradient > percent, file code/register number > serial, water use/use of water > litres
        noun: storage place/place of the papers > location
        agent: audited, photographed, sealed, certified, cleaned, measured, repaired, visited
        date: audited, sealed, certified, measured, repaired, visited, photographed
    """),
    (
        "fire door", "escape route", "handrail", "smoke detector", "first aid box", "extinguisher",
        "emergency lamp", "floor drain", "wall socket", "fuse box", "roof", "window", "warning sign", "stair",
        "ventilation", "gas line", "storage rack", "water heater", "waste bin", "fence", "lock", "chimney", "ramp",
        "paint store", "logbook", "earth wire", "shower", "ceiling panel", "battery room", "grab bar",
    ),
    (
        "was blocked", "was out of date", "was missing", "did not close", "was cracked", "had not been tested",
        "was too narrow", "was wet", "was hidden behind boxes", "had been painted over", "was not lit",
        "showed mould", "hung loose", "was set up without leave", "had been tampered with",
        "was below the standard", "failed the test", "was not labelled", "could not be opened from inside",
        "was overloaded",
    ),
    (
        "{n} people were in the room instead of the allowed few", "the last check was {n} months too late",
        "the staff had not been trained", "the alarm rang {n} minutes late", "asbestos was found",
        "rats had been seen", "{n} cables lay bare", "open paint stood near a heater",
        "the key could not be found", "children had access",
    ),
    (
        "the visit began at {t}", "the inspectors signed in at the gate", "helmets were handed out",
        "{n} photos were taken", "the tour went round the yard", "a plan of the site was shown",
        "the caretaker opened the doors", "lunch was taken at {t}", "the lift went up slowly",
        "the batteries of the lamp were changed", "the rain had stopped", "a bus passed by",
        "the forms were filled in on the spot", "the hall smelled of paint", "a radio was playing",
        "the visit ended at {t}",
    ),
    (
        "Summary of the visit", "Ground floor", "Upper floor", "Basement", "Inspection of {d}", "Fire safety",
        "Electrical", "Hygiene", "Remarks", "Earlier visits", "Area {n}", "Measures",
    ),
)
DELIVERIES = Kind(
    "delivery",
    (
        "Delivery log, {x} depot", "Goods received, {x} warehouse", "Freight book of the {x} terminal",
        "Inventory record {x}", "Loading list, {x} port",
    ),
    (
        "parcel:PA", "crate:CR", "pallet:PL", "shipment:SH", "container:CN", "truck:TK", "drum:DR", "batch:BT",
        "wagon:WG", "carton:CA", "barrel:BA", "sack:SK", "trolley:TY",
    ),
    ("on", "for", "with",),
    relations("""
        noun: weight/gross weight > weight, quantity/number of pieces > count, sender/shipper > firm
        noun: receiver/addressee > person, origin/place of dispatch > town
        noun: destination/place of delivery > town, contents/goods inside > goods
        noun: declared value/value declared > amount, shelf/storage place > location
        noun: arrival time/hour of arrival > time, seal number/number of the seal > serial
        noun: carrier/freight company > firm, transport temperature/temperature on the way > temperature
        noun: length/outer length > cm, freight cost/cost of the freight > amount
        noun: customs code/tariff code > work_order, driver/person at the wheel > person
        noun: condition/state > condition, colour/outer colour > colour, travel time/time on the way > duration
        noun: distance/way covered > count, volume/space taken up > litres
        noun: damage share/part damaged > percent, storage fee/charge for storage > amount
        noun: payment/way of payment > payment, unit price/price of a piece > amount
        agent: delivered, packed, unloaded, weighed, accepted, rejected, labelled, checked
        date: shipped, delivered, unloaded, accepted, packed, checked, rejected
    """),
    (
        "seal", "label", "customs form", "packing", "bottom board", "strap", "delivery note", "cooling unit",
        "corner", "lid", "weight slip", "barcode", "inner box", "cover", "lock", "tail lift", "tyre",
        "temperature log", "hazard sign", "address", "pallet foot", "foil", "door", "count", "sample", "plug",
        "counter paper", "insurance slip", "handle", "lining",
    ),
    (
        "was broken", "was missing", "was wet", "did not match the list", "had been opened", "was torn",
        "was unreadable", "had fallen off", "was mixed up with another", "showed traces of insects", "was crushed",
        "had been forged", "was mouldy", "was too heavy", "had stopped on the way", "was for another customer",
        "was past its date", "had melted", "leaked", "was stolen",
    ),
    (
        "{n} pieces were short", "the goods arrived {n} days late", "the driver had no papers",
        "the load had slipped", "the cold chain was broken for {n} hours", "a wrong item was inside",
        "the goods were left in the rain", "{n} bottles were broken", "customs held the goods back",
        "nobody was there to sign",
    ),
    (
        "the ramp was cleared at {t}", "the forklift was refuelled", "{n} empty pallets were stacked",
        "the scanner was charged", "the yard was swept", "the gate stayed open until {t}",
        "the night guard made a round", "tape was ordered", "a driver asked for the way",
        "the dock door was greased", "coffee was brought to the drivers", "the list on the wall was renewed",
        "{n} vans waited outside", "the scale was set to zero", "the radio was on",
        "the lights in aisle {n} were out",
    ),
    (
        "Arrivals of {d}", "Departures", "Dock {n}", "Goods in", "Goods out", "Stock check", "Returns", "Claims",
        "Morning run", "Evening run", "Notes of the depot", "Week {n}",
    ),
)
# fmt: on
