"""The process that tries a tokenizer: 20 seconds of processor time and 768 MB, then it ends.

Reads a tokenizer.json on stdin, writes {"error": sentence or ""} on stdout.
"""

from __future__ import annotations

import json
import os
import sys

from engine.limits import limit_this_process

SECONDS, BYTES = 20, 768 << 20
MOST_TOKENS = 6
"""Most tokens for a byte of a sample."""
SAMPLES = (
    "The pump P-17 was repaired on 3 March 2024; the cost was 12,400.50 EUR (see page 7).\n" * 20,
    "a" * 2000,
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!" * 60,
    " " * 2000 + "x",
    "\n" * 2000,
    "1234567890" * 200,
    "Größe naïve Œuvre Straße ﬁn ½ Å " * 40,
    "漢字かな交じり文。Привет мир! مرحبا بالعالم 😀 " * 40,
    "".join(map(chr, range(1, 0x300))),
    "'\"<>|[]{}()*+?.\\^$_-=&%#@!;:,/`~" * 60,
)


def main() -> None:
    """Try one tokenizer."""
    text = sys.stdin.buffer.read().decode("utf-8", "replace")
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["RAYON_NUM_THREADS"] = "1"
    import tokenizers

    limit_this_process(SECONDS, BYTES)
    sys.stdout.write(json.dumps({"error": _fault(tokenizers, text)}))


def _fault(tokenizers: object, text: str) -> str:
    """Return what is wrong with a tokenizer, as a sentence without its subject; "" if nothing is."""
    try:
        fast = tokenizers.Tokenizer.from_str(text)  # type: ignore[attr-defined]
        fast.no_truncation()
        fast.no_padding()
        for sample in SAMPLES:
            for mode in (True, False):
                fast.encode_special_tokens = mode
                ids = fast.encode(sample, add_special_tokens=False).ids
                size = len(sample.encode())
                if len(ids) > MOST_TOKENS * size + 64:
                    return f"it makes {len(ids):,} tokens of {size:,} bytes of text"
                if len(fast.decode(ids)) > 64 * size:
                    return "its decoder expands texts"
        fast.encode("", add_special_tokens=True)
    except MemoryError:
        return "it needs more than 768 MB to encode a page"
    except BaseException as error:  # the library raises nothing more particular, and panics
        return f"{type(error).__name__}: {error}"[:300]
    return ""


if __name__ == "__main__":
    main()
