"""ZIP archives, opened with limits: a few kilobytes may unpack to terabytes."""

from __future__ import annotations

import io
import zipfile

from lxml import etree

from engine.documents.pages import DocumentError

MOST_FILES = 20_000
MOST_BYTES = 400 << 20
"""Unpacked, of one file and of all that are read from an archive."""

_TOO_MUCH = ("ERR_ENTITY_LOOP", "ERR_RESOURCE_LIMIT")
"""Errors after which the parser gives up: entities that would expand to many times the file."""


class Package:
    """A ZIP archive in memory. Raises DocumentError if it is none, or holds too many files."""

    def __init__(self, data: bytes) -> None:
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise DocumentError("damaged", "") from error
        self.members = [info for info in self._archive.infolist() if not info.is_dir()]
        """All files, of which several may have one name."""
        self.names = [info.filename for info in self.members]
        self._left = MOST_BYTES
        if len(self.names) > MOST_FILES:
            raise DocumentError("too_big", "")

    def __contains__(self, name: str) -> bool:
        return name in self._archive.NameToInfo

    @property
    def is_encrypted(self) -> bool:
        """Return whether any file in the package is encrypted with a password."""
        return any(info.flag_bits & 1 for info in self._archive.infolist())

    def read(self, member: str | zipfile.ZipInfo) -> bytes:
        """Return a file's content; of several with one name that of the last. Raises DocumentError if it is damaged or
        too big."""
        try:
            info = self._archive.getinfo(member) if isinstance(member, str) else member
            with self._archive.open(info) as file:
                data = file.read(self._left + 1) if info.file_size <= self._left else None
        except Exception as error:  # KeyError, BadZipFile, zlib.error, RuntimeError and more: there is no common base
            raise DocumentError("damaged", "") from error
        if data is None or len(data) > self._left:
            raise DocumentError("too_big", "")
        self._left -= len(data)
        return data

    def xml(self, name: str) -> etree._Element:
        """Return the root of an XML file; nothing outside of it is loaded, entities stay as they are."""
        return parsed_xml(self.read(name))


def parsed_xml(data: bytes) -> etree._Element:
    """Return the root of an XML document. Raises DocumentError if it is none."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DocumentError("damaged", "") from error
    if any(error.type_name in _TOO_MUCH for error in parser.error_log):
        raise DocumentError("too_big", "")  # the rest of the text is lost
    if root is None:
        raise DocumentError("damaged", "")
    return root
