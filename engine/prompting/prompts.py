"""The prompt around a document: its introduction, requests about it, and the turns of a conversation.

A document state has consumed `document_prefix` and then the document, nothing else. Every request is a suffix, fed to a
copy of the state. The frame is the model's own chat template where its tokenizer has one, otherwise plain text. The
sentences are the model's `Wording`; the shipped models are trained on exactly the default ones (engine.training), so a
change to a default means training again.

Light: text only, no tokenizer and no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

NOT_FOUND = "Not in this document."
"""What the shipped models answer where the document does not hold the answer."""

NO_FINDINGS = "No key findings."
"""What the shipped models say of a section in which nothing is marked as key."""

DOCUMENT_INTRODUCTION = "Read this document.\n\n"
QUESTION_INSTRUCTION = f"\n\nAnswer from the document. If it is not there, say: {NOT_FOUND}\nQuestion: "
SUMMARY_INSTRUCTION = "\n\nSummarise the key findings of the document."
FOCUS_INSTRUCTION = "\n\nSummarise what the document says about: "
REREAD_INTRODUCTION = "Look for the answer to this question.\nQuestion: "
MERGE_INTRODUCTION = "Read these summaries of the parts of one document, in order.\n\n"
MERGE_INSTRUCTION = "\n\nMerge them into one summary of the document."


@dataclass(frozen=True)
class Wording:
    """The sentences that one kind of model is prompted with; the defaults are those that the shipped models are
    trained on. Part of a model's profile (engine.profile)."""

    document: str = DOCUMENT_INTRODUCTION
    """Stands before a document."""
    question: str = QUESTION_INSTRUCTION
    """Stands between a document and the first question."""
    after_question: str = ""
    """Stands behind the first question."""
    next_question: str = ""
    """Stands before a later question."""
    reread: str = REREAD_INTRODUCTION
    """Stands before a question whose pages follow."""
    summary: str = SUMMARY_INSTRUCTION
    """Asks for the summary of a document or a section."""
    focus: str = FOCUS_INSTRUCTION
    """Asks for a summary of what is said about the words that follow."""
    after_focus: str = ""
    """Stands behind those words."""
    merge_document: str = MERGE_INTRODUCTION
    """Stands before the summaries of sections."""
    merge: str = MERGE_INSTRUCTION
    """Asks for one summary of them."""
    paragraph: str = ""
    """Added to a request for a summary of paragraph length; empty where the model knows one length only."""
    rows: str = ""
    """Asks for the dated events of the text just read, a line each; empty where the model does not write rows."""
    probe: str = ""
    """Added to a question to ask whether the document holds its answer, yes or no; empty where the model knows no such
    request."""


# Private-use characters: no tokenizer template touches them and no cleaned page contains them.
_DOCUMENT, _REQUEST, _ANSWER = "\ue0d0", "\ue0d1", "\ue0d2"

Message = dict[str, str]
ChatTemplate = Callable[[Sequence[Message]], str]
"""Messages -> text that ends where the assistant begins to speak."""


@dataclass(frozen=True)
class Request:
    """A suffix of the prompt. Only `opening` and `closing` may hold special tokens: `text` is typed by a person, and
    data like the document. engine.prompting.tokenizer encodes the three apart."""

    opening: str
    text: str
    closing: str


@dataclass(frozen=True)
class Prompts:
    """The strings around a document for one model; build it with `from_template` or `plain`."""

    before_user: str
    """Opens the conversation, up to the user's first word."""
    after_user: str
    """Closes the user's first turn and lets the assistant speak."""
    after_answer: str
    """Closes the assistant's answer and opens the user's next turn."""
    after_next_user: str
    """Closes a later turn of the user and lets the assistant speak."""
    wording: Wording = Wording()

    @classmethod
    def from_template(cls, template: ChatTemplate, wording: Wording | None = None) -> Prompts:
        """Cut a chat template into the four pieces. Raise ValueError if it drops or repeats the user's text."""
        first = template([{"role": "user", "content": _DOCUMENT + _REQUEST}])
        turns = template(
            [
                {"role": "user", "content": _DOCUMENT},
                {"role": "assistant", "content": _ANSWER},
                {"role": "user", "content": _REQUEST},
            ]
        )
        if first.count(_DOCUMENT + _REQUEST) != 1 or turns.count(_ANSWER) != 1 or turns.count(_REQUEST) != 1:
            raise ValueError("the chat template does not repeat the user's text exactly once")
        before_user, after_user = first.split(_DOCUMENT + _REQUEST)
        after_answer, after_next_user = turns.split(_ANSWER)[1].split(_REQUEST)
        return cls(before_user, after_user, after_answer, after_next_user, wording or Wording())

    @classmethod
    def plain(cls, wording: Wording | None = None) -> Prompts:
        """Build the prompts of a checkpoint without a chat template."""
        return cls("", "\nAnswer:", "\n\nQuestion: ", "\nAnswer:", wording or Wording())

    @property
    def document_prefix(self) -> str:
        """The text that a document state consumes before the document's first token."""
        return self.before_user + self.wording.document

    def reread_prefix(self, question: str) -> Request:
        """Build the opening of a re-reading: the question, then the introduction of a document.

        A state that has read the question keeps more of its answer: reading twice gains recurrent models about ten
        points (Arora et al., arXiv 2407.05483). The pages and `question(...)` follow as usual.
        """
        return Request(self.before_user + self.wording.reread, question.strip(), "\n\n" + self.wording.document)

    @property
    def merge_prefix(self) -> str:
        """The text that stands before section summaries to be merged."""
        return self.before_user + self.wording.merge_document

    def question(self, question: str) -> Request:
        """Ask `question` of the document just read."""
        text = self.wording.question + question.strip() + self.wording.after_question
        return Request("", text, self.after_user)

    def next_question(self, question: str) -> Request:
        """Ask `question` after an answer whose own stop token was not consumed."""
        return Request(self.after_answer, self.wording.next_question + question.strip(), self.after_next_user)

    def summary(self, focus: str | None = None) -> Request:
        """Ask for a summary of the text just read, or of what it says about `focus`."""
        wording = self.wording
        text = wording.focus + focus.strip() + wording.after_focus if focus else wording.summary
        return Request("", text, self.after_user)

    def merge(self) -> Request:
        """Ask to merge the summaries just read."""
        return Request("", self.wording.merge, self.after_user)


def page_text(text: str) -> str:
    """Return a page as the model reads it: its text and a blank line."""
    return text + "\n\n"
