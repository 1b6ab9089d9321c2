"""The record of a summary: its method, pages, sections, merges, and the parts left out."""

from __future__ import annotations

from engine.protocol.evidence import SummaryBasis
from engine.summarising.paragraph import Paragraph
from engine.summarising.reduce import Reduced
from engine.summarising.section_summaries import SectionSummaries


def sections_basis(
    found: SectionSummaries, reduced: Reduced, paragraph: Paragraph | None, focus: str | None
) -> SummaryBasis:
    """Return the record of a summary that was made from section summaries."""
    summaries = found.summaries
    return SummaryBasis(
        made_from="sections",
        first_page=summaries[0].first_page if summaries else 0,
        last_page=summaries[-1].last_page if summaries else 0,
        sections=len(summaries),
        sections_with_findings=len(found.with_findings),
        sections_cut=found.cut,
        merges=reduced.steps,
        merges_rejected=reduced.rejected,
        joined=reduced.joined,
        lines_corrected=found.corrected,
        lines_dropped=found.dropped,
        findings=paragraph.lines if paragraph else 0,
        findings_kept=paragraph.kept if paragraph else 0,
        focus=focus or "",
    )
