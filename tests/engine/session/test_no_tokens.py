"""A text of which the model's tokenizer makes no tokens is refused with a sentence that says so."""

from __future__ import annotations

from engine.protocol import wire
from engine.protocol.wire import Read
from engine.reading import page_feed
from tests.engine.running import run


def test_a_text_without_tokens_is_refused_for_its_reason(session, file, monkeypatch) -> None:
    monkeypatch.setattr(page_feed, "tokenize_page", lambda tokenizer, text: page_feed.array("I"))
    failed = run(session, Read(job_id="r", path=str(file)))[-1]
    assert isinstance(failed, wire.JobFailed)
    assert (failed.kind, failed.reason) == ("known", "no_text")
    assert "no tokens" in failed.message and "in full" not in failed.message
    assert session.library.documents.all() == []
