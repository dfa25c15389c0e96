"""Exact search: the ten nearest of 537,000 vectors of width 128, against faiss' flat index and plain numpy.

The same random vectors of length 1, the same queries, two threads, in turns in one run: a single query at a time, and
a thousand together. numpy multiplies and partitions, a block of rows at a time. Beside speed stands quality: the share
of the ten that each peer names too (all of them, but where two products are closer than float32 can tell), and the
largest difference of a score. The last part searches texts by their words, against bm25s: documents and queries are
drawn from the same invented words, with Zipf's frequencies.
"""

from __future__ import annotations

import os

THREADS = 2
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, str(THREADS))

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from common import in_turns, medians, parser, write
from kinfold.index.exact import ExactIndex
from kinfold.text.bm25 import BM25

DIM, K = 128, 10
#: Rows that numpy multiplies with a batch at a time.
STEP = 8192
Found: TypeAlias = tuple[NDArray[Any], NDArray[Any]]


def unit_vectors(random: np.random.Generator, n: int) -> NDArray[np.float32]:
    """Return random directions (n, D)."""
    rows = random.standard_normal((n, DIM), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def by_numpy(table: NDArray[np.float32], queries: NDArray[np.float32]) -> Found:
    """Return rows and products (N, K): multiply, keep the best of each block, sort."""
    best, rows = np.full((len(queries), K), -np.inf, np.float32), np.zeros((len(queries), K), np.int64)
    step = len(table) if len(queries) == 1 else STEP
    for first in range(0, len(table), step):
        products = queries @ table[first : first + step].T
        near = np.argpartition(-products, min(K, products.shape[1] - 1), axis=1)[:, :K]
        both = np.concatenate([best, np.take_along_axis(products, near, axis=1)], axis=1)
        named = np.concatenate([rows, near + first], axis=1)
        order = np.argsort(-both, axis=1, kind="stable")[:, :K]
        best, rows = np.take_along_axis(both, order, axis=1), np.take_along_axis(named, order, axis=1)
    return rows, best


def vectors(n_rows: int, n_queries: int, rounds: int) -> dict[str, Any]:
    """Search by vectors: one query after another, and all together."""
    import faiss

    faiss.omp_set_num_threads(THREADS)
    random = np.random.default_rng(0)
    table, queries = unit_vectors(random, n_rows), unit_vectors(random, n_queries)
    flat = faiss.IndexFlatIP(DIM)
    flat.add(table)
    index = ExactIndex("dot").add([str(i) for i in range(n_rows)], table)

    def theirs(asked: NDArray[np.float32]) -> Found:
        scores, rows = flat.search(asked, K)
        return rows, scores

    systems = {
        "kinfold": lambda asked: index.search_rows(asked, K, n_threads=THREADS),
        "faiss": theirs,
        "numpy": lambda asked: by_numpy(table, asked),
    }
    found = {name: system(queries) for name, system in systems.items()}
    alone = [queries[i : i + 1] for i in range(5)]
    one = {name: (lambda system=system: [system(query) for query in alone]) for name, system in systems.items()}
    many = {name: (lambda system=system: system(queries)) for name, system in systems.items()}
    for run in one.values():
        run()
    single = {name: seconds / 5 for name, seconds in medians(in_turns(one, 2 * rounds)).items()}
    batch = medians(in_turns(many, rounds))
    rows = {
        name: {
            "single_ms": round(1000 * single[name], 2),
            "batch_seconds": batch[name],
            "batch_queries_per_second": round(n_queries / batch[name], 1),
        }
        for name in systems
    }
    ours = found["kinfold"]
    for name in ("faiss", "numpy"):
        shared = [len(set(a) & set(b)) / K for a, b in zip(ours[0].tolist(), found[name][0].tolist(), strict=True)]
        rows[name] |= {
            "recall_of_its_ten": round(float(np.mean(shared)), 6),
            "largest_score_gap": float(np.abs(ours[1] - found[name][1]).max()),
        }
    ratio = {
        f"{kind} over {name}": round(of["kinfold"] / of[name], 3)
        for kind, of in (("single", single), ("batch", batch))
        for name in ("faiss", "numpy")
    }
    return {"ours": rows.pop("kinfold"), "peers": rows, "ratio": ratio}


def words(n_texts: int, n_queries: int, rounds: int) -> dict[str, Any]:
    """Search by words, tokenizing of the queries included."""
    import bm25s

    random = np.random.default_rng(1)
    chance = 1 / np.arange(1, 30_001)
    names = np.array([f"w{i}" for i in range(30_000)])

    def texts(n: int) -> list[str]:
        lengths = random.integers(8, 40, n)
        drawn = names[random.choice(len(names), lengths.sum(), p=chance / chance.sum())]
        return [" ".join(part) for part in np.split(drawn, np.cumsum(lengths)[:-1])]

    documents, queries = texts(n_texts), [" ".join(text.split()[:8]) for text in texts(n_queries)]
    ours, theirs = BM25(), bm25s.BM25(method="lucene", k1=1.2, b=0.75, backend="numba")
    cut = {"stopwords": None, "show_progress": False}

    def fit_theirs() -> None:
        theirs.index(bm25s.tokenize(documents, **cut), show_progress=False)

    def search_theirs() -> Any:
        return theirs.retrieve(bm25s.tokenize(queries, **cut), k=K, show_progress=False, n_threads=THREADS)

    fits = {"kinfold": lambda: ours.fit(documents), "bm25s": fit_theirs}
    searches = {"kinfold": lambda: ours.search(queries, K, n_threads=THREADS), "bm25s": search_theirs}
    for run in (*fits.values(), *searches.values()):
        run()
    fitted, searched = medians(in_turns(fits, rounds)), medians(in_turns(searches, 2 * rounds))
    gap = float(np.abs(ours.search(queries, K)[1] - search_theirs().scores).max())
    return {
        "fit_seconds": fitted,
        "search_seconds": searched,
        "ratio": {
            "fit": round(fitted["kinfold"] / fitted["bm25s"], 3),
            "search": round(searched["kinfold"] / searched["bm25s"], 3),
        },
        "largest_score_gap": gap,
    }


def main() -> None:
    """Run both parts."""
    options = parser(__doc__.split("\n")[0])
    options.add_argument("--rows", type=int, default=537_000, help="vectors to search (default 537000)")
    options.add_argument("--rounds", type=int, default=5, help="times everything is run (default 5)")
    options.add_argument("--part", choices=("vectors", "words", "all"), default="all")
    args = options.parse_args()
    n_rows, n_queries, rounds = (20_000, 100, 2) if args.quick else (args.rows, 1000, args.rounds)
    result: dict[str, Any] = {"benchmark": "search"}
    if args.part in ("vectors", "all"):
        result |= vectors(n_rows, n_queries, rounds)
    if args.part in ("words", "all"):
        result["words"] = words(2_000 if args.quick else 50_000, n_queries, rounds)
    write(result, args.json)


if __name__ == "__main__":
    main()
