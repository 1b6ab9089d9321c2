"""Comments in the margin of office files: counted, so that they are told as left out."""

from __future__ import annotations

import re
from collections.abc import Collection

from lxml import etree

from engine.documents.formats.office.package import Package


def comments_note(package: Package, files: re.Pattern[str], tags: Collection[str]) -> str:
    """Return the note on comments, "" without any: elements called `tags` in the files whose names match `files`."""
    count = sum(
        etree.QName(element).localname in tags
        for name in package.names
        if files.fullmatch(name)
        for element in package.xml(name).iter("*")
    )
    return f"{count} comment{'' if count == 1 else 's'} in the margin not read" if count else ""
