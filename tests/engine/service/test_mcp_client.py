"""`readthrough mcp` over stdin and stdout, driven by the protocol's own client library."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from engine.library.library import Library
from tests.engine.service.conftest import PUMP
from tests.engine.tiny import write_texts

pytest.importorskip("mcp", reason="needs the extra [serve]")
anyio = pytest.importorskip("anyio")
MAIN = Path(__file__).resolve().parents[3] / "main.py"


def in_session(folder: Path, library: Path, steps: Any) -> Any:
    """Return what `steps(client)` returns, with a client of a new server."""
    from mcp.client import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client

    arguments = [str(MAIN), "mcp", "--model", str(folder), "--library", str(library), "--device", "cpu"]
    server = StdioServerParameters(command=sys.executable, args=["-W", "ignore", *arguments])

    async def main() -> Any:
        async with Client(stdio_client(server)) as client:
            return await steps(client)

    return anyio.run(main)


def test_the_tools_give_evidence(marked_folder: Path, tmp_path: Path) -> None:
    file = write_texts(tmp_path / "works.txt", [PUMP, "Mr Adams signed the protocol."])
    library = tmp_path / "library.db"
    seen: dict[str, Any] = {}
    progress: list[float] = []

    async def noted(done: float, total: float | None, message: str | None) -> None:
        progress.append(done)

    async def steps(client: Any) -> None:
        seen["tools"] = {tool.name: tool for tool in (await client.list_tools()).tools}

        async def call(name: str, **arguments: Any) -> Any:
            return await client.call_tool(name, arguments)

        seen["empty"] = await call("documents")
        seen["read"] = await client.call_tool("read", {"path": str(file)}, progress_callback=noted)
        for name, arguments in {
            "documents": {},
            "ask": {"question": "When was the pump replaced?"},
            "summary": {"length": "paragraph"},
            "digest": {},
            "table": {},
            "pages": {"first": 2, "last": 2},
        }.items():
            seen[name] = await call(name, **({"document": 1} if name != "documents" else {}), **arguments)
        seen["unknown"] = await call("ask", document="nothing.pdf", question="What?")
        seen["wrong"] = await call("ask", document=1)
        seen["resources"] = await client.list_resources()
        seen["page"] = await client.read_resource("readthrough://documents/1/pages/1")
        try:
            Library.open(library).close()
        except Exception as error:
            seen["locked"] = str(error)

    in_session(marked_folder, library, steps)
    assert set(seen["tools"]) == {"documents", "read", "ask", "summary", "digest", "table", "pages"}
    assert seen["empty"].structured_content == {"documents": []}
    assert seen["read"].structured_content["document"]["number"] == 1 and progress
    answer = seen["ask"].structured_content
    assert answer["found"] and answer["citations"][0]["page"] == 1 and answer["citations"][0]["text"] == PUMP
    assert PUMP in seen["ask"].content[0].text and "page 1" in seen["ask"].content[0].text
    for name in ("summary", "digest"):
        lines = seen[name].structured_content["lines"]
        assert lines and any(line["pages"] for line in lines)
    rows = {(row["kind"], row["text"]): row["pages"] for row in seen["table"].structured_content["rows"]}
    assert rows["date", "12 March 2024"] == [1]
    assert [page["number"] for page in seen["pages"].structured_content["pages"]] == [2]
    assert seen["unknown"].is_error and "no document" in seen["unknown"].content[0].text
    assert seen["wrong"].is_error and "question" in seen["wrong"].content[0].text
    assert str(seen["resources"].resources[0].uri) == "readthrough://documents/1"
    assert PUMP in seen["page"].contents[0].text
    assert "Another Readthrough" in seen["locked"]
    Library.open(library).close()  # the server has let go of it


@pytest.mark.slow
def test_a_library_that_another_program_writes_is_named(marked_folder: Path, tmp_path: Path, file: Path) -> None:
    with Library.open(tmp_path / "library.db") as library:

        async def steps(client: Any) -> Any:
            return await client.call_tool("read", {"path": str(file)})

        result = in_session(marked_folder, library.path, steps)
    assert result.is_error and "Another Readthrough" in result.content[0].text
