"""Questions that were asked in other words than the text, and questions about tables, from public repositories.

As in `sources`, MIRROR names the folder that holds bare clones. Licences stand in the model card.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from html import unescape
from typing import Any
from xml.etree import ElementTree

from engine.grounding.sentences import sentences
from engine.training.reader.sources import Article, Question, joined, names, places, show

_SEPARATORS = ("\t", "\t", "  ", " ", " | ", "   ")
_WORD = re.compile(r"[a-z0-9]+")
_ROWS = 40
"""Rows of the longest table."""
_MOST_MEDICAL = 9_000


def conditional() -> list[Article]:
    """Return what people asked about pages of a government, with the sentences that answer; and what those pages do
    not answer."""
    asked: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for part in ("train", "dev"):
        for entry in json.loads(show("haitian-sun+ConditionalQA", f"v1_0/{part}.json")):
            asked[entry["url"]].append(entry)
    found = []
    for url, entries in asked.items():
        lines = list(dict.fromkeys(_plain(one) for entry in entries for one in entry["evidences"]))
        article = Article("conditional", url, [" ".join(lines)])
        for entry in entries:
            spans: list[tuple[int, int]] = []
            answers = [answer for answer, _ in entry["answers"]]
            evidence = [_plain(one) for one in entry["evidences"]]
            for line in evidence:
                if any(_plain(answer) in line for answer in answers) or all(a in ("yes", "no") for a in answers):
                    spans += places(article.paragraphs[0], line)[:1]
            if bool(spans) != bool(entry["not_answerable"]):
                article.questions.append(Question(entry["question"], 0, spans[:2], whole=True))
        if lines:
            found.append(article)
    return joined(found, 3, "conditional")


def policies() -> list[Article]:
    """Return questions on privacy policies, asked from the annotated kind of practice and not from the words."""
    found = []
    for part in ("dev", "test"):
        for entry in json.loads(show("wasiahmad+PolicyQA", f"data/{part}.json"))["data"]:
            article = Article("policies", entry["title"], [])
            for paragraph in entry["paragraphs"]:
                context = paragraph["context"].rstrip()
                article.paragraphs.append(context)
                for asked in paragraph["qas"]:
                    spans = {(a["answer_start"], a["answer_start"] + len(a["text"].rstrip())) for a in asked["answers"]}
                    inside = sorted(span for span in spans if span[1] <= len(context))
                    if inside:
                        number = len(article.paragraphs) - 1
                        article.questions.append(Question(asked["question"].strip(), number, inside))
            found.append(article)
    return found


def rules() -> list[Article]:
    """Return questions about rules of governments; the whole rule is the answer."""
    repo = "Yifan-Gao+open_retrieval_conversational_machine_reading"
    snippets = json.loads(show(repo, "data/id2snippet.json"))
    asked: dict[str, dict[str, None]] = defaultdict(dict)
    for part in ("dev", "test"):
        for line in show(repo, f"data/open_retrieval_sharc_{part}.json").splitlines():
            entry = json.loads(line)
            asked[entry["gold_snippet_id"]][entry["question"].strip()] = None
    found = []
    for number, snippet in snippets.items():
        text = re.sub(r"^#+\s*", "", snippet.strip(), flags=re.MULTILINE)
        questions = [Question(one, 0, [(0, len(text))], whole=True) for one in asked[number]]
        found.append(Article("rules", "", [text], questions))
    return joined(found, 10, "rules")


def medical() -> list[Article]:
    """Return questions on diseases and drugs, each with the answer that a health service gives."""
    repo, found, count = "abachaa+MedQuAD", [], 0
    paths = [path for path in names(repo) if path.endswith(".xml")]
    random.Random(9).shuffle(paths)
    for path in paths:
        if count >= _MOST_MEDICAL:
            break
        try:
            root = ElementTree.fromstring(show(repo, path))
        except ElementTree.ParseError:
            continue
        article = Article("medical", root.findtext("Focus") or "", [])
        for pair in root.iter("QAPair"):
            question, answer = (" ".join((pair.findtext(name) or "").split()) for name in ("Question", "Answer"))
            if len(question) < 12 or len(answer) < 60:
                continue
            text = answer[:1_500].rpartition(". ")[0] + "." if len(answer) > 1_500 else answer
            article.paragraphs.append(text)
            number = len(article.paragraphs) - 1
            article.questions.append(Question(question.replace(" ?", "?"), number, [(0, len(text))], whole=True))
        if article.questions:
            count += len(article.questions)
            found.append(article)
    return joined(found, 3, "medical")


def wikipedia_tables() -> list[Article]:
    """Return questions on tables whose answer is one cell."""
    repo, rng = "ppasupat+WikiTableQuestions", random.Random(11)
    asked: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for line in show(repo, "data/training.tsv").splitlines()[1:]:
        _, question, table, answer = line.split("\t")
        if len(answer) > 2 and "|" not in answer:
            asked[table].append((question, answer))
    found = []
    for table, questions in asked.items():
        text = show(repo, table.replace(".csv", ".tsv"))
        rows = [[cell.replace("\\n", " ").strip() for cell in line.split("\t")] for line in text.splitlines()]
        article = _Table("", rows[: _ROWS + 1], rng)
        for question, answer in questions:
            cells = [(i, k) for i, row in enumerate(rows[:_ROWS]) for k, cell in enumerate(row) if cell == answer and i]
            if len(cells) == 1:
                article.add(question, cells, whole=False)
        if article.questions:
            found.append(article.done())
    return joined(found, 3, "tables")


def described_tables() -> list[Article]:
    """Return questions on tables of Wikipedia whose answer is one to three rows."""
    repo, rng, found = "Yale-LILY+FeTaQA", random.Random(12), []
    for part in ("dev", "test"):
        for line in show(repo, f"data/fetaQA-v1_{part}.jsonl").splitlines():
            entry = json.loads(line)
            title = f"{entry['table_page_title']}: {entry['table_section_title']}"
            article = _Table(title, entry["table_array"][:_ROWS], rng)
            rows = sorted({row for row, _ in entry["highlighted_cell_ids"] if 0 < row < _ROWS})
            if 0 < len(rows) <= 3:
                article.add(entry["question"], [(row, None) for row in rows], whole=True)
                found.append(article.done())
    return joined(found, 3, "described tables")


def reports() -> list[Article]:
    """Return questions on tables of financial reports and the text around them."""
    repo, rng, found = "NExTplusplus+TAT-QA", random.Random(13), []
    for part in ("dev", "test_gold"):
        for entry in json.loads(show(repo, f"dataset_raw/tatqa_dataset_{part}.json")):
            article = _Table("", entry["table"]["table"], rng)
            for paragraph in sorted(entry["paragraphs"], key=lambda one: one["order"]):
                article.paragraphs.append(" ".join(paragraph["text"].split()))
            for asked in entry["questions"]:
                if asked["answer_type"] != "span" or len(asked["answer"]) != 1:
                    continue
                answer = str(asked["answer"][0]).strip()
                where = [(n, places(text, answer)) for n, text in enumerate(article.paragraphs) if n] if answer else []
                inside = [(n, spans) for n, spans in where if spans]
                cells = [
                    (i, k) for i, row in enumerate(entry["table"]["table"]) for k, c in enumerate(row) if c == answer
                ]
                if asked["answer_from"] == "text" and len(inside) == 1:
                    article.questions.append(Question(asked["question"], inside[0][0], inside[0][1][:2]))
                elif asked["answer_from"] != "text" and len(cells) == 1:
                    article.add(asked["question"], cells, whole=False)
            if article.questions:
                found.append(article.done())
    return joined(found, 3, "reports")


def yes_or_no() -> list[Article]:
    """Return questions for yes or no with the paragraph of Wikipedia that answers (BoolQ, development set); the two
    sentences that share most with the question stand for the answer."""
    found = []
    for line in show("dwzhu-pku+boolqQA", "datafile/dev.jsonl").splitlines():
        entry = json.loads(line)
        text = " ".join(entry["passage"].split())
        asked = entry["question"].strip().rstrip("?") + "?"
        words = set(_WORD.findall(asked.lower()))
        held = [(len(words & set(_WORD.findall(text[a:b].lower()))), a, b) for a, b in sentences(text)]
        best = sorted(held, key=lambda one: -one[0])[:2]
        spans = sorted((a, b) for _, a, b in best)
        if spans:
            question = asked[:1].upper() + asked[1:]
            found.append(Article("boolq", entry["title"], [text], [Question(question, 0, spans, whole=True)]))
    return joined(found, 8, "boolq")


class _Table:
    """A table as lines of text, and the places of its cells."""

    def __init__(self, title: str, rows: list[list[str]], rng: random.Random) -> None:
        separator = rng.choice(_SEPARATORS)
        text = f"{title}\n" if title else ""
        self.rows: list[tuple[int, int]] = []
        self.cells: list[list[tuple[int, int]]] = []
        for row in rows:
            start, cells = len(text), []
            for cell in row:
                plain = " ".join(str(cell).split())
                cells.append((len(text), len(text) + len(plain)))
                text += plain + separator
            text = text.rstrip() + "\n"
            self.rows.append((start, len(text) - 1))
            self.cells.append(cells)
        self.paragraphs = [text.rstrip()]
        self.questions: list[Question] = []

    def add(self, question: str, where: list[tuple[int, int]] | list[tuple[int, None]], whole: bool) -> None:
        """Add a question whose answer is in the cells, or the rows, `where`."""
        spans = [
            self.rows[row] if cell is None else self.cells[row][cell] for row, cell in where if row < len(self.rows)
        ]
        if spans and all(end > start for start, end in spans):
            self.questions.append(Question(question[:1].upper() + question[1:], 0, spans, whole))

    def done(self) -> Article:
        """Return the table and its questions as an article."""
        return Article("table", "", self.paragraphs, self.questions)


def _plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


ALL = {
    "conditional": conditional, "policies": policies, "rules": rules, "medical": medical,
    "wikipedia tables": wikipedia_tables, "described tables": described_tables, "reports": reports,
    "yes or no": yes_or_no,
}  # fmt: skip
