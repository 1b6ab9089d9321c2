"""Questions about the document as a file: its pages, its title, its kind and name, its language.

These are facts of the library, which no sentence of the text tells.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from engine.grounding.question_kinds import TEXT
from engine.grounding.words import folded
from engine.reading.context import Context
from engine.units import size_text

_THIS = rf"(?:this|the|that|it|there|they)(?: (?:whole |entire )?{TEXT})?"
_PAGES = re.compile(
    rf"how many pages (?:does|do|has|have|is|are) {_THIS}(?: (?:have|has|contain|long|in (?:all|total)|altogether))?"
    rf"|how many pages (?:are there|are in|is in|in)(?: in)?(?: {_THIS})?(?: (?:in (?:all|total)|altogether))?"
    r"|how long is (?:this|the) (?:document|text|file|paper|report|book|manual|article|pdf|handbook|thesis|publication)"
    rf"|(?:what is )?(?:the )?(?:number of pages|page count)(?: (?:of|in) {_THIS})?"
)
_TITLE = re.compile(
    rf"what(?:'s| is) (?:the |its )?(?:title|name)(?: of {_THIS})|what(?:'s| is) (?:the|its) title"
    rf"|what is {_THIS} (?:called|titled|entitled|named)"
    rf"|(?:how is|what title has) {_THIS}(?: (?:called|titled|entitled|named))?"
)
_FILE = re.compile(
    rf"(?:what|which) (?:kind|type|sort|format)(?: of)? (?:file|format)(?: is)?(?: {_THIS})?"
    rf"|what(?:'s| is) (?:the |its )?(?:file ?(?:type|format|name|size)|format|size)(?: of {_THIS})?"
    rf"|how (?:big|large) is (?:the|this) file|(?:what|which) file is (?:this|it)"
)
_LANGUAGE = re.compile(
    rf"(?:what|which|in what|in which) language is {_THIS}(?: written)?(?: in)?"
    rf"|what(?:'s| is) (?:the |its )?language(?: of {_THIS})?"
)
_LANGUAGES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch", "ru": "Russian", "zh": "Chinese", "ja": "Japanese", "ko": "Korean", "pl": "Polish", "sv": "Swedish",
    "da": "Danish", "no": "Norwegian", "fi": "Finnish", "ar": "Arabic", "tr": "Turkish", "el": "Greek",
}  # fmt: skip


def document_fact(context: Context, question: str, language: str) -> tuple[str, bool] | None:
    """Return a sentence that answers a question about the file, and whether the title on the first page belongs to the
    answer; None for another question. `language`: of the document."""
    plain = folded(question).strip().rstrip("?.! ").removeprefix("and ")
    document, pages = context.document, context.document.pages
    if _PAGES.fullmatch(plain):
        size = "one page" if pages == 1 else f"{pages:,} pages"
        return (f"The document has {size}." if document.complete else f"{size} were read so far."), False
    if _TITLE.fullmatch(plain):
        own, name = document.document.title, PurePath(document.document.path)
        return (f"Title: {own}" if own != name.stem else f"The file “{name.name}” gives no title."), True
    if _FILE.fullmatch(plain):
        path, kind = PurePath(document.document.path), document.document.kind.upper()
        return f"{kind} file “{path.name}”, {size_text(document.document.size)}.", False
    if _LANGUAGE.fullmatch(plain) and language in _LANGUAGES:
        return f"The text is mostly {_LANGUAGES[language]}.", False
    return None
