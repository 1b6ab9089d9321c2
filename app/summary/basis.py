"""Method, coverage and omissions of a summary, in words."""

from __future__ import annotations

from app.state.session import DocumentSession
from app.style.translation import tr, tr_count
from app.style.words import capital, page_words, span_words
from engine.protocol.evidence import SummaryBasis


def basis_words(session: DocumentSession) -> str:
    """Return one line about what the summary covers; "" while there is none."""
    basis = session.summary.basis
    if not session.summary_done or basis is None:
        return ""
    if basis.made_from == "text":
        return _ended(basis.text)
    if not basis.last_page:
        return tr("There was no section to summarise.")
    parts = [_covered(basis)]
    if basis.made_from in ("sections", "selection") and basis.focus:
        parts.append(_about(basis))
    elif basis.made_from == "sections" and basis.sections_with_findings < basis.sections:
        found = basis.sections_with_findings
        parts.append(tr_count("{count} with findings", "{count} with findings", found) if found else tr("no findings"))
    parts += _left_out(basis)
    if basis.pages_without_text:
        parts.append(tr("no text on {pages}", pages=page_words(basis.pages_without_text)))
    if basis.unverified:
        parts.append(tr("not found on any page: {words}", words=", ".join(basis.unverified)))
    return _ended("; ".join(parts))


def _covered(basis: SummaryBasis) -> str:
    pages = span_words(basis.first_page, basis.last_page)
    if basis.made_from == "state":
        return pages
    if basis.made_from == "selection":
        return tr("key sentences, quoted from {sections}, {pages}", sections=_sections(basis.sections), pages=pages)
    return tr("{sections}, {pages}", sections=_sections(basis.sections), pages=pages)


def _about(basis: SummaryBasis) -> str:
    number = basis.sections_with_findings
    if not number:
        return tr("no section mentions “{subject}”", subject=basis.focus)
    return tr_count(
        "{count} section mentions “{subject}”", "{count} sections mention “{subject}”", number, subject=basis.focus
    )


def _left_out(basis: SummaryBasis) -> list[str]:
    parts: list[str] = []
    if left := basis.findings - basis.findings_kept:
        words = tr("{left} of {all} findings left out; length “Full” has them all", left=left, all=basis.findings)
        parts.append(words)
    if basis.joined:
        parts.append(tr("too long to be merged into one text, so its parts follow each other"))
    if basis.merges_rejected:
        parts.append(
            tr_count(
                "{count} section group is shown unmerged, because merging was not reliable",
                "{count} section groups are shown unmerged, because merging was not reliable",
                basis.merges_rejected,
            )
        )
    if basis.sections_cut:
        parts.append(
            tr_count("{count} section summary was cut", "{count} section summaries were cut", basis.sections_cut)
        )
    if basis.lines_corrected:
        count = basis.lines_corrected
        parts.append(tr_count("{count} line corrected from the page", "{count} lines corrected from the page", count))
    if basis.lines_dropped:
        parts.append(
            tr_count("{count} unsupported line removed", "{count} unsupported lines removed", basis.lines_dropped)
        )
    if basis.end == "repetition":
        parts.append(tr("stopped because the model repeated itself"))
    elif basis.end == "length":
        parts.append(tr("cut at the length limit"))
    return parts


def _sections(count: int) -> str:
    return tr_count("{count} section", "{count} sections", count)


def _ended(text: str) -> str:
    return f"{capital(text).rstrip('.')}." if text else ""
