from __future__ import annotations

import random
import struct
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinfold.kernels import decimals as kernel

PROPERTY = settings(derandomize=True, deadline=None, max_examples=200)


def parse(text, dim, *, final=True, most=1000, doubts=100):
    """Return (words, numbers, line numbers, tally, doubts) of some lines."""
    data = text if isinstance(text, bytes) else text.encode()
    out = np.full((data.count(b"\n") + 1, dim), np.nan, np.float32)
    words, lines = np.zeros((len(out), 2), np.int32), np.zeros(len(out), np.int32)
    unsure = np.zeros((doubts, 3), np.int32)
    tally = kernel.parse_rows(np.frombuffer(data, np.uint8), final, most, out, words, lines, unsure).tolist()
    n = tally[kernel.ROWS]
    names = [data[a:b].decode() for a, b in words[:n].tolist()]
    return names, out[:n], lines[:n].tolist(), tally, unsure[: tally[kernel.DOUBTS]].tolist()


def numbers_of(fields):
    """Return float32s as a reader gets them: by the kernel, and by `float` where that is in doubt."""
    data = "".join(f"w {field}\n" for field in fields).encode()
    _, out, _, tally, doubts = parse(data, 1, most=len(fields), doubts=len(fields))
    assert tally[kernel.ROWS] == len(fields), fields[tally[kernel.ROWS]]
    for row, first, last in doubts:
        out[row] = float(data[first:last])
    return out[:, 0], len(doubts)


def same_bits(left, right):
    return left.view(np.uint32).tolist() == right.view(np.uint32).tolist()


def written(numbers):
    table = np.asarray(numbers, np.float32)[:, None]
    out = np.zeros(table.size * (kernel.NUMBER_BYTES + 1), np.uint8)
    size = kernel.format_rows(table, np.zeros(0, np.uint8), np.zeros(len(table) + 1, np.int64), out)
    return out[:size].tobytes().decode().split("\n")[:-1]


def awkward_number(chance):
    """Return a number as text: as programs write them, and as nobody would."""
    kind = chance.randrange(8)
    value = chance.gauss(0, 1)
    if kind == 0:
        return repr(value)
    if kind == 1:
        return f"{value:.{chance.randrange(30)}{chance.choice('efg')}}"
    if kind == 2:
        return f"{value * 10.0 ** chance.randrange(-60, 37)!r}"
    if kind == 3:  # within a hair of the middle between two float32s
        below = struct.unpack("<f", struct.pack("<I", chance.randrange(1, 0x7F000000)))[0]
        middle = (Decimal(below) + Decimal(float(np.nextafter(np.float32(below), np.float32(np.inf))))) / 2
        return f"{middle + chance.choice((-1, 0, 1)) * abs(middle) * Decimal(10) ** -chance.randrange(15, 40):.60e}"
    if kind == 4:
        return (
            "0" * chance.randrange(5) + str(chance.randrange(10 ** chance.randrange(1, 38))) + chance.choice(["", "."])
        )
    if kind == 5:
        return f".{chance.randrange(10**25):0{chance.randrange(25, 50)}}"
    if kind == 6:
        return (
            f"{chance.choice('+-')}{chance.randrange(10**20)}E{chance.choice(['', '+', '-'])}{chance.randrange(18):03}"
        )
    return f"{chance.choice(['', '-'])}0.0e{chance.randrange(-500, 500)}"


def test_numbers_are_rounded_as_float_and_float32_round_them():
    chance = random.Random(0)
    fields = [awkward_number(chance) for _ in range(60_000)]
    got, n_doubts = numbers_of(fields)
    assert same_bits(got, np.array([float(field) for field in fields]).astype(np.float32))
    plain = [field for field in fields if "e" not in field.lower() and len(field) < 12]
    assert len(plain) > 3_000 and numbers_of(plain)[1] == 0, "what programs write needs no second look"
    assert 0 < n_doubts < 20_000


def test_every_float32_is_read_from_what_python_writes():
    chance = np.random.default_rng(0)
    bits = chance.integers(0, 1 << 32, 40_000, dtype=np.uint32).view(np.float32)
    bits = bits[np.isfinite(bits)]
    assert same_bits(numbers_of([repr(float(number)) for number in bits])[0], bits)
    assert same_bits(numbers_of([str(number) for number in bits])[0], bits)


def test_what_is_written_is_read_as_the_same_bits_and_no_digit_is_wasted():
    chance = np.random.default_rng(1)
    powers = np.array([10.0**power for power in range(-45, 39)] + [2.0**power for power in range(-149, 128)])
    edges = powers.astype(np.float32)
    numbers = np.concatenate([
        chance.integers(0, 1 << 32, 40_000, dtype=np.uint32).view(np.float32),
        chance.normal(size=40_000).astype(np.float32),
        np.round(chance.normal(size=5_000), 3).astype(np.float32),
        *(np.nextafter(edges, np.float32(to)) for to in (0, np.inf)),
        edges,
        np.array([0.0, -0.0, 3.4028235e38, -1e-45], np.float32),
    ])  # fmt: skip
    numbers = numbers[np.isfinite(numbers)]
    fields = [line.strip() for line in written(numbers)]
    assert same_bits(np.array([float(field) for field in fields]).astype(np.float32), numbers)
    assert all("." in field or "e" in field for field in fields), "a header is whole numbers, so that none may be here"
    assert max(map(len, fields)) < kernel.NUMBER_BYTES

    def digits(field):
        return len(field.split("e")[0].replace("-", "").replace(".", "").strip("0"))

    # Below a power of two the float32s lie closer: there numpy takes a shorter number that is not the nearest one.
    wasted = [digits(field) - digits(str(number)) for field, number in zip(fields, numbers, strict=True)]
    assert set(np.frexp(numbers[np.flatnonzero(wasted)])[0].tolist()) <= {0.5, -0.5} and max(wasted) <= 1


@pytest.mark.parametrize(
    ("number", "field"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (-2.5, "-2.5"),
        (0.1, "0.1"),
        (1e-5, "0.00001"),
        (1.5e-7, "1.5e-07"),
        (1e8, "100000000.0"),
        (1e9, "1e09"),
        (9.9999998e-6, "0.00001"),
        (3.4028235e38, "3.4028235e38"),
    ],
)
def test_how_numbers_are_written(number, field):
    assert written([number]) == [f" {field}"]


@pytest.mark.parametrize(
    "field",
    [
        *("", ".", "-", "+.", "e5", "1e", "1e+", "--1", "1-", "1.2.3", "1,5", "1_0", "0x1", "1f", "½", "1e5.0", "٣"),
        *("nan", "inf", "-Infinity", "1e39", "-3.5e38"),
    ],
)
def test_what_is_no_number_ends_the_parsing_at_its_place(field):
    text = f"good 1\nbad {field or 'x'}\nnext 2\n"
    names, _, _, tally, _ = parse(text, 1)
    assert names == ["good"]
    assert tally[kernel.FAULT] == kernel.NUMBER
    assert text.encode()[tally[kernel.FIRST] : tally[kernel.LAST]].decode() == (field or "x")
    assert (tally[kernel.CONSUMED], tally[kernel.LINES]) == (7, 1)


def test_rows_words_and_lines():
    text = "the 1 2\r\n\n  \t\r\n. . . 3 4\na\tb\t5 \t 6 \t\n 7 8\nlast 9 10"
    names, numbers, lines, tally, _ = parse(text, 2)
    assert names == ["the", ". . .", "a\tb", "", "last"]
    assert numbers.tolist() == [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]]
    assert lines == [0, 3, 4, 5, 6]
    assert tally == [5, len(text), 7, 0, 2, 0, 0, 0]


def test_other_line_ends_and_blanks_are_part_of_a_word():
    word = "a\u2028b\u0085c\u00a0d\x0be\x0cf\x1c"
    assert parse(f"{word} 1\n", 1)[0] == [word]


@pytest.mark.parametrize(
    ("line", "kind", "first"),
    [
        ("x 1 2", kernel.NUMBER, 0),
        ("1 2 3", kernel.SHORT, 2),
        ("3", kernel.SHORT, 1),
        ("x 1 2 3 4", kernel.LONG, 2),
        ("x", kernel.NUMBER, 0),
        ("new york 5 1 2 3", kernel.LONG, 9),
    ],
)
def test_rows_too_short_or_too_long(line, kind, first):
    tally = parse(f"{line}\n", 3)[3]
    assert (tally[kernel.FAULT], tally[kernel.FIRST]) == (kind, first)


def test_a_line_that_goes_on_is_left_for_the_next_block():
    assert parse("a 1\nb 2", 1, final=False)[0] == ["a"]
    assert parse("a 1\nb 2", 1, final=False)[3][kernel.CONSUMED] == 4
    assert parse("a 1\nb 2\nc 3\n", 1, most=2)[3][kernel.CONSUMED] == 8


def test_a_row_whose_doubts_have_no_room_is_left_for_the_next_call():
    line = "w 1.00000017881393432617187499 0.1 1.00000017881393432617187499\n"
    names, _, _, tally, doubts = parse(line * 3, 3, doubts=4)
    assert (len(names), len(doubts)) == (1, 2)
    assert tally[kernel.CONSUMED] == len(line)


@PROPERTY
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \t\n\r"), min_size=1, max_size=9),
            st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=2, max_size=2),
        ),
        min_size=1,
        max_size=9,
    )
)
def test_rows_written_are_rows_read(rows):
    names = [word.encode() for word, _ in rows]
    table = np.array([numbers for _, numbers in rows], np.float32)
    bounds = np.cumsum([0, *map(len, names)])
    out = np.zeros(int(bounds[-1]) + len(rows) + table.size * kernel.NUMBER_BYTES, np.uint8)
    size = kernel.format_rows(table, np.frombuffer(b"".join(names), np.uint8), bounds, out)
    words, numbers, _, _, doubts = parse(out[:size].tobytes(), 2)
    assert words == [word for word, _ in rows]
    assert same_bits(numbers, table) and doubts == []
