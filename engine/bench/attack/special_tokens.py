"""Special tokens in documents: pages encoded in threads beside prompts never hold one, and no answer obeys them."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator

from engine.bench.attack.place import SPECIALS, Case, Place
from engine.prompting.tokenizer import Tokenizer

PAGES = 6_000
"""Full number of pages, over all threads."""
THREADS = 3


def cases(place: Place, chance: random.Random, share: float) -> Iterator[Case]:
    """Yield the threads test, with pages of random pieces of special tokens."""
    yield Case("tokens", "pages and prompts in threads", lambda: encode_in_threads(place, chance, share))


def encode_in_threads(place: Place, chance: random.Random, share: float) -> list[str]:
    """Encode pages with one tokenizer in several threads while another encodes prompts; count leaks both ways."""
    tokenizer = Tokenizer.from_folder(place.model)
    special = {tokenizer.encode_prompt(text)[0] for text in SPECIALS}
    pages = [_page(chance) for _ in range(max(300, int(PAGES * share)) // THREADS)]
    prompt = "".join(SPECIALS)
    leaks: list[str] = []
    ended = threading.Event()

    def encode_pages() -> None:
        for page in pages:
            if special & set(tokenizer.encode_document(page)):
                leaks.append("a page held a special token")

    def encode_prompts() -> None:
        while not ended.is_set():
            if set(tokenizer.encode_prompt(prompt)) != special:
                leaks.append("a special token of a prompt was spelled out")

    readers = [threading.Thread(target=encode_pages) for _ in range(THREADS)]
    prompts = threading.Thread(target=encode_prompts)
    for thread in (prompts, *readers):
        thread.start()
    for thread in readers:
        thread.join()
    ended.set()
    prompts.join()
    return [f"{len(leaks)} times {leaks[0]}"] if leaks else []


def _page(chance: random.Random) -> str:
    pieces = [*SPECIALS, "<|im_", "start|>", "<|", "|>", "The pump. ", "\n", "<|im_end|", ">"]
    return "".join(chance.choice(pieces) for _ in range(chance.randint(5, 60)))
