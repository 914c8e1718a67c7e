"""Cutting the stream: any chunking gives the same objects, hostile input a clear error and no runaway work."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netloom.wire.ovsdb.errors import RemoteProtocolError
from netloom.wire.ovsdb.framing import Framer
from netloom.wire.ovsdb.limits import Limits

LIMITS = Limits(message_bytes=100_000, depth=32)

TEXT = st.text(st.sampled_from('ab"\\{}[] \n\té🦀'), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
OBJECT = st.dictionaries(TEXT, JSON, max_size=5)
BLANK = st.sampled_from([b"", b" ", b"\n", b"\r\n\t "])


def feed_all(framer: Framer, chunks: list[bytes]) -> list[bytes]:
    return [frame for chunk in chunks for frame in framer.feed(chunk)]


def cut(stream: bytes, cuts: list[int], limits: Limits = LIMITS) -> list[object]:
    framer = Framer(limits)
    places = sorted({0, len(stream), *(place % (len(stream) + 1) for place in cuts)})
    frames: list[bytes] = []
    for start, end in itertools.pairwise(places):
        frames += framer.feed(stream[start:end])
    assert framer.pending == 0
    return [json.loads(frame) for frame in frames]


@given(
    st.lists(st.tuples(OBJECT, BLANK, st.booleans()), max_size=6),
    st.lists(st.integers(0, 10_000), max_size=30),
)
@example([({"a": "}{"}, b"", False), ({"b": '\\"}{'}, b" ", False)], [3, 7, 8, 9])
@example([({"\\": "\\\\"}, b"", True)], list(range(40)))
def test_any_chunking_gives_the_same_objects(
    objects: list[tuple[object, bytes, bool]], cuts: list[int]
) -> None:
    stream = b"".join(
        json.dumps(content, ensure_ascii=escape).encode() + blank for content, blank, escape in objects
    )
    assert cut(stream, cuts) == [content for content, _, _ in objects]


@given(st.lists(OBJECT, min_size=1, max_size=4))
def test_byte_by_byte(objects: list[object]) -> None:
    stream = b"".join(json.dumps(content, ensure_ascii=False).encode() for content in objects)
    assert cut(stream, list(range(len(stream)))) == objects


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=10))
def test_any_bytes_give_frames_or_the_one_error(data: bytes, cuts: list[int]) -> None:
    framer = Framer(LIMITS)
    places = sorted({0, len(data), *(place % (len(data) + 1) for place in cuts)})
    try:
        for start, end in itertools.pairwise(places):
            framer.feed(data[start:end])
    except RemoteProtocolError:
        pass


@pytest.mark.parametrize(
    "data", [b"[]", b"1", b'"{"', b"}", b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\n", b"\xff", b"\\"]
)
def test_only_objects(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match=r"begins with"):
        feed_all(Framer(LIMITS), [data, b"x"])


def test_a_bracket_too_many_is_left_to_the_decoder_or_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="closes more"):
        Framer(LIMITS).feed(b'{"a":1}}')
    assert Framer(LIMITS).feed(b'{"a":1}}{') == [b'{"a":1}}']


@pytest.mark.parametrize("size", [99_999, 100_000])
def test_size_up_to_the_limit(size: int) -> None:
    message = b'{"a":"' + b"x" * (size - 8) + b'"}'
    assert len(message) == size
    assert Framer(LIMITS).feed(message) == [message]
    assert Framer(LIMITS).feed(message[:50]) == []


@pytest.mark.parametrize("step", [100_001, 4096, 1])
def test_size_above_the_limit(step: int) -> None:
    message = b'{"a":"' + b"x" * 99_993 + b'"}'
    assert len(message) == 100_001
    framer = Framer(LIMITS)
    with pytest.raises(RemoteProtocolError, match="the limit is 100000"):
        feed_all(framer, [message[start : start + step] for start in range(0, len(message), step)])


def test_a_message_that_never_ends_is_bounded() -> None:
    framer = Framer(LIMITS)
    framer.feed(b'{"a":"')
    with pytest.raises(RemoteProtocolError, match="the limit is 100000"):
        feed_all(framer, [b"}{" * 500] * 1000)


@pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
def test_depth_bombs(bracket: bytes) -> None:
    whole = b'{"a":' + bracket * 31
    assert Framer(LIMITS).feed(whole) == []
    with pytest.raises(RemoteProtocolError, match="the limit is 32"):
        Framer(LIMITS).feed(whole + bracket)


def test_braces_in_strings_are_skipped_a_string_at_a_time() -> None:
    content = {"a": "}{" * 20_000, "b": '"}{"' * 5_000}
    stream = json.dumps(content).encode() * 2
    assert [json.loads(frame) for frame in Framer(LIMITS).feed(stream)] == [content, content]
