"""The process that renders a chat template which is not simple: a second of processor time, 256 MB, then it ends.

Reads {"template", "messages", "special_tokens"} as JSON on stdin, writes {"text"} or {"error"} on stdout.
"""

from __future__ import annotations

import json
import sys

from engine.limits import limit_this_process
from engine.prompting.template_rendering import rendered

SECONDS, BYTES = 1, 256 << 20
LONGEST = 1 << 20
"""Most characters of a rendered prompt."""


def main() -> None:
    """Render one template."""
    wish = json.loads(sys.stdin.buffer.read())
    limit_this_process(SECONDS, BYTES)
    try:
        text = rendered(wish["template"], wish["messages"], wish["special_tokens"])
        answer = {"text": text} if len(text) <= LONGEST else {"error": "its chat template gives too long a text"}
    except ValueError as error:
        answer = {"error": str(error)[:500]}
    except MemoryError:
        answer = {"error": "its chat template needs too much memory"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
