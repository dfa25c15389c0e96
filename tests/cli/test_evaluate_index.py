"""`kinfold evaluate` of an index: metrics over all texts, the choice of what is served, and what is kept of it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kinfold.artifacts.store import load, save
from kinfold.cli.arguments.evaluate import Evaluate
from kinfold.cli.console import Console
from kinfold.cli.evaluate_index import evaluate_index
from kinfold.evaluation.retrieval import LEAST
from kinfold.vectors.words import WordVectors

N = 40


def lines(rows) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture(scope="module")
def words(tmp_path_factory) -> str:
    """Vectors in which word<i> and other<i> are the same, and nothing else is."""
    table = np.eye(N, dtype=np.float32)
    names = [f"word{i}" for i in range(N)] + [f"other{i}" for i in range(N)]
    path = str(tmp_path_factory.mktemp("models") / "words.model")
    save(WordVectors(names, np.concatenate([table, table])), path)
    return path


@pytest.fixture
def index(kinfold, write, words) -> str:
    """Text i is word<i>, its id is t<i>."""
    texts = write("texts.jsonl", lines({"id": f"t{i}", "text": f"word{i} common"} for i in range(N)))
    kinfold("index", texts, "-o", "index", "--id", "id", "--model", words)
    return "index"


def asked(write, word: str, n: int = N, **more) -> str:
    rows = ({"query": f"{word}{i} common", "relevant": f"t{i}", **{k: v(i) for k, v in more.items()}} for i in range(n))
    return write("q.jsonl", lines(rows))


def test_vectors_that_are_surely_better_are_served(kinfold, index, write):
    told = kinfold("evaluate", index, asked(write, "other"))
    assert "mrr: hybrid beats bm25" in told.out and "kept: index v000002" in told.err
    assert kinfold("search", index, "other7", "-k", "1", "--json").json["by"] == load(index).served
    shown = kinfold("show", index).out
    assert "hybrid beats bm25" in shown and "on q.jsonl" in shown
    found = kinfold("show", index, "--json").json
    assert found["served"] != "bm25" and found["metrics"]["mrr"]["value"] > found["baselines"]["bm25"]["mrr"]["value"]
    assert found["encoder"]["class"] == "WordVectors" and found["history"][0]["rows"] == N


def test_a_tie_is_called_a_tie_and_words_are_served(kinfold, index, write):
    told = kinfold("evaluate", index, asked(write, "word"), "--json").json
    assert told["served"] == "bm25" and "a tie" in told["why"][0] and "bm25 is served" in told["why"][0]
    assert told["metrics"]["mrr"]["value"] == 1 and told["baselines"]["hybrid"]["recall_at_10"]["value"] == 1
    assert told["metrics"]["precision_at_10"]["value"] == pytest.approx(0.1)
    assert [choice["difference"]["winner"] for choice in told["choices"]] == [None, None]
    assert told["version"] == "v000002" and load(index).served == "bm25"


def test_figures_by_hand(kinfold, write):
    kinfold("index", write("t.csv", "id,text\n" + "a,x x x\nb,x x y\nc,x y z\nd,q\n"), "-o", "i", "--id", "id")
    queries = write("q.csv", "query,relevant\nx,b|c\nq,d|zzz\nnone,\nother,yyy\nabsent,a\n")
    told = kinfold("evaluate", "i", queries, "-k", "2", "--json").json
    assert told["rows"] == {"in": 5, "used": 3, "rejected": 2, "merged": 0}
    assert told["ledger"]["rejected"] == {"D-175": 1, "D-176": 1} and told["ledger"]["noted"] == {"D-177": 1}
    values = {name: one["value"] for name, one in told["metrics"].items()}
    # b and c are second and third of x; d is first of q; a, which shares no word, is last of four.
    assert values["mrr"] == pytest.approx((1 / 2 + 1 + 1 / 4) / 3)
    assert values["map"] == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1 + 1 / 4) / 3)
    assert values["precision_at_2"] == pytest.approx((1 / 2 + 1 / 2 + 0) / 3)
    assert values["recall_at_2"] == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert told["why"] == ["the index can be searched by words alone"] and told["baselines"] == {}


def test_the_query_itself_is_no_candidate(kinfold, write):
    kinfold(
        "index", write("t.csv", "id,text\n1,wax on a carpet\n2,wax on the carpet\n3,tea\n"), "-o", "i", "--id", "id"
    )
    queries = write("q.csv", "query,relevant,own\nwax on a carpet,2,1\nwax on the carpet,1,2\n")
    without = kinfold("evaluate", "i", queries)
    assert "D-178" in without.err
    told = kinfold("evaluate", "i", queries, "--own", "own", "--json")
    assert told.json["metrics"]["mrr"]["value"] == 1 and "D-178" not in told.err


def test_options_count(kinfold, index, write):
    queries = asked(write, "other", half=lambda i: str(i % 2), q=lambda i: f"word{i}", ids=lambda i: [f"t{i}", "t0"])
    left = kinfold("evaluate", index, queries, "--no-keep", "--json").json
    assert left["version"] is None and load(index).served == "bm25" and left["served"] != "bm25"
    few = kinfold("evaluate", index, queries, "--group", "half", "--no-keep", "--json").json
    assert few["served"] == "bm25" and "2 groups can't decide" in few["why"][0]
    other = kinfold("evaluate", index, queries, "--query", "q", "--relevant", "ids", "--no-keep", "--json").json
    assert other["served"] == "bm25" and other["metrics"]["mrr"]["value"] == 1
    decided = kinfold("evaluate", index, queries, "--decide", "recall_at_1", "--no-keep", "--json").json
    assert decided["choices"][0]["metric"] == "recall_at_1" and "recall_at_1" in decided["metrics"]
    rows = ({"query": f"{'word' if i % 3 else 'other'}{i}", "relevant": f"t{i}"} for i in range(N))
    mixed = write("mixed.jsonl", lines(rows))

    def drawn(seed: str) -> str:
        told = kinfold("evaluate", index, mixed, "--no-keep", "--json", "--seed", seed).json
        return json.dumps(told["baselines"] | {"choices": told["choices"]})

    assert drawn("0") == drawn("0") and len({drawn(seed) for seed in "0123"}) > 1
    parted = write("p.csv", "query,relevant\nword1 word2,t1;t2\n")
    told = kinfold("evaluate", index, parted, "--label-separator", ";", "--no-keep", "--json").json
    assert told["metrics"]["recall_at_10"]["value"] == 1


def test_few_queries_decide_nothing(kinfold, index, write):
    told = kinfold("evaluate", index, asked(write, "other", LEAST - 1))
    assert f"{LEAST - 1} queries can't decide, {LEAST} or more can; bm25 is served" in told.out
    assert load(index).served == "bm25"


@pytest.mark.parametrize(
    ("argv", "code", "status"),
    [
        (["INDEX", "FILE", "--positive", "x"], "U-015", 2),
        (["INDEX", "FILE", "--text", "x"], "U-015", 2),
        (["INDEX", "FILE", "--restrict", "5"], "U-015", 2),
        (["INDEX", "FILE", "FILE"], "U-015", 2),
        (["WORDS", "FILE", "--query", "x"], "U-015", 2),
        (["INDEX", "FILE", "--decide", "fame"], "E-007", 2),
        (["INDEX", "FILE", "--query", "nope"], "D-042", 3),
        (["INDEX", "none.csv"], "D-001", 3),
    ],
)
def test_what_is_refused(kinfold, index, write, words, argv, code, status):
    named = {"INDEX": index, "FILE": asked(write, "word", 3), "WORDS": words}
    assert code in kinfold("evaluate", *[named.get(part, part) for part in argv], code=status).err
    assert load(index).load_report_.version == "v000001"


def test_ids_that_the_index_does_not_have(kinfold, index, write):
    told = kinfold("evaluate", index, write("q.csv", "query,relevant\nx,1\ny,2\n"), code=3)
    assert "D-176" in told.err and "1, 2" in told.err and "--id" in told.err
    assert "D-175" in kinfold("evaluate", index, write("q.csv", "query,relevant\nx,\n"), code=3).err
    rows = [{"query": "x", "relevant": None}, {"query": "y", "relevant": "t1"}]
    told = kinfold("evaluate", index, write("q.jsonl", lines(rows)), "--no-keep", "--json").json
    assert told["ledger"]["rejected"] == {"D-175": 1} and told["rows"]["used"] == 1


def test_it_works_without_the_command_line(index, write):
    options = Evaluate(model=index, data=[asked(write, "word", 3)], no_keep=True, json=True)
    assert evaluate_index(options, Console(quiet=True))["documents"] == N
