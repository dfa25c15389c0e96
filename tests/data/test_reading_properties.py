"""What must hold for any table: nothing is changed, and where a block ends does not matter."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import tempfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from kinfold.data.limits import Limits
from kinfold.data.table import open_table, read_table
from kinfold.errors import KinfoldError

PROPERTY = settings(derandomize=True, deadline=None, max_examples=150)
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
WORDS = st.sampled_from(
    ["NA", "null", "007", "7", "1e5", "a,b", 'say "hi"', "é", "😀", "two\nlines", "x\r\ny", "\ufeff"]
)
TEXT = (st.text(CHARACTERS, min_size=1, max_size=20) | WORDS).filter(lambda text: text.strip() != "")
LABEL = (st.text(CHARACTERS, min_size=1, max_size=8) | st.sampled_from(["007", "7", "NA", " x ", "None"])).filter(
    lambda text: text.strip() != "" and not set(text) & set("\r\n|")
)
ROWS = st.lists(st.tuples(TEXT, LABEL), min_size=1, max_size=8)


def read_bytes(name, content, **options):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return read_table(path, text="text", label="label", **options)


def as_csv(rows, delimiter, end="\r\n"):
    held = io.StringIO()
    writer = csv.writer(held, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("text", "label"), *rows])
    return held.getvalue().encode()


def check(rows, table):
    assert table.examples.texts == [text for text, _ in rows]
    assert table.examples.labels == [label for _, label in rows]
    assert table.ledger.balanced
    assert table.ledger.used == len(rows)


@PROPERTY
@given(ROWS, st.sampled_from(["\n", "\r\n", "\r"]))
def test_csv_and_tsv_round_trip(rows, end):
    check(rows, read_bytes("a.csv", as_csv(rows, ",", end)))
    check(rows, read_bytes("a.tsv", as_csv(rows, "\t", end)))


@PROPERTY
@given(ROWS, st.sampled_from(["utf-16", "utf-32", "utf-8-sig"]))
def test_marked_encodings_round_trip(rows, encoding):
    check(rows, read_bytes("a.csv", as_csv(rows, ",").decode().encode(encoding)))


@PROPERTY
@given(ROWS, st.booleans())
def test_json_lines_round_trip(rows, ascii_only):
    lines = [json.dumps({"text": text, "label": label}, ensure_ascii=ascii_only) for text, label in rows]
    check(rows, read_bytes("a.jsonl", ("\n".join(lines) + "\n").encode()))


@PROPERTY
@given(ROWS, st.booleans())
def test_parquet_round_trip(rows, dictionary):
    held = io.BytesIO()
    made = pa.table({"text": [text for text, _ in rows], "label": [label for _, label in rows]})
    pq.write_table(made, held, use_dictionary=dictionary)
    check(rows, read_bytes("a.parquet", held.getvalue()))


@PROPERTY
@given(st.lists(TEXT.filter(lambda text: not set(text) & set("\r\n")), min_size=1, max_size=8))
def test_plain_text_round_trip(texts):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.txt"
        path.write_bytes("\n".join(["first", *texts]).encode())
        assert read_table(path, format="text").examples.texts == ["first", *texts]


def everything(content, name, block_bytes, **options):
    """Return all that a caller can see of a read: records, rejections, the account, or the error."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        seen = []
        try:
            limits = Limits(block_bytes=block_bytes, max_field=40)
            with open_table(path, text="text", max_rejected=1.0, limits=limits, **options) as reader:
                for block in reader:
                    seen += block.in_order()
                account = reader.ledger.to_dict()
        except KinfoldError as error:
            return error.code
        return [number for number, _ in seen], [repr(record) for _, record in seen], account


MESSY = (
    b'text,label\r\nplain,x\n"quoted, with ""quotes""\r\nand lines",y\r\rshort\n\n'
    b'"bad"tail,z\n\xff\xfe,z\ncaf\xc3\xa9,x\r\nsur\xed\xa0\x80,y\none,two,three\n  \n"",x\nnul\0,y\n'
    b'"' + b"w" * 60 + b'",x\nlast,x'
)


def test_block_borders_do_not_matter():
    for name, content, options in (
        ("a.csv", MESSY, {"label": "label"}),
        ("a.csv", MESSY, {"label": "label", "quoting": "none"}),
        ("a.txt", b"__label__x one\r__label__y two\r\n\n__label__x __label__ three\n__label__z four", {}),
        ("a.jsonl", b'{"text": "one"}\r\n{"text": 2}\nbad\n{"text": "caf\xc3\xa9"}', {}),
        ("a.csv", MESSY.decode("utf-8", "replace").encode("utf-16"), {"label": "label"}),
    ):
        whole = everything(content, name, 1 << 20, **options)
        assert isinstance(whole, tuple), whole
        for block_bytes in [*range(1, 20), 31, 64, 100]:
            assert everything(content, name, block_bytes, **options) == whole, (name, block_bytes)


@PROPERTY
@given(st.text('a,"\n\r é', max_size=30), st.integers(1, 9))
def test_block_borders_do_not_matter_for_any_text(text, block_bytes):
    content = b"text,b\n" + text.encode()
    assert everything(content, "a.csv", block_bytes) == everything(content, "a.csv", 1 << 20)


@PROPERTY
@given(
    st.binary(max_size=60), st.sampled_from(["a.csv", "a.jsonl", "a.txt", "a.xml", "a.parquet", "a.csv.gz", "a.zip"])
)
def test_any_bytes_are_read_or_refused_with_a_code(content, name):
    for head in (b"", b"text\n", b'{"text": ', b"<r><a text='", b"\x1f\x8b\x08\0", b"PAR1", b"BZh9", b"PK\x03\x04"):
        seen = everything(head + content, name, 1 << 20)
        assert isinstance(seen, tuple) or seen.startswith("D-")


CSV = "text,label\n" + "".join(f'"row {i}, ""q""\né",{i % 3}\r\n' for i in range(30))
LINES = "".join(json.dumps({"text": f"é {i}", "label": "ab"[i % 2], "x": [{"y": 1.5}]}) + "\n" for i in range(30))
XML = "<r>" + "".join(f'<row text="t{i}" label="x"><c>d</c><!-- c --></row>' for i in range(30)) + "</r>"


def seed_files():
    parquet, archive = io.BytesIO(), io.BytesIO()
    pq.write_table(pa.table({"text": [f"t{i}" for i in range(30)], "label": ["a", "b", None] * 10}), parquet)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.csv", CSV)
    plain = {"a.csv": CSV.encode(), "b.jsonl": LINES.encode(), "c.xml": XML.encode(), "d.parquet": parquet.getvalue()}
    return plain | {"e.zip": archive.getvalue(), "f.csv.gz": gzip.compress(CSV.encode(), mtime=0)}


def test_damaged_files_are_read_or_refused_with_a_code():
    draw = random.Random(0)
    for name, content in seed_files().items():
        for _ in range(60):
            data = bytearray(content)
            for _ in range(draw.choice([1, 1, 2, 5])):
                at = draw.randrange(len(data) - 20)
                if draw.random() < 0.5:
                    data[at] ^= 1 << draw.randrange(8)
                elif draw.random() < 0.5:
                    data[at:at] = bytes(draw.choices(b'",\n\r\0\\{}[]<>&\xed\xa0\x80\xff', k=3))
                else:
                    del data[at : at + draw.randrange(1, 20)]
            seen = everything(bytes(data), name, 1 << 20, label="label")
            assert isinstance(seen, tuple) or seen.startswith("D-"), name
            if isinstance(seen, tuple):
                rows = seen[2]["rows"]
                assert rows["in"] == rows["used"] + rows["rejected"] + rows["merged"] == len(seen[0])
