"""A whole checkpoint folder in miniature: random weights, a byte-level tokenizer, a chat template."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CHAT_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def add_tokenizer(folder: Path, chat: bool = True) -> Path:
    """Give `folder` a tokenizer of 256 bytes and three special tokens: 259 ids in all."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({character: i for i, character in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    specials = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in specials])
    tokenizer.save(str(folder / "tokenizer.json"))
    config: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "<|endoftext|>",
        "additional_special_tokens": list(specials[1:]),
    }
    if chat:
        config["chat_template"] = CHAT_TEMPLATE
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


def write_texts(path: Path, texts: Sequence[str]) -> Path:
    """Write a text file in which each of `texts` starts a page of its own, the rest of the page filled with lines
    that say nothing."""
    filler = "".join(
        f"Nothing was reported at hour {i} of that long day, as on all the days before.\n" for i in range(36)
    )
    path.write_text("\n\n".join(f"{text}\n{filler}" for text in texts))
    return path


def write_pages(path: Path, pages: int, words: int = 60) -> Path:
    """A text file of `pages` of the reader's pages (about 3,000 characters each), no two alike."""
    lines = []
    for page in range(1, pages + 1):
        lines.append(f"# Entry {page}\n")
        lines += [
            f"On day {page} reading {i} of gauge {page * 7 + i} was {(page * 31 + i * 17) % 997} units.\n"
            for i in range(words)
        ]
    path.write_text("".join(lines))
    return path
