"""Clients of OpenAI's API that nobody here wrote: the openai package, llm, and curl in a shell script."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine.service.conftest import PUMP, SIGNED, TOKEN, Service
from tests.engine.tiny import write_texts

MODEL = "readthrough/works.txt"
WHEN = "When was the pump replaced?"


@pytest.fixture
def client(service: Service) -> Any:
    openai = pytest.importorskip("openai", reason="needs the openai package")
    with openai.OpenAI(base_url=f"{service.url}/v1", api_key=TOKEN, max_retries=0) as opened:
        yield opened


def asked(client: Any, *questions: str, **options: Any) -> Any:
    messages = [{"role": "user", "content": question} for question in questions]
    return client.chat.completions.create(**{"model": MODEL, "messages": messages, **options})


def test_models_are_the_checkpoint_and_the_documents(client: Any) -> None:
    names = [model.id for model in client.models.list()]
    assert names[0] == "tiny" and MODEL in names
    assert client.models.retrieve(MODEL).id == MODEL


def test_an_answer_carries_its_page_and_its_sentence(client: Any) -> None:
    reply = asked(client, WHEN)
    text = reply.choices[0].message.content
    assert PUMP in text and "page 1" in text
    (answer,) = reply.model_extra["readthrough"]
    assert answer["found"] and answer["citations"][0]["page"] == 1 and answer["citations"][0]["text"] == PUMP
    assert answer["pages"] == [1] and answer["turn"] > 0


def test_a_streamed_answer_is_the_whole_answer(client: Any) -> None:
    chunks = list(asked(client, "Who signed the protocol?", stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert SIGNED in text and "page 2" in text
    assert chunks[-1].choices[0].finish_reason == "stop"
    (answer,) = chunks[-1].model_extra["readthrough"]
    assert answer["citations"][0]["page"] == 2


def test_a_document_is_named_in_metadata(client: Any) -> None:
    for name in ("works.txt", "1"):
        reply = asked(client, WHEN, model="tiny", metadata={"document": name})
        assert PUMP in reply.choices[0].message.content
    both = asked(client, WHEN, model="tiny", metadata={"documents": "1, works"})
    assert len(both.model_extra["readthrough"]) == 2


def test_a_collection_is_asked_by_its_name(client: Any, service: Service, tmp_path: Path) -> None:
    from engine.protocol.commands import ReadFolder

    folder = tmp_path / "bridges"
    folder.mkdir()
    write_texts(folder / "old.txt", ["The bridge at Otley was closed on 4 May 1998 for repairs of its arches."])
    write_texts(folder / "new.txt", ["Mrs Quill opened the swimming pool in Leeds and gave a speech about it."])

    async def read() -> None:
        async for _ in service.operations.worker.events(ReadFolder(path=str(folder), collection="bridges")):
            pass

    service.run(read())
    assert "readthrough-collection/bridges" in [model.id for model in client.models.list()]
    for name in ({"model": "readthrough-collection/bridges"}, {"model": "tiny", "metadata": {"collection": "bridges"}}):
        reply = asked(client, "When was the bridge at Otley closed?", **name)
        assert "4 May 1998" in reply.choices[0].message.content
        (answer,) = reply.model_extra["readthrough"]
        (document,) = [each for each in client.models.list() if each.id == "readthrough/old.txt"]
        assert document and answer["document"] is None and answer["citations"][0]["page"] == 1
        number = answer["citations"][0]["document"]
        assert asked(client, "When?", model=f"readthrough/{number}").model_extra["readthrough"][0]["document"] == number


def test_a_follow_up_is_asked_of_the_same_conversation(client: Any, service: Service) -> None:
    first = asked(client, WHEN)
    messages = [
        {"role": "user", "content": WHEN},
        {"role": "assistant", "content": first.choices[0].message.content},
        {"role": "user", "content": "Why was it replaced?"},
    ]
    reply = client.chat.completions.create(model=MODEL, messages=messages)
    turn = reply.model_extra["readthrough"][0]["turn"]
    from engine.library.library import Library

    with Library.open(service.library, read_only=True) as library:
        asked_before = [each.question for each in library.turns.path(turn)]
    assert asked_before == [WHEN, "Why was it replaced?"]


def test_errors_are_the_clients_own_kinds(client: Any, service: Service) -> None:
    import openai

    with pytest.raises(openai.NotFoundError, match="no document"):
        asked(client, WHEN, model="readthrough/unknown.pdf")
    with pytest.raises(openai.BadRequestError, match="name a document"):
        asked(client, WHEN, model="tiny")
    with pytest.raises(openai.BadRequestError, match="one answer"):
        asked(client, WHEN, n=2)
    with (
        openai.OpenAI(base_url=f"{service.url}/v1", api_key="wrong", max_retries=0) as other,
        pytest.raises(openai.AuthenticationError),
    ):
        other.models.list()


def test_llm_answers_from_a_document(service: Service, tmp_path: Path) -> None:
    pytest.importorskip("llm", reason="needs the llm package")
    (tmp_path / "extra-openai-models.yaml").write_text(
        f"- model_id: works\n  model_name: {MODEL}\n  api_base: {service.url}/v1\n  api_key_name: readthrough\n"
    )
    (tmp_path / "keys.json").write_text(json.dumps({"readthrough": TOKEN}))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "llm", "-m", "works", WHEN],
        env={**os.environ, "LLM_USER_PATH": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert PUMP in done.stdout and "page 1" in done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_a_shell_script_answers_from_a_document(service: Service) -> None:
    script = """
set -eu
ask() { curl --silent --show-error --fail -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' "$@"; }
ask "$URL/ask" -d '{"document": "works.txt", "question": "When was the pump replaced?"}'
"""
    environment = {**os.environ, "URL": service.url, "TOKEN": TOKEN}
    done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=True)
    answer = json.loads(done.stdout)
    assert answer["text"].startswith(f"“{PUMP}”")
    assert answer["citations"][0]["page"] == 1 and answer["source"].startswith("Source: page 1")
