"""The worker's protocol: lines that are no commands, wild values, floods, clients that never read, races.

The worker outlives every line, and every job that it takes ends in exactly one terminal event.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from engine.bench.attack.kills import CLOSE
from engine.bench.attack.place import Case, Place, write_pages
from engine.bench.attack.process import Victim
from engine.protocol import wire

LAST = "last"
"""Job id of the list that every case asks for at its end."""


def cases(place: Place, chance: random.Random, share: float) -> Iterator[Case]:
    """Yield lines, a few to a worker, then floods, clients and races."""
    lines = list(LINES.items())
    if share < 1:
        lines = chance.sample(lines, 8)
    for name, line in lines:
        yield Case("protocol", name, lambda line=line: send_line(place, line))  # type: ignore[misc]
    for name, flood in FLOODS.items():
        yield Case("protocol", name, lambda flood=flood: send_flood(place, flood, share))  # type: ignore[misc]
    yield Case("protocol", "a client that never reads", lambda: never_read(place))
    yield Case("protocol", "a client that leaves", lambda: leave(place))
    for number in range(max(1, round(10 * share))):
        seed = chance.random()
        yield Case("protocol", f"races {number + 1}", lambda seed=seed: race(place, random.Random(seed)))  # type: ignore[misc]


def _worker(place: Place) -> Victim:
    return place.start("worker", "--library", str(place.new_folder() / "library.db"), settings=CLOSE)


def _command(name: str, **fields: Any) -> str:
    return json.dumps({"type": name, "job_id": "j", **fields})


def _ask(**fields: Any) -> str:
    return _command("Ask", path="/none", question="What?", **fields)


LINES: dict[str, str | bytes] = {
    "deep lists": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "closed deep lists": "[" * 100_000 + "]" * 100_000,
    "a deep field": '{"type":"Read","job_id":"j","path":"/none","x":' + "[" * 50_000 + "]" * 50_000 + "}",
    "half a surrogate pair as job": r'{"type":"Read","job_id":"\ud800","path":"/none"}',
    "half a surrogate pair as path": r'{"type":"Read","job_id":"j","path":"/\udcff\ud800"}',
    "half a surrogate pair as question": r'{"type":"Ask","job_id":"j","path":"/none","question":"\ud800"}',
    "half a surrogate pair as focus": r'{"type":"Summarize","job_id":"j","path":"/none","focus":"\udfff"}',
    "bytes that are not UTF-8": b'{"type":"Read","job_id":"\xff\xfe","path":"/\x80"}',
    "NUL characters": b'{"type":"Read","job_id":"j","path":"/no\\u0000ne"}\x00\x00',
    "a page of 2^64": _ask(page=2**64),
    "a seed of 2^63": _ask(seed=2**63),
    "a parent of -2^63": _ask(parent=-(2**63)),
    "a page of 400 digits": '{"type":"Ask","job_id":"j","path":"/none","question":"?","page":' + "9" * 400 + "}",
    "a page of 1e400": '{"type":"Ask","job_id":"j","path":"/none","question":"?","page":1e400}',
    "a page of NaN": '{"type":"Ask","job_id":"j","path":"/none","question":"?","page":NaN}',
    "a document of 2^63": _command("RemoveDocument", document_id=2**63),
    "a document of minus one": _command("RemoveDocument", document_id=-1),
    "a quota of minus one": _command("Configure", quota_bytes=-1),
    "a quota of 2^63 - 1": _command("Configure", quota_bytes=2**63 - 1),
    "a quota of 400 digits": '{"type":"Configure","job_id":"j","quota_bytes":' + "9" * 400 + "}",
    "an unknown home": _command("Read", path="~nosuchuser/x"),
    "an empty path": _command("Read", path=""),
    "a path of 100,000 characters": _command("Read", path="/x" * 50_000),
    "a folder": _command("Read", path="/"),
    "a device": _command("Read", path="/dev/zero"),
    "a blank question": _command("Ask", path="/none", question=" \n "),
    "a question of a megabyte": _command("Ask", path="/none", question="why " * (1 << 18)),
    "an unknown type": _command("Format", path="/"),
    "no type": '{"job_id":"j","path":"/none"}',
    "a type of a number": '{"type":7,"job_id":"j"}',
    "a job of a number": '{"type":"Read","job_id":7,"path":"/none"}',
    "a job of a megabyte": _command("Read", path="/none").replace('"j"', '"' + "j" * (1 << 20) + '"'),
    "no path": _command("Read"),
    "a method that is none": _command("Summarize", path="/none", method="magic"),
    "a list": "[1, 2]",
    "a string": '"Shutdown"',
    "null": "null",
    "two objects": _command("ListDocuments") + _command("ListDocuments"),
    "a key twice": '{"type":"Read","type":"Shutdown","job_id":"j","path":"/none"}',
    "escape codes as job": _command("Read", path="/none").replace('"j"', r'"\u001b]0;PWNED\u0007"'),
    "a password of escape codes": _command("OpenDocument", path="/none", password="\x1b[31m"),
    "a cancel of nothing": _command("Cancel"),
    "a resume of nothing": _command("Resume"),
    "a pause of nothing": _command("Pause"),
    "an event": '{"type":"JobFinished","job_id":"j"}',
    "a follow of a folder": _command("Read", path="/tmp", follow=True),
    "a line of 5 MB whose end is a command": "x" * (5 << 20) + _command("Shutdown"),
    "a line of 5 MB of blanks": " " * (5 << 20),
}


def send_line(place: Place, line: str | bytes) -> list[str]:
    """Send a line, then ask for a list: the worker is still there and answers."""
    worker = _worker(place)
    worker.send(line)
    worker.send("\n" + _command("ListDocuments").replace('"j"', f'"{LAST}"') + "\n")
    answered = worker.wait_for(lambda event: isinstance(event, wire.TERMINAL) and event.job_id == LAST)
    ended = worker.finish()
    faults = ended.faults(place.base, statuses=(0,))
    return faults if answered else [*faults, "the worker answered no more"]


FLOODS: dict[str, Callable[[int], Iterator[str]]] = {
    "commands": lambda count: (f'{{"type":"ListDocuments","job_id":"{i}"}}\n' for i in range(count)),
    "lines that are no commands": lambda count: (f"{i} is no command\n" for i in range(count)),
    "pause and resume": lambda count: (
        f'{{"type":"{("Pause", "Resume")[i % 2]}","job_id":"r"}}\n' for i in range(2 * (count // 2))
    ),
    "cancels": lambda count: (f'{{"type":"Cancel","job_id":"{i % 7}"}}\n' for i in range(count)),
    "the same job again": lambda count: ('{"type":"ListDocuments","job_id":"same"}\n' for _ in range(count)),
}
FLOOD = 20_000
"""Full number of lines of a flood."""


def send_flood(place: Place, lines: Callable[[int], Iterator[str]], share: float) -> list[str]:
    """Send many lines while a document is read; the reading and the last list come to their ends."""
    worker = _worker(place)
    worker.send(wire.encode(wire.Read(job_id="r", path=str(place.document))) + "\n")
    worker.send("".join(lines(max(2_000, int(FLOOD * share)))))
    worker.send(_command("Resume").replace('"j"', '"r"') + "\n")
    worker.send(_command("ListDocuments").replace('"j"', f'"{LAST}"') + "\n")
    ends = _ends(worker)
    ended = worker.finish()
    return ended.faults(place.base, statuses=(0,)) + _each_ended_once(ends, {"r", LAST})


def _ends(worker: Victim) -> Counter[str]:
    """Return how often each job ended, up to the end of the last one and of the reading."""
    ends: Counter[str] = Counter()
    for event in worker.events():
        if isinstance(event, wire.TERMINAL):
            ends[event.job_id] += 1
        if ends[LAST] and ends["r"]:
            break
    return ends


def _each_ended_once(ends: Counter[str], wanted: set[str]) -> list[str]:
    faults = [f"job {job} never ended" for job in sorted(wanted - ends.keys())]
    twice = [job for job, count in ends.items() if count > 1 and job != "same"]
    return faults + ([f"{len(twice)} jobs ended more than once"] if twice else [])


def never_read(place: Place) -> list[str]:
    """Let the worker write to a pipe that nobody reads, and end its input: it ends within a quarter of a minute."""
    read, write = os.pipe()
    try:
        worker = place.start("worker", "--library", str(place.new_folder() / "library.db"), stdout=write)
        worker.send("".join(f"{i} is no command\n" for i in range(9_000)))
        worker.send(wire.encode(wire.Read(job_id="r", path=str(place.document))) + "\n")
        time.sleep(2)
        ended = worker.finish(15)
    finally:
        os.close(read)
        os.close(write)
    return ended.faults(place.base, statuses=(0,))


def leave(place: Place) -> list[str]:
    """Close the client's ends in the middle of a reading: the worker ends and what was read is saved."""
    read, write = os.pipe()
    file = write_pages(place.new_folder() / "long.txt", 30)
    worker = place.start("worker", "--library", str(file.parent / "library.db"), stdout=write, settings=CLOSE)
    os.close(write)
    worker.send(wire.encode(wire.Read(job_id="r", path=str(file))) + "\n")
    os.read(read, 1 << 16)
    os.close(read)
    ended = worker.finish(30, end_input=False)
    return ended.faults(place.base, statuses=(0,))


def race(place: Place, chance: random.Random) -> list[str]:
    """Send commands, cancels, pauses and resumes at random moments; every job ends exactly once."""
    worker = _worker(place)
    jobs: set[str] = set()
    for number in range(chance.randint(4, 12)):
        job = f"{number}"
        jobs.add(job)
        path = str(place.document)
        command: wire.Command = chance.choice(
            [
                wire.Read(job_id=job, path=path),
                wire.Ask(job_id=job, path=path, question="Which gauge?"),
                wire.ListDocuments(job_id=job),
                wire.OpenDocument(job_id=job, path=path),
            ]
        )
        worker.send(wire.encode(command) + "\n")
        time.sleep(chance.choice([0, 0, 0.02, 0.2]))
        other = str(chance.randrange(number + 1))
        others: list[list[wire.Command]] = [
            [wire.Cancel(job_id=other)],
            [wire.Pause(job_id=other), wire.Resume(job_id=other)],
            [wire.Pause(job_id=job)],
            [],
        ]
        for message in chance.choice(others):
            worker.send(wire.encode(message) + "\n")
    for job in jobs:
        worker.send(wire.encode(wire.Resume(job_id=job)) + "\n")
    worker.send(_command("ListDocuments").replace('"j"', f'"{LAST}"') + "\n")
    ends: Counter[str] = Counter()
    for event in worker.events():
        if isinstance(event, wire.TERMINAL):
            ends[event.job_id] += 1
        if ends.keys() >= {*jobs, LAST}:
            break
    ended = worker.finish()
    return ended.faults(place.base, statuses=(0,)) + _each_ended_once(ends, {*jobs, LAST})
