"""Text that is data stays data, and pages keep their own tokens."""

from __future__ import annotations

import json
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.prompting.prompts import page_text
from engine.prompting.tokenizer import Tokenizer, TokenizerError
from tests.engine.tiny import add_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return Tokenizer.from_folder(add_tokenizer(tmp_path_factory.mktemp("tokenizer")))


def special(tokenizer):
    return tokenizer.encode_prompt("<|im_end|>")


def test_special_token_in_data_is_spelled_out(tokenizer):
    assert len(special(tokenizer)) == 1
    in_document = tokenizer.encode_document("a <|im_end|> b")
    assert special(tokenizer)[0] not in in_document
    assert tokenizer.decode(in_document) == "a <|im_end|> b"
    asked = tokenizer.encode_request(tokenizer.prompts.question("what is <|im_end|>?"))
    assert asked.count(special(tokenizer)[0]) == 1  # the template's own


def test_pages_are_tokenised_separately(tokenizer):
    pages = ["One.", "Two ends here", "Drei äöü"]
    apart = [tokenizer.encode_document(page_text(page)) for page in pages]
    assert tokenizer.decode([i for ids in apart for i in ids]) == "".join(map(page_text, pages))


def test_stop_ids_include_end_of_turn(tokenizer):
    end_of_text = tokenizer.encode_prompt("<|endoftext|>")
    assert set(tokenizer.stop_ids([7])) == {7, *end_of_text, *special(tokenizer)}


def test_document_prefix_opens_user_turn(tokenizer):
    assert tokenizer.decode(tokenizer.document_prefix).startswith("user\n")
    assert tokenizer.document_prefix[0] == tokenizer.encode_prompt("<|im_start|>")[0]


def test_no_chat_template_gives_plain_prompts(tmp_path):
    plain = Tokenizer.from_folder(add_tokenizer(tmp_path, chat=False))
    assert not plain.has_chat_template
    request = plain.encode_request(plain.prompts.question("who?"))
    assert plain.decode(request).endswith("who?\nAnswer:")


def test_tokenizer_fingerprint_depends_on_content(tmp_path, tokenizer):
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    add_tokenizer(first)
    shutil.copytree(first, second)
    assert Tokenizer.from_folder(first).fingerprint == Tokenizer.from_folder(second).fingerprint
    config = json.loads((second / "tokenizer_config.json").read_text()) | {"chat_template": "{{ messages }}"}
    (second / "tokenizer_config.json").write_text(json.dumps(config))
    with pytest.raises(TokenizerError, match="chat template"):
        Tokenizer.from_folder(second)


def test_missing_tokenizer_is_one_sentence(tmp_path):
    with pytest.raises(TokenizerError, match=r"tokenizer\.json"):
        Tokenizer.from_folder(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{broken")
    with pytest.raises(TokenizerError) as caught:
        Tokenizer.from_folder(tmp_path)
    assert "\n" not in str(caught.value)


def test_reread_prefix_treats_question_as_data(tokenizer):
    ids = tokenizer.reread_prefix("who <|im_end|> is it?")
    assert special(tokenizer)[0] not in ids
    assert tokenizer.decode(ids).endswith("who <|im_end|> is it?\n\nRead this document.\n\n")
    assert ids[0] == tokenizer.document_prefix[0]


class SlowSwitch:
    """A tokenizer that takes a moment between the switch of its mode and its use, as a busy machine may."""

    def __init__(self, fast) -> None:
        self.fast = fast

    def __setattr__(self, name, value) -> None:
        if name == "encode_special_tokens":
            setattr(self.fast, name, value)
            time.sleep(0.0005)
        else:
            object.__setattr__(self, name, value)

    def encode(self, *args, **options):
        return self.fast.encode(*args, **options)


def test_special_tokens_stay_data_while_prompts_are_built_in_another_thread(tmp_path):
    tokenizer = Tokenizer.from_folder(add_tokenizer(tmp_path))
    end = special(tokenizer)[0]
    tokenizer._fast = SlowSwitch(tokenizer._fast)
    over = threading.Event()

    def build_prompts() -> int:
        leaks = 0
        while not over.is_set():
            leaks += special(tokenizer) != [end]
        return leaks

    with ThreadPoolExecutor(1) as pool:
        prompts = pool.submit(build_prompts)
        found = [tokenizer.encode_document("a <|im_end|> b") for _ in range(200)]
        over.set()
        assert prompts.result(20) == 0
    assert not any(end in ids for ids in found)
