"""Losses of the reader: next words, important sentences, sentences and spans that answer, and what a sentence means."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.network.heads import PASSAGE, Heads, means, pick
from engine.training.network import Network, _rms

SHARPNESS = 0.08
"""Difference of ROUGE-1 + ROUGE-2 by which one sentence is e times as good as another."""
BEST, CHOICE = 1.0, 0.4
"""Weights of being of the best three, and of the choice among a section's sentences."""
ALONE, SPAN, PRESENT = 0.5, 0.5, 0.5
"""Weights beside the choice among both passages."""
NEARNESS, ORDER, HEAT = 3.0, 1.0, 0.05
"""Weights of being near the teacher's vectors, and of ordering the sentences of a batch by a question as the teacher
does; the difference of cosines by which one is e times as near as another."""
TOGETHER, SHARE_OF_NEAR, LEAST_NEAR = 0.5, 10.0, 0.4
"""Weight of the choice by the sum of the head's logit and the nearness in meaning; what a cosine counts in that sum,
and the cosine that counts nothing."""
NEVER = -1e4

Batch = dict[str, Tensor]


class Losses:
    """The losses of a network with heads; the network computes in `dtype`, the heads under autocast if it is bf16."""

    def __init__(
        self, network: Network, heads: Heads, dtype: torch.dtype, drop: float,
        teacher: Tensor | None = None, rows: int = 2, blind: float = 0.0,
    ) -> None:  # fmt: skip
        """`teacher`: vectors [N, MEANING] of the store's sentences and questions (`engine.training.reader.teacher`);
        `rows`: of a question; `blind`: share of the questions whose shared words are hidden from the head."""
        self.network, self.heads, self.dtype, self.drop, self.teacher = network, heads, dtype, drop, teacher
        self.rows, self.blind = rows, blind

    def hidden(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return the residual stream and the hidden vectors behind the last norm, [B, T, d_model]."""
        residual, _ = self.network.read(ids, torch.ones_like(ids), None, self.dtype)
        return residual, _rms(residual, self.network.shape.norm_eps) * self.network.norm_f

    def section(self, batch: Batch, text: float) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of sections, `text` times that of their words with it, and its parts."""
        ids, starts, ends, may = batch["ids"], batch["starts"], batch["ends"], batch["may"]
        residual, hidden = self.hidden(ids)
        with self._heads_dtype():
            scores = self.heads.sentence_head(
                pick(hidden, ends - 1), means(hidden, starts, ends), batch["features"], batch["sentences"], self.drop
            ).float()
        weight = batch["weight"] * (may.any(1) & (batch["overlap"].amax(1) > 0.02))
        target = (batch["overlap"] / SHARPNESS).masked_fill(~may, NEVER).softmax(-1)
        choice = -(target * scores[..., 0].masked_fill(~may, NEVER).log_softmax(-1)).sum(-1)
        best = F.binary_cross_entropy_with_logits(scores[..., 1], batch["best"].float(), reduction="none")
        best = (best * may).sum(-1) / may.sum(-1).clamp(min=1) * 3
        total = weight.sum().clamp(min=1e-3)
        choice, best = (choice * weight).sum() / total, (best * weight).sum() / total
        words = self._words(residual, ids, batch["length"])
        share = (total / len(weight)).clamp(max=1)
        loss = text * words + share * (CHOICE * choice + BEST * best)
        parts = {"words": words, "choice": choice, "best": best}
        if self.teacher is not None:
            parts["far"] = self._far(self.vectors(hidden, starts, ends), batch["numbers"])[batch["sentences"]].mean()
            loss = loss + NEARNESS * parts["far"]
        return loss, parts

    def vectors(self, hidden: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        """Return the vectors [B, S, MEANING] of the sentences from `starts` to `ends`."""
        with self._heads_dtype():
            return self.heads.meaning_head(pick(hidden, ends - 1), means(hidden, starts, ends)).float()

    def asked(self, hidden: Tensor, tokens: Tensor) -> Tensor:
        """Return the vectors [B, MEANING] of the questions at the beginning of rows; `tokens` [B]: their lengths."""
        first = torch.ones_like(tokens)[:, None]
        return self.vectors(hidden, first, first + tokens[:, None])[:, 0]

    def _far(self, vectors: Tensor, numbers: Tensor) -> Tensor:
        """Return 1 less the cosines with the teacher's vectors of those `numbers`."""
        assert self.teacher is not None
        return 1.0 - (vectors * self.teacher[numbers].float()).sum(-1)

    def meaning(self, hidden: Tensor, batch: Batch) -> tuple[dict[str, Tensor], Tensor]:
        """Return the losses of the vectors of questions and of the sentences of their rows, and the cosines [B, S] of
        each row's sentences with its question."""
        assert self.teacher is not None
        real, every = batch["sentences"], slice(None, None, self.rows)  # all rows of a question begin with it
        of_rows = self.vectors(hidden, batch["starts"], batch["ends"])
        vectors = of_rows[real]
        asked = self.asked(hidden, batch["asked_tokens"])[every]
        numbers, questions = batch["numbers"][real], batch["asked"][every]
        near = (of_rows * asked.repeat_interleave(self.rows, 0)[:, None]).sum(-1)
        far = self._far(vectors, numbers).mean() + self._far(asked, questions).mean()
        wanted = (self.teacher[questions].float() @ self.teacher[numbers].float().T / HEAT).softmax(-1)
        order = -(wanted * (asked @ vectors.T / HEAT).log_softmax(-1)).sum(-1).mean()
        return {"far": far, "order": order}, near

    def answers(self, batch: Batch, drop: float) -> tuple[Tensor, Tensor, Tensor]:
        """Return the logits of `AnswerHead` for the rows of questions."""
        return self._answers(batch, self.hidden(batch["ids"])[1], drop)

    def _answers(self, batch: Batch, hidden: Tensor, drop: float) -> tuple[Tensor, Tensor, Tensor]:
        ids, starts, ends, kinds = batch["ids"], batch["starts"], batch["ends"], batch["kinds"]
        features, overlap = self.heads.match(ids, batch["question"], kinds, starts, ends)
        if self.blind and drop:
            seen = torch.rand(len(ids) // self.rows, device=ids.device).ge(self.blind).repeat_interleave(self.rows)
            overlap = overlap * seen[:, None, None]
            features = torch.cat([features[..., :2] * seen[:, None, None], features[..., 2:]], -1)
        mask = torch.arange(ids.shape[1], device=ids.device)[None] < batch["length"][:, None]
        with self._heads_dtype():
            span, sentence, present = self.heads.answer_head(
                hidden, features, kinds, mask, starts, ends, overlap, batch["length"] - 1, drop
            )
        return span.float(), sentence.float(), present.float()

    def question(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of questions, `rows` rows each, and its parts."""
        _, hidden = self.hidden(batch["ids"])
        span, sentence, present = self._answers(batch, hidden, self.drop)
        sentence, right = sentence.masked_fill(~batch["sentences"], NEVER), batch["right"]
        both = sentence.view(len(sentence) // self.rows, -1)
        choice = _marginal(both, right.view(len(both), -1))
        has = batch["has"].float()
        alone = (_marginal(sentence, right) * has).sum() / has.sum()
        inside = batch["kinds"] == PASSAGE
        ends = []
        for i, gold in enumerate((batch["opens"], batch["closes"])):
            log = span[..., i].masked_fill(~inside, NEVER).log_softmax(-1).masked_fill(~gold, NEVER).logsumexp(-1)
            ends.append(-(log * gold.any(1)).sum() / gold.any(1).sum().clamp(min=1))
        here = F.binary_cross_entropy_with_logits(present, right.any(1).float(), reduction="none")
        here = (here * has).sum() / has.sum()
        loss = choice.mean() + ALONE * alone + SPAN * (ends[0] + ends[1]) + PRESENT * here
        parts = {"choice": choice.mean(), "alone": alone, "opens": ends[0], "closes": ends[1], "present": here}
        if self.teacher is not None:
            meaning, near = self.meaning(hidden, batch)
            together = (sentence + SHARE_OF_NEAR * (near - LEAST_NEAR)).masked_fill(~batch["sentences"], NEVER)
            meaning["together"] = _marginal(together.view(len(both), -1), right.view(len(both), -1)).mean()
            loss = loss + NEARNESS * meaning["far"] + ORDER * meaning["order"] + TOGETHER * meaning["together"]
            parts |= meaning
        return loss, parts

    def _words(self, residual: Tensor, ids: Tensor, length: Tensor) -> Tensor:
        """Return the mean loss of the tokens that follow, padding left out."""
        nll = self.network.losses(residual[:, :-1].contiguous(), ids[:, 1:].contiguous(), self.dtype)
        keep = torch.arange(ids.shape[1] - 1, device=ids.device)[None] < (length - 1)[:, None]
        return (nll * keep.reshape(-1)).sum() / keep.sum()

    def _heads_dtype(self) -> AbstractContextManager[None]:
        cuda = self.dtype == torch.bfloat16
        return torch.autocast("cuda" if cuda else "cpu", torch.bfloat16, enabled=cuda)


def _marginal(logits: Tensor, right: Tensor) -> Tensor:
    """Return [B]: the negative log of the share that `right` has among `logits` [B, S] and the 0 of "not here", which
    is right where nothing else is."""
    logits = torch.cat([logits, logits.new_zeros(len(logits), 1)], 1)
    right = torch.cat([right, ~right.any(1, keepdim=True)], 1)
    return -logits.log_softmax(-1).masked_fill(~right, NEVER).logsumexp(-1)
