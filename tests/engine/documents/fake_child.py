"""An extractor that misbehaves as told: python fake_child.py '{"pages": 6, "3": "hang"}' in place of the real one.

A page number maps to what happens when the reader named "pdfium" gets to it; "3!" is for every reader.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any


def answer(event: str, **content: Any) -> None:
    sys.stdout.write(json.dumps({"event": event, **content}) + "\n")
    sys.stdout.flush()


def die(times: str = "", path: str = "") -> None:
    """Be killed, always or so many times, which are counted in the size of a file."""
    if times:
        with open(path, "ab") as counter:
            if counter.tell() >= int(times):
                return
            counter.write(b"x")
    os.kill(os.getpid(), 9)


def misbehave(how: str) -> None:
    if how == "hang":
        time.sleep(3600)
    elif how.startswith("die"):
        die(*how.split(" ", 2)[1:])
    elif how == "raise":
        raise RuntimeError("a bug in a reader")
    elif how == "flood":
        while True:
            sys.stdout.write("x" * 65536)
    elif how == "chatter":
        while True:
            sys.stderr.write("x" * 65536)
    elif how == "nonsense":
        print("this is no message", flush=True)
        time.sleep(3600)
    elif how == "wrong page":
        answer("page", page=999, text="somewhere else", problem=None)
        time.sleep(3600)
    elif how == "swell":
        held = []
        while True:
            held.append(bytearray(b"x") * 10_000_000)
            time.sleep(0.005)


def main() -> None:
    script = json.loads(sys.argv[1])
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "open":
            misbehave(script.get("open", "") if not command["structure"] or script.get("always") else "")
            count = script["pages"] if command["kind"] == "pdf" else None
            answer("opened", page_count=count, readers=["pdfium", "pypdf"] if count else ["text"])
            continue
        for page in range(command["first"], (command["last"] or script["pages"]) + 1):
            reader = command["readers"][0]
            if reader != "pypdf":
                misbehave(script.get(str(page), ""))
            misbehave(script.get(f"{page}!", ""))
            if script.get("second") == page and len(command["readers"]) > 1:
                answer("reading", page=page, reader="pypdf")
                misbehave("hang")
            answer("page", page=page, text=f"page {page} by {reader}: {'word ' * 20}", problem=None)
        answer("done", end=command["last"] is None)


main()
