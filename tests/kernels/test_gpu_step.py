"""One token of one row through a network in Triton against the reference, layer by layer and token after token."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from kernels.gpu.dot import place
from kernels.gpu.draft import DraftStep
from kernels.gpu.matvec import matvec_kernel
from kernels.gpu.overlap import overlaps
from kernels.gpu.programs import PROGRAMS, walk
from kernels.gpu.step import NetworkStep, argmax, readable
from kernels.quantisation import dequantise_ref, quantise_ref
from kernels.reference import causal_conv_update_ref, rms_norm_ref, selective_update_ref

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@dataclass
class Matrix:
    weight: Tensor
    scales: Tensor | None = None
    bias: Tensor | None = None

    def dense(self, dtype: torch.dtype) -> Tensor:
        return self.weight.to(dtype) if self.scales is None else dequantise_ref(self.weight, self.scales, dtype)


@dataclass
class Layer:
    norm: Tensor
    in_proj: Matrix
    conv: Tensor
    conv_bias: Tensor | None
    x_proj: Matrix
    dt_proj: Matrix
    dt_bias: Tensor
    A: Tensor
    D: Tensor
    out_proj: Matrix


@dataclass
class Network:
    layers: list[Layer]
    embeddings: Tensor
    norm_f: Tensor
    head: Matrix
    norm_eps: float = 1e-5
    mixer_norm_eps: float | None = 1e-6

    def step(self) -> NetworkStep:
        assert readable(self.layers, self.embeddings, self.head)
        parts = [getattr(self, field.name) for field in fields(self)]
        return NetworkStep(*parts, residual_in_fp32=True)

    def reference(self, token: int, conv: Tensor, ssm: Tensor, dtype: torch.dtype) -> Tensor:
        """Logits [vocab_size] with weights and activations in `dtype`; the state is advanced."""

        def cast(part: Tensor | None) -> Tensor | None:
            return None if part is None else part.to(dtype)

        residual = self.embeddings[token].float().clone()
        for index, l in enumerate(self.layers):
            hidden = rms_norm_ref(residual[None], cast(l.norm), self.norm_eps)
            x, z = F.linear(hidden, l.in_proj.dense(dtype), cast(l.in_proj.bias)).split(len(l.A), dim=-1)
            x = causal_conv_update_ref(x, l.conv.to(dtype), cast(l.conv_bias), conv[index][None])
            sizes = [l.dt_proj.weight.shape[1], l.A.shape[1], l.A.shape[1]]
            dt, B, C = F.linear(x, l.x_proj.dense(dtype)).split(sizes, dim=-1)
            if self.mixer_norm_eps is not None:
                dt, B, C = (rms_norm_ref(part, None, self.mixer_norm_eps) for part in (dt, B, C))
            dt = F.linear(dt, l.dt_proj.dense(dtype))
            y = selective_update_ref(x, dt, l.A, B, C, l.D, z, l.dt_bias, ssm[index][None])
            residual += F.linear(y, l.out_proj.dense(dtype), cast(l.out_proj.bias))[0]
        hidden = rms_norm_ref(residual, cast(self.norm_f), self.norm_eps)
        return F.linear(hidden, self.head.dense(dtype)).float()


def network(
    n_layers: int, d_model: int, d_inner: int, d_state: int, d_conv: int, rank: int, vocab: int, bits: int | str | None,
    biases: bool, norms: bool, dtype: torch.dtype,
) -> Network:  # fmt: skip
    """Weights drawn so that nothing vanishes or explodes over tokens; `bits` as the engine keeps them."""
    rng = torch.Generator().manual_seed(d_model)

    def randn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng).to(DEVICE)

    def matrix(rows: int, columns: int, bias: bool = False, kept: int | str | None = 8) -> Matrix:
        weight = (randn(rows, columns) / columns**0.5).to(dtype)
        extra = randn(rows).to(dtype) if bias else None
        if bits is None or (bits == "fp8" and kept != bits):
            return Matrix(weight, None, extra)
        return Matrix(*quantise_ref(weight, kept or 8), extra)

    layers = [
        Layer(
            norm=randn(d_model).to(dtype),
            in_proj=matrix(2 * d_inner, d_model, biases, bits),
            conv=randn(d_inner, d_conv).to(dtype),
            conv_bias=randn(d_inner).to(dtype) if biases else None,
            x_proj=matrix(rank + 2 * d_state, d_inner),
            dt_proj=matrix(d_inner, rank),
            dt_bias=randn(d_inner) - 2,
            A=-torch.exp(2 * randn(d_inner, d_state)),
            D=randn(d_inner),
            out_proj=matrix(d_model, d_inner, biases, bits),
        )
        for _ in range(n_layers)
    ]
    ends = randn(vocab, d_model).to(dtype), randn(d_model).to(dtype), matrix(vocab, d_model)
    return Network(layers, *ends, mixer_norm_eps=1e-6 if norms else None)


def distance(found: Tensor, expected: Tensor) -> float:
    return float((found.double() - expected.double()).norm() / expected.double().norm())


SHAPES = [
    pytest.param((2, 32, 64, 16, 4, 8, 42), True, False, id="falcon_mamba"),
    pytest.param((1, 96, 32, 5, 3, 12, 33), False, True, id="odd sizes, biases, no norms"),
    pytest.param((1, 768, 1536, 16, 4, 48, 64), True, False, id="130M", marks=pytest.mark.slow),
    pytest.param((2, 4096, 8192, 16, 4, 256, 2048), True, False, id="7B", marks=pytest.mark.gpu),
]


def _slow_in_the_interpreter(dtype: torch.dtype, bits: int | str | None, walks: bool) -> Any:
    return pytest.param(dtype, bits, walks, marks=() if DEVICE == "cuda" else pytest.mark.slow)


def _slow_kind(dtype: torch.dtype, bits: int | None) -> Any:
    return pytest.param(dtype, bits, marks=() if DEVICE == "cuda" else pytest.mark.slow)


KINDS = [
    (torch.float32, None, False),
    (torch.bfloat16, 8, False),
    (torch.float32, 4, True),
    _slow_in_the_interpreter(torch.bfloat16, "fp8", False),
    _slow_in_the_interpreter(torch.bfloat16, None, False),
    _slow_in_the_interpreter(torch.float32, 8, False),
    _slow_in_the_interpreter(torch.float32, 4, False),
    _slow_in_the_interpreter(torch.bfloat16, 4, False),
    _slow_in_the_interpreter(torch.bfloat16, 4, True),
]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("overlap", [False, pytest.param(True, marks=pytest.mark.gpu)])
@pytest.mark.parametrize(("dtype", "bits", "walks"), KINDS)
@pytest.mark.parametrize(("sizes", "norms", "biases"), SHAPES)
def test_gpu_step_equals_reference(
    sizes: tuple[Any, ...], norms: bool, biases: bool, dtype: torch.dtype, bits: int | str | None, walks: bool,
    overlap: bool, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """In bf16: as close to the same weights in fp32 as the reference is, which rounds in more places."""
    large = sizes[1] == 4096
    if DEVICE == "cpu" and (large or overlap):
        pytest.skip("the interpreter takes minutes, and launches one kernel at a time")
    if overlap and not overlaps(torch.device(DEVICE)):
        pytest.skip("launches cannot overlap on this GPU")
    if large and overlaps(torch.device(DEVICE)) and not overlap:
        pytest.skip("a large network is slow to draw: once will do")
    if not large:  # products of several rows a program and of one, as those of large weights are
        monkeypatch.setattr("kernels.gpu.programs.PROGRAMS", dict.fromkeys(PROGRAMS, (8, 4)))
        monkeypatch.setattr("kernels.gpu.programs.FP8_PROGRAMS", {False: (8, 4), True: (8, 4)})
        monkeypatch.setattr("kernels.gpu.programs.FEW", 41)
        monkeypatch.setattr("kernels.gpu.programs.FEW_ROWS", (1, 1))
        monkeypatch.setattr("kernels.gpu.programs.RESIDENT", 3)
    if not (large and walks):
        monkeypatch.setattr("kernels.gpu.programs.multiprocessors", lambda _: 1 if walks else 1_000_000)
    monkeypatch.setattr("kernels.gpu.step.overlaps", lambda _: overlap)
    ours = network(*sizes, bits, biases, norms, dtype)
    n_layers, _, d_inner, d_state, d_conv = sizes[:5]
    rng = torch.Generator().manual_seed(1)
    conv = torch.randn(n_layers, d_inner, d_conv - 1, generator=rng).to(DEVICE).to(dtype)
    ssm = torch.randn(n_layers, d_inner, d_state, generator=rng).to(DEVICE)
    addresses = torch.tensor([conv.data_ptr(), ssm.data_ptr()], device=DEVICE)
    rounded, exact = (conv.clone(), ssm.clone()), (conv.clone().float(), ssm.clone())
    step = ours.step()
    for token in (5, 31):
        logits = step(torch.tensor([token], device=DEVICE), addresses)
        other, truth = ours.reference(token, *rounded, dtype), ours.reference(token, *exact, torch.float32)
        assert logits.shape == (1, sizes[6]) and logits.dtype == torch.float32
        pairs = ((logits[0], other, truth), (conv, rounded[0], exact[0]), (ssm, rounded[1], exact[1]))
        for mine, near, right in pairs:
            worst = (3 if bits == "fp8" else 2) * distance(near, right) + (1e-4 if bits == 4 else 5e-5)
            if DEVICE == "cpu" and dtype == torch.bfloat16:  # the interpreter cuts off where a GPU rounds
                worst = max(worst, 0.03)
            assert distance(mine, right) <= worst


@pytest.mark.parametrize(
    ("dtype", "bits"),
    [
        (torch.bfloat16, 8), _slow_kind(torch.float32, None), _slow_kind(torch.bfloat16, None),
    ],
)  # fmt: skip
def test_draft_equals_single_steps(dtype: torch.dtype, bits: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logits and the state after each token, bit for bit."""
    monkeypatch.setattr("kernels.gpu.programs.PROGRAMS", dict.fromkeys(PROGRAMS, (8, 1)))
    monkeypatch.setattr("kernels.gpu.programs.FP8_PROGRAMS", {False: (8, 1), True: (8, 1)})
    monkeypatch.setattr("kernels.gpu.programs.FEW", 0)
    ours = network(1, 32, 64, 16, 4, 8, 42, bits, False, True, dtype)
    parts = [getattr(ours, field.name) for field in fields(ours)]
    step = DraftStep(*parts, residual_in_fp32=True)
    assert step.keeps_bits
    rng = torch.Generator().manual_seed(1)
    conv = torch.randn(1, 64, 3, generator=rng).to(DEVICE).to(dtype)
    ssm = torch.randn(1, 64, 16, generator=rng).to(DEVICE)
    before = conv.clone(), ssm.clone()
    addresses = torch.tensor([conv.data_ptr(), ssm.data_ptr()], device=DEVICE)
    kept = torch.zeros(3, *conv.shape, dtype=dtype, device=DEVICE), torch.zeros(3, *ssm.shape, device=DEVICE)
    tokens = torch.tensor([5, 31, 7], device=DEVICE)
    logits = step.check(tokens, addresses, *kept)
    assert torch.equal(conv, before[0]) and torch.equal(ssm, before[1])
    for index in range(3):
        expected = step(tokens[index : index + 1], addresses)[0]
        for found, right in ((logits[index], expected), (kept[0][index], conv), (kept[1][index], ssm)):
            assert torch.equal(found, right)


@pytest.mark.parametrize("bits", [4, "fp8"])
def test_no_drafts_where_sums_come_out_otherwise(bits: Any) -> None:
    ours = network(1, 32, 64, 16, 4, 8, 42, bits, False, True, torch.bfloat16)
    assert not DraftStep(*(getattr(ours, field.name) for field in fields(ours)), residual_in_fp32=True).keeps_bits


@pytest.mark.parametrize("strange", [float("nan"), float("inf")])
@pytest.mark.parametrize("bits", [8, 4])
def test_integer_matvec_keeps_nan_and_infinity(bits: int, strange: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernels.gpu.programs.FEW_ROWS", (4, 1))
    ours = network(1, 32, 64, 16, 4, 8, 42, bits, False, True, torch.bfloat16)
    ours.embeddings[3, 7] = strange
    conv = torch.zeros(1, 64, 3, dtype=torch.bfloat16, device=DEVICE)
    ssm = torch.zeros(1, 64, 16, device=DEVICE)
    addresses = torch.tensor([conv.data_ptr(), ssm.data_ptr()], device=DEVICE)
    logits = ours.step()(torch.tensor([3], device=DEVICE), addresses)
    assert not logits.isfinite().any()


@pytest.mark.parametrize("size", [96, 4096])
@pytest.mark.parametrize("bits", [8, 4])
def test_integer_matvec_is_more_exact_than_bf16(bits: int, size: int) -> None:
    rng = torch.Generator().manual_seed(0)
    weight, scales = quantise_ref(torch.randn(6, size, generator=rng) / size**0.5, bits)
    x = torch.randn(size, generator=rng).to(torch.bfloat16)
    expected = dequantise_ref(weight, scales, torch.float32).double() @ x.double()
    placed = torch.empty_like(x)
    placed[[int(place.fn(torch.tensor(k), 32 // bits, size)) for k in range(size)]] = x
    y = torch.zeros(6, device=DEVICE)
    matvec_kernel[(2,)](
        placed.to(DEVICE), None, weight.view(torch.int32).to(DEVICE), scales.to(DEVICE), None, None, None, None, 0, y,
        None, None, None, 6, 0, 1e-5, 0, SIZE=size, BLOCK=128 if size == 96 else size, ROWS=4, THREADS=128, BITS=bits,
        FP8=False, PARTS=0, PADDED_PARTS=1, TAPS=0, ORDER=1, OUT=6, OVERLAP=False, WALKS=False, INTEGERS=True,
        NATIVE=DEVICE == "cuda" and torch.version.hip is None, num_warps=4,
    )  # fmt: skip
    assert distance(y.cpu(), expected) < 2e-5


@pytest.mark.parametrize(
    ("rows", "size", "bits", "multiprocessors", "expected"),
    [
        pytest.param(16_384, 4096, 4, 132, (512, 4), id="7B's in_proj on an H200"),
        pytest.param(16_384, 4096, 4, 108, (410, 5), id="on an A100"),
        pytest.param(1536, 4096, 4, 132, (384, 0), id="a block for every program"),
        pytest.param(1020, 4096, 4, 8, (1020, 0), id="few rows"),
        pytest.param(16_384, 4096, 8, 132, (4096, 0), id="int8"),
        pytest.param(4096, 8192, 4, 16, (512, 0), id="long rows"),
    ],
)
def test_walk_covers_all_rows(
    rows: int, size: int, bits: int, multiprocessors: int, expected: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernels.gpu.programs.multiprocessors", lambda _: multiprocessors)
    kind = torch.uint8 if bits == 4 else torch.int8
    weight = torch.empty(rows, size * bits // 8, dtype=kind, device="meta")
    monkeypatch.setattr("kernels.gpu.programs.words", lambda _: (weight, bits, size))
    programs, turns = walk(Matrix(weight), torch.device(DEVICE))
    assert (programs, turns) == expected
    assert turns == 0 or programs * 2 * turns >= rows / PROGRAMS[bits, False][0] > 4 * multiprocessors >= programs


def test_vector_order_matches_weight_words() -> None:
    """The words of a quantised weight, taken apart, name the elements that `place` puts beside them."""
    size = 96
    at8 = [int(place.fn(torch.tensor(k), 4, size)) for k in range(size)]
    at4 = [int(place.fn(torch.tensor(k), 8, size)) for k in range(size)]
    assert sorted(at8) == sorted(at4) == list(range(size))
    for k in range(size):
        one = torch.zeros(1, size)
        one[0, k] = 1.0
        words = quantise_ref(one, 8)[0].view(torch.int32)[0]
        (word,) = words.nonzero()[0].tolist()
        byte = (int(words[word]).bit_length() - 1) // 8
        assert at8[k] == byte * (size // 4) + word
        levels = quantise_ref(-one, 4)[0].clone()
        levels = levels ^ quantise_ref(torch.zeros(1, size), 4)[0]  # what is not as a zero is
        word = int(levels.view(torch.int32)[0].nonzero()[0])
        nibble = (int(levels.view(torch.int32)[0, word]) & 0xFFFFFFFF).bit_length() - 1
        assert at4[k] == nibble // 4 * (size // 8) + word


def test_argmax_is_first_maximum() -> None:
    found = torch.empty(1, dtype=torch.int64, device=DEVICE)
    told = torch.empty(1, dtype=torch.int64, pin_memory=DEVICE == "cuda")
    for size, best in ((10, 3), (9000, 8999), (20_000, 8192)):
        logits = torch.randn(1, size, device=DEVICE)
        logits[0, best] = 50
        logits[0, best:] = logits[0, best:].clamp(max=50)
        logits[0, -1] = 50
        argmax(logits, found, told)
        assert int(found) == int(told) == best
    for strange in (float("nan"), float("inf"), -float("inf")):
        logits = torch.randn(1, 10, device=DEVICE)
        logits[0, 4] = strange
        argmax(logits, found, told)
        assert int(found) == int(told) == -1


def test_unreadable_weights_have_no_step() -> None:
    odd = network(1, 30, 64, 16, 4, 8, 40, 8, False, True, torch.float32)
    assert not readable(odd.layers, odd.embeddings, odd.head)
    half = network(1, 32, 64, 16, 4, 8, 40, None, False, True, torch.float16)
    assert not readable(half.layers, half.embeddings, half.head)


@pytest.mark.parametrize(
    ("device", "hip", "capability", "waits", "expected"),
    [
        pytest.param("cuda", None, (9, 0), True, True, id="Hopper"),
        pytest.param("cuda", None, (10, 0), True, True, id="Blackwell"),
        pytest.param("cuda", None, (8, 9), True, False, id="Ada"),
        pytest.param("cuda", "6.4", (9, 4), True, False, id="ROCm"),
        pytest.param("cuda", None, (9, 0), False, False, id="a Triton without it"),
        pytest.param("cpu", None, (9, 0), True, False, id="the interpreter"),
    ],
)
def test_overlap_needs_hopper(
    device: str, hip: str | None, capability: tuple[int, int], waits: bool, expected: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(torch.version, "hip", hip)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    monkeypatch.setattr("kernels.gpu.overlap.gdc_wait", object() if waits else None)
    assert overlaps(torch.device(device)) is expected


@pytest.mark.parametrize("overlap", [False, True])
def test_all_launches_but_first_overlap(overlap: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one reads a token that the one before it chose, so it begins after its end."""
    launches: list[tuple[str, Any, bool]] = []

    class Recorder:
        def __init__(self, name: str) -> None:
            self.name = name

        def __getitem__(self, grid: tuple[int, ...]) -> Any:
            return lambda *_, **given: launches.append(
                (self.name, given.get("OVERLAP"), given.get("launch_pdl", False))
            )

    for name in ("begin", "matvec", "step"):
        monkeypatch.setattr(f"kernels.gpu.step.{name}_kernel", Recorder(name))
    monkeypatch.setattr("kernels.gpu.step.overlaps", lambda _: overlap)
    network(2, 32, 64, 16, 4, 8, 42, None, False, True, torch.float32).step()(torch.zeros(1), torch.zeros(2))
    layer = ["matvec", "matvec", "step", "matvec"]
    assert [name for name, *_ in launches] == ["begin", *layer, *layer, "matvec"]
    assert all(given == overlap for _, given, _ in launches)
    assert [early for *_, early in launches] == [False] + [overlap] * 9
