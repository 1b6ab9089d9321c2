"""The tokenizer of a checkpoint folder.

The document's own text is data: nothing written in it ever becomes a special token. The prompt's pieces are tokenised
apart from the document (and every page apart from the next), so that each token belongs to one page and the same text
always gives the same tokens.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tokenizers

from engine.errors import KnownError
from engine.gguf_file import gguf_in, open_gguf
from engine.model_files import TOKENIZER_BYTES, ModelFileError, read_bytes, read_json, read_text
from engine.prompting.chat_template import find_template, render
from engine.prompting.gguf_tokenizer import tokenizer_config, tokenizer_text
from engine.prompting.prompts import Prompts, Request, Wording
from engine.prompting.tokenizer_safety import require_safe

FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
NAMED = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
"""The special tokens that a chat template may name."""
LISTED = ("additional_special_tokens", "extra_special_tokens")


class TokenizerError(KnownError):
    """The folder's tokenizer cannot be used; the text is one sentence for the user."""


class Tokenizer:
    """Encodes text and decodes token ids; `prompts` are cut out of the model's chat template."""

    def __init__(
        self,
        fast: tokenizers.Tokenizer,
        config: Mapping[str, Any],
        template: str | None,
        fingerprint: str,
        wording: Wording | None = None,
    ):
        """`config`: the content of tokenizer_config.json. Raise ValueError where it or the template is not sound."""
        self._fast = fast
        self._mode = threading.Lock()
        fast.no_truncation()
        fast.no_padding()
        named = {name: _content(config[name]) for name in NAMED if config.get(name)}
        listed = [_content(token) for key in LISTED for token in _several(config.get(key))]
        for index, token in sorted(config.get("added_tokens_decoder", {}).items(), key=lambda item: int(item[0])):
            if fast.token_to_id(token["content"]) != int(index):
                fast.add_tokens([tokenizers.AddedToken(**token)])
        # A text of the vocabulary that is named here is matched whole, and left out of decoded text.
        known = {str(token) for token in fast.get_added_tokens_decoder().values()}
        fast.add_special_tokens([token for token in (*named.values(), *listed) if token not in known])
        self._special_ids = {fast.token_to_id(token) for token in (*named.values(), *listed)}
        self._bos, self._eos = (fast.token_to_id(named.get(name, "")) for name in ("bos_token", "eos_token"))
        self.fingerprint = fingerprint
        self.has_chat_template = template is not None
        self.prompts = (
            Prompts.plain(wording)
            if template is None
            else Prompts.from_template(lambda messages: render(template, messages, named), wording)
        )
        self.document_prefix = self._opening(self.prompts.document_prefix)
        """Token ids that every document state consumes first."""
        self.merge_prefix = self._opening(self.prompts.merge_prefix)

    @classmethod
    def from_folder(cls, folder: str | Path, wording: Wording | None = None) -> Tokenizer:
        """Load tokenizer.json and its template, as transformers would, or those of a .gguf file.

        Raise TokenizerError or GgufError.

        `wording`: the sentences of the prompts (default: those that the shipped models are trained on).
        """
        folder = Path(folder)
        file = gguf_in(folder)
        if file is not None:
            return cls._from_gguf(file, wording)
        try:
            text = read_text(folder / FILES[0], TOKENIZER_BYTES)
            if text is None:
                raise TokenizerError(
                    f"{folder} has no tokenizer.json; download the model's tokenizer files beside its weights"
                )
            config = _config(folder)
            template = find_template(folder, config)
            fingerprint = _fingerprint(folder)
        except ModelFileError as error:
            raise TokenizerError(str(error)) from error
        except (ValueError, OSError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _unusable(folder, error) from error
        return cls.from_texts(text, config, template, fingerprint, wording, str(folder))

    @classmethod
    def _from_gguf(cls, path: Path, wording: Wording | None) -> Tokenizer:
        file = open_gguf(path)
        text, config = tokenizer_text(file), tokenizer_config(file)
        digest = hashlib.blake2b(digest_size=16)
        for part in (text, json.dumps(config, sort_keys=True)):
            digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
        return cls.from_texts(text, config, config.get("chat_template"), digest.hexdigest(), wording, str(path))

    @classmethod
    def from_texts(
        cls,
        text: str,
        config: Mapping[str, Any],
        template: str | None,
        fingerprint: str,
        wording: Wording | None,
        place: str,
    ) -> Tokenizer:
        """Build a tokenizer from the text of a tokenizer.json and the content of tokenizer_config.json, neither of
        which is trusted. `place` is named in errors. Raise TokenizerError."""
        try:
            require_safe(text, fingerprint)
            fast = tokenizers.Tokenizer.from_str(text)
        except Exception as error:  # the library raises nothing more particular
            raise _unusable(place, error) from error
        try:
            return cls(fast, config, template, fingerprint, wording)
        except Exception as error:  # a token that cannot be encoded is a plain Exception too
            raise _unusable(place, error) from error

    def _opening(self, text: str) -> list[int]:
        ids = self.encode_prompt(text)
        bos = self._bos
        if bos is None or ids[:1] == [bos] or self._fast.encode("", add_special_tokens=True).ids[:1] != [bos]:
            return ids
        return [bos, *ids]

    def encode_document(self, text: str) -> list[int]:
        """Return the token ids of data: text that looks like a special token is spelled out."""
        return self._encode(text, as_data=True).ids

    def encode_places(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Return the ids of `encode_document`, and the characters of `text` (start, end) that each stands for."""
        encoding = self._encode(text, as_data=True)
        return encoding.ids, encoding.offsets

    def encode_prompt(self, text: str) -> list[int]:
        """Return the token ids of a piece of the prompt, in which special tokens count as such."""
        return self._encode(text, as_data=False).ids

    def _encode(self, text: str, as_data: bool) -> tokenizers.Encoding:
        """Encode in one of the two modes. The mode belongs to the whole tokenizer, and pages are encoded in a thread of
        their own while another builds prompts: without the lock a page's special tokens could count as such."""
        with self._mode:
            self._fast.encode_special_tokens = as_data
            return self._fast.encode(text, add_special_tokens=False)

    def encode_request(self, request: Request) -> list[int]:
        """Return the token ids of a request; the user's text in it is data like the document."""
        return (
            self.encode_prompt(request.opening)
            + self.encode_document(request.text)
            + self.encode_prompt(request.closing)
        )

    def reread_prefix(self, question: str) -> list[int]:
        """Return the token ids before pages that are reread for `question`, in place of `document_prefix`."""
        request = self.prompts.reread_prefix(question)
        return self._opening(request.opening) + self.encode_document(request.text) + self.encode_prompt(request.closing)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids, special tokens left out."""
        return self._fast.decode(list(ids), skip_special_tokens=True)

    def closes_turns(self, stop_ids: Sequence[int]) -> bool:
        """Return whether the template ends an answer with one of the end tokens."""
        return any(token in stop_ids for token in self.encode_prompt(self.prompts.after_answer)[:2])

    @property
    def highest_id(self) -> int:
        """The highest token id that a text can get."""
        return max(self._fast.get_vocab(with_added_tokens=True).values(), default=-1)

    def stop_ids(self, eos: Sequence[int]) -> tuple[int, ...]:
        """Return the tokens that end an answer: the checkpoint's `eos` and the template's own end of turn."""
        ids = set(eos)
        if self._eos is not None:
            ids.add(self._eos)
        closing = self.encode_prompt(self.prompts.after_answer)[:1] if self.has_chat_template else []
        ids.update(i for i in closing if i in self._special_ids)
        return tuple(sorted(ids))


def _config(folder: Path) -> dict[str, Any]:
    """Return tokenizer_config.json, with special_tokens_map.json in older folders. Raises ValueError or OSError."""
    found: dict[str, Any] = {}
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        if "added_tokens_decoder" not in found:
            found.update(read_json(folder / name) or {})
    return found


def _content(token: Any) -> str:
    """Return a special token's text, which is given alone or with its flags."""
    return token["content"] if isinstance(token, dict) else str(token)


def _several(tokens: Any) -> list[Any]:
    return list(tokens.values()) if isinstance(tokens, dict) else list(tokens or ())


def _unusable(place: str | Path, error: Exception) -> TokenizerError:
    what = str(error)[:400] or type(error).__name__
    return TokenizerError(f"the tokenizer in {place} cannot be used: {what}; download it again")


def _fingerprint(folder: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name in FILES:
        digest.update(name.encode() + b"\0" + (read_bytes(folder / name, TOKENIZER_BYTES) or b"") + b"\0")
    return digest.hexdigest()
