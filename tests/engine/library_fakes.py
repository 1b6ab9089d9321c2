"""What the library's tests share: made-up files and models, and a reader whose states follow from its tokens.

Run as a program it is that reader: `python library_fakes.py LIBRARY SEED [N_PAGES]` reads one document, a commit a
page, and says on stdout what it has committed, so that a test can kill it at any moment.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np

from engine.library.library import Library
from engine.library.prefix import Identity, PrefixHasher, hash_tokens
from engine.library.reading_run import Progress
from engine.library.records import NewPage, NewSection, NewSnapshot

IDENTITY = Identity("weights", "tokenizer", "prefix", "fp32", "1", "a model")
OTHER = Identity("weights", "tokenizer", "prefix", "bf16", "1", "a model in bf16")
STATE_BYTES = 150_000


@dataclass(frozen=True)
class FakeFile:
    """A file as the extractor describes it."""

    path: str | Path = "/documents/report.pdf"
    sha256: str = "00"
    title: str | None = None
    kind: str = "pdf"
    size: int = 1000
    page_count: int | None = None


def snapshot(tokens: list[int], kind="checkpoint", data: bytes = b"state", dtype: str = "bf16", **more) -> NewSnapshot:
    """A state of these tokens."""
    return NewSnapshot(kind, hash_tokens(more.pop("identity", IDENTITY), tokens), data, dtype, **more)


def quiet(_: str) -> None:
    """Say nothing."""


def page_tokens(seed: int, number: int) -> list[int]:
    """The tokens of a made-up page: 50 to 600 of them, the same every time."""
    random = np.random.default_rng([seed, number])
    return random.integers(0, 65_024, int(random.integers(50, 600))).tolist()


def state_after(prefix_hash: bytes, size: int = STATE_BYTES) -> bytes:
    """The bytes of the state that has consumed this prefix."""
    seed = int.from_bytes(blake2b(prefix_hash, digest_size=8).digest(), "little")
    return np.random.default_rng(seed).bytes(size)


def read_fake_document(library: Library, seed: int, n_pages: int, say=print, identity: Identity = IDENTITY) -> int:
    """Read a made-up document from where the library stands; returns the tokens read anew."""
    document = library.documents.for_file(FakeFile(f"/documents/{seed}.pdf", f"{seed:064x}", page_count=n_pages))
    whole = PrefixHasher(identity)
    firsts = []
    for number in range(1, n_pages + 1):
        firsts.append(whole.n_tokens)
        whole.feed(page_tokens(seed, number))
    found = library.snapshots.load_longest(whole)
    start = found[0].n_tokens if found else 0
    if found:
        assert bytes(found[1]) == state_after(whole.at(start).hash)
    reading = library.reading(document.id, identity, start)
    say(f"begin {start}")
    pages: list[NewPage] = []
    sections: list[NewSection] = []
    for number in range(1, n_pages + 1):
        tokens = page_tokens(seed, number)
        end = firsts[number - 1] + len(tokens)
        page = NewPage(number, f"Text of page {number}.", firsts[number - 1], len(tokens))
        pages.append(page)
        sections.append(
            NewSection(number, f"Heading {number}", page.text, number, number, page.first_token, len(tokens))
        )
        if end <= start:
            continue
        checkpoint = NewSnapshot("checkpoint", whole.at(end), state_after(whole.at(end).hash), "bf16")
        reading.commit(Progress(end, pages, sections, checkpoint, seconds=0.01))
        pages, sections = [], []
        say(f"committed {end}")
    reading.finish(
        Progress(whole.n_tokens, pages, sections, NewSnapshot("end", whole.at(), state_after(whole.at().hash), "fp32"))
    )
    say("done")
    return whole.n_tokens - start


if __name__ == "__main__":
    with Library.open(sys.argv[1]) as opened:
        for line in sys.argv[2:3]:
            read_fake_document(
                opened, int(line), int(sys.argv[3]) if len(sys.argv) > 3 else 40, lambda text: print(text, flush=True)
            )
