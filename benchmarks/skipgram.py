"""Word vectors: words learned from a second, against gensim and fastText, with quality beside; queries; memory.

Training: every system reads the same lines (Wikipedia articles, lower case, letters only, a thousand words a line) and
learns 100 numbers a word: skip-gram, window 5, 5 negatives, words seen 5 times, subsampling at 1e-3, learning rate
0.025, 5 passes, two threads, in turns in one run, one seed after another. What is timed is the passes alone; for
fastText, which does not tell, its whole call, reading included, and ours with reading is shown for that. Quality is
over the words that all share, analogies among the 30,000 most frequent.

Queries: the ten nearest words of 10,000 words, exact, against numpy's matrix product alone.
Memory: the peak of a child process that learns from a file of a gigabyte.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np

import kinfold as kf
from common import data_for, in_turns, medians, parser, write
from kinfold.data.gold import read_analogies, read_similarity
from kinfold.estimators.skipgram.estimator import SkipGram
from kinfold.evaluation.words import analogies, similarity

THREADS = 2
SETTINGS = {"dim": 100, "window": 5, "negatives": 5, "min_count": 5, "sample": 1e-3, "epochs": 5}
GOLD = {"wordsim": "wordsim353.tsv", "simlex": "simlex999.txt", "wordsim_similarity": "EN-WS-353-SIM.txt"}
NOT_LETTERS = re.compile("[^a-z]+")


def article_lines(source: Path) -> Iterator[str]:
    """Yield the articles as words of letters alone, a thousand a line: the peers drop or cut what is longer."""
    with gzip.open(source, "rt", encoding="utf-8") as file:
        for line in file:
            words = NOT_LETTERS.sub(" ", json.loads(line)["text"].lower()).split()
            for first in range(0, len(words), 1000):
                yield " ".join(words[first : first + 1000])


def write_lines(data: Path | None, place: Path) -> Path:
    """Write the text that all learn from; without data, the packaged reviews a few times over."""
    path = place / "corpus.txt"
    with path.open("w", encoding="utf-8") as file:
        if data is not None:
            file.writelines(f"{line}\n" for line in article_lines(data / "wikispeedia" / "articles.jsonl.gz"))
        else:
            rows = [NOT_LETTERS.sub(" ", row.text.lower()) for row in kf.sample("reviews")]
            file.writelines(f"{row}\n" for row in rows * 3)
    return path


def lines_of(path: Path) -> Iterator[str]:
    """Yield the lines of a file."""
    with path.open(encoding="utf-8") as file:
        yield from file


def ours(path: Path, seed: int, **changed: Any) -> tuple[kf.WordVectors, dict[str, float]]:
    """Learn with kinfold."""
    start = time.perf_counter()
    model = SkipGram(**SETTINGS | {"tokenizer": "spaces", "n_threads": THREADS, "random_state": seed} | changed)
    model.fit(lines_of(path))
    whole = time.perf_counter() - start
    passes = sum(entry["seconds"] for entry in model.history_)
    words = SETTINGS["epochs"] * model.n_words_
    return model.vectors_, {"words_per_second": words / passes, "with_reading": words / whole}


def gensim(path: Path, seed: int) -> tuple[kf.WordVectors, dict[str, float]]:
    """Learn with gensim, the sentences lying in memory."""
    from gensim.models import Word2Vec

    sentences = [line.split() for line in lines_of(path)]
    s = SETTINGS
    given = {"vector_size": s["dim"], "window": s["window"], "negative": s["negatives"], "min_count": s["min_count"]}
    model = Word2Vec(**given, sg=1, sample=s["sample"], workers=THREADS, epochs=s["epochs"], seed=seed)
    model.build_vocab(sentences)
    n_words = model.corpus_total_words
    start = time.perf_counter()
    model.train(sentences, total_examples=len(sentences), epochs=s["epochs"])
    seconds = time.perf_counter() - start
    return kf.WordVectors(model.wv.index_to_key, model.wv.vectors), {
        "words_per_second": s["epochs"] * n_words / seconds
    }


def fasttext(path: Path, runs: tuple[int, int] = (0, 0)) -> tuple[kf.WordVectors, dict[str, float]]:
    """Learn with fastText, which reads the file itself and takes no seed."""
    import fasttext as peer

    s = SETTINGS
    given = {"dim": s["dim"], "ws": s["window"], "neg": s["negatives"], "minCount": s["min_count"], "t": s["sample"]}
    start = time.perf_counter()
    model = peer.train_unsupervised(
        str(path), "skipgram", lr=0.025, epoch=s["epochs"], minn=runs[0], maxn=runs[1], thread=THREADS,
        verbose=0, **given,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    words, counts = model.get_words(include_freq=True)
    kept = [i for i, word in enumerate(words) if word != "</s>"]
    table = np.stack([model.get_word_vector(words[i]) for i in kept])
    vectors = kf.WordVectors([words[i] for i in kept], table, counts[kept])
    return vectors, {"with_reading": s["epochs"] * int(counts.sum()) / seconds}


SYSTEMS: dict[str, Callable[[Path, int], tuple[kf.WordVectors, dict[str, float]]]] = {
    "kinfold": ours,
    "kinfold deterministic": lambda path, seed: ours(path, seed, deterministic=True),
    "gensim": gensim,
    "fasttext": lambda path, _: fasttext(path),
    "kinfold subwords": lambda path, seed: ours(path, seed, subwords=(3, 6)),
    "fasttext n-grams": lambda path, _: fasttext(path, (3, 6)),
}
#: Which speed of ours is set beside which of theirs.
COMPARED = (
    ("kinfold", "gensim", "words_per_second"),
    ("kinfold deterministic", "gensim", "words_per_second"),
    ("kinfold", "fasttext", "with_reading"),
    ("kinfold subwords", "fasttext n-grams", "with_reading"),
)
#: Systems that one seed is enough for: they are there for their speed.
ONCE = ("fasttext", "kinfold subwords", "fasttext n-grams")


def quality(vectors: kf.WordVectors, data: Path | None) -> dict[str, float]:
    """Return how far the vectors agree with people, and the share of analogies solved."""
    if data is None:
        return {}
    gold = data / "word_similarity"
    found = {name: similarity(vectors, read_similarity(gold / file)).spearman.value for name, file in GOLD.items()}
    solved = analogies(vectors, read_analogies(gold / "questions-words.txt.gz"), restrict=30_000)
    return found | {"analogies": solved.total.accuracy.value}


def training(path: Path, data: Path | None, seeds: int, names: list[str]) -> dict[str, Any]:
    """Run every system for every seed in turns; return speeds and qualities."""
    ours(path, 0, epochs=1)  # compiled before anything is timed
    ours(path, 0, epochs=1, deterministic=True)
    speeds: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for seed in range(1, seeds + 1):
        for name in names:
            if seed > 1 and name in ONCE:
                continue
            vectors, speed = SYSTEMS[name](path, seed)
            speeds[name].append(speed)
            found[name].append(quality(vectors, data))
            said = {"seed": seed, "system": name} | _rounded(speed) | _rounded(found[name][-1])
            print(json.dumps(said), file=sys.stderr)
    rows = {
        name: {
            **{key: round(median(one[key] for one in speeds[name])) for key in speeds[name][0]},
            **{key: [round(one[key], 4) for one in found[name]] for key in found[name][0]},
            **{f"mean {key}": round(mean(one[key] for one in found[name]), 4) for key in found[name][0]},
        }
        for name in names
    }
    ratio = {
        f"{mine} over {peer}": round(rows[mine][kind] / rows[peer][kind], 2)
        for mine, peer, kind in COMPARED
        if mine in rows and peer in rows
    }
    one, two = (ours(path, 1, epochs=1, deterministic=True, n_threads=n)[0].vectors for n in (1, 2))
    return {
        "ours": {name: row for name, row in rows.items() if name.startswith("kinfold")},
        "peers": {name: row for name, row in rows.items() if not name.startswith("kinfold")},
        "ratio": ratio,
        "deterministic bit-equal at 1 and 2 threads": bool((one == two).all()),
    }


def _rounded(numbers: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) if abs(value) < 10 else round(value) for name, value in numbers.items()}


def queries(quick: bool) -> dict[str, Any]:
    """Time the nearest words of many words against the bare product, which gives no answer yet."""
    n_words, n_queries = (6_600, 1_000) if quick else (66_000, 10_000)
    random = np.random.default_rng(0)
    vectors = kf.WordVectors([f"w{i}" for i in range(n_words)], random.standard_normal((n_words, 100), np.float32))
    asked = vectors.unit[:n_queries]
    room = np.empty((n_queries // 10, n_words), np.float32)  # made once: new memory would cost more than the product

    def product() -> None:
        for first in range(0, n_queries, len(room)):
            np.matmul(asked[first : first + len(room)], vectors.unit.T, out=room)

    runs = {"kinfold": lambda: vectors.nearest(asked, k=10, n_threads=THREADS), "numpy product": product}
    for run in runs.values():
        run()
    seconds = medians(in_turns(runs, 7))
    few = random.choice(n_queries, 50, replace=False)
    truth = np.argsort(-(asked[few] @ vectors.unit.T), axis=1)[:, :10]
    same = float((vectors.nearest(asked[few], k=10)[0] == truth).mean())
    ratio = round(seconds["kinfold"] / seconds["numpy product"], 2)
    return {"seconds": seconds, "ratio": ratio, "same as sorting all": same}


def memory(path: Path, place: Path, quick: bool) -> dict[str, Any]:
    """Learn in a child process from a large file; return its peak and what it may be."""
    target, large = (2e6 if quick else 1e9), place / "large.txt"
    block = path.read_bytes()
    with large.open("wb") as file:
        while file.tell() < target:
            file.write(block)
    code = (
        "import json, sys; from pathlib import Path; from kinfold.estimators.skipgram.estimator import SkipGram\n"
        "file = open(sys.argv[1], encoding='utf-8')\n"
        "model = SkipGram(epochs=1, tokenizer='spaces', n_threads=2, random_state=0).fit(file)\n"
        "peak = int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]) * 1024\n"
        "print(json.dumps([peak, len(model.vectors_), model.n_words_, model.history_[0]['seconds']]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(large)], capture_output=True, text=True, check=True)
    peak, n_words, n_read, seconds = json.loads(done.stdout)
    tables = 2 * n_words * 100 * 4
    return {
        "file_mb": round(large.stat().st_size / 1e6),
        "words": n_read,
        "vocabulary": n_words,
        "seconds": seconds,
        "peak_mb": round(peak / 1e6),
        "allowed_mb": round(2 * tables / 1e6 + 500),
    }


def main() -> None:
    """Run the parts asked for."""
    options = parser(__doc__.split("\n")[0])
    options.add_argument("--part", choices=("training", "queries", "memory", "all"), default="all")
    options.add_argument("--seeds", type=int, default=3, help="seeds of ours and of gensim (default 3)")
    options.add_argument("--systems", default=",".join(SYSTEMS), help="some of the systems, with commas between")
    options.add_argument("--epochs", type=int, default=5, help="passes; one is enough where speed alone is asked for")
    args = options.parse_args()
    SETTINGS["epochs"] = args.epochs
    names = [name for name in args.systems.split(",") if name in SYSTEMS]
    data = data_for(args)
    result: dict[str, Any] = {"benchmark": "skipgram"}
    with tempfile.TemporaryDirectory() as folder:
        path = write_lines(data, Path(folder))
        if args.part in ("training", "all"):
            result |= training(path, data, 1 if args.quick else args.seeds, names)
        if args.part in ("queries", "all"):
            result["queries"] = queries(args.quick)
        if args.part in ("memory", "all"):
            result["memory"] = memory(path, Path(folder), args.quick)
    write(result, args.json)


if __name__ == "__main__":
    main()
