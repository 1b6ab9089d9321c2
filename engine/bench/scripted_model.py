"""A scripted model: a network and a tokenizer that say given replies, so that everything else is the product.

The state of every row holds the last tokens that it has consumed and its place in a reply. When they end as a prompt
does, the next reply begins. The yes/no probe is answered with equal probabilities.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any, cast

import torch

from engine.generation.runtime import Runtime
from engine.library.prefix import Identity
from engine.network.config import FalconMambaConfig
from engine.network.model import FalconMamba
from engine.network.state import FORMAT_VERSION, MambaState
from engine.profile.profile import Profile
from engine.prompting.prompts import Message, Prompts, Request
from engine.prompting.tokenizer import Tokenizer
from engine.protocol.wire import Event
from engine.session.model_loader import ModelLoader

TOKENS = 1 << 16
"""Size of the vocabulary; words get their numbers as they come."""
CERTAINTY = 0.93
"""Probability of every token of a reply."""
CONTEXT = 8_192
"""Trained context of the scripted model."""
_START, _END = "<|im_start|>", "<|im_end|>"
_REPLY, _PLACE, _LENGTH, _KEPT = 0, 1, 2, 3
"""Fields of a row's state: reply number from 1 (0: none), place in it, number of tokens kept, the tokens."""
_CHANNELS, _TAPS = 200, 4
_ROOM = _CHANNELS * (_TAPS - 1) - _KEPT
_PIECES = re.compile(
    r" ?[^\W\d_\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{1,8}|\d| ?[^\w\s]|\s|.", re.DOTALL
)


class ScriptedTokenizer:
    """Words to numbers and back. Has the parts of engine.prompting.tokenizer.Tokenizer that the engine uses."""

    has_chat_template = True
    fingerprint = "scripted"

    def __init__(self, profile: Profile) -> None:
        self._ids: dict[str, int] = {}
        self._texts: list[str] = []
        self.encode_prompt(_START + _END)
        self.prompts = Prompts.from_template(_chat, profile.wording)
        self.document_prefix = self.encode_prompt(self.prompts.document_prefix)
        self.merge_prefix = self.encode_prompt(self.prompts.merge_prefix)
        self.page_tokens = 0
        """Least tokens of a text that is data; a padded page fills a section of its own."""

    def encode_document(self, text: str) -> list[int]:
        """Return the tokens of data."""
        ids = [self._id(piece) for piece in _PIECES.findall(text)]
        return ids + [self._id("\u200b")] * (self.page_tokens - len(ids))

    def encode_prompt(self, text: str) -> list[int]:
        """Return the tokens of a piece of the prompt."""
        pieces = re.split(rf"({re.escape(_START)}|{re.escape(_END)})", text)
        return [
            token
            for piece in pieces
            for token in ([self._id(piece)] if piece in (_START, _END) else map(self._id, _PIECES.findall(piece)))
        ]

    def encode_request(self, request: Request) -> list[int]:
        """Return the tokens of a request."""
        return [
            *self.encode_prompt(request.opening),
            *map(self._id, _PIECES.findall(request.text)),
            *self.encode_prompt(request.closing),
        ]

    def reread_prefix(self, question: str) -> list[int]:
        """Return the tokens before pages that are read again."""
        return self.encode_request(self.prompts.reread_prefix(question))

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of tokens, special ones left out."""
        return "".join(self._texts[token] for token in ids if self._texts[token] not in (_START, _END, "\u200b"))

    def stop_ids(self, eos: Sequence[int]) -> tuple[int, ...]:
        """Return the tokens that end a reply."""
        return (self._id(_END),)

    def _id(self, piece: str) -> int:
        if piece not in self._ids:
            self._ids[piece] = len(self._texts)
            self._texts.append(piece)
        return self._ids[piece]


class ScriptedNetwork:
    """Says `replies` in order, the last one again where they run out. Has the parts of FalconMamba that reading,
    answering and summarising use."""

    def __init__(self, tokenizer: ScriptedTokenizer, replies: Sequence[str]) -> None:
        self._tokenizer = tokenizer
        self._stop = tokenizer.stop_ids(())[0]
        self._said = [[*tokenizer.encode_document(reply), self._stop] for reply in replies]
        self._merges = [tokenizer.encode_document("x")]
        self._opening = tokenizer.encode_prompt(tokenizer.prompts.after_user)
        self._next = 0
        self.merge_last = False
        """A merge is answered with the last reply, and everything else with those before it."""
        self.device, self.dtype = torch.device("cpu"), torch.float32
        self.config = FalconMambaConfig(
            model_type="falcon_mamba",
            vocab_size=TOKENS,
            d_model=8,
            n_layers=1,
            d_inner=_CHANNELS,
            d_state=1,
            d_conv=_TAPS,
            dt_rank=1,
            norm_eps=1e-5,
            mixer_norm_eps=1e-6,
            use_bias=False,
            use_conv_bias=True,
            residual_in_fp32=True,
            tie_word_embeddings=True,
            trained_context=CONTEXT,
        )
        self.layers = [SimpleNamespace(dt_bias=torch.zeros(_CHANNELS), A=-torch.ones(_CHANNELS, 1))]

    def new_state(self, batch_size: int = 1) -> MambaState:
        """Return the state of sequences that have consumed nothing."""
        return MambaState(
            torch.zeros(1, batch_size, _CHANNELS, _TAPS - 1),
            torch.zeros(1, batch_size, _CHANNELS, 1),
            torch.zeros(batch_size, dtype=torch.int64),
        )

    def __call__(
        self, tokens: torch.Tensor, state: MambaState, lengths: torch.Tensor | None = None, observer: Any = None
    ) -> torch.Tensor:
        """Consume `tokens` [B, T], of row b the first lengths[b]; return the logits [B, vocab_size] behind them."""
        rows, width = tokens.shape
        counts = [width] * rows if lengths is None else [int(count) for count in lengths]
        logits = torch.zeros(rows, TOKENS)
        for row in range(rows):
            fields = state.conv[0, row].reshape(-1).tolist()
            for token in tokens[row, : counts[row]].tolist():
                self._consume(fields, int(token))
            following = self._following(fields)
            if following is not None:
                logits[row, following] = math.log(CERTAINTY / (1 - CERTAINTY) * (TOKENS - 1))
            state.conv[0, row] = torch.tensor(fields).reshape(_CHANNELS, _TAPS - 1)
            state.n_tokens[row] += counts[row]
        if observer is not None:
            observer(0, torch.zeros(rows, width, _CHANNELS))
        return logits

    def _consume(self, fields: list[float], token: int) -> None:
        """Add one token to a row's fields; the end of a prompt begins a reply."""
        if fields[_REPLY]:
            said = self._said[int(fields[_REPLY]) - 1]
            if int(fields[_PLACE]) < len(said) and said[int(fields[_PLACE])] == token != self._stop:
                fields[_PLACE] += 1
                return
            fields[_REPLY], fields[_LENGTH] = 0, 0
        kept = int(fields[_LENGTH])
        if kept == _ROOM:
            fields[_KEPT : _KEPT + kept - 1] = fields[_KEPT + 1 : _KEPT + kept]
            kept -= 1
        fields[_KEPT + kept] = token
        fields[_LENGTH] = kept + 1
        last = [int(value) for value in fields[_KEPT : _KEPT + kept + 1]]
        if last[-len(self._opening) :] == self._opening:
            fields[_REPLY], fields[_PLACE] = self._begin(self._tokenizer.decode(last)), 0

    def _begin(self, prompt: str) -> int:
        """Return the number of the reply to `prompt`; 0 for the probe."""
        wording = self._tokenizer.prompts.wording
        if wording.probe and wording.probe.strip() in prompt:
            return 0
        last = len(self._said) - 1
        if self.merge_last and wording.merge.strip() in prompt:
            return last + 1
        reply = min(self._next, max(last - self.merge_last, 0))
        self._next += 1
        return reply + 1

    def _following(self, fields: list[float]) -> int | None:
        if not fields[_REPLY]:
            return None
        said = self._said[int(fields[_REPLY]) - 1]
        return said[min(int(fields[_PLACE]), len(said) - 1)]


class ScriptedLoader(ModelLoader):
    """Stands in for the model of a session."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(None, "cpu", "fp32")
        self._runtime = runtime

    def load(self, job_id: str) -> Iterator[Event]:
        """Load nothing."""
        yield from ()


def scripted_runtime(profile: Profile, replies: Sequence[str]) -> Runtime:
    """Return the runtime of a model with `profile` that says `replies`."""
    tokenizer = ScriptedTokenizer(profile)
    return Runtime(
        model=cast(FalconMamba, ScriptedNetwork(tokenizer, replies)),
        tokenizer=cast(Tokenizer, tokenizer),
        identity=Identity("scripted", "scripted", tokenizer.prompts.document_prefix, "fp32", f"state-{FORMAT_VERSION}"),
        precision="fp32",
        name="scripted",
        profile=profile,
        reason="a script",
        chunk_length=512,
        stop_ids=tokenizer.stop_ids(()),
    )


def _chat(messages: Sequence[Message]) -> str:
    turns = "".join(f"{_START}{message['role']}\n{message['content']}{_END}\n" for message in messages)
    return f"{turns}{_START}assistant\n"
