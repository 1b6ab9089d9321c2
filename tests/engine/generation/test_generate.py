"""Generation: every token is consumed once, texts end when they should, and streamed text is never broken."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.generation.generate import SequenceEnded, SequenceToken, decode, decode_batch, prefill, prefill_batch
from engine.generation.sampling import GenerationError, Sampling
from engine.generation.stopping import closes_a_loop
from engine.generation.text_stream import TextStream
from engine.network.model import FalconMamba
from engine.network.state import MambaState
from engine.network.weights import load_model
from tests.engine.conftest import ByteTokenizer

PROMPT = [5, 6, 7, 8, 9, 10, 11]
NO_LOOP_RULE = Sampling(loop_tokens=0)


@pytest.fixture(scope="module")
def model(checkpoints: dict[str, Path]) -> FalconMamba:
    return load_model(checkpoints["falcon_mamba"])


def finish(generator: Generator[Any, None, Any]) -> tuple[list[Any], Any]:
    """All items of a generator and what it returned."""
    items = []
    while True:
        try:
            items.append(next(generator))
        except StopIteration as stop:
            return items, stop.value


def started(model: FalconMamba, prompt: list[int] = PROMPT) -> tuple[MambaState, torch.Tensor]:
    state = model.new_state()
    return state, model(torch.tensor([prompt]), state)


def near(one: MambaState, other: MambaState) -> bool:
    return torch.allclose(one.ssm, other.ssm, atol=1e-5) and torch.allclose(one.conv, other.conv, atol=1e-5)


@pytest.mark.parametrize("chunk", [1, 3, 7, 100])
def test_prefill_yields_consumed_tokens(model: FalconMamba, chunk: int):
    state = model.new_state()
    progress, logits = finish(prefill(model, state, PROMPT, chunk))
    expected_state, expected = started(model)
    assert progress == [min(n, len(PROMPT)) for n in range(chunk, len(PROMPT) + chunk, chunk)]
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)
    assert near(state, expected_state) and state.n_tokens.tolist() == [len(PROMPT)]


def test_cancelled_prefill(model: FalconMamba):
    state = model.new_state()
    progress, logits = finish(prefill(model, state, PROMPT, 2, cancelled=lambda: int(state.n_tokens) >= 4))
    assert (progress, logits, state.n_tokens.tolist()) == ([2, 4], None, [4])
    assert near(state, started(model, PROMPT[:4])[0])


def test_prefill_of_empty_prompt(model: FalconMamba):
    assert finish(prefill(model, model.new_state(), [], 4)) == ([], None)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(lengths=st.lists(st.integers(1, 12), min_size=1, max_size=5), chunk=st.integers(1, 13))
def test_prefill_batch_equals_single_texts(model: FalconMamba, lengths: list[int], chunk: int):
    texts = [list(range(3 + row, 3 + row + length)) for row, length in enumerate(lengths)]
    state = model.new_state(len(texts))
    progress, logits = finish(prefill_batch(model, state, texts, chunk))
    assert progress[-1] == sum(lengths)
    for row, text in enumerate(texts):
        alone, expected = started(model, text)
        torch.testing.assert_close(logits[row : row + 1], expected, rtol=1e-4, atol=1e-4)
        assert near(state.select([row]), alone)


def test_prefill_batch_needs_a_text_per_sequence(model: FalconMamba):
    for texts in ([[1]], [[1], []]):
        with pytest.raises(ValueError):
            next(prefill_batch(model, model.new_state(2), texts, 4))


def test_decode_state_at_every_item(model: FalconMamba):
    state, logits = started(model)
    yielded: list[int] = []
    for token in decode(model, state, logits, NO_LOOP_RULE, (), max_tokens=6):
        yielded.append(token)
        expected, _ = started(model, PROMPT + yielded)
        assert state.n_tokens.tolist() == expected.n_tokens.tolist()
        assert near(state, expected)


def test_decode_resumes_at_any_item(model: FalconMamba):
    state, logits = started(model)
    whole, reason = finish(decode(model, state, logits, NO_LOOP_RULE, (), 10))
    assert reason == "length" and len(whole) == 10
    state, logits = started(model)
    first = []
    for token in decode(model, state, logits, NO_LOOP_RULE, (), 10):
        first.append(token)
        if len(first) == 4:
            break
    # Going on needs logits: read the last token again, in a state that stopped before it.
    again, _ = started(model, PROMPT + first[:-1])
    logits = model(torch.tensor([first[-1:]]), again)
    assert near(again, state)
    rest, _ = finish(decode(model, again, logits, NO_LOOP_RULE, (), 6))
    assert first + rest == whole


def test_stop_token_is_not_consumed(model: FalconMamba):
    state, logits = started(model)
    free, _ = finish(decode(model, state, logits, NO_LOOP_RULE, (), 12))
    stop = next(token for token in free if token != free[0])
    before = free[: free.index(stop)]
    for stop_ids in ((stop,), (300, stop)):
        state, logits = started(model)
        tokens, reason = finish(decode(model, state, logits, NO_LOOP_RULE, stop_ids, 12))
        assert (tokens, reason) == (before, "stop")
        assert near(state, started(model, PROMPT + before)[0])


def test_decode_checks_cancel_before_every_token(model: FalconMamba):
    state, logits = started(model)
    tokens, reason = finish(
        decode(model, state, logits, NO_LOOP_RULE, (), 12, cancelled=lambda: int(state.n_tokens) >= len(PROMPT) + 3)
    )
    assert reason == "cancelled" and len(tokens) == 3


class Chant:
    """Stands in for a model: whatever it reads, it wants the next token of an endless refrain."""

    def __init__(self, refrain: Iterable[int]) -> None:
        self.refrain = list(refrain)
        self.consumed = 0

    def logits(self) -> torch.Tensor:
        return torch.nn.functional.one_hot(torch.tensor([self.refrain[self.consumed % len(self.refrain)]]), 60).float()

    def __call__(self, ids: torch.Tensor, state: Any) -> torch.Tensor:
        self.consumed += 1
        return self.logits()


@pytest.mark.parametrize("period", [1, 2, 5, 11, 20, 50])
def test_loop_ends_text(period: int):
    chant: Any = Chant(range(period))
    tokens, reason = finish(decode(chant, None, chant.logits(), Sampling(), (), 1000))  # type: ignore[arg-type]
    assert reason == "repetition"
    assert len(tokens) == chant.consumed == max(3, -(-32 // period)) * period - 1


@settings(max_examples=100)
@given(st.lists(st.integers(0, 3), max_size=90), st.integers(1, 64))
def test_loop_rule(history: list[int], longest: int):
    sampling = Sampling(longest_loop=longest)

    def looped(period: int) -> bool:
        span = max(3, -(-32 // period)) * period
        tail = history[-span:]
        return len(history) >= span and tail == tail[:period] * (span // period)

    assert closes_a_loop(history, sampling) == any(looped(n) for n in range(1, longest + 1))
    assert not closes_a_loop(history, NO_LOOP_RULE)


def test_table_is_not_a_loop():
    line = [1, 2, 3, 4]
    history: list[int] = []
    for number in range(20):
        history += [*line, 10 + number]
    assert not closes_a_loop(history, Sampling())


def test_seed_decides_text(model: FalconMamba):
    def text(seed: int) -> list[int]:
        state, logits = started(model)
        return finish(decode(model, state, logits, Sampling(temperature=1.5, seed=seed), (), 12))[0]

    assert text(1) == text(1)
    assert len({tuple(text(seed)) for seed in range(4)}) > 1


def test_top_p_keeps_at_least_argmax():
    chant: Any = Chant([0])
    logits = torch.full((1, 60), -20.0)
    logits[0, :3] = torch.tensor([3.0, 2.9, 0.0])
    chant.logits = lambda: logits
    sample = Sampling(temperature=1.0, top_p=0.9, seed=3, loop_tokens=0)
    seen, _ = finish(decode(chant, None, logits, sample, (), 200))  # type: ignore[arg-type]
    assert set(seen) == {0, 1}
    nearly_greedy = Sampling(temperature=1.0, top_p=1e-6, loop_tokens=0)
    assert set(finish(decode(chant, None, logits, nearly_greedy, (), 20))[0]) == {0}  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"temperature": -1}, {"top_p": 0}, {"top_p": 1.5}])
def test_invalid_sampling_is_refused(wrong: dict[str, float]):
    with pytest.raises(ValueError):
        Sampling(**wrong)  # type: ignore[arg-type]


def test_nan_logits_are_generation_error(model: FalconMamba):
    state, logits = started(model)
    with pytest.raises(GenerationError):
        next(decode(model, state, logits * float("nan"), Sampling(), (), 5))


@pytest.mark.parametrize("temperature", [0.0, 1.2])
def test_decode_batch_equals_single_texts(model: FalconMamba, temperature: float):
    prompts = [[row + 1, row + 2, 30 + row] for row in range(5)]
    state = model.new_state(5)
    _, logits = finish(prefill_batch(model, state, prompts, 8))
    alone = []
    for row, prompt in enumerate(prompts):
        row_state, row_logits = started(model, prompt)
        sampling = Sampling(temperature=temperature, seed=4 + row, loop_tokens=6)
        alone.append((*finish(decode(model, row_state, row_logits, sampling, STOPS, 14)), row_state))
    texts: dict[int, list[int]] = {row: [] for row in range(5)}
    ends: dict[int, str] = {}
    sampling = Sampling(temperature=temperature, seed=4, loop_tokens=6)
    for item in decode_batch(model, state, logits, sampling, STOPS, 14):
        assert item.index not in ends
        if isinstance(item, SequenceToken):
            texts[item.index].append(item.token)
        else:
            assert isinstance(item, SequenceEnded)
            ends[item.index] = item.reason
    for row, (tokens, reason, row_state) in enumerate(alone):
        assert (texts[row], ends[row]) == (tokens, reason)
        assert near(state.select([row]), row_state)
        assert state.n_tokens[row] == row_state.n_tokens[0]


# About a quarter of the vocabulary, so that rows end at different times.
STOPS = frozenset(range(0, 257, 4))


def test_closed_or_cancelled_batch_leaves_exact_states(model: FalconMamba):
    prompts = [[1, 2], [3, 4], [5, 6]]
    state = model.new_state(3)
    _, logits = finish(prefill_batch(model, state, prompts, 8))
    calls = iter([False, False, True])
    items = list(decode_batch(model, state, logits, NO_LOOP_RULE, (), 9, cancelled=lambda: next(calls)))
    assert [item.reason for item in items if isinstance(item, SequenceEnded)] == ["cancelled"] * 3
    for row, prompt in enumerate(prompts):
        tokens = [item.token for item in items if isinstance(item, SequenceToken) and item.index == row]
        assert len(tokens) == 2
        assert near(state.select([row]), started(model, prompt + tokens)[0])


def streamed(tokenizer: Any, ids: list[int]) -> list[str]:
    stream = TextStream(tokenizer)
    return [*(stream.add(token) for token in ids), stream.flush()]


TEXT = st.text(st.one_of(st.sampled_from(" \n.,é€😀漢字ab"), st.characters(exclude_categories=["Cs"])), max_size=40)


@settings(max_examples=200)
@given(text=TEXT)
def test_stream_pieces_join_to_text(text: str):
    tokenizer = ByteTokenizer()
    pieces = streamed(tokenizer, tokenizer.encode(text))
    assert "".join(pieces) == text
    if "\ufffd" not in text:
        assert not any("\ufffd" in piece for piece in pieces)


@settings(max_examples=200)
@given(ids=st.lists(st.integers(0, 256), max_size=40))
def test_stream_of_any_bytes(ids: list[int]):
    tokenizer = ByteTokenizer()
    assert "".join(streamed(tokenizer, ids)) == tokenizer.decode(ids)


def test_flush_returns_unfinished_character():
    assert streamed(ByteTokenizer(), list("a€".encode())[:-1]) == ["a", "", "", "\ufffd"]


CORPUS = [
    "The quick  brown fox jumps over 13 lazy dogs. ",
    "Größe, façade, 漢字 and 😀 in one line.\n\n - a list\n",
] * 20


def trained_tokenizer(kind: str) -> Any:
    """A small tokenizer of each family that Mamba checkpoints come with: byte-level BPE, and SentencePiece-like."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    if kind == "byte-level":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=330, initial_alphabet=alphabet, special_tokens=["<end>"])
        tokenizer.train_from_iterator(CORPUS, trainer)
    else:
        words = ["<unk>", "<end>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *"abdefijmnopstwx,", "▁a", "▁an"]
        vocab = {word: index for index, word in enumerate(words)}
        merges = [("▁", "a"), ("▁a", "n")]
        tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", byte_fallback=True))
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        tokenizer.decoder = decoders.Sequence(steps)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", clean_up_tokenization_spaces=False)


@pytest.mark.parametrize("kind", ["byte-level", "sentencepiece"])
def test_stream_of_real_tokenizers(kind: str):
    tokenizer = trained_tokenizer(kind)

    @settings(max_examples=60, deadline=None)
    @given(text=TEXT)
    def check(text: str) -> None:
        ids = tokenizer.encode(text, add_special_tokens=False)
        pieces = streamed(tokenizer, ids)
        assert "".join(pieces) == tokenizer.decode(ids, skip_special_tokens=True)
        if "\ufffd" not in text:
            assert not any("\ufffd" in piece for piece in pieces)

    check()
    sentence = " two  spaces,\n漢字 and 😀😀 "
    assert "".join(streamed(tokenizer, tokenizer.encode(sentence, add_special_tokens=False))) == sentence


def test_stream_skips_special_tokens():
    tokenizer = trained_tokenizer("byte-level")
    ids = tokenizer.encode("fox jumps", add_special_tokens=False)
    with_special = [ids[0], tokenizer.eos_token_id, *ids[1:], tokenizer.eos_token_id]

    class WithoutSpecial:
        def decode(self, ids):
            return tokenizer.decode(ids, skip_special_tokens=True)

    assert "".join(streamed(WithoutSpecial(), with_special)) == "fox jumps"
