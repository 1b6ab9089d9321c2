"""The place of an attack: its folder, a small random model, sound documents, and commands run there."""

from __future__ import annotations

import itertools
import random
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from engine.bench import shapes
from engine.bench.attack.process import Ended, Settings, Victim
from engine.network.config import FalconMambaConfig
from engine.network.weights import random_model

SHAPE: dict[str, Any] = {
    **shapes.COMMON,
    "model_type": "falcon_mamba",
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "state_size": 8,
    "time_step_rank": 4,
    "vocab_size": 259,
    "tie_word_embeddings": False,
    "eos_token_id": 256,
    "torch_dtype": "float32",
}
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


@dataclass(frozen=True)
class Case:
    """One attack: its kind and name, and the work that returns its faults (none where it was survived)."""

    kind: str
    name: str
    run: Callable[[], list[str]]


Cases = Callable[["Place", random.Random, float], Iterator[Case]]
"""(place, chance, share of the full number of cases) -> the cases of one kind."""


class Place:
    """A folder with a model and documents, in which commands are run."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.model = folder / "model"
        self.document = write_pages(folder / "sound.txt", 5)
        """A sound text of five pages."""
        self._folders = itertools.count(1)
        self.lock = threading.RLock()
        """Held while something is made that kinds share."""

    @property
    def base(self) -> int:
        """Bytes of an ordinary reading with this model."""
        with self.lock:
            return self._base

    @cached_property
    def _base(self) -> int:
        ended = self.run("read", str(self.document), "--library", str(self.new_folder() / "library.db"))
        if ended.status:
            raise RuntimeError(f"an ordinary reading failed: {ended.err}")
        return ended.peak

    def new_folder(self) -> Path:
        """Make an empty folder for one case."""
        folder = self.folder / f"{next(self._folders):05}"
        folder.mkdir()
        return folder

    def start(self, *arguments: str, settings: Settings | None = None, **streams: int) -> Victim:
        """Start a command with the model on the CPU."""
        given = [*arguments, "--model", str(self.model), "--device", "cpu", "--precision", "fp32"]
        return Victim(given, self.folder, settings, **streams)

    def run(self, *arguments: str, settings: Settings | None = None, seconds: float = 60.0) -> Ended:
        """Run a command to its end."""
        return self.start(*arguments, settings=settings).finish(seconds)

    def faults(self, *arguments: str, statuses: Sequence[int] = (0, 2), settings: Settings | None = None) -> list[str]:
        """Run a command; return the faults of its end, each with the command's name."""
        found = self.run(*arguments, settings=settings).faults(self.base, statuses)
        return [f"{arguments[0]}: {fault}" for fault in found]


def make_place(folder: Path | None = None) -> Place:
    """Return a place with its model, in `folder` or a new one of the system's."""
    place = Place(folder or Path(tempfile.mkdtemp(prefix="readthrough-attack-")))
    write_model(place.model)
    return place


def write_model(folder: Path, seed: int = 0) -> None:
    """Write a checkpoint folder with a network of two small layers, random weights and a tokenizer of bytes."""
    import json

    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    folder.mkdir(parents=True, exist_ok=True)
    shapes.save(random_model(FalconMambaConfig.from_dict(SHAPE), dtype=torch.float32, seed=seed), SHAPE, folder)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({character: i for i, character in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIALS])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"eos_token": SPECIALS[0], "additional_special_tokens": SPECIALS[1:], "chat_template": TEMPLATE}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def write_pages(path: Path, pages: int, words: int = 60, seed: int = 7) -> Path:
    """Write a text of `pages` pages of about 3,000 characters, no two alike."""
    lines = []
    for page in range(1, pages + 1):
        lines.append(f"# Entry {page}\n")
        lines += [
            f"On day {page} reading {i} of gauge {page * seed + i} was {(page * 31 + i * 17 + seed) % 997} units.\n"
            for i in range(words)
        ]
    path.write_text("".join(lines))
    return path


def plain(name: str) -> str:
    """Return a case's name in one printable line."""
    return re.sub(r"[^\x20-\x7e]", "?", name)[:100]
