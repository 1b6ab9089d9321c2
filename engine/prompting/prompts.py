"""The text around a document: what stands before it, what asks about it, what follows an answer.

A document state has consumed `document_prefix` and then the document, nothing else. Everything that asks something is a
suffix, fed to a copy of the state. The wording is the model's own chat template where its tokenizer has one; otherwise
a plain text form. The demo model is trained on exactly these strings (engine.training), so a change here means
training again.

Light: text only, no tokenizer and no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

NOT_FOUND = "Not in this document."

NO_FINDINGS = "No key findings."
"""What the demo model says of a section in which nothing is marked as key."""

DOCUMENT_INTRODUCTION = "Read this document.\n\n"
QUESTION_INSTRUCTION = f"\n\nAnswer from the document. If it is not there, say: {NOT_FOUND}\nQuestion: "
SUMMARY_INSTRUCTION = "\n\nSummarise the key findings of the document."
FOCUS_INSTRUCTION = "\n\nSummarise what the document says about: "
REREAD_INTRODUCTION = "Look for the answer to this question.\nQuestion: "
MERGE_INTRODUCTION = "Read these summaries of the parts of one document, in order.\n\n"
MERGE_INSTRUCTION = "\n\nMerge them into one summary of the document."

# Private-use characters: no tokenizer template touches them and no cleaned page contains them.
_DOCUMENT, _REQUEST, _ANSWER = "\ue0d0", "\ue0d1", "\ue0d2"

Message = dict[str, str]
ChatTemplate = Callable[[Sequence[Message]], str]
"""Messages -> text, ending where the assistant is to speak."""


@dataclass(frozen=True)
class Request:
    """A suffix that asks for something. Only `opening` and `closing` may hold special tokens: `text` is what a person
    typed, and data like the document. engine.prompting.tokenizer encodes the three apart."""

    opening: str
    text: str
    closing: str


@dataclass(frozen=True)
class Prompts:
    """The strings around a document for one model; make it with `from_template` or `plain`."""

    before_user: str
    """Opens the conversation, up to the user's first word."""
    after_user: str
    """Closes the user's first turn and lets the assistant speak."""
    after_answer: str
    """Closes the assistant's answer and opens the user's next turn."""
    after_next_user: str
    """Closes a later turn of the user and lets the assistant speak."""

    @classmethod
    def from_template(cls, template: ChatTemplate) -> Prompts:
        """Cut a chat template into the four pieces. Raises ValueError if it drops or repeats what the user says."""
        first = template([{"role": "user", "content": _DOCUMENT + _REQUEST}])
        turns = template(
            [
                {"role": "user", "content": _DOCUMENT},
                {"role": "assistant", "content": _ANSWER},
                {"role": "user", "content": _REQUEST},
            ]
        )
        if first.count(_DOCUMENT + _REQUEST) != 1 or turns.count(_ANSWER) != 1 or turns.count(_REQUEST) != 1:
            raise ValueError("the chat template does not repeat what the user says exactly once")
        before_user, after_user = first.split(_DOCUMENT + _REQUEST)
        after_answer, after_next_user = turns.split(_ANSWER)[1].split(_REQUEST)
        return cls(before_user, after_user, after_answer, after_next_user)

    @classmethod
    def plain(cls) -> Prompts:
        """For a checkpoint without a chat template."""
        return cls("", "\nAnswer:", "\n\nQuestion: ", "\nAnswer:")

    @property
    def document_prefix(self) -> str:
        """Everything a document state consumes before the document's first token."""
        return self.before_user + DOCUMENT_INTRODUCTION

    def reread_prefix(self, question: str) -> Request:
        """What stands before pages that are read again for one question: the question itself, then the introduction.

        A state that knows what will be asked keeps it: reading twice gains recurrent models about ten points (Arora et
        al., arXiv 2407.05483). The pages and `question(...)` follow as usual.
        """
        return Request(self.before_user + REREAD_INTRODUCTION, question.strip(), "\n\n" + DOCUMENT_INTRODUCTION)

    @property
    def merge_prefix(self) -> str:
        """The same for a text made of section summaries."""
        return self.before_user + MERGE_INTRODUCTION

    def question(self, question: str) -> Request:
        """Asks `question` of a document just read."""
        return Request("", QUESTION_INSTRUCTION + question.strip(), self.after_user)

    def next_question(self, question: str) -> Request:
        """Asks `question` after an answer (whose own stop token was not consumed)."""
        return Request(self.after_answer, question.strip(), self.after_next_user)

    def summary(self, focus: str | None = None) -> Request:
        """Asks for a summary of the document just read, or of what it says about `focus`."""
        return Request("", FOCUS_INSTRUCTION + focus.strip() if focus else SUMMARY_INSTRUCTION, self.after_user)

    def merge(self) -> Request:
        """Asks to merge the summaries just read."""
        return Request("", MERGE_INSTRUCTION, self.after_user)


def page_text(text: str) -> str:
    """A page as the model reads it: its text and a blank line after it."""
    return text + "\n\n"
