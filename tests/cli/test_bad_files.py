"""A corpus of bad files through `train classify`: never a traceback, the right exit status, a ledger that adds up."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import os
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

GOOD = [(f"a {('bad', 'good')[i % 2]} thing {i}", ("no", "yes")[i % 2]) for i in range(200)]
CSV = "text,label\n" + "".join(f"{text},{label}\n" for text, label in GOOD)
JSONL = "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in GOOD)
QUICK = ("--set", "characters=none", "--set", "C=3", "--set", "words=1,1")


def zipped(**members: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def parquet(**columns: list) -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table(columns), held)
    return held.getvalue()


TEXTS, LABELS = [text for text, _ in GOOD], [label for _, label in GOOD]
#: Name, content, code expected (None: it is read).
CASES: list[tuple[str, str | bytes, str | None]] = [
    ("empty.csv", b"", "D-003"),
    ("header.csv", "text,label\n", "D-004"),
    ("good.csv", CSV, None),
    ("bom.csv", b"\xef\xbb\xbf" + CSV.encode(), None),
    ("utf16.csv", CSV.encode("utf-16"), None),
    ("cp1252.csv", (CSV + "caf\xe9,yes\n").encode("cp1252"), "D-008"),
    ("mixed.csv", (CSV + "caf\xc3\xa9 \u00fc,yes\n").encode() + b"caf\xe9,yes\n", None),
    ("cr.csv", CSV.replace("\n", "\r"), None),
    ("gz.csv", gzip.compress(CSV.encode()), None),
    ("picture.csv", b"\x89PNG\r\n\x1a\n" + b"\0" * 90, "D-011"),
    ("semicolon.csv", CSV.replace(",", ";"), "D-012"),
    ("page.csv", "<!DOCTYPE html><html><body>404</body></html>", "D-013"),
    ("lfs.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n", "D-014"),
    ("cut.csv.gz", gzip.compress(CSV.encode())[:-20], "D-015"),
    ("rot.csv.bz2", bz2.compress(CSV.encode())[:90] + b"\0\0\0" + bz2.compress(CSV.encode())[93:], "D-016"),
    ("junk.csv.bz2", bz2.compress(CSV.encode()) + b"junk", None),
    ("slip.zip", zipped(**{"../x.csv": CSV}), "D-019"),
    ("two.zip", zipped(**{"a.csv": CSV, "b.csv": CSV}), "D-020"),
    ("cut.parquet", parquet(text=TEXTS, label=LABELS)[:-30], "D-022"),
    ("nested.parquet", parquet(text=[[x] for x in TEXTS], label=LABELS), "D-023"),
    ("good.parquet", parquet(text=TEXTS, label=LABELS), None),
    ("laughs.xml", '<!DOCTYPE x [<!ENTITY a "b">]><rows><row text="&a;" label="c"/></rows>', "D-025"),
    ("array.jsonl", json.dumps([{"text": text, "label": label} for text, label in GOOD]), None),
    ("badline.jsonl", JSONL + "{broken\n", None),
    ("quote.csv", CSV + '"never closed,yes\n' + CSV, "D-033"),
    ("stray.csv", CSV + 'a 6" nail,yes\n', None),
    ("extra.csv", "text,label\na,b,c\n" + CSV, "D-036"),
    ("later.csv", CSV + "a,b,c\n", None),
    ("missing.csv", CSV + "alone\n", None),
    ("twice.csv", CSV.replace("text,label", "label,label"), "D-039"),
    ("case.csv", CSV.replace("text,label", " Text ,LABEL"), None),
    ("noheader.csv", "12,34\n" + CSV, "D-041"),
    ("wrong.csv", CSV.replace("text,label", "body,class"), "D-042"),
    ("nul.csv", CSV + "a\0b,yes\n", None),
    ("blank.csv", CSV.replace("\n", "\n\n"), None),
    ("dup.csv", CSV + "same,yes\n" * 9, None),
    ("deep.jsonl", JSONL + '{"text":' + "[" * 5000 + "]" * 5000 + "}\n", None),
    ("keys.jsonl", JSONL + '{"text": "a", "text": "b", "label": "yes"}\n', None),
    ("one.csv", "text,label\nalone,yes\n", "D-051"),
    ("na.csv", CSV + "NA,yes\nnull,no\nnan,yes\n", None),
    ("emptytext.csv", CSV + ",yes\n", None),
    ("surrogate.jsonl", JSONL + '{"text": "\\ud800 x", "label": "yes"}\n', None),
    ("allempty.csv", "text,label\n" + ",yes\n" * 9, "D-053"),
    ("hidden.csv", CSV + "a\u200bb\u202ec,yes\n", None),
    (
        "thai.csv",
        "text,label\n" + "".join(f"{'ดีมากๆๆๆๆ' if i % 2 else 'แย่มากๆๆๆ'}ภาพยนตร์เรื่อง{i},{i % 2}\n" for i in range(60)),
        None,
    ),
    ("nolabel.csv", CSV + "thing,\n", None),
    ("seven.csv", CSV + "a thing,7\nb thing,7\nc thing,007\nd thing,007\n", None),
    ("alike.csv", CSV + "a thing,Yes\nb thing,YES\n", None),
    ("oneclass.csv", "text,label\n" + "a,yes\n" * 30, "D-071"),
    ("rare.csv", CSV + "odd,maybe\n", None),
    ("ids.csv", "text,label\n" + "".join(f"thing {i},id{i}\n" for i in range(50)), "D-073"),
    ("longlabel.csv", CSV + f"thing,{'x' * 9000}\n", "D-075"),
    ("proto.csv", CSV + "a thing,__proto__\nb thing,../x\nc thing,CON\n", None),
    ("contrary.csv", CSV + "same,yes\nsame,no\n", None),
    ("several.csv", CSV + "thing,yes|no\n", "D-078"),
    ("uneven.csv", "text,label\n" + "common thing,yes\n" * 400 + "rare,no\n" * 2, None),
    (
        "leak.csv",
        "text,label\n" + "".join(f"this is {label} number {i},{label}\n" for i, label in enumerate(LABELS)),
        None,
    ),
    ("bomb.csv.gz", gzip.compress(b"a" * (70 << 20)), None),
]


@pytest.mark.parametrize(("name", "content", "expected"), CASES, ids=[case[0] for case in CASES])
def test_a_bad_file_gets_an_answer(kinfold, write, name, content, expected):
    path = write(name, content)
    told = kinfold("train", "classify", path, "-o", "m", "--json", *QUICK, code=None)
    left = {entry for entry in os.listdir(".")} - {name}
    if told.code == 0:
        rows = told.json["rows"]
        assert expected is None and rows["in"] == rows["used"] + rows["rejected"] + rows["merged"]
        assert left == {"m"}
        return
    error = told.json["error"]
    assert told.code == error["exit"] == 3 and left == set()
    assert name in error["what"] or error["code"] in ("D-051", "D-071", "D-073"), error
    assert error["try"], error
    assert error["code"] == expected or name == "bomb.csv.gz", error


def test_paths_that_can_not_be_read(kinfold, tmp_path):
    (tmp_path / "folder").mkdir()
    for path, code, status in (
        ("missing.csv", "D-001", 3),
        ("folder", "D-002", 3),
        ("/dev/zero", "D-031", 3),
        ("a\0b", "D-001", 3),
    ):
        told = kinfold("train", "classify", path, "-o", "m", code=status)
        assert f"error {code}" in told.err
