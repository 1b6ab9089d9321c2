"""Readthrough: reads long documents through, once, on your own machine. `main.py --help` lists what it does."""

from __future__ import annotations

import sys


def main() -> int:
    from engine.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
