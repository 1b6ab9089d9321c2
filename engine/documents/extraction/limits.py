"""Limits of an extractor process: time, memory, size, with the reason for each.

Nearly all files stay far under these. They are there for the file that would otherwise take the machine.
"""

from __future__ import annotations

from engine.documents.pages import DocumentKind

OPEN_SECONDS = 60.0
"""Seconds to start a process and open a file in it. A 2,046-page manual takes 2 s; a slow disk or a busy
machine takes far more."""

PAGE_SECONDS = 20.0
"""Seconds for one page, both readers together. PDFium needs 3 ms for an ordinary page, pypdf 50 ms."""

READER_SECONDS = PAGE_SECONDS / 2
"""Seconds for one reader on one page, so that the second reader always has its turn."""

RECOGNITION_SECONDS = 90.0
"""Seconds for text recognition of one page: it takes 4 s, on a busy machine ten times as long."""

RECOGNITION_SECONDS_A_PAGE = 20.0
"""Seconds added to the allowed waiting time of a reading for each recognised page."""

DOCUMENT_SECONDS = 60.0
SECONDS_A_PAGE = 1.0
"""All the time that a reading may wait for pages: 60 s and 1 s a page. It ends a file whose every page takes 20 s;
pypdf alone, the slow reader, needs a twentieth of it."""

PROCESS_BYTES = 1 << 30
"""Memory limit of one extractor, in bytes. Ordinary files take a tenth; a decompression bomb takes all memory."""

MEMORY_LOOK_SECONDS = 0.05
"""Seconds between checks of a process' resident size: a flate bomb grows by about 1 GB/s and is caught 50 MB late."""

PAGE_CHARACTERS = 2_000_000
"""Most characters on one page: 600 times a full page of print. More is a dump on one endless page, or an attack."""

LINE_BYTES = 16 << 20
"""Most bytes of one message from an extractor: the longest page at 4 bytes a character, with room to spare."""

STDERR_BYTES = 4096
"""Bytes kept of an extractor's stderr, the newest."""

READ_AHEAD_PAGES = 256
READ_AHEAD_BYTES = 8_000_000
"""Pages buffered for one extractor before it has to wait for the consumer. 256 ordinary pages are 1 MB."""

RANGE_PAGES = 64
"""Pages one extractor reads in a row before the next range is another's: so short that all of them work from the start,
so long that a range is worth its message."""

PROCESS_PAGES = 1024
"""Pages after which an extractor is replaced by a fresh one, because both readers keep what they have parsed."""

PROCESSES = 4
"""Most extractors at a time: each may take a gibibyte, and two outrun any prefill."""

KILLS = 12
"""Extractors killed from outside, without a page in between, before the file is blamed: a system short of memory kills
several in a row, and a file that drives it there is not tried for ever."""

MAX_PAGES = 100_000
"""Most pages in one PDF: pypdf's own limit on a page tree."""

MAX_BYTES: dict[DocumentKind, int] = {"pdf": (4 << 30) - 1, "text": 64 << 30, "office": 1 << 30}
"""Largest file of each kind, in bytes. PDFium's file access counts in 32 bits on Windows. A text is streamed, so its
limit only stops a file that would take weeks to read. An office file is unpacked in memory."""

OUTLINE_ENTRIES = 20_000
TITLE_CHARACTERS = 300
"""Most entries of an outline and characters of a title: above any manual's, within one message."""

# pypdf's own limits, tighter than its defaults, because a page costs several times its stream in Python objects.
STREAM_OUTPUT_BYTES = 32_000_000
"""Bytes of one decoded stream; pypdf's default is 75 MB."""
DECODING_WORK_BYTES = 96_000_000
"""Bytes decoded over all filters of one stream: three times the output, for chained filters."""
PARSING_WORK = 1_000_000
"""Operands and operators of one content stream: half of pypdf's default, which takes it about 6 s."""
FORM_INVOCATIONS = 1_000
"""Form XObjects drawn on one page. Nested forms multiply; pypdf takes about 1 s for a thousand."""
