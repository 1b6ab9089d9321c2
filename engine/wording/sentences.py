"""The command line's English: evidence, coverage and figures as sentences. Light."""

from __future__ import annotations

from collections.abc import Sequence

from engine.documents.folder import not_read
from engine.grounding.page_references import page_list, page_numbers
from engine.protocol.events import (
    FileRead,
    FolderRead,
    ModelLoaded,
    Notice,
    ReadingEstimated,
    ReadingFinished,
    StatesDropped,
)
from engine.protocol.evidence import Counted, Evidence, PageSpan, SummaryBasis
from engine.units import duration_text, size_text

SHORT_READING = 20.0
"""Seconds below which the expected duration of a reading is not told."""

RUNS_NAMED = 8
"""Runs of pages that a list names."""


def counted(number: int, one: str, more: str) -> str:
    """Return a number with its noun: `no pages`, `1 page`, `2,000 pages`."""
    return f"{number:,} {one if number == 1 else more}" if number else f"no {more}"


def page_span(first: int, last: int) -> str:
    """Return `page 3` or `pages 3–8`."""
    return f"page {first}" if first == last else f"pages {first}–{last}"


def model(event: ModelLoaded) -> str:
    """Return the line about the model and where it runs."""
    count = f"{event.parameters / 1e9:.1f}B" if event.parameters >= 1e9 else f"{event.parameters / 1e6:.1f}M"
    name = f"{event.name} (demo)" if event.demo and event.name != "demo" else event.name
    return f"model: {name}, {count} parameters, {event.dtype}, on the {'GPU' if event.device != 'cpu' else 'CPU'}"


def dropped(event: StatesDropped) -> str:
    """Return the sentence about saved states that were deleted to keep the quota."""
    states = counted(event.states, "old saved state", "old saved states")
    limit = size_text(event.quota_bytes)
    return f"the space limit of {limit} is reached; {states} ({size_text(event.n_bytes)}) deleted (see --quota)"


def notice(event: Notice) -> str:
    """Return the sentence of a notice."""
    match event.kind:
        case "demo_model":
            return (
                "the included models cannot write about a text of this kind, so summaries and answers quote its "
                "sentences; a larger model answers in its own words (see `readthrough models list`)."
            )
        case "file_replaced":
            return f"{event.detail} was truncated or replaced and is read from its start."
        case "rounded_checkpoint":
            return (
                "the reading resumed from a rounded checkpoint, so the document state differs slightly from that of an "
                "uninterrupted reading; to read the document again, first remove it from the library."
            )
        case "stored_decrypted":
            return (
                f"the text of {event.detail} is stored in the library without its password; "
                "`readthrough library remove` deletes it, and --no-store keeps it in memory only."
            )
        case "bad_command":
            return f"a line is not a valid command: {event.detail}"


def read_tokens(event: ReadingFinished) -> str:
    """Return how much of a document was read now, and whether it is long for the model."""
    new = event.tokens - event.tokens_reused
    if new <= 0:
        sentence = f"Up to date: all {event.tokens:,} tokens were read before."
    elif event.tokens_reused:
        sentence = f"{counted(new, 'new token', 'new tokens')} read of {event.tokens:,}."
    else:
        sentence = f"{event.tokens:,} tokens."
    if event.trained_context is not None and event.tokens > event.trained_context:
        times = event.tokens / event.trained_context
        sentence += f" Long for this model ({times:,.1f} times its trained context); details may be missed."
    return sentence


def source(evidence: Evidence) -> str:
    """Return the sentence that names the source of an answer, or says that there is none."""
    if evidence.kind != "records" and evidence.counted is not None:
        return _asked_documents(evidence.counted, answered=evidence.found)
    match evidence.kind:
        case "text":
            return evidence.text
        case "not_found":
            return evidence.text or _not_found(evidence)
        case "records" if evidence.counted is not None:
            return counted_coverage(evidence.counted)
        case "reread" if evidence.sentence is not None:
            return f"Source: page {evidence.sentence.page}. Checked on {page_list(evidence.reread_pages)}."
        case "reread":
            return f"Source: {page_list(evidence.reread_pages)}, checked again for this question."
        case "state" if evidence.sentence is None:
            which = "all" if evidence.complete and evidence.as_of_page is None else "the first"
            pages = f"{which} {evidence.last_page:,} pages" if evidence.last_page > 1 else "page 1"
            return f"Source: {pages}; no single page contains the answer."
    heading = f", “{evidence.heading}”" if evidence.heading else ""
    return f"Source: {page_span(evidence.first_page, evidence.last_page)}{heading}."


def _asked_documents(found: Counted, *, answered: bool) -> str:
    """Return which documents of a collection were asked, and the source of the answer."""
    asked = f"{found.documents:,} of {counted(found.documents_of, 'document', 'documents')} asked"
    if found.documents < found.documents_of:
        asked += ", those that match the question best"
    if not answered or not found.rows:
        return f"No answer found; {asked}."
    return f"Source: {found.rows[0].title}, page {found.rows[0].page}; {asked}."


def counted_coverage(found: Counted) -> str:
    """Return what a count has covered, and what it could not read."""
    if found.sections_of and found.sections == found.sections_of:
        parts = ["From the only section" if found.sections == 1 else f"From all {found.sections:,} sections"]
    elif found.sections_of:
        parts = [f"From {found.sections:,} of {counted(found.sections_of, 'section', 'sections')}"]
    else:
        parts = [f"From the {counted(found.sections, 'section', 'sections')} read so far"]
    if found.documents_of > 1:
        parts[0] += f" in {found.documents:,} of {found.documents_of:,} documents"
    if found.tables_unread:
        parts.append(f"{counted(found.tables_unread, 'table', 'tables')} could not be read in full")
    if found.pages_unread:
        parts.append(f"{counted(found.pages_unread, 'page', 'pages')} could not be read in full")
    return _ended("; ".join(parts) + ". Counted without a model")


def doubts(evidence: Evidence) -> list[str]:
    """Return what speaks against an answer, a sentence each."""
    found: list[str] = list(evidence.counted.notes) if evidence.counted is not None else []
    if evidence.unverified:
        found.append(f"Not found on those pages: {', '.join(evidence.unverified)}.")
    if evidence.contradicted:
        found.append("Another sentence says something else. Check the answer on its page.")
    elif evidence.doubtful:
        found.append("The model was unsure of this answer. Check it on its page.")
    if evidence.found and evidence.faded_to_page:
        found.append(faded(evidence.faded_to_page))
    if evidence.recognised_pages:
        certainty = f" with a certainty of {evidence.recognition:.0%}" if evidence.recognition is not None else ""
        pages = page_list(evidence.recognised_pages)
        found.append(f"Read by text recognition (OCR){certainty}: {pages}. Check the words on the page.")
    if evidence.end == "length":
        found.append("The answer was cut at the length limit.")
    elif evidence.end == "repetition":
        found.append("The answer was stopped because the model repeated itself.")
    return found


def faded(to_page: int) -> str:
    """Return the sentence about pages that have decayed from the document state."""
    pages = "Page 1 is" if to_page == 1 else f"Pages 1–{to_page} are"
    them = "it" if to_page == 1 else "them"
    return f"{pages} no longer in the model's memory; questions about {them} use saved sections."


def summary_basis(basis: SummaryBasis) -> str:
    """Return how a summary was made, the pages that it covers and what it leaves out, as sentences."""
    if basis.made_from == "text":
        return _ended(basis.text)
    parts = [_covered(basis), *_left_out(basis)]
    if basis.pages_without_text:
        parts.append(f"no text on {_first(basis.pages_without_text)}")
    if basis.unverified:
        parts.append(f"not found on any page: {', '.join(basis.unverified)}")
    return _ended("; ".join(parts))


def _covered(basis: SummaryBasis) -> str:
    if not basis.last_page:
        return "There was no section to summarise"
    pages = page_span(basis.first_page, basis.last_page)
    if basis.made_from == "state":
        return f"From the whole document, {pages}"
    made = "Key sentences of" if basis.made_from == "selection" else "From"
    sections = f"{made} {counted(basis.sections, 'section', 'sections')}, {pages}"
    merged = ["", ", merged once"][basis.merges] if basis.merges < 2 else f", merged in {basis.merges} steps"
    if basis.focus:
        return f"{sections}{merged}; {_mentioning(basis.sections_with_findings)} “{basis.focus}”"
    if basis.made_from == "selection":
        return f"{sections}, quoted"
    if basis.sections_with_findings == basis.sections:
        return sections + merged
    return f"{sections}{merged}; {basis.sections_with_findings or 'none'} with findings"


def _mentioning(sections: int) -> str:
    return "no section mentions" if not sections else f"{counted(sections, 'section mentions', 'sections mention')}"


def _left_out(basis: SummaryBasis) -> list[str]:
    """Return what a summary leaves out, and where the model was corrected or stopped."""
    parts: list[str] = []
    left = basis.findings - basis.findings_kept
    if left:
        parts.append(f"{left} of {basis.findings} findings {_is(left)} left out (the length “page” has them all)")
    if basis.joined:
        parts.append("too long to be merged into one text, so its parts follow each other")
    if basis.merges_rejected:
        groups = counted(basis.merges_rejected, "section group", "section groups")
        parts.append(f"{groups} could not be merged reliably and {_is(basis.merges_rejected)} shown unmerged")
    if basis.sections_cut:
        parts.append(f"{counted(basis.sections_cut, 'section summary', 'section summaries')} cut at the length limit")
    if basis.lines_corrected:
        parts.append(f"{counted(basis.lines_corrected, 'line', 'lines')} corrected from the page")
    if basis.lines_dropped:
        parts.append(f"{counted(basis.lines_dropped, 'unsupported line', 'unsupported lines')} removed")
    if basis.end == "repetition":
        parts.append("stopped because the model repeated itself")
    elif basis.end == "length":
        parts.append("cut at the length limit")
    return parts


def _not_found(evidence: Evidence) -> str:
    if evidence.absent:
        verb = "do not appear" if len(evidence.absent) > 1 else "does not appear"
        sentence = f"{' and '.join(evidence.absent)} {verb} in the document."
    elif evidence.sections_asked:
        of = f"{evidence.sections_asked:,} of {counted(evidence.sections, 'section', 'sections')}"
        sentence = f"No answer found in {of}."
    else:
        sentence = "No answer found."
    nearest = list(dict.fromkeys(map(_numbers, evidence.nearest)))
    closest = ", ".join(nearest)
    several = len(nearest) > 1 or any(span.first != span.last for span in evidence.nearest)
    return sentence + (f" Closest: {'pages' if several else 'page'} {closest}." if closest else "")


def _numbers(span: PageSpan) -> str:
    return str(span.first) if span.first == span.last else f"{span.first}–{span.last}"


def _first(pages: Sequence[int]) -> str:
    """Return a list of pages; of a long one, the first runs."""
    noun = "page" if len(pages) == 1 else "pages"
    return f"{noun} {page_numbers(pages, RUNS_NAMED)}"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _ended(text: str) -> str:
    return f"{text.rstrip('.')}." if text else ""


def file_read(event: FileRead) -> str:
    """Return the outcome of one file of a folder."""
    name = event.path.replace("\\", "/").rpartition("/")[2]
    return f"{event.number:,} of {event.files:,}: {name}" + (f" was not read: {event.error}" if event.error else "")


def folder_read(event: FolderRead) -> str:
    """Return the outcome of reading a folder."""
    read = counted(event.read, "file", "files")
    documents = counted(event.documents, "document", "documents")
    failed = f"; {counted(event.failed_files, 'file', 'files')} could not be read" if event.failed_files else ""
    others = f" {not_read(event.others)}" if event.others else ""
    if not event.read and not event.documents and not event.failed_files:
        return f"Collection {event.collection}: the folder has no file that can be read; choose another folder.{others}"
    return f"Collection {event.collection}: {read} read in this run, {documents} in all{failed}.{others}"


def reading_estimate(event: ReadingEstimated) -> str:
    """Return how long a reading will take; "" where it is short, or nothing was measured."""
    if event.seconds is None or event.seconds < SHORT_READING:
        return ""
    about = duration_text(event.seconds)
    if event.included:
        return f"Reading this document takes about {about} with the included models"
    sentence = f"Reading this document takes about {about} with {event.model} in {event.precision}"
    if event.reader_seconds is not None:
        sentence += (
            f", or {duration_text(event.reader_seconds)} with the included models, which quote (without --model)"
        )
    return sentence
