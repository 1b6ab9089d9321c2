"""The tokenizer of a checkpoint folder, as the reader needs it.

The document's own text is data: nothing written in it ever becomes a special token. The prompt's pieces are tokenised
apart from the document (and every page apart from the next), so that each token belongs to one page and the same text
always gives the same tokens.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.errors import KnownError
from engine.prompts import Message, Prompts, Request


class TokenizerError(KnownError):
    """The folder's tokenizer cannot be used; the text is one sentence for a person."""


class Tokenizer:
    """Text to token ids and back, with the model's chat template cut into `prompts`."""

    def __init__(self, backend: Any, fingerprint: str):
        self._backend = backend
        self._fast = backend.backend_tokenizer
        self.fingerprint = fingerprint
        self.has_chat_template = bool(backend.chat_template)
        self.prompts = Prompts.from_template(self._render) if self.has_chat_template else Prompts.plain()
        self.document_prefix = self._opening(self.prompts.document_prefix)
        """Token ids that every document state consumes first."""
        self.merge_prefix = self._opening(self.prompts.merge_prefix)

    @classmethod
    def from_folder(cls, folder: str | Path) -> Tokenizer:
        """Load tokenizer.json and its template. Raises TokenizerError."""
        folder = Path(folder)
        if not (folder / "tokenizer.json").is_file():
            raise TokenizerError(
                f"{folder} has no tokenizer.json; download the model's tokenizer files beside its weights"
            )
        # The class itself, not AutoTokenizer: that one imports every model's code and torch, which costs two seconds.
        from transformers import PreTrainedTokenizerFast

        try:
            backend = PreTrainedTokenizerFast.from_pretrained(str(folder))
            return cls(backend, _fingerprint(folder))
        except (ValueError, OSError, KeyError, json.JSONDecodeError) as error:
            raise TokenizerError(f"the tokenizer in {folder} cannot be used: {error}; download it again") from error

    def _render(self, messages: Sequence[Message]) -> str:
        return self._backend.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True)

    def _opening(self, text: str) -> list[int]:
        ids = self.encode_prompt(text)
        bos = self._backend.bos_token_id
        adds_bos = bos is not None and self._fast.encode("", add_special_tokens=True).ids[:1] == [bos]
        return [bos, *ids] if adds_bos and ids[:1] != [bos] else ids

    def encode_document(self, text: str) -> list[int]:
        """Token ids of text that is data: what looks like a special token is spelled out."""
        self._fast.encode_special_tokens = True
        return self._fast.encode(text, add_special_tokens=False).ids

    def encode_prompt(self, text: str) -> list[int]:
        """Token ids of a piece of the prompt: special tokens count as such."""
        self._fast.encode_special_tokens = False
        return self._fast.encode(text, add_special_tokens=False).ids

    def encode_request(self, request: Request) -> list[int]:
        """Token ids of a request; what a person typed in it is data like the document."""
        return (
            self.encode_prompt(request.opening)
            + self.encode_document(request.text)
            + self.encode_prompt(request.closing)
        )

    def reread_prefix(self, question: str) -> list[int]:
        """Token ids before pages that are read again for `question`; stands in place of `document_prefix`."""
        request = self.prompts.reread_prefix(question)
        return self._opening(request.opening) + self.encode_document(request.text) + self.encode_prompt(request.closing)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of token ids, special tokens left out."""
        return self._fast.decode(list(ids), skip_special_tokens=True)

    def stop_ids(self, eos: Sequence[int]) -> tuple[int, ...]:
        """Tokens that end an answer: the checkpoint's `eos` and the template's own end of turn."""
        ids = set(eos)
        if self._backend.eos_token_id is not None:
            ids.add(self._backend.eos_token_id)
        closing = self.encode_prompt(self.prompts.after_answer)[:1] if self.has_chat_template else []
        ids.update(i for i in closing if i in self._backend.all_special_ids)
        return tuple(sorted(ids))


def _fingerprint(folder: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        file = folder / name
        digest.update(name.encode() + b"\0" + (file.read_bytes() if file.is_file() else b"") + b"\0")
    return digest.hexdigest()
