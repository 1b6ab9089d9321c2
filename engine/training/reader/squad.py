"""Articles of SQuAD with their questions, from the file that the bench `answers` reads."""

from __future__ import annotations

import json
import lzma
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import KnownError


@dataclass(frozen=True)
class Question:
    """A question, the paragraph it was asked about, and its answers, if it has any there."""

    text: str
    paragraph: int
    answers: tuple[str, ...]


@dataclass
class Article:
    """Paragraphs and questions about them."""

    paragraphs: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


def load(path: Path) -> dict[str, Article]:
    """Return the articles by title. Raise KnownError where the file holds none."""
    try:
        data = json.loads(lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes())
        articles: dict[str, Article] = defaultdict(Article)
        for version in ("1.1", "v2.0"):
            for name, context, questions in data[version]:
                article = articles[re.sub(r".*/|\.html$", "", name)]
                paragraph = context.strip()
                if paragraph not in article.paragraphs:
                    article.paragraphs.append(paragraph)
                at = article.paragraphs.index(paragraph)
                for asked, answers in questions:
                    if bool(answers) == (version == "1.1"):  # of 2.0 only what 1.1 has not
                        article.questions.append(Question(asked, at, tuple(dict.fromkeys(map(str.strip, answers)))))
    except (OSError, ValueError, KeyError, TypeError, lzma.LZMAError) as error:
        raise KnownError(f"{path} holds no articles with questions: {error}") from error
    return dict(articles)
