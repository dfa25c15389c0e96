from __future__ import annotations

import csv
import io
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinfold.kernels import delimited as kernel

COMMA, QUOTE = ord(","), ord('"')


def split(text, *, delimiter=COMMA, quote=QUOTE, final=True):
    data = np.frombuffer(bytearray(text.encode()), np.uint8)
    starts, ends, flags, first, begins, lines, blank, tally = kernel.split_records(data, delimiter, quote, final)
    out, offsets = kernel.gather(data, starts, ends, flags, quote)
    fields = [out[a:b].tobytes().decode() for a, b in itertools.pairwise(offsets)]
    rows = [fields[a:b] for a, b in itertools.pairwise(first)]
    return rows, begins.tolist(), lines.tolist(), blank.tolist(), tally.tolist(), flags.tolist()


def test_fields_and_places():
    rows, begins, lines, blank, tally, _ = split('a,"b ""x""\ny",\r\n , \n1,2,3\r4')
    assert rows == [["a", 'b "x"\ny', ""], [" ", " "], ["1", "2", "3"], ["4"]]
    assert begins == [0, 16, 20, 26]
    assert lines == [0, 2, 3, 4]
    assert blank == [0, 1, 0, 0]
    assert tally == [27, 4, 1, 1, 1, -1, -1]


def test_without_quotes_and_without_delimiter():
    assert split('"a,b"\n', quote=-1)[0] == [['"a', 'b"']]
    assert split('a,"b\nc"\n', delimiter=-1, quote=-1)[0] == [['a,"b'], ['c"']]


@pytest.mark.parametrize(("text", "consumed"), [("a\nb", 2), ("a\r", 0), ('a\n"b"', 2), ('a\n"b\n', 2), ("a,", 0)])
def test_only_whole_records_are_consumed(text, consumed):
    tally = split(text, final=False)[4]
    assert tally[kernel.CONSUMED] == consumed


def test_open_quote_is_told():
    tally = split('a\n\nb,"c\nd')[4]
    assert (tally[kernel.CONSUMED], tally[kernel.OPEN_AT], tally[kernel.OPEN_LINE]) == (3, 5, 2)


def test_text_after_a_closing_quote_is_flagged():
    rows, *_, flags = split('"a"b,c\n"d"\n')
    assert [len(row) for row in rows] == [2, 1]
    assert flags == [kernel.QUOTED | kernel.MALFORMED, 0, kernel.QUOTED]


def test_trailing_delimiter_and_empty_input():
    assert split("a,")[0] == [["a", ""]]
    assert split("a,\n,b\n")[0] == [["a", ""], ["", "b"]]
    assert split("")[0] == []


def test_surrogates_are_replaced_in_place():
    data = np.frombuffer(bytearray(b"a\xed\xa0\x80\xed\x9f\xbf\xed\xbf\xbf"), np.uint8)
    assert kernel.repair_surrogates(data) == 2
    assert data.tobytes().decode() == "a\ufffd\ud7ff\ufffd"


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(st.lists(st.text('ab,"\n\r é', max_size=4), min_size=2, max_size=3), max_size=5))
def test_reads_what_the_csv_module_writes(rows):
    held = io.StringIO()
    csv.writer(held).writerows(rows)
    got, _, _, _, tally, flags = split(held.getvalue())
    assert got == rows
    assert tally[kernel.OPEN_AT] == -1 and not any(flag & kernel.MALFORMED for flag in flags)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.text('a,"\n\r', max_size=12))
def test_any_bytes_are_split_safely(text):
    _, begins, lines, _, tally, _ = split(text)
    assert begins == sorted(set(begins)) and lines == sorted(lines)
    assert tally[kernel.CONSUMED] == len(text) or tally[kernel.OPEN_AT] >= 0
    plain, *_ = split(text, quote=-1)
    assert (
        plain == [line.split(",") for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")][: len(plain)]
    )
