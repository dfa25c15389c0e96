"""`kinfold index`, `search` and `show` of an index: what goes in, what is found, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from kinfold.artifacts.store import load, save
from kinfold.estimators.linear.classifier import LinearTextClassifier
from kinfold.index.exact import ExactIndex
from kinfold.index.search import SearchIndex
from kinfold.vectors.words import WordVectors

WORDS = ["boil", "egg", "horse", "ride", "rice", "water", "tea", "pony", "how", "a"]
TEXTS = {
    "eggs": "how to boil an egg",
    "horse": "how to ride\na horse",
    "rice": "boil rice in water",
    "tea": "the best tea",
}


@pytest.fixture(scope="module")
def words(tmp_path_factory) -> str:
    """Word vectors in which a pony is a horse."""
    table = np.eye(len(WORDS), dtype=np.float32)
    table[WORDS.index("pony")] = table[WORDS.index("horse")]
    path = str(tmp_path_factory.mktemp("models") / "words.model")
    save(WordVectors(WORDS, table), path)
    return path


@pytest.fixture(scope="module")
def linear(tmp_path_factory) -> str:
    """A model without vectors of texts."""
    path = str(tmp_path_factory.mktemp("models") / "linear.model")
    save(LinearTextClassifier(characters=None).fit(["a b", "c d"] * 5, ["x", "y"] * 5), path)
    return path


@pytest.fixture
def texts(write) -> str:
    return write("t.jsonl", "".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in TEXTS.items()))


@pytest.fixture
def plain(kinfold, texts) -> str:
    kinfold("index", texts, "-o", "plain.index", "--id", "id")
    return "plain.index"


@pytest.fixture
def both(kinfold, texts, words) -> str:
    kinfold("index", texts, "-o", "both.index", "--id", "id", "--model", words)
    return "both.index"


def ids(told) -> list[list[str]]:
    return [[hit["id"] for hit in one["hits"]] for one in told.json["answers"]]


def test_words_are_searched_without_a_model(kinfold, plain):
    told = kinfold("search", plain, "boil an egg")
    lines = told.out.splitlines()
    assert lines[0].split() == ["score", "id", "text"] and lines[1].split()[2:] == ["eggs", *TEXTS["eggs"].split()]
    assert len(lines) == 3 and "rice" in lines[2] and "D-174" in told.err
    found = kinfold("search", plain, "boil an egg", "horse", "-k", "1", "--json")
    assert ids(found) == [["eggs"], ["horse"]] and found.json["by"] == "bm25" and "D-174" not in found.err
    assert found.json["answers"][1]["hits"][0] == {
        "rank": 1,
        "id": "horse",
        "score": found.json["answers"][1]["hits"][0]["score"],
        "text": TEXTS["horse"],
    }
    two = kinfold("search", plain, "tea", "horse").out
    assert two.startswith("tea:\n") and "\nhorse:\n" in two and "how to ride a horse" in two


def test_what_index_tells(kinfold, texts, words):
    told = kinfold("index", texts, "-o", "i", "--id", "id")
    assert told.out == "i v000001: 4 texts, by bm25; bm25 is served\n"
    assert "4 in = 4 used + 0 rejected + 0 merged" in told.err and "kinfold search i" in told.err
    found = kinfold("index", texts, "-o", "i", "--model", words, "--by", "hybrid", "--json").json
    assert (
        found["version"] == "v000002" and found["ways"] == ["bm25", "dense", "hybrid"] and found["served"] == "hybrid"
    )
    assert found["rows"] == {"in": 4, "used": 4, "rejected": 0, "merged": 0} and found["bytes"] > 0
    assert found["encoder"] == {"class": "WordVectors", "from": words, "version": "v000001"}
    assert list(load("i").ids) == ["1", "2", "3", "4"]


def test_every_option_of_index_counts(kinfold, texts, words):
    options = {
        "k1": "0.5",
        "b": "0.1",
        "k3": "2.0",
        "metric": "dot",
        "fusion": "score",
        "weight": "0.9",
        "sides": "same",
    }
    given = [part for name, value in options.items() for part in (f"--{name}", value)]
    kinfold(
        "index", texts, "-o", "i", "--model", words, "--by", "dense", *given, "--no-symbols", "--stop-words", "how, a"
    )
    params = load("i").saved_params()
    assert params["symbols"] is False and params["stop_words"] == ["how", "a"]
    assert {name: str(params[name]) for name in options} == options and params["served"] == "dense"


@pytest.mark.parametrize("by", ["dense", "hybrid"])
def test_vectors_find_what_words_do_not(kinfold, both, words, by):
    assert ids(kinfold("search", both, "pony", "--json")) == [[]]
    shutil.copytree(both, "moved.index")  # the encoder goes with it
    found = kinfold("search", "moved.index", "pony", "-k", "1", "--by", by, "--json")
    assert ids(found) == [["horse"]]
    (hit,) = found.json["answers"][0]["hits"]
    assert hit.get("found_by") == ({"dense": 1} if by == "hybrid" else None)


def test_a_table_says_which_list_found_it(kinfold, both):
    lines = kinfold("search", both, "how to ride a pony", "--by", "hybrid").out.splitlines()
    assert "found by" in lines[0] and any("bm25 1, dense" in line for line in lines)


def test_queries_from_standard_input_are_answered_in_order(kinfold, plain):
    told = kinfold("search", plain, "-", "--as", "jsonl", stdin="tea\n\n\u2603\nhorse\n".encode())
    made = [json.loads(line) for line in told.out.splitlines()]
    assert [one["record"] for one in made] == [1, 2, 3, 4] and made[1]["error"]["code"] == "D-053"
    assert made[2]["hits"] == [] and made[3]["hits"][0]["id"] == "horse" and "3 used + 1 rejected" in told.err
    found = kinfold("search", plain, "-", "--json", stdin=b"tea\nzebra\n")
    assert found.json["without_hits"] == 1 and found.json["rows"]["used"] == 2
    people = kinfold("search", plain, "-", stdin=b"zebra\n\n")
    assert "zebra:\n  nothing found" in people.out and "D-053" in people.err
    assert "D-053" in kinfold("search", plain, "-", stdin=b"\n\n", code=3).err
    assert kinfold("search", plain, "-", "--json", stdin=b"\n\n", code=3).json["error"]["code"] == "D-053"
    assert "D-003" in kinfold("search", plain, "-", stdin=b"", code=3).err


def test_queries_from_a_table_into_a_file(kinfold, plain, both, write):
    table = write("q.csv", "n,ask\n1,boil rice\n2,=tea\n")
    told = kinfold("search", plain, "--queries", table, "--text", "ask", "-o", "out.csv", "--excel-safe", "-k", "1")
    rows = list(csv.DictReader(io.StringIO(Path("out.csv").read_text("utf-8"))))
    assert [row["id"] for row in rows] == ["rice", "tea"] and rows[1]["query"] == "'=tea"
    assert told.out == "" and "2 answers" in told.err
    kinfold("search", both, "--queries", table, "--text", "ask", "-o", "out.csv", "--by", "hybrid")
    rows = list(csv.DictReader(io.StringIO(Path("out.csv").read_text("utf-8"))))
    assert {"place in bm25", "place in dense"} <= set(rows[0]) and rows[0]["rank"] == "1"
    counts = kinfold("search", plain, "--queries", table, "--text", "ask", "-o", "out.jsonl", "--json").json
    assert counts["rows"]["used"] == 2 and "answers" not in counts and Path("out.jsonl").read_text().count("\n") == 2
    kinfold("search", plain, "--queries", table, "--text", "nope", "-o", "none.csv", code=3)
    assert not Path("none.csv").exists()


def test_texts_are_cut(kinfold, plain, write):
    def text(*argv):
        return kinfold("search", "long", "word", "--json", *argv).json["answers"][0]["hits"][0]["text"]

    kinfold("index", write("long.csv", "text\n" + "word " * 200_000 + "\n"), "-o", "long")
    assert len(text()) == 201 and text("--chars", "5") == "word …" and len(text("--chars", "0")) > 900_000
    assert len(kinfold("search", "long", "word").out.splitlines()[1]) < 110


def test_a_net_and_a_file_of_vectors_encode_too(kinfold, texts, write):
    pytest.importorskip("torch")
    from kinfold.estimators.neural.classifier import TextClassifier
    from kinfold.nn.encoders.bag import BagOfEmbeddings

    net = TextClassifier(encoder=BagOfEmbeddings(dim=4), max_epochs=1, n_threads=1)
    save(net.fit(list(TEXTS.values()) * 4, ["x", "y", "x", "y"] * 4), "net")
    kinfold("index", texts, "-o", "i", "--model", "net", "--id", "id")
    assert ids(kinfold("search", "i", TEXTS["tea"], "-k", "1", "--by", "dense", "--json")) == [["tea"]]
    vectors = write("v.vec", "2 3\negg 1 0 0\ntea 0 1 0\n")
    told = kinfold("index", texts, "-o", "j", "--model", vectors, "--id", "id")
    assert "D-173: 2 texts" in told.err
    assert ids(kinfold("search", "j", "tea egg egg", "-k", "2", "--by", "dense", "--json")) == [["eggs", "tea"]]


def test_a_directed_matcher_has_queries_on_its_left(kinfold, texts):
    pytest.importorskip("torch")
    from kinfold.data.records import Pairs
    from kinfold.estimators.pairs.matcher import PairMatcher
    from kinfold.nn.encoders.bag import BagOfEmbeddings

    pairs = Pairs(["boil egg", "ride horse", "rice tea"] * 8, list(TEXTS.values())[:3] * 8, ["yes", "no", "yes"] * 8)
    options = {"directed": True, "towers": "separate", "similarity": "dot", "max_epochs": 1, "n_threads": 1}
    save(PairMatcher(encoder=BagOfEmbeddings(dim=4), **options).fit(pairs), "matcher")
    kinfold("index", texts, "-o", "i", "--model", "matcher")
    params = load("i").saved_params()
    assert params["sides"] == "left-right" and params["metric"] == "dot"
    assert len(ids(kinfold("search", "i", "egg", "--by", "dense", "--json"))[0]) == 4


def test_show_says_what_an_index_holds(kinfold, plain, both, words):
    told = kinfold("show", both).out
    for part in (
        "4 texts",
        "by bm25, dense, hybrid",
        "10 numbers each",
        "WordVectors, kept inside",
        "never: kinfold evaluate",
    ):
        assert part in told
    found = kinfold("show", both, "--json").json
    assert found["documents"] == 4 and found["served"] == "bm25" and found["encoder"]["from"] == words
    assert sum(found["bytes_of"].values()) <= found["bytes"] and all(found["bytes_of"].values())
    found = kinfold("show", plain, "--json").json
    assert found["ways"] == ["bm25"] and found["encoder"] is None and not found["bytes_of"]["vectors"]
    assert "U-015" in kinfold("show", plain, "--top", "3", code=2).err


def test_one_side_of_a_sample_and_lines_of_text(kinfold):
    assert "150" in kinfold("index", "sample:questions", "--text", "left", "-o", "i").err
    kinfold("index", "-", "-o", "j", stdin=b"one two\nthree\n")
    assert ids(kinfold("search", "j", "three", "--json")) == [["2"]]


@pytest.mark.parametrize(
    ("rows", "code", "seen"),
    [
        ("a,one\na,two\n", "D-171", "records 1 and 2"),
        ("a,one\n,two\n", "D-172", "D-172: 1"),
        ("a,\n", "D-053", ""),
    ],
)
def test_rows_that_can_not_be_indexed(kinfold, write, rows, code, seen):
    told = kinfold("index", write("t.csv", "id,text\n" + rows), "-o", "i", "--id", "id", code=3)
    assert code in told.err and seen in told.err and not Path("i").exists()


def test_rows_that_are_put_right_are_counted(kinfold, write):
    rows = write("t.csv", "id,text\na,one\na,one\n,two\nb,three\n")
    told = kinfold("index", rows, "-o", "i", "--id", "id", "--max-rejected", "1", "--json").json
    assert told["rows"] == {"in": 4, "used": 2, "rejected": 1, "merged": 1} and told["ledger"]["rejected"] == {
        "D-172": 1
    }
    assert list(load("i").ids) == ["a", "b"]


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["--by", "dense"], "U-060"),
        (["--metric", "dot"], "U-060"),
        (["--model", "WORDS", "-o", "WORDS"], "U-060"),
        (["--by", "magic"], "U-013"),
        (["--model", "LINEAR"], "U-061"),
        (["--model", "nothing"], "A-001"),
        (["--model", "WORDS", "--weight", "2"], "weight"),
    ],
)
def test_options_of_index_that_can_not_be_meant(kinfold, texts, words, linear, argv, code):
    argv = [{"WORDS": words, "LINEAR": linear}.get(part, part) for part in argv]
    told = kinfold("index", texts, *([] if "-o" in argv else ["-o", "i"]), *argv, code=None)
    assert told.code in (2, 4) and code in told.err and not Path("i").exists()


@pytest.mark.parametrize(
    ("argv", "code", "status"),
    [
        (["INDEX"], "U-062", 2),
        (["INDEX", " "], "U-062", 2),
        (["INDEX", "-", "tea"], "U-062", 2),
        (["INDEX", "tea", "--queries", "f"], "U-062", 2),
        (["INDEX", "tea", "--text", "c"], "U-062", 2),
        (["INDEX", "tea", "--by", "dense"], "U-063", 2),
        (["INDEX", "tea", "--by", "magic"], "U-013", 2),
        (["INDEX", "tea", "--as", "xml"], "U-064", 2),
        (["INDEX", "tea", "--excel-safe"], "U-064", 2),
        (["INDEX", "tea", "-k", "0"], "U-001", 2),
        (["INDEX", "--queries", "nothing.txt"], "D-001", 3),
        (["nothing", "tea"], "A-001", 4),
        (["WORDS", "tea"], "U-012", 2),
        (["VECTORS", "tea"], "U-012", 2),
    ],
)
def test_what_search_refuses(kinfold, plain, words, argv, code, status):
    save(ExactIndex().add(["a"], [[1.0, 2.0]]), "vectors")
    told = kinfold(
        "search", *[{"INDEX": plain, "WORDS": words, "VECTORS": "vectors"}.get(p, p) for p in argv], code=status
    )
    assert code in told.err and not told.out


def test_json_and_another_form_contradict(kinfold, plain):
    assert kinfold("search", plain, "tea", "--as", "csv", "--json", code=2).json["error"]["code"] == "U-064"


def test_an_index_is_nothing_else(kinfold, plain):
    for argv in (["predict", plain, "-"], ["nearest", plain, "tea"]):
        assert "kinfold index makes" in kinfold(*argv, stdin=b"tea\n", code=2).err


def test_a_damaged_index_and_one_of_another_kinfold(kinfold, plain):
    weights = next(Path(plain).glob("v*/weights.safetensors"))
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    assert "A-006" in kinfold("search", plain, "tea", code=4).err
    manifest = next(Path(plain).glob("v*/manifest.json"))
    manifest.write_text(
        manifest.read_text().replace('"format":1', '"format":99').replace('"format": 1', '"format": 99')
    )
    assert kinfold("search", plain, "tea", code=4).err.count("error A-")


def test_an_encoder_that_was_not_saved(kinfold):
    class Lengths:
        def encode(self, texts):
            return [[len(text), 1.0] for text in texts]

    save(SearchIndex(Lengths(), served="dense").fit(["a"], ["some text"]), "own")
    told = kinfold("search", "own", "some", code=2)
    assert "U-063" in told.err and "not saved with it" in told.err
    assert ids(kinfold("search", "own", "some", "--by", "bm25", "--json")) == [["a"]]
    assert "not kept" in kinfold("show", "own").out
