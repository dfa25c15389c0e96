from __future__ import annotations

import numpy as np
import pytest

from kinfold.kernels import wordrecords as kernel


def split(data, dim, most=100):
    out = np.zeros((most, 4 * dim), np.uint8)
    words = np.zeros((most, 2), np.int32)
    rows, consumed, fault = kernel.split_records(np.frombuffer(data, np.uint8), most, out, words).tolist()
    names = [data[first:last] for first, last in words[:rows].tolist()]
    return names, out[:rows].view("<f4").tolist(), consumed, fault


def record(word, *numbers, end=b""):
    return word + b" " + np.array(numbers, "<f4").tobytes() + end


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_records_with_and_without_a_line_feed(end):
    data = record(b"a", 1, 2, end=end) + record("é".encode(), 10, 0.5, end=end) + record(b"", 3, 4)
    names, numbers, consumed, fault = split(data, 2)
    assert (names, numbers) == ([b"a", "é".encode(), b""], [[1, 2], [10, 0.5], [3, 4]])
    assert (consumed, fault) == (len(data), 0)


def test_bytes_of_numbers_may_look_like_anything():
    tens = np.frombuffer(b"\n\n  \0a \n", "<f4")
    assert split(record(b"x", *tens) * 2, 2)[:2] == ([b"x", b"x"], [tens.tolist()] * 2)


def test_a_record_that_goes_on_is_left_for_the_next_call():
    whole = record(b"a", 1, end=b"\n")
    for n in range(len(record(b"b", 2))):
        assert split(whole + record(b"b", 2)[:n], 1)[:3] == ([b"a"], [[1.0]], len(whole) - 1)
    assert split(whole * 3, 1, most=2)[2] == 2 * len(whole) - 1


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"a\nb 1234", kernel.ODD_BYTE),
        (b"a\0b 1234", kernel.ODD_BYTE),
        (b"x" * (kernel.LONGEST_WORD + 1), kernel.NO_BLANK),
        (b"x" * (kernel.LONGEST_WORD + 1) + b" 1234", kernel.NO_BLANK),
        (b"x" * kernel.LONGEST_WORD + b" 1234", 0),
    ],
)
def test_what_is_no_word(data, fault):
    names, _, consumed, found = split(record(b"a", 1) + data, 1)
    assert found == fault
    assert names[:1] == [b"a"] and (consumed == 6 or not fault)
