"""The demo model's tokenizer: byte-level BPE of 3,072 tokens, single digits, ChatML, trained on generated records.

`build` trains and saves a Hugging Face folder. `WordEncoder` gives the same ids as the saved tokenizer from a table of
whole words, and many times faster: what the generator of training rows uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.prompting import prompts
from engine.training.records import records, words
from engine.training.records.questions import ask
from engine.training.records.writer import Writer

VOCAB_SIZE = 3072
SPECIAL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>")
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
# A word with the space before it, one digit with the space before it, a run of signs, or white space.
PATTERN = r" ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_PYTHON_PATTERN = re.compile(r" ?[^\W\d_]+| ?\d| ?(?:[^\w\s]|_)+|\s+(?!\S)|\s+")


def build(folder: Path, *, seed: int = 0, n_records: int = 2500, size: int = VOCAB_SIZE) -> None:
    """Train a tokenizer of `size` tokens on `n_records` generated records and save it to `folder`."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(_training_text(seed, n_records), trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token="<|im_end|>",
        pad_token="<|pad|>",
        additional_special_tokens=["<|endoftext|>", "<|im_start|>"],
        clean_up_tokenization_spaces=False,
        model_max_length=1_000_000_000,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.save_pretrained(str(folder))


def _training_text(seed: int, n_records: int) -> Iterator[str]:
    """Generated records with their questions and answers, the instructions, and the words that must stay whole."""
    writer = Writer(seed)
    vocabulary = [*words.MONTHS, *words.WEEKDAYS, *_list_words()]
    instructions = [
        prompts.DOCUMENT_INTRODUCTION,
        prompts.QUESTION_INSTRUCTION,
        prompts.SUMMARY_INSTRUCTION,
        prompts.FOCUS_INSTRUCTION,
        prompts.REREAD_INTRODUCTION,
        prompts.MERGE_INTRODUCTION,
        prompts.MERGE_INSTRUCTION,
        prompts.NOT_FOUND,
        "user\nassistant\nsystem\n",
    ]
    for i in range(n_records):
        kind = words.KINDS[i % len(words.KINDS)]
        record = records.make_record(
            writer, kind=kind, tokens=900, facts=16, findings=4, count_tokens=lambda text: len(text) // 4
        )
        yield "\n\n".join(record.pages)
        yield "\n".join(instructions)
        yield record.summary
        yield " ".join(vocabulary[(i * 20 + j) % len(vocabulary)] for j in range(20))
        for fact in record.facts:
            yield " " + ask(writer, fact).question


def _list_words() -> list[str]:
    """Return the words of the kinds' own lists, so that rare ones are not cut into letters."""
    found: set[str] = set()
    for kind in words.KINDS:
        for text in (*kind.parts, *kind.faults, *kind.findings, *kind.filler, *kind.headings):
            found |= set(re.findall(r"[a-z]{3,}", text))
        for relation in kind.relations:
            for name in relation.names:
                found |= set(re.findall(r"[a-z]{3,}", name))
    return sorted(found)


def load(folder: Path) -> Any:
    """Load the saved tokenizer with transformers."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(folder))


def chat_prompts(tokenizer: Any) -> prompts.Prompts:
    """Return the product's prompts for a tokenizer with a chat template."""
    return prompts.Prompts.from_template(
        lambda messages: tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True)
    )


class WordEncoder:
    """Text to ids by whole words, remembered. Special tokens in the text are text: nothing splits them out."""

    _MOST_WORDS = 200_000
    """Remembered words; made-up names would fill the memory otherwise."""

    def __init__(self, tokenizer: Any) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = tokenizer
        # The library's own encoder on a copy: ten times faster than going through transformers, word by word.
        self._fast = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
        self._fast.encode_special_tokens = True
        self._ids: dict[str, list[int]] = {}

    def __call__(self, text: str) -> list[int]:
        known = self._ids
        out: list[int] = []
        for word in _PYTHON_PATTERN.findall(text):
            ids = known.get(word)
            out += self._encode(word) if ids is None else ids
        return out

    def count(self, text: str) -> int:
        """Return the number of token ids of `text`."""
        known = self._ids
        n = 0
        for word in _PYTHON_PATTERN.findall(text):
            ids = known.get(word)
            n += len(self._encode(word) if ids is None else ids)
        return n

    def _encode(self, word: str) -> list[int]:
        ids = self._fast.encode(word, add_special_tokens=False).ids
        if len(self._ids) > self._MOST_WORDS:
            self._ids.clear()
        self._ids[word] = ids
        return ids

    def with_specials(self, text: str) -> list[int]:
        """Return the ids of the program's own text, in which special tokens are special."""
        out: list[int] = []
        for part in re.split(r"(<\|[a-z_]+\|>)", text):
            if part in SPECIAL_TOKENS:
                out.append(self._tokenizer.convert_tokens_to_ids(part))
            else:
                out += self(part)
        return out
