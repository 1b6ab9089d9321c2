"""Build the reader's training data: `python -m engine.training.reader.build --pairs FILE --squad FILE --out FOLDER`.

Options: --text FILE … (plain documents apart by NUL), --tokenizer FILE, --no-clones (leave out the sources that are
clones of public repositories, see `sources`), --wordnet FOLDER (add each question in other words, see `rewording`).
Held out: whole kinds of pairs, 40 documents of every other kind, nine
articles of SQuAD. split.json says which.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import tokenizers
from numpy.typing import NDArray

from engine.grounding.sentences import sentences, units
from engine.scoring.passage import PASSAGE_TOKENS, rows
from engine.scoring.tokens import Tokens, place
from engine.training.reader import cloze, sources, worded_sources
from engine.training.reader.pairs import FEWEST_WORDS, Pair
from engine.training.reader.pairs import load as load_pairs
from engine.training.reader.rewording import WordNet
from engine.training.reader.rouge import Grams, best_choice, scores, words
from engine.training.reader.sources import Article, Question
from engine.training.reader.store import Labels, Questions, Range, Texts

HELD_KINDS = ("digitalgov", "rust-rfcs")
HELD_DOCUMENTS = 40
HELD_ARTICLES = (2, 7)
"""Without and with adversarial questions."""
PIECE, SUMMARISED = 9_000, 10_500
"""Characters of a plain and of a summarised document; the rest of a plain one becomes the next."""
_COUNTED = 3_000
"""Texts by which the rarity of words is counted, by their first characters, as many."""
_BATCH = 256
_SHORT_PASSAGES = (PASSAGE_TOKENS, PASSAGE_TOKENS, PASSAGE_TOKENS, 160, 110)
"""Lengths that passages are drawn from."""
_SUMMARISED_CLOZES, _PLAIN_CLOZES, _PLAIN_SHARE = 7, 4, 0.55
"""Questions by rules for each document, and the share of plain ones that get any."""
_MADE_REWORDED = 0.6
"""Share of the questions by rules that are asked in other words, where WordNet is at hand."""
_TIMES_REWORDED = 2
_COMMON_WORD = 20
"""Times that a word stands in the texts before it may take the place of another."""


class Builder:
    """The data as it grows."""

    def __init__(self, tokenizer: tokenizers.Tokenizer, seed: int = 7) -> None:
        self._tokenizer = tokenizer
        tokenizer.encode_special_tokens = True
        self.word = word_numbers(tokenizer)
        self.rarity = np.zeros(int(self.word.max()) + 1, np.float32)
        self.known: frozenset[str] = frozenset()
        self.wordnet: WordNet | None = None
        self.random = random.Random(seed)
        self.texts, self.labels = Texts(), Labels()
        self.real, self.made = Questions(), Questions()

    def count_words(self, texts: Sequence[str]) -> None:
        """Learn the rarity of words, and which exist, from `texts`."""
        counts = np.zeros(len(self.rarity))
        for text in texts[:_COUNTED]:
            counts[np.unique(self.word[self._tokenizer.encode(text[:_COUNTED]).ids])] += 1
        self.rarity = np.log((len(texts[:_COUNTED]) + 1) / (counts + 1)).astype(np.float32)
        self.known = frozenset(word for text in texts for word in re.findall(r"\b[a-z]{3,}\b", text))

    def reword(self, folder: Path, texts: Sequence[str]) -> None:
        """Ask every question in other words too, from now on; `folder`: of WordNet, `texts`: show which words are in
        use."""
        counts = Counter(word for text in texts for word in re.findall(r"\b[a-z]{2,}\b", text))
        self.wordnet = WordNet(folder, {word for word, count in counts.items() if count >= _COMMON_WORD})

    def add_pairs(self, pairs: Sequence[tuple[str, Pair]]) -> None:
        """Add summarised documents, each with its title or nothing, and questions by rules about them."""
        for at in range(0, len(pairs), _BATCH):
            some = pairs[at : at + _BATCH]
            texts = [_cut(pair.text, SUMMARISED) for _, pair in some]
            for (title, pair), text, tokens in zip(some, texts, self._tokenise(texts), strict=True):
                base = self.texts.add(tokens)
                self._label(text, tokens, pair.summary)
                self._make_questions(text, tokens, base, title, _SUMMARISED_CLOZES)

    def add_article(self, article: Article) -> None:
        """Add an article and its questions, each with the passage that answers it and two that share its words."""
        text = "\n\n".join(article.paragraphs)
        (tokens,) = self._tokenise([text])
        base = self.texts.add(tokens, article.source)
        begins = np.cumsum([0, *(len(paragraph) + 2 for paragraph in article.paragraphs)])
        passages: list[Range] = []
        of_paragraph: list[range] = []
        for start, paragraph in zip(begins, article.paragraphs, strict=False):
            low, high = np.searchsorted(tokens.starts, [start, start + len(paragraph)], "left")
            some = _passages(tokens, int(low), int(high), self.random.choice(_SHORT_PASSAGES))
            of_paragraph.append(range(len(passages), len(passages) + len(some)))
            passages += some
        held = [np.unique(self.word[tokens.ids[low:high]]) for low, high in passages]
        questions = [*article.questions, *self._in_other_words(article)]
        asked = self._tokenizer.encode_batch([question.text.strip() for question in questions])
        for number, (question, encoding) in enumerate(zip(questions, asked, strict=True)):
            ids, own = encoding.ids[:32], of_paragraph[question.paragraph]
            shared = self._shared(ids, held)
            gold: list[tuple[int, int, int]] = []
            for start, end in question.spans:
                at = int(begins[question.paragraph])
                low = int(np.searchsorted(tokens.ends, at + start, "right"))
                high = int(np.searchsorted(tokens.starts, at + end, "left"))
                gold += [(low, high, i) for i in own if passages[i][0] <= low < high <= passages[i][1]]
            if (question.spans and not gold) or not own:
                continue
            right = Counter(i for *_, i in gold).most_common(1)[0][0] if gold else max(own, key=lambda i: shared[i])
            avoid = {i for *_, i in gold} | {right}
            others = [int(i) for i in np.argsort(-shared)[:6] if int(i) not in avoid]
            second = passages[self.random.choice(others[:3])] if others else (0, 0)
            third = passages[self.random.choice(others[:5])] if others else (0, 0)
            spans = [(base + low, base + high) for low, high, i in gold if i == right][:6]
            three = _moved(passages[right], base), _moved(second, base), _moved(third, base)
            self.real.add(ids, three, spans, question.whole, number >= len(article.questions))

    def _in_other_words(self, article: Article) -> Iterator[Question]:
        """Yield the questions of `article` whose words can be replaced, in other words."""
        if self.wordnet is None:
            return
        for question in article.questions * _TIMES_REWORDED:
            text = self.wordnet.reworded(question.text, article.paragraphs[question.paragraph], self.random)
            if text != question.text:
                yield Question(text, question.paragraph, question.spans, question.whole)

    def add_plain(self, text: str) -> None:
        """Add a plain document, in pieces, and questions by rules about some of them."""
        title = text.split("\n", 1)[0]
        pieces = [piece for piece in _pieces(text) if len(piece) > 300]
        for piece, tokens in zip(pieces, self._tokenise(pieces), strict=True):
            base = self.texts.add(tokens)
            if self.random.random() < _PLAIN_SHARE:
                self._make_questions(piece, tokens, base, title if len(title) < 40 else "", _PLAIN_CLOZES)

    def save(self, folder: Path, bounds: Sequence[int]) -> None:
        """Write everything into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        self.texts.save(folder / "texts.npz", bounds)
        self.labels.save(folder / "labels.npz")
        self.real.save(folder / "real.npz")
        self.made.save(folder / "made.npz")
        np.savez_compressed(folder / "words.npz", word=self.word, rarity=self.rarity[self.word])

    def _tokenise(self, texts: Sequence[str]) -> Iterator[Tokens]:
        for text, encoding in zip(texts, self._tokenizer.encode_batch(list(texts)), strict=True):
            offsets = np.asarray(encoding.offsets, np.int64).reshape(-1, 2)
            yield place(np.asarray(encoding.ids, np.int64), offsets, text, sentences(text))

    def _label(self, text: str, tokens: Tokens, summary: str) -> None:
        cut, whole = units(text), Grams(words(summary))
        grams = [Grams(words(text[unit.start : unit.end])) for unit in cut]
        may = [not unit.listed and part.n1 >= FEWEST_WORDS for unit, part in zip(cut, grams, strict=True)]
        stand = [i for i, ok in enumerate(may) if ok]
        best = {stand[i] for i in best_choice([grams[i] for i in stand], whole)}
        self.labels.document.append(len(self.texts.documents) - 1)
        self.labels.overlap.append(np.array([sum(scores(grams[i], whole)) for i in tokens.number], np.float16))
        self.labels.may.append(np.array([may[i] for i in tokens.number], bool))
        self.labels.best.append(np.array([i in best for i in tokens.number], bool))

    def _make_questions(self, text: str, tokens: Tokens, base: int, title: str, most: int) -> None:
        spans = sentences(text)
        passages = _passages(tokens, 0, len(tokens.ids), self.random.choice(_SHORT_PASSAGES))
        if len(tokens.number) < 6 or len(passages) < 2:
            return
        held = [np.unique(self.word[tokens.ids[low:high]]) for low, high in passages]
        made: list[tuple[str, Range, bool, int, int]] = []
        for i in self.random.sample(range(len(tokens.number)), min(len(tokens.number), 2 * most)):
            if len(made) == most:
                break
            if (one := self._make(text, tokens, spans, passages, i, title)) is not None:
                made.append(one)
        if self.wordnet:
            made = [
                (self.wordnet.reworded(one[0], text, self.random), *one[1:])
                if self.random.random() < _MADE_REWORDED
                else one
                for one in made
            ]
        asked = self._tokenizer.encode_batch([question for question, *_ in made])
        for (_, gold, whole, begins, own), encoding in zip(made, asked, strict=True):
            shared = self._shared(encoding.ids[:32], held)
            others = [int(i) for i in np.argsort(-shared) if int(i) != own][:5]
            second, third = passages[self.random.choice(others[:3])], passages[self.random.choice(others)]
            right = (base + begins, base + passages[own][1])
            self.made.add(encoding.ids, (right, _moved(second, base), _moved(third, base)), [_moved(gold, base)], whole)

    def _make(
        self, text: str, tokens: Tokens, spans: Sequence[Range], passages: Sequence[Range], i: int, title: str
    ) -> tuple[str, Range, bool, int, int] | None:
        """Return a question about sentence `i` of the tokens: itself, its answer, whether that is a sentence, where its
        passage begins and which it is."""
        start, end = spans[tokens.number[i]]
        sentence, stop = text[start:end], int(tokens.sentence_ends[i])
        if tokens.first[i] and i + 1 < len(tokens.number) and (asked := self._heading(sentence)):
            gold = (stop, int(tokens.sentence_ends[i + 1]))
            own = next((k for k, (low, high) in enumerate(passages) if low <= gold[0] and gold[1] <= high), None)
            # The passage begins behind the heading, which would give the answer away.
            return None if own is None else (asked, gold, True, gold[0], own)
        found = cloze.ask(sentence, self.random, self.known, title)
        if found is None:
            return None
        low = int(np.searchsorted(tokens.ends, start + found[1], "right"))
        high = int(np.searchsorted(tokens.starts, start + found[2], "left"))
        own = next((k for k, (first, last) in enumerate(passages) if first <= low < high <= last), None)
        return None if own is None or high - low > 45 else (found[0], (low, high), False, passages[own][0], own)

    def _heading(self, heading: str) -> str:
        """Return a heading as a question; empty for an unsuitable heading."""
        if heading.endswith("?") and len(heading) < 120:
            return cloze.finish(heading, self.random)
        if (
            len(heading) < 70
            and heading[-1:].isalpha()
            and 1 < len(heading.split()) < 9
            and self.random.random() < 0.25
        ):
            low = heading[0].lower() + heading[1:]
            forms = (f"What about {low}?", f"{heading}?", f"What does it say about {low}?", low, f"What is {low}?")
            return self.random.choice((*forms, f"Tell me about {low}"))
        return ""

    def _shared(self, ids: Sequence[int], held: Sequence[NDArray[np.integer]]) -> NDArray[np.float64]:
        """Return for each passage, given by its words, the rarity of those that a question shares with it."""
        asked = np.unique(self.word[list(ids)])
        return np.array([float(self.rarity[np.intersect1d(asked, some, assume_unique=True)].sum()) for some in held])


def word_numbers(tokenizer: tokenizers.Tokenizer) -> NDArray[np.int32]:
    """Return the number of each token's word; case, the space before it and a plural's s make no difference."""
    numbers: dict[str, int] = {}
    out = np.zeros(tokenizer.get_vocab_size(), np.int32)
    for token in range(len(out)):
        word = (tokenizer.id_to_token(token) or "").replace("Ġ", "").lower()
        if len(word) > 4 and word.endswith("s") and not word.endswith("ss"):
            word = word[:-1]
        out[token] = numbers.setdefault(word, len(numbers))
    return out


def split_pairs(pairs: Sequence[Pair], seed: int = 7) -> tuple[list[int], list[int]]:
    """Return the numbers of the pairs to train on and of those held out."""
    order = list(range(len(pairs)))
    random.Random(seed).shuffle(order)
    train: list[int] = []
    held: list[int] = []
    taken = Counter[str]()
    for i in order:
        kind = pairs[i].kind
        taken[kind] += 1
        (held if kind in HELD_KINDS or taken[kind] <= HELD_DOCUMENTS else train).append(i)
    return train, held


def split_articles(articles: Sequence[Article], seed: int = 7) -> tuple[list[Article], list[Article]]:
    """Return the articles to train on and those held out."""
    groups: tuple[list[Article], list[Article]] = ([], [])
    for article in sorted(articles, key=lambda article: article.title):
        groups[any(not question.spans for question in article.questions)].append(article)
    held: list[Article] = []
    for group, most in zip(groups, HELD_ARTICLES, strict=True):
        random.Random(seed).shuffle(group)
        held += group[: min(most, len(group) // 2)]
    return [article for article in articles if article not in held], held


def _passages(tokens: Tokens, low: int, high: int, most: int) -> list[Range]:
    """Return the tokens [low, high) as passages of whole sentences and at most `most` tokens."""
    ends = tokens.sentence_ends[(tokens.sentence_ends > low) & (tokens.sentence_ends <= high)] - low
    part = Tokens(tokens.ids[low:high], tokens.starts, tokens.ends, ends, tokens.first, np.arange(len(ends)))
    return [(low + row.token, low + row.token + len(row.ids)) for row in rows(part, most)]


def _moved(part: Range, base: int) -> Range:
    return (part[0] + base, part[1] + base) if part[1] else part


def _cut(text: str, most: int) -> str:
    """Return the first paragraphs of `text`, about `most` characters."""
    if len(text) <= most:
        return text
    end = text.rfind("\n\n", 0, most)
    return text[: end if end > most // 2 else most]


def _pieces(text: str) -> Iterator[str]:
    while text:
        piece = _cut(text, PIECE)
        yield piece
        text = text[len(piece) :].lstrip()


def main() -> None:
    """Build the data from the files of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--squad", type=Path, required=True)
    parser.add_argument("--text", type=Path, nargs="*", default=[])
    parser.add_argument("--tokenizer", type=Path, default=Path("resources/models/reader/tokenizer.json"))
    parser.add_argument("--no-clones", action="store_true")
    parser.add_argument("--wordnet", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    builder = Builder(tokenizers.Tokenizer.from_file(str(options.tokenizer)))
    pairs = load_pairs(options.pairs)
    train, held = split_pairs(pairs)
    builder.count_words([pairs[i].text for i in train])
    if options.wordnet:
        builder.reword(options.wordnet, [pairs[i].text for i in train])
    builder.add_pairs([("", pairs[i]) for i in train])
    bounds = [len(builder.texts.documents)]
    articles, held_articles = split_articles(sources.squad(options.squad))
    for load in () if options.no_clones else (sources.ALL | worded_sources.ALL).values():
        articles += load()
    for article in articles:
        builder.add_article(article)
    bounds.append(len(builder.texts.documents))
    for path in options.text:
        for text in path.read_text(encoding="utf-8").split("\0"):
            builder.add_plain(text)
    builder.save(options.out, bounds)
    split = {
        "held_pairs": held,
        "held_kinds": HELD_KINDS,
        "held_articles": [article.title for article in held_articles],
    }
    (options.out / "split.json").write_text(json.dumps(split, indent=1) + "\n")
    print(
        f"{builder.texts.length:,} tokens, {len(builder.real.ids):,} real and {len(builder.made.ids):,} made questions"
    )


if __name__ == "__main__":
    main()
