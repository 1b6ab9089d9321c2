"""Question data of public repositories: articles of paragraphs, with questions and the places of their answers.

MIRROR names the folder that holds bare clones, each as owner+name/repo; a source whose clone is missing raises OSError
or CalledProcessError. Licences stand in the model card.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.training.reader.squad import load

MIRROR = os.environ.get("MIRROR", "mirror")


@dataclass
class Question:
    """A question about a paragraph of an article."""

    text: str
    paragraph: int
    spans: list[tuple[int, int]]
    """Characters of the paragraph; empty where it does not answer."""
    whole: bool = False
    """The answer is a sentence: no span inside it is known."""


@dataclass
class Article:
    """Paragraphs with questions about them."""

    source: str
    title: str
    paragraphs: list[str]
    questions: list[Question] = field(default_factory=list)


def show(repo: str, path: str) -> str:
    """Return the text of a file of a clone."""
    env = {**os.environ, "GIT_NO_LAZY_FETCH": "1"}
    return subprocess.run(
        ["git", "-C", f"{MIRROR}/{repo}/repo", "show", f"HEAD:{path}"], capture_output=True, env=env, check=True
    ).stdout.decode("utf8", "replace")


def names(repo: str) -> list[str]:
    """Return the paths of a clone's files."""
    env = {**os.environ, "GIT_NO_LAZY_FETCH": "1"}
    return subprocess.run(
        ["git", "-C", f"{MIRROR}/{repo}/repo", "ls-tree", "-r", "--name-only", "HEAD"],
        capture_output=True,
        env=env,
        text=True,
        check=True,
    ).stdout.split("\n")


def places(text: str, answer: str) -> list[tuple[int, int]]:
    """Return up to 8 spans of `answer` in `text` as whole words."""
    found: list[tuple[int, int]] = []
    at = text.find(answer)
    while at >= 0 and len(found) < 8:
        end = at + len(answer)
        if not (at and text[at - 1].isalnum() and answer[0].isalnum()) and not (
            end < len(text) and text[end].isalnum() and answer[-1].isalnum()
        ):
            found.append((at, end))
        at = text.find(answer, at + 1)
    return found


def squad(path: Path) -> list[Article]:
    """Return the articles of the bench's file: the questions of 1.1, and the unanswerable ones of 2.0."""
    found = []
    for title, article in load(path).items():
        out = Article("squad", title, article.paragraphs)
        for asked in article.questions:
            context = article.paragraphs[asked.paragraph]
            spans = sorted({span for answer in asked.answers for span in places(context, answer)})
            if spans or not asked.answers:
                out.questions.append(Question(asked.text, asked.paragraph, spans))
        found.append(out)
    return found


def shifts() -> list[Article]:
    """Return SQuADShifts: new Wikipedia articles, reviews and comments; twenty short texts make an article."""
    out = []
    for name in ("new_wiki", "amazon_reviews", "reddit"):
        data = json.loads(show("modestyachts+squadshifts-website", f"datasets/{name}_v1.0.json"))["data"]
        pool: list[Article] = []
        for a in data:
            article = Article(name, a["title"].replace("_", " "), [])
            for p in a["paragraphs"]:
                context = p["context"].rstrip()
                article.paragraphs.append(context)
                for q in p["qas"]:
                    spans = sorted(
                        {(x["answer_start"], x["answer_start"] + len(x["text"].rstrip())) for x in q["answers"]}
                    )
                    if spans:
                        article.questions.append(Question(q["question"], len(article.paragraphs) - 1, spans))
            pool.append(article)
        if name != "new_wiki":  # short texts of their own: twenty make an article to search
            flat = [(p, [q for q in a.questions if q.paragraph == i]) for a in pool for i, p in enumerate(a.paragraphs)]
            pool = []
            for i in range(0, len(flat), 20):
                article = Article(name, name, [])
                for p, qs in flat[i : i + 20]:
                    article.paragraphs.append(p)
                    for q in qs:
                        q.paragraph = len(article.paragraphs) - 1
                        article.questions.append(q)
                pool.append(article)
        out += pool
    return out


def plain(tokens: list[str]) -> tuple[str, list[tuple[int, int]]]:
    """Return the text of Penn Treebank tokens, and each token's characters."""
    text, spans, glue, inside = "", [], True, False
    for t in tokens:
        t = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "``": '"', "''": '"'}.get(t, t)
        close = t in (".", ",", ";", ":", "?", "!", ")", "]", "%", "'s", "n't", "'") or (
            t.startswith("'") and len(t) > 1
        )
        if t == '"':
            close, inside = inside, not inside
        if not glue and not close:
            text += " "
        spans.append((len(text), len(text) + len(t)))
        text += t
        glue = t in ("(", "[", "$", "£", "€") or (t == '"' and inside)
    return text, spans


def qamr() -> list[Article]:
    """Return questions on single sentences, each among one to four others."""
    sentences = {}
    for line in show("uwnlp+qamr", "data/wiki-sentences.tsv").split("\n"):
        if "\t" in line:
            key, words = line.split("\t")[:2]
            sentences[key] = plain(words.split(" "))
    asked: dict[str, list[tuple[str, list[tuple[int, int]]]]] = defaultdict(list)
    seen = set()
    for part in ("dev", "test"):
        for line in show("uwnlp+qamr", f"data/filtered/{part}.tsv").split("\n"):
            f = line.split("\t")
            if len(f) < 9 or f[0] not in sentences or (f[0], f[5].lower()) in seen:
                continue
            seen.add((f[0], f[5].lower()))
            spans = set()
            for answer in (f[6], f[7].split(":")[1], f[8].split(":")[1]):
                w = sorted(int(x) for x in answer.split())
                if w and w[-1] - w[0] < 14:
                    where = sentences[f[0]][1]
                    spans.add((where[w[0]][0], where[w[-1]][1]))
            if spans:
                asked[f[0]].append((f[5], sorted(spans)))
    keys = sorted(asked)
    random.Random(2).shuffle(keys)
    others = [k for k in sentences if k not in asked]
    random.Random(3).shuffle(others)
    out, o = [], 0
    for i in range(0, len(keys), 12):
        article = Article("qamr", "", [])
        rng = random.Random(i)
        for key in keys[i : i + 12]:
            rest = [sentences[others[(o + j) % len(others)]][0] for j in range(rng.randint(1, 4))]
            o += len(rest)
            place = rng.randint(0, len(rest))
            shift = sum(len(r) + 1 for r in rest[:place])
            article.paragraphs.append(" ".join([*rest[:place], sentences[key][0], *rest[place:]]))
            for q, found in asked[key]:
                moved = [(a + shift, b + shift) for a, b in found]
                article.questions.append(Question(q, len(article.paragraphs) - 1, moved))
        out.append(article)
    return out


def fairytales() -> list[Article]:
    """Return questions on sections of fairy tales whose answers stand there word for word."""
    out = []
    R = "uci-soe+FairytaleQAData"
    every = names(R)
    for path in every:
        m = re.match(r"data-by-origin/questions/(.*)-questions\.csv", path)
        if not m:
            continue
        story = f"data-by-origin/section-stories/{m[1]}-story.csv"
        if story not in every:
            continue
        sections = {
            r["section"].strip(): re.sub(r"\s+", " ", r["text"]).strip()
            for r in csv.DictReader(io.StringIO(show(R, story)))
        }
        keys = list(sections)
        article = Article("fairytales", m[1], [sections[k] for k in keys])
        for r in csv.DictReader(io.StringIO(show(R, path))):
            where = [k.strip() for k in r["cor_section"].split(",")]
            if len(where) != 1 or where[0] not in sections:
                continue
            p, answer = keys.index(where[0]), (r.get("answer1") or "").strip().rstrip(".")
            if not answer:
                continue
            low = sections[where[0]].lower()
            spans = places(low, answer.lower())
            if spans:
                article.questions.append(Question(r["question"], p, spans))
        if article.questions:
            out.append(article)
    return out


def qed() -> list[Article]:
    """Return questions of Natural Questions with one paragraph each."""
    out = []
    for line in show("google-research-datasets+QED", "qed-dev.jsonlines").split("\n"):
        if not line.strip():
            continue
        j = json.loads(line)
        spans = sorted({(a["start"], a["end"]) for x in j["original_nq_answers"] for a in x})
        out.append(
            Article(
                "qed", j["title_text"], [j["paragraph_text"]], [Question(j["question_text"], 0, spans)] if spans else []
            )
        )
    return joined(out, 12, "qed")


def clapnq() -> list[Article]:
    """Return questions of Natural Questions whose answers are sentences, and such without an answer."""
    out = []
    for kind in ("answerable", "unanswerable"):
        for line in show("primeqa+clapnq", f"annotated_data/dev/clapnq_dev_{kind}.jsonl").split("\n"):
            if not line.strip():
                continue
            j = json.loads(line)
            p = j["passages"][0]
            spans = []
            for o in j.get("output", []):
                for s in o.get("selected_sentences", []) or []:
                    if isinstance(s, str) and s.strip():
                        spans += places(p["text"], s.strip())
            if kind == "answerable" and not spans:
                continue
            out.append(
                Article(
                    "clapnq", p["title"], [p["text"].strip()], [Question(j["input"], 0, sorted(set(spans)), whole=True)]
                )
            )
    return joined(out, 12, "clapnq")


def joined(articles: list[Article], many: int, source: str) -> list[Article]:
    """Return articles that each hold the paragraphs of `many` others, so that a question needs a search."""
    random.Random(5).shuffle(articles)
    out = []
    for i in range(0, len(articles), many):
        one = Article(source, source, [])
        for a in articles[i : i + many]:
            for q in a.questions:
                q.paragraph += len(one.paragraphs)
                one.questions.append(q)
            one.paragraphs += a.paragraphs
        out.append(one)
    return out


def covid() -> list[Article]:
    """Return questions on medical papers."""
    out = []
    data = json.loads(show("deepset-ai+COVID-QA", "data/question-answering/200423_covidQA.json"))["data"]
    for a in data:
        for p in a["paragraphs"]:
            context = p["context"]
            cuts = [(m.start(), m.end()) for m in re.finditer(r"\n\s*\n", context)]
            bounds = list(zip([0, *(e for _, e in cuts)], [*(s for s, _ in cuts), len(context)], strict=True))
            article = Article("covid", "", [context[s:e] for s, e in bounds])
            for q in p["qas"]:
                for x in q["answers"][:1]:
                    s = x["answer_start"]
                    e = s + len(x["text"].rstrip())
                    for i, (a0, b0) in enumerate(bounds):
                        if a0 <= s and e <= b0:
                            article.questions.append(Question(q["question"], i, [(s - a0, e - a0)]))
            out.append(article)
    return out


def pubmed() -> list[Article]:
    """Return titles of medical papers that ask, and the conclusion that answers."""
    out = []
    for j in json.loads(show("pubmedqa+pubmedqa", "data/ori_pqal.json")).values():
        text = " ".join(j["CONTEXTS"]) + " " + j["LONG_ANSWER"]
        s = len(text) - len(j["LONG_ANSWER"])
        out.append(Article("pubmed", "", [text], [Question(j["QUESTION"], 0, [(s, len(text))], whole=True)]))
    return joined(out, 12, "pubmed")


def lower_case() -> list[Article]:
    """Return questions on articles of Wikipedia of which only the sentences that answer are at hand, in lower case.

    Words get the case that they have most often in other articles. Sixty sentences make an article. They are of SQuAD's
    training set; the development part of this repository is SQuAD's own, and stays out."""
    repo, forms = "xinyadu+nqg", usual_forms(text for article in shifts() for text in article.paragraphs)
    sentences, questions = (show(repo, f"data/processed/{part}-test.txt").split("\n") for part in ("src", "tgt"))
    asked: dict[str, dict[str, None]] = defaultdict(dict)
    for sentence, question in zip(sentences, questions, strict=True):
        if sentence.strip() and question.strip():
            asked[sentence][question] = None
    out: list[Article] = []
    for number, (sentence, some) in enumerate(asked.items()):
        if number % 60 == 0:
            out.append(Article("lower case", "", []))
        out[-1].paragraphs.append(_cased(sentence, forms))
        where = len(out[-1].paragraphs) - 1, [(0, len(out[-1].paragraphs[-1]))]
        out[-1].questions += [Question(_cased(one, forms), *where, whole=True) for one in some]
    return out


def usual_forms(texts: Iterable[str]) -> dict[str, str]:
    """Return word in lower case -> the form that it has most often inside sentences, where that is another one."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        for word in re.findall(r"(?<=[a-z,] )[A-Za-z]+", text):
            counts[word.lower()][word] += 1
    best = {word: forms.most_common(1)[0][0] for word, forms in counts.items()}
    return {word: form for word, form in best.items() if form != word}


def _cased(line: str, forms: Mapping[str, str]) -> str:
    text, _ = plain([word.upper() if word.startswith("-") else forms.get(word, word) for word in line.split()])
    return text[:1].upper() + text[1:]


ALL = {
    "shifts": shifts, "qamr": qamr, "fairytales": fairytales, "qed": qed, "clapnq": clapnq, "covid": covid,
    "pubmed": pubmed, "lower case": lower_case,
}  # fmt: skip
"""The sources that are clones; SQuAD's development set is a file of its own."""
