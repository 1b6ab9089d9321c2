"""The settings that have choices: title and choices of each, in one table. Values are the protocol's own words."""

from __future__ import annotations

from dataclasses import dataclass

from app.style.translation import mark
from engine.protocol.vocabulary import DEVICES, LENGTHS, METHODS, PRECISIONS

QUOTAS = (1, 2, 4, 8, 16, 32, 64, 128)
"""Gigabytes."""
TEXT_SIZES = (9, 10, 11, 12, 13, 14, 16, 18, 20)
"""Points."""
LANGUAGES = ("", "en", "de")

LENGTH_TITLES: dict[str, str] = {"paragraph": mark("Short"), "page": mark("Full"), "outline": mark("Outline")}
METHOD_TITLES = {
    "auto": mark("Automatic"),
    "state": mark("From the whole document"),
    "sections": mark("Section by section"),
    "selection": mark("Key sentences, quoted"),
}
_DEVICE_TITLES = {"auto": mark("Automatic"), "cpu": mark("CPU"), "cuda": mark("NVIDIA GPU")}
_PRECISION_TITLES = {
    "auto": mark("Automatic"),
    "fp32": mark("32-bit (full)"),
    "bf16": mark("16-bit (half the memory)"),
    "int8": mark("8-bit (a quarter of the memory)"),
    "int4": mark("4-bit (an eighth of the memory)"),
    "fp8": mark("8-bit floats (NVIDIA H100 or newer)"),
}


@dataclass(frozen=True)
class Option:
    """A setting with choices. `title` and the choices' titles are translated where they are shown."""

    name: str
    """Field of Settings."""
    title: str
    choices: tuple[tuple[object, str], ...]
    """(value, title)"""

    @property
    def values(self) -> tuple[object, ...]:
        return tuple(value for value, _ in self.choices)


OPTIONS: dict[str, Option] = {
    option.name: option
    for option in (
        Option(
            "on_open",
            mark("When a document is opened"),
            (
                ("summarize", mark("Read and summarise")),
                ("read", mark("Read only")),
                ("wait", mark("Do nothing")),
            ),
        ),
        Option("summary_method", mark("Summary method"), tuple((name, METHOD_TITLES[name]) for name in METHODS)),
        Option("summary_length", mark("Summary length"), tuple((name, LENGTH_TITLES[name]) for name in LENGTHS)),
        Option("device", mark("Run on"), tuple((name, _DEVICE_TITLES[name]) for name in DEVICES)),
        Option("precision", mark("Precision"), tuple((name, _PRECISION_TITLES[name]) for name in PRECISIONS)),
        Option("quota_gb", mark("Cache limit"), tuple((size, f"{size} GB") for size in QUOTAS)),
        Option(
            "theme",
            mark("Theme"),
            (
                ("system", mark("Match system")),
                ("light", mark("Light")),
                ("dark", mark("Dark")),
                ("contrast_light", mark("High contrast, light")),
                ("contrast_dark", mark("High contrast, dark")),
            ),
        ),
        Option(
            "text_size",
            mark("Text size"),
            ((0, mark("Match system")), *((size, f"{size} pt") for size in TEXT_SIZES)),
        ),
        Option(
            "language",
            mark("Language"),
            (("", mark("Match system")), ("en", "English"), ("de", "Deutsch")),
        ),
    )
}
