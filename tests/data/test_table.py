from __future__ import annotations

import gzip
import hashlib
import io
import json
import sys
import zipfile

import pytest

from kinfold.data.faults import Reject
from kinfold.data.limits import Limits
from kinfold.data.records import Example, Pair
from kinfold.data.table import open_table, read_table
from kinfold.errors import DataError, InvalidParameterError

BOTH = {"text": "text", "label": "label"}


def test_all_roles(write):
    path = write("a.csv", "id,text,label,who,when\n01,a joy,pos,ann,2020-01-02\n02,a bore,neg,bob,\n")
    examples = read_table(path, **BOTH, id="id", group="who", time="when").examples
    assert examples[0] == Example("a joy", "pos", "01")
    assert (examples.groups, examples.times) == (["ann", "bob"], ["2020-01-02", ""])
    table = read_table(path, text="text")
    assert table.examples.labels is None and table.examples.ids is None


def test_pairs(write):
    path = write("a.tsv", "q1\tq2\tsame\nhow?\twhy?\t0\nwho?\twho is it?\t1\n")
    table = read_table(path, left="q1", right="q2", label="same")
    assert table.pairs[1] == Pair("who?", "who is it?", "1")
    with pytest.raises(InvalidParameterError, match="pairs"):
        _ = table.examples


@pytest.mark.parametrize(
    "options", [{"left": "a"}, {"left": "a", "right": "b", "text": "c"}, {"quoting": "all"}, {"max_rejected": -1}]
)
def test_contradicting_parameters(write, options):
    with pytest.raises(InvalidParameterError):
        read_table(write("a.csv", "a,b,c\n1,2,3\n"), **options)


def test_unknown_format(write):
    with pytest.raises(InvalidParameterError, match="jsonl"):
        read_table(write("a.csv", "a\nb\n"), format="xlsx")


def test_ledger_tells_everything(write):
    path = write("a.csv", "text,label\na,x\nb\n\nc,y\n")
    ledger = read_table(path, **BOTH, max_rejected=0.5).ledger
    assert str(ledger) == "3 in = 2 used + 1 rejected + 0 merged"
    told = ledger.to_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["rows"] == {"in": 3, "used": 2, "rejected": 1, "merged": 0}
    assert told["labels"] == {"x": 1, "y": 1} and told["format"] == "csv" and told["bytes"] == 22
    assert "D-038" in ledger._repr_html_()


def test_sha256_is_of_the_bytes_on_disk(write):
    content = gzip.compress(b"text\na\n")
    assert read_table(write("a.csv.gz", content)).ledger.sha256 == hashlib.sha256(content).hexdigest()


def test_rejected_rows_go_to_a_file(write, tmp_path):
    path = write("a.csv", "text,label\na,x\nb\x1b[31m\nc,x\n,y\n")
    rejected = tmp_path / "rejected.jsonl"
    table = read_table(path, **BOTH, max_rejected=1.0, rejected=rejected)
    rows = [json.loads(line) for line in rejected.read_text().splitlines()]
    assert [row["code"] for row in rows] == ["D-038", "D-053"]
    assert rows[0] == {
        "file": "a.csv",
        "record": 2,
        "line": 3,
        "byte": 15,
        "code": "D-038",
        "reason": "1 field where 2 are expected",
        "excerpt": "b\\x1b[31m",
    }
    assert table.ledger.n_rejected == len(rows)
    with pytest.raises(InvalidParameterError, match="input itself"):
        read_table(path, **BOTH, rejected=path)
    assert path.read_text().startswith("text,label")


def test_rejected_file_that_cannot_be_written(write, refused, tmp_path):
    path = write("a.csv", "text\na\n")
    with pytest.raises(OSError, match="can't be written") as caught:
        read_table(path, rejected=tmp_path / "no" / "file")
    assert caught.value.exit_code == 5


def test_more_than_one_percent_rejected_stops(write, refused, good_rows):
    fine = write("a.csv", good_rows(198) + "short\nshort\n")
    assert read_table(fine, **BOTH).ledger.rejected == {"D-038": 2}
    bad = write("b.csv", good_rows(198) + "short\n" * 2 + "a,b,c\n")
    seen = refused("D-038", bad, **BOTH)
    assert "record 199 (line 200)" in seen and "3 of 201 records were rejected" in seen and "D-037: 1" in seen
    assert read_table(bad, **BOTH, max_rejected=0.02).ledger.n_rejected == 3
    assert read_table(bad, **BOTH, max_rejected=3).ledger.n_rejected == 3
    refused("D-038", bad, **BOTH, max_rejected=2)
    refused("D-038", fine, **BOTH, max_rejected=0)


def test_ten_thousand_rejected_stop_at_once(write, refused):
    path = write("a.csv", "text,label\n" + "fine,x\n" * 20_000 + "short\n" * 30)
    limits = Limits(max_rejected=20)
    assert "were rejected" in refused("D-038", path, **BOTH, limits=limits)
    assert read_table(path, **BOTH, max_rejected=0.5, limits=limits).ledger.n_rejected == 30


def test_nothing_left_is_an_error(write, refused):
    refused("D-038", write("a.csv", "text,label\nshort\nshort\n"), fix=False, **BOTH, max_rejected=1.0)


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b"one\ntwo\n", ["one", "two"]),
        (b'{"text": "one"}\n', ["one"]),
        (b"id\ttext\n1\tone\n", ["one"]),
        (b"__label__x one\n", ["one"]),
    ],
)
def test_standard_input(monkeypatch, content, texts):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    table = read_table("-")
    assert table.examples.texts == texts
    assert table.ledger.source == "<stdin>"
    assert not sys.stdin.closed


def test_open_table_shows_every_record_in_order(write):
    path = write("a.csv", "text\none\n,\n\ntwo\n   x,y\n" + "more\n" * 5 + '""\n')
    with open_table(path, max_rejected=1.0, limits=Limits(block_bytes=7)) as table:
        seen = [item for block in table for item in block.in_order()]
    assert [number for number, _ in seen] == list(range(1, 10))
    kinds = [type(record) for _, record in seen]
    assert [i + 1 for i, kind in enumerate(kinds) if kind is Reject] == [3, 9]
    assert table.ledger.balanced and table.ledger.read == 9


def test_memory_is_bounded_by_the_block(write):
    path = write("a.csv", "text\n" + "a sentence\n" * 100_000)
    with open_table(path, limits=Limits(block_bytes=1 << 16)) as table:
        sizes = [len(block.rows) for block in table]
    assert sum(sizes) == 100_000 and max(sizes) < 10_000


def test_xml_rows(write):
    path = write(
        "Posts.xml",
        '\ufeff<?xml version="1.0" encoding="utf-8"?>\n<posts>\n'
        '  <row Id="1" Body="&lt;p&gt;a&#xA;joy&lt;/p&gt;" />\n'
        "  <row Id='2'><Body>a <b>bold</b> bore</Body></row>\n  <row Id='3'/>\n</posts>",
    )
    table = read_table(path, text="Body", id="Id", max_rejected=0.5)
    assert table.examples.texts == ["<p>a\njoy</p>", "a bold bore"]
    assert table.examples.ids == ["1", "2"]
    assert table.ledger.rejected == {"D-048": 1}
    with open_table(path, text="Body", max_rejected=1.0) as reader:
        (reject,) = [reject for block in reader for reject in block.rejected]
    assert (reject.record, reject.line) == (3, 5)


def test_xml_keeps_its_declared_encoding_and_lists(write):
    content = '<?xml version="1.0" encoding="latin-1"?><r><row><text>é</text><label>a</label><label>b</label></row></r>'
    path = write("a.xml", content.encode("latin-1"))
    table = read_table(path, **BOTH, multi_label=True)
    assert (table.examples.texts, table.examples.labels) == (["é"], [("a", "b")])
    marked = write("b.xml", "<r><row text='é好'/></r>".encode("utf-16"))
    assert read_table(marked).examples.texts == ["é好"]


def test_fasttext_lines(write):
    path = write("a.txt", "__label__good\ta joy\n  __label__bad  two spaces \n__label__good\n")
    table = read_table(path, max_rejected=1.0)
    assert table.ledger.format == "fasttext"
    assert table.examples.texts == ["a joy", " two spaces "]
    assert table.examples.labels == ["good", "bad"]
    assert table.ledger.rejected == {"D-053": 1}


def test_concat_and_take(write):
    examples = read_table(write("a.csv", "text,label\na,x\nb,y\nc,x\n"), **BOTH).examples
    assert type(examples).concat([examples[:1], examples[1:]]) == examples
    assert examples.take([2, 0]).texts == ["c", "a"]
    assert [e.label for e in examples] == ["x", "y", "x"]


def test_reader_is_closed_on_errors(write):
    with pytest.raises(DataError), open_table(write("a.csv", "text,label\na,b,c\n"), **BOTH) as reader:
        list(reader)
    assert reader._source._file.closed


def test_fasttext_lines_without_labels_can_be_streamed(write):
    path = write("a.txt", "__label__good a joy\nno label\n")
    with open_table(path, format="fasttext") as table:
        assert [text for block in table for text in block.rows.texts] == ["a joy", "no label"]


@pytest.mark.parametrize("line", ["<b>bold</b> words", "{sigh} again", "[music] plays", "<br />so", "[1] is cited"])
def test_plain_texts_may_begin_like_markup(write, line):
    assert read_table(write("a.txt", line + "\nmore\n")).examples.texts == [line, "more"]


def test_zip_members_have_their_own_names(write):
    path = write("a.zip", "")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/a.tsv", "review\tlabel\na, joy\tx\n")
    assert read_table(path, text="review").examples.texts == ["a, joy"]


@pytest.mark.parametrize("options", [{"multi_label": ""}, {"numeric": ("label",)}, {"numeric": ("text",)}])
def test_parameters_that_mean_nothing(write, options):
    with pytest.raises(InvalidParameterError):
        read_table(write("a.csv", "text\na\n"), **options)


def test_limits_must_be_positive():
    with pytest.raises(InvalidParameterError, match="block_bytes"):
        Limits(block_bytes=0)


def test_long_lines_of_plain_text_are_parted_at_blanks_when_asked_for(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("a bc def\n" + "ghij klm " * 40 + "\nend\n" + "x" * 90 + " y\n", "utf-8")
    kept = read_table(path, format="text").examples.texts
    assert [len(text) for text in kept] == [8, 360, 3, 92]
    for block_bytes in (7, 64, 1 << 20):
        parted = read_table(path, format="text", limits=Limits(wrap=30, block_bytes=block_bytes)).examples.texts
        assert " ".join(parted).split() == " ".join(kept).split()
        assert parted[0] == "a bc def" and parted[-3:] == ["end", "x" * 90, "y"]
        assert all(30 <= len(text) <= 34 for text in parted[1:11])
