"""Vectors of a sentence encoder for the training data: `python -m engine.training.reader.teacher --data FOLDER`.

Options: --encoder FOLDER (of all-MiniLM-L6-v2: its weights, config.json and tokenizer.json), --tokenizer FILE (the
reader's). Writes the vectors of all sentences of the store, then those of its real and of its made questions, and
what they choose (`rows.CHOSEN`): for each real question two passages of its document that are near it in meaning and
do not answer, three other documents of its source that are near it, and which questions in other words still mean what
the first question for their answer means. The encoder teaches and is no part of the product.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from engine.training.reader.rows import CHOSEN

VECTORS = "vectors.npy"
LONGEST = 96
"""Tokens of the encoder that a sentence is cut to."""
NEAREST, PASSAGE = 2, 200
"""Passages chosen for a question, and their tokens."""
OTHERS, _LOOKED_AT = 3, 24
"""Other documents of the same source chosen for a question, from the sentences nearest to it."""
LEAST_ALIKE = 0.7
"""Cosine with the first question of the same answer from which one in other words is asked."""
_BATCH = 1024
_TOKENISED = 65_536


def texts(data: Path, tokenizer: tokenizers.Tokenizer) -> Iterator[list[str]]:
    """Yield the text of sentences and questions, in the order of the vectors, some at a time."""
    store = np.load(data / "texts.npz")
    ids, ends = store["ids"], store["ends"].astype(np.int64)
    starts = np.concatenate([[0], ends[:-1]])
    for at in range(0, len(ends), _TOKENISED):
        some = [
            ids[a:b].tolist() for a, b in zip(starts[at : at + _TOKENISED], ends[at : at + _TOKENISED], strict=True)
        ]
        yield tokenizer.decode_batch(some)
    for kind in ("real", "made"):
        asked = np.load(data / f"{kind}.npz")
        ids, offsets = asked["ids"], asked["offsets"]
        yield tokenizer.decode_batch([ids[a:b].tolist() for a, b in pairwise(offsets)])


def encode(encoder: Any, tokenizer: tokenizers.Tokenizer, some: Sequence[str], device: str) -> NDArray[np.float16]:
    """Return vectors [N, D] of length 1."""
    encoded = tokenizer.encode_batch(list(some))
    lengths = np.array([len(one.ids) for one in encoded])
    order, pieces = np.argsort(lengths, kind="stable"), []
    for at in range(0, len(order), _BATCH):
        batch = order[at : at + _BATCH]
        ids = torch.zeros(len(batch), int(lengths[batch].max()), dtype=torch.int64)
        for row, i in zip(ids, batch, strict=True):
            row[: lengths[i]] = torch.tensor(encoded[i].ids)
        ids = ids.to(device)
        mask = torch.arange(ids.shape[1], device=device)[None] < torch.from_numpy(lengths[batch]).to(device)[:, None]
        with torch.inference_mode():
            hidden = encoder(input_ids=ids, attention_mask=mask.long()).last_hidden_state.float() * mask[..., None]
            pieces.append(F.normalize(hidden.sum(1), dim=-1).to(torch.float16).cpu().numpy())
    found = np.empty((len(some), pieces[0].shape[1]), np.float16)
    found[order] = np.concatenate(pieces)
    return found


def chosen(data: Path, vectors: torch.Tensor) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return for the real questions passages near them, tokens [N, NEAREST, 2], and whether they are asked [N], from
    the vectors of all sentences and of these questions."""
    store, asked = np.load(data / "texts.npz"), np.load(data / "real.npz")
    ends = store["ends"].astype(np.int64)
    starts = np.concatenate([[0], ends[:-1]])
    own, count = asked["passages"][:, 0].astype(np.int64), len(asked["whole"])
    nearest = asked["passages"][:, 1:].astype(np.int64)
    document = np.searchsorted(store["documents"][:, 1].astype(np.int64), own[:, 0], "right")
    questions = vectors[len(ends) : len(ends) + count]
    for number in np.unique(document):
        low, high = np.searchsorted(ends, store["documents"][number].astype(np.int64), "right")
        which = np.flatnonzero(document == number)
        likeness = questions[which].float() @ vectors[low:high].float().T
        best = likeness.topk(min(12, int(high - low))).indices.cpu().numpy() + low
        for i, places in zip(which, best, strict=True):
            found = (_around(int(k), starts, ends, int(low), int(high)) for k in places)
            apart = [span for span in found if span[1] <= own[i, 0] or own[i, 1] <= span[0]][:NEAREST]
            nearest[i, : len(apart)] = np.array(apart, np.int64).reshape(-1, 2)
    return nearest, _kept(asked, questions)


def others(data: Path, vectors: torch.Tensor) -> NDArray[np.int32]:
    """Return for the real questions the numbers of other documents of their source [N, OTHERS], -1 for none, with the
    sentences that are nearest in meaning."""
    store, asked = np.load(data / "texts.npz"), np.load(data / "real.npz")
    ends, documents, sources = store["ends"].astype(np.int64), store["documents"].astype(np.int64), store["sources"]
    own = np.searchsorted(documents[:, 1], asked["passages"][:, 0, 0].astype(np.int64), "right")
    of_sentence = np.searchsorted(documents[:, 1], ends - 1, "right")
    found = np.full((len(own), OTHERS), -1, np.int32)
    for source in np.unique(sources[own]):
        places = np.flatnonzero(sources[of_sentence] == source)
        there = torch.from_numpy(of_sentence[places]).to(vectors.device)
        sentences, which = vectors[torch.from_numpy(places).to(vectors.device)], np.flatnonzero(sources[own] == source)
        for some in np.array_split(which, -(-len(which) // _BATCH)):
            likeness = (vectors[torch.from_numpy(some).to(vectors.device) + len(ends)] @ sentences.T).float()
            at_home = there[None] == torch.from_numpy(own[some]).to(vectors.device)[:, None]
            best = likeness.masked_fill_(at_home, -1.0).topk(min(_LOOKED_AT, len(places)))
            for i, scores, near in zip(some, best.values.tolist(), there[best.indices].tolist(), strict=True):
                distinct = list(dict.fromkeys(d for score, d in zip(scores, near, strict=True) if score > -1.0))
                found[i, : len(distinct[:OTHERS])] = distinct[:OTHERS]
    return found


def _around(place: int, starts: NDArray[np.int64], ends: NDArray[np.int64], low: int, high: int) -> tuple[int, int]:
    """Return the tokens of whole sentences around sentence `place`, of those from `low` to `high`."""
    first, last = place, place + 1
    while True:
        before = first > low and ends[last - 1] - starts[first - 1] <= PASSAGE
        first -= int(before)
        after = last < high and ends[last] - starts[first] <= PASSAGE
        last += int(after)
        if not (before or after):
            return int(starts[first]), int(ends[last - 1])


def _kept(asked: Mapping[str, NDArray[np.generic]], questions: torch.Tensor) -> NDArray[np.bool_]:
    """Return which questions are asked: all but those in other words that no original of the same answer is like."""
    gold, offsets, worded = asked["gold"], asked["gold_offsets"].astype(np.int64), asked["worded"]
    originals: dict[tuple[int, int], list[int]] = defaultdict(list)
    kept = np.ones(len(worded), bool)
    for i in range(len(worded)):
        if offsets[i] == offsets[i + 1]:
            kept[i] = not worded[i]
            continue
        first, last = (int(token) for token in gold[offsets[i]])
        if not worded[i]:
            originals[first, last].append(i)
        elif (first, last) in originals:
            likeness = questions[originals[first, last]].float() @ questions[i].float()
            kept[i] = bool(likeness.max() >= LEAST_ALIKE)
    return kept


def main() -> None:
    """Write the vectors of the data named on the command line."""
    from transformers import AutoModel

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, default=Path("resources/models/reader/tokenizer.json"))
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    encoder = AutoModel.from_pretrained(options.encoder).eval().to(device, torch.bfloat16)
    theirs = tokenizers.Tokenizer.from_file(str(options.encoder / "tokenizer.json"))
    theirs.no_padding()
    theirs.enable_truncation(LONGEST)
    ours = tokenizers.Tokenizer.from_file(str(options.tokenizer))
    parts = [encode(encoder, theirs, some, device) for some in texts(options.data, ours)]
    vectors = np.concatenate(parts)
    np.save(options.data / VECTORS, vectors)
    there = torch.from_numpy(vectors).to(device)
    nearest, kept = chosen(options.data, there)
    np.savez(options.data / CHOSEN, nearest=nearest, kept=kept, others=others(options.data, there))
    print(f"{len(vectors):,} vectors; {int(kept.sum()):,} of {len(kept):,} real questions kept")


if __name__ == "__main__":
    main()
