"""What the tests of several commands use."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CORPUS = ROOT.parent / "shared" / "corpus"


def is_one_error_line(err: str) -> bool:
    last = err.strip().splitlines()
    return len([line for line in last if line.startswith("error: ")]) == 1 and "Traceback" not in err


def library_file(tmp_path: Path) -> Path:
    return tmp_path / "library.db"
