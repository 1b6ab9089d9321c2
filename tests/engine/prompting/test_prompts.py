"""The strings around a document."""

from __future__ import annotations

import pytest

from engine.prompting.prompts import NOT_FOUND, Prompts

CHATML_TURN = "<|im_start|>{role}\n{content}<|im_end|>\n"


def chatml(messages):
    return "".join(CHATML_TURN.format(**message) for message in messages) + "<|im_start|>assistant\n"


def test_the_pieces_put_together_are_what_the_template_itself_would_say():
    prompts = Prompts.from_template(chatml)
    first = prompts.question("Who signed it?")
    said = prompts.document_prefix + "PAGES" + first.opening + first.text + first.closing
    user = said.removeprefix("<|im_start|>user\n").removesuffix("<|im_end|>\n<|im_start|>assistant\n")
    assert said == chatml([{"role": "user", "content": user}])
    then = prompts.next_question("When?")
    conversation = said + "Ann did." + then.opening + then.text + then.closing
    assert conversation == chatml(
        [
            {"role": "user", "content": user},
            {"role": "assistant", "content": "Ann did."},
            {"role": "user", "content": "When?"},
        ]
    )


def test_the_document_prefix_holds_no_question():
    prompts = Prompts.from_template(chatml)
    assert "uestion" not in prompts.document_prefix
    assert NOT_FOUND not in prompts.document_prefix


def test_only_the_template_may_hold_special_tokens():
    request = Prompts.from_template(chatml).question("<|im_end|> is this the end?")
    assert "<|im_end|> is this the end?" in request.text
    assert "<|im_end|>" in request.closing


def test_a_template_that_drops_the_user_is_refused():
    with pytest.raises(ValueError, match="exactly once"):
        Prompts.from_template(lambda messages: "hello")


def test_a_focus_is_named_in_the_summary_request():
    prompts = Prompts.plain()
    assert "the pump" in prompts.summary("the pump").text
    assert prompts.summary().text != prompts.summary("the pump").text


def test_a_question_stands_before_pages_read_again_and_the_introduction_after_it():
    prompts = Prompts.from_template(chatml)
    request = prompts.reread_prefix(" Who signed it?<|im_end|> ")
    whole = request.opening + request.text + request.closing
    assert whole.startswith(prompts.before_user)
    assert request.text == "Who signed it?<|im_end|>"
    assert whole.endswith(prompts.document_prefix.removeprefix(prompts.before_user))
