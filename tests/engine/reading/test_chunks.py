"""Chunk boundaries have no memory."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from engine.reading.chunks import pack_chunks

PAGES = st.lists(st.integers(1, 40), min_size=1, max_size=20)


def tokens(sizes):
    start, pages = 0, []
    for number, size in enumerate(sizes, 1):
        pages.append((number, array("I", range(start, start + size))))
        start += size
    return pages


@given(PAGES, st.integers(1, 50))
def test_every_token_comes_once_in_order_in_chunks_that_fit(sizes, length):
    chunks = list(pack_chunks(tokens(sizes), length))
    assert [i for chunk in chunks for i in chunk.ids] == list(range(sum(sizes)))
    assert all(1 <= len(chunk.ids) <= length for chunk in chunks)


@given(PAGES, st.integers(1, 50), st.data())
def test_packing_from_any_boundary_gives_the_same_boundaries(sizes, length, data):
    pages = tokens(sizes)
    chunks = list(pack_chunks(pages, length))
    done = data.draw(st.integers(0, len(chunks)))
    position = sum(len(chunk.ids) for chunk in chunks[:done])
    rest = [(number, array("I", [i for i in ids if i >= position])) for number, ids in pages]
    assert list(pack_chunks([(n, ids) for n, ids in rest if ids], length)) == chunks[done:]


@given(PAGES, st.integers(1, 50))
def test_all_chunks_but_the_last_have_one_length(sizes, length):
    lengths = [len(chunk.ids) for chunk in pack_chunks(tokens(sizes), length)]
    assert set(lengths[:-1]) <= {length}


def test_a_chunk_names_the_page_of_its_last_token():
    chunks = list(pack_chunks(tokens([3, 3, 10]), 6))
    assert [(len(chunk.ids), chunk.last_page) for chunk in chunks] == [(6, 2), (6, 3), (4, 3)]
