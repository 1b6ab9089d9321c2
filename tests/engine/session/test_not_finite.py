"""A model whose numbers are not finite is one sentence, and nothing that it computed is saved."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.protocol import wire
from engine.protocol.wire import Ask, Read, Summarize
from engine.session.session import open_session
from tests.engine.running import read_document, run
from tests.engine.tiny import write_pages


@pytest.mark.parametrize(("tensor", "value"), [("A_log", "nan"), ("in_proj.weight", "inf"), ("norm_f.weight", "nan")])
def test_damaged_weights_are_one_sentence_and_no_state(tiny_folder: Path, tmp_path: Path, tensor, value) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    tensors = load_file(folder / "model.safetensors")
    for name in tensors:
        if name.endswith(tensor):
            tensors[name] = torch.full_like(tensors[name], float(value))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    file = write_pages(tmp_path / "log.txt", 2)
    with open_session(folder, tmp_path / "library.db", "cpu", "fp32") as session:
        commands = [
            Read(job_id="r", path=str(file)),
            Ask(job_id="a", path=str(file), question="Which gauge?"),
            Summarize(job_id="s", path=str(file)),
        ]
        ends = [run(session, command)[-1] for command in commands]
        for end in ends[1:] if tensor == "norm_f.weight" else ends:
            assert isinstance(end, wire.JobFailed), end
            assert (end.kind, "not a number" in end.message) == ("known", True)
        if tensor != "norm_f.weight":  # which takes no part in a state
            assert session.library.snapshots.all() == []


def test_a_stored_state_that_is_not_finite_is_dropped(session, file) -> None:
    first = read_document(session, file)
    library = session.library
    with library._db.write() as conn:
        from engine.library import snapshots
        from engine.network.state import MambaState

        for row in library.snapshots.all():
            state = MambaState.from_bytes(bytes(library.snapshots.load(row.id)))
            state.ssm[0] = float("nan")
            prefix = library.snapshots.prefix(row.id)
            data = state.to_bytes()
            conn.execute(
                "UPDATE snapshots SET size = ?, checksum = ? WHERE id = ?",
                [len(data), snapshots._checksum(prefix.hash, data), row.id],
            )
            conn.execute("UPDATE snapshot_blobs SET data = ? WHERE snapshot = ?", [data, row.id])
    assert read_document(session, file).tokens == first.tokens
    for row in library.snapshots.all():
        state = MambaState.from_bytes(bytes(library.snapshots.load(row.id)))
        assert torch.isfinite(state.ssm).all()
