"""Reading a large table: kinfold.read_table beside pandas, and the memory of streaming a file of one GB.

Both sides read the 404,000 question pairs (tab-separated, no quoting, gzip) on one thread, every value a string,
in turns in one run. pandas checks nothing; kinfold also hashes the file, rejects bad rows and counts duplicates.
Without the data folder a table of the same shape is made. The streamed file is made here and removed again.

    python benchmarks/read_table.py [--data DIR] [--json FILE] [--quick]
"""

from __future__ import annotations

import gzip
import random
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from common import data_dir, in_turns, medians, parser, peak_rss_mb, rss_mb, write
from kinfold.data.table import open_table, read_table

OPTIONS: dict[str, Any] = {
    "id": "id",
    "left": "question1",
    "right": "question2",
    "label": "is_duplicate",
    "quoting": "none",
}
WORDS = [
    "how",
    "what",
    "why",
    "is",
    "the",
    "best",
    "way",
    "to",
    "learn",
    "a",
    "language",
    "without",
    "money",
    "in",
    "one",
    "year",
    "and",
    "who",
    "can",
    "do",
    "it",
]


def made_rows(path: Path, n_rows: int) -> None:
    """Write question pairs of made-up words."""
    draw = random.Random(0)
    with gzip.open(path, "wt", encoding="utf-8", newline="\n", compresslevel=1) as file:
        file.write("id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n")
        for i in range(n_rows):
            left, right = (" ".join(draw.choices(WORDS, k=11)) for _ in range(2))
            file.write(f"{i}\t{2 * i}\t{2 * i + 1}\t{left}?\t{right}?\t{i % 2}\n")


def made_table(path: Path, size: int) -> int:
    """Write a CSV file of `size` bytes, quoted fields with newlines among them; return its rows."""
    draw = random.Random(1)
    lines = []
    for i in range(2000):
        words = " ".join(draw.choices(WORDS, k=draw.randint(5, 60)))
        lines.append(f'"{words},\nand ""{i}"" more",{i % 7:03d}\n' if i % 3 else f"{words},{i % 7:03d}\n")
    block = "".join(lines).encode()
    times = size // len(block) + 1
    with path.open("wb") as file:
        file.write(b"text,label\n")
        for _ in range(times):
            file.write(block)
    return times * len(lines)


def by_pandas(path: Path) -> object:
    """Read every column as strings, as pandas is told to do it."""
    import pandas as pd

    return pd.read_csv(path, sep="\t", quoting=3, dtype=str, keep_default_na=False, na_filter=False)


def stream(path: Path) -> dict[str, float]:
    """Read a file block by block; return what it took."""
    with open_table(path, text="text", label="label") as reader:
        blocks = iter(reader)
        n_rows = len(next(blocks).rows)  # the first block pays for imports and compiled code
        before, start = rss_mb(), time.perf_counter()
        for block in blocks:
            n_rows += len(block.rows)
        seconds = time.perf_counter() - start
    return {"rows": n_rows, "seconds": round(seconds, 2), "growth_mb": round(peak_rss_mb() - before, 1)}


def main() -> None:
    """Measure the growth first, while the process is small; then the speed."""
    options = parser(__doc__.splitlines()[0]).parse_args()
    size = 50_000_000 if options.quick else 1_000_000_000
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large.csv"
        n_rows = made_table(large, size)
        streamed = stream(large)
        assert streamed["rows"] == n_rows
        large.unlink()
        data = data_dir(options.data)
        questions = Path(folder) / "questions.tsv.gz"
        if data is not None and not options.quick:
            questions = data / "quora_question_pairs" / "questions.tsv.gz"
        else:
            made_rows(questions, 20_000 if options.quick else 404_000)
        runs = {"kinfold": partial(read_table, questions, **OPTIONS), "pandas": partial(by_pandas, questions)}
        ledger = runs["kinfold"]().ledger
        by_pandas(questions)
        seconds = in_turns(runs, 3 if options.quick else 7)
    middle = medians(seconds)
    result = {
        "benchmark": "read_table",
        "rows": ledger.to_dict()["rows"],
        "ours": {"seconds": middle["kinfold"], "all_seconds": [round(s, 4) for s in seconds["kinfold"]]},
        "peers": {"pandas": {"seconds": middle["pandas"], "all_seconds": [round(s, 4) for s in seconds["pandas"]]}},
        "ratio": {"pandas": round(middle["kinfold"] / middle["pandas"], 3)},
        "streaming": {"bytes": size, **streamed},
        "bars": {"ratio": 1.5, "growth_mb": 300},
    }
    write(result, options.json)


if __name__ == "__main__":
    main()
