"""A model whose tokenizer has no chat template and no first token reads, answers and goes on like any other."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.protocol import wire
from engine.protocol.wire import Ask, Read
from engine.session.session import open_session
from tests.engine.running import run


def test_a_prompt_without_a_beginning_is_read_like_any_other(tiny_folder: Path, tmp_path: Path, file: Path) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "model")
    (folder / "tokenizer_config.json").unlink()
    with open_session(folder, tmp_path / "library.db", "cpu", "fp32") as session:
        for command in (
            Read(job_id="r", path=str(file)),
            Ask(job_id="a", path=str(file), question="What was seen?"),
        ):
            assert isinstance(run(session, command)[-1], wire.JobFinished)
        assert session.runtime.tokenizer.document_prefix == []
        with file.open("a") as opened:
            opened.write("The valve was replaced.\n" * 200)
        events = run(session, Read(job_id="g", path=str(file)))
        assert isinstance(events[-1], wire.JobFinished)
        (resumed,) = [event for event in events if isinstance(event, wire.ReadingResumed)]
        assert resumed.tokens > 0
