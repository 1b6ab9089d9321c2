"""Heads that choose: small transformers over the hidden vectors that a network leaves at the tokens of a text.

`SentenceHead` scores the sentences of one section by how much they matter; `AnswerHead` scores the sentences and spans
of a passage that was read behind a question. A checkpoint folder keeps both in heads.safetensors. Products run in fp32:
the heads are 2 % of the network.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from engine.errors import KnownError
from engine.model_files import ModelFileError, is_there
from engine.network.answer_file import stored_answers

HEADS_FILE = "heads.safetensors"
ANSWER_PARTS = ("answer_head.", "meaning_head.")
"""Parts of `Heads` that answer; the file with the weights for answering holds them, if there is one."""
WIDTH, FEED = 256, 512
"""Widths of the answer head's layers: hidden and feed-forward."""
SENTENCE_WIDTH, SENTENCE_FEED = 192, 384
LAYERS, ATTENTION_HEADS = 2, 4
MEANING = 384
"""Width of the vectors that stand for what a sentence or a question is about."""
SENTENCE_FEATURES, TOKEN_FEATURES, OVERLAP_FEATURES = 9, 3, 2
QUESTION, PASSAGE, QUESTION_AGAIN = 0, 1, 2
"""Kinds of token in a row that asks."""
PADDING = 3
"""Id of <|pad|>."""
COMMON = 0.9
"""Words of a lower rarity, which 40 % of texts hold, match nothing."""


class HeadsError(KnownError):
    """The heads of a checkpoint folder cannot be used; the text is one sentence for a person."""


class Block(nn.Module):
    """A transformer layer: attention over all vectors, then a feed-forward part, each behind a norm."""

    def __init__(self, width: int, feed: int) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, feed), nn.Linear(feed, width)

    def forward(self, x: Tensor, mask: Tensor, drop: float = 0.0) -> Tensor:
        """Return [B, T, width] from `x` of that shape; `mask` [B, T] is False where there is nothing to attend to."""
        rows, length, width = x.shape
        parts = self.qkv(self.norm_1(x)).view(rows, length, 3, ATTENTION_HEADS, width // ATTENTION_HEADS)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :])
        x = x + F.dropout(self.out(y.transpose(1, 2).reshape(rows, length, width)), drop, drop > 0)
        return x + F.dropout(self.down(F.gelu(self.up(self.norm_2(x)))), drop, drop > 0)


class SentenceHead(nn.Module):
    """Head that scores each sentence of a section for a summary."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.enter = nn.Linear(2 * d_model + SENTENCE_FEATURES, SENTENCE_WIDTH)
        self.blocks = nn.ModuleList([Block(SENTENCE_WIDTH, SENTENCE_FEED) for _ in range(LAYERS)])
        self.norm = nn.LayerNorm(SENTENCE_WIDTH)
        self.score = nn.Linear(SENTENCE_WIDTH, 2)

    def forward(self, last: Tensor, mean: Tensor, features: Tensor, mask: Tensor, drop: float = 0.0) -> Tensor:
        """Return logits [B, S, 2]: how much of the summary a sentence holds beside the section's others, and whether it
        is one of its best three.

        `last`, `mean` [B, S, d_model]: hidden vectors at each sentence's last token, and their mean over its tokens;
        `features` [B, S, SENTENCE_FEATURES] (`engine.scoring.features`); `mask` [B, S] is False at padding.
        """
        x = F.dropout(self.enter(torch.cat([last, mean, features], -1)), drop, drop > 0)
        for block in self.blocks:
            x = block(x, mask, drop)
        logits: Tensor = self.score(self.norm(x))
        return logits


class AnswerHead(nn.Module):
    """Head that finds the span of an answer in a passage, if the passage contains it."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.enter = nn.Linear(d_model + TOKEN_FEATURES, WIDTH)
        self.kind = nn.Parameter(torch.randn(3, WIDTH) * 0.02)
        self.blocks = nn.ModuleList([Block(WIDTH, FEED) for _ in range(LAYERS)])
        self.norm = nn.LayerNorm(WIDTH)
        self.span = nn.Linear(WIDTH, 2)
        self.sentence = nn.Linear(2 * WIDTH + OVERLAP_FEATURES, WIDTH)
        self.score = nn.Linear(WIDTH, 1)
        self.present = nn.Linear(WIDTH, 1)

    def forward(
        self, hidden: Tensor, features: Tensor, kinds: Tensor, mask: Tensor, starts: Tensor, ends: Tensor,
        overlap: Tensor, last: Tensor, drop: float = 0.0,
    ) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
        """Return logits of spans [B, T, 2] (first and last token), of sentences [B, S] and of presence [B].

        A sentence's logit is compared with 0, the logit of "not here". `hidden` [B, T, d_model], `features` [B, T,
        TOKEN_FEATURES], `kinds` [B, T], `mask` [B, T]; `starts`, `ends` [B, S] tokens of sentences, ends exclusive;
        `overlap` [B, S, OVERLAP_FEATURES]; `last` [B], each row's last token.
        """
        x = F.dropout(self.enter(torch.cat([hidden, features], -1)) + self.kind[kinds], drop, drop > 0)
        for block in self.blocks:
            x = block(x, mask, drop)
        x = self.norm(x)
        rows = torch.arange(x.shape[0], device=x.device)
        of_sentence = torch.cat([pick(x, ends - 1), means(x, starts, ends), overlap], -1)
        scores = self.score(F.gelu(self.sentence(of_sentence)))[..., 0]
        return self.span(x), scores, self.present(x[rows, last])[:, 0]


class MeaningHead(nn.Module):
    """Head that gives sentences and questions vectors, near each other where they are about the same, in whatever
    words."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.out = nn.Linear(2 * d_model, MEANING)

    def forward(self, last: Tensor, mean: Tensor) -> Tensor:
        """Return vectors [..., MEANING] of length 1 from the hidden vectors [..., d_model] at the last token and their
        mean over all tokens."""
        return F.normalize(self.out(torch.cat([last, mean], -1)), dim=-1)


class Heads(nn.Module):
    """All heads, and the tables for comparing words."""

    word: Tensor
    """[vocab_size] int32: tokens of one word, but for case and plural, have one number."""
    rarity: Tensor
    """[vocab_size]: the logarithm of how few texts hold the word."""

    def __init__(self, d_model: int, vocab_size: int) -> None:
        super().__init__()
        self.sentence_head, self.answer_head = SentenceHead(d_model), AnswerHead(d_model)
        self.meaning_head = MeaningHead(d_model)
        self.register_buffer("word", torch.zeros(vocab_size, dtype=torch.int32))
        self.register_buffer("rarity", torch.zeros(vocab_size))

    def match(
        self, ids: Tensor, question: Tensor, kinds: Tensor, starts: Tensor, ends: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return features [B, T, TOKEN_FEATURES] of tokens and [B, S, OVERLAP_FEATURES] of sentences: their
        word-for-word overlap with `question` [B, Q] (padded with PADDING)."""
        words, asked = self.word[ids], self.word[question]
        rare = self.rarity[question] * (question != PADDING)
        counts = rare > COMMON
        same = (words[:, :, None] == asked[:, None, :]) & counts[:, None, :] & (kinds == PASSAGE)[..., None]
        stands = same.any(-1).float()
        rarity = self.rarity[ids] / 8.0
        features = torch.stack([stands, stands * rarity, rarity], -1)
        sums = F.pad(same.float().cumsum(1), (0, 0, 1, 0))
        inside = (pick(sums, ends) - pick(sums, starts) > 0.5).float()
        weight = rare * counts
        found = (inside * weight[:, None, :]).sum(-1)
        overlap = torch.stack([found / weight.sum(-1, keepdim=True).clamp(min=1e-3), found / 20.0], -1)
        return features, overlap


def pick(x: Tensor, at: Tensor) -> Tensor:
    """Return [B, S, width]: `x` [B, T, width] at `at` [B, S]."""
    return x.gather(1, at.clamp(min=0)[..., None].expand(-1, -1, x.shape[-1]))


def means(x: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """Return [B, S, width]: the means of `x` [B, T, width] from `starts` to `ends` [B, S]."""
    sums = F.pad(x.float().cumsum(1), (0, 0, 1, 0))
    total = pick(sums, ends) - pick(sums, starts)
    return (total / (ends - starts).clamp(min=1)[..., None]).to(x.dtype)


def has_heads(folder: Path) -> bool:
    """Return whether the checkpoint in `folder` can choose."""
    return (folder / HEADS_FILE).is_file()


def load_heads(folder: Path, device: torch.device | str = "cpu") -> Heads:
    """Return the heads of the checkpoint in `folder`, in fp32: those that answer from the file with the weights for
    answering, if there is one. Raise HeadsError where they are damaged or missing."""
    try:
        is_there(folder / HEADS_FILE)
        stored = load_file(folder / HEADS_FILE)
        stored |= {name: t for name, t in stored_answers(folder).items() if name.startswith(ANSWER_PARTS)}
        width = stored["sentence_head.enter.weight"].shape[1] - SENTENCE_FEATURES
        heads = Heads(width // 2, len(stored["word"]))
        heads.load_state_dict({name: t if name == "word" else t.float() for name, t in stored.items()})
    except (OSError, SafetensorError, KeyError, RuntimeError, ModelFileError) as error:
        raise HeadsError(f"{folder / HEADS_FILE} cannot be used: {error}; install the model again") from error
    return heads.to(device).eval().requires_grad_(False)
