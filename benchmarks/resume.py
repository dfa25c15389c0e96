"""Trainings that are killed with signal 9 and go on: whether they end with the same weights, to the bit.

For three encoders a child process trains a small net to its end. Then children of the same call are killed at random
moments, while they read as well as while they learn, and started again with `resume=True` until one reaches the end.
What is compared is the SHA-256 of all weights.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import data_for, parser, write

ENCODERS = {"char-cnn": 32, "gru": 24, "min-gru": 48}
CHILD = """
import hashlib, sys
import kinfold as kf
from kinfold.estimators.neural.encoders import encoder
source, folder, epochs, name, width = sys.argv[1:]
rows = kf.read_table(source, text="text", label="label").examples if source else kf.sample("reviews")
shapes = {
    "char-cnn": {"dim": int(width), "filters": int(width), "widths": (5, 3), "pools": (3, 1)},
    "gru": {"units": int(width), "dim": int(width), "bidirectional": True, "pooling": "mean"},
    "min-gru": {"units": int(width), "dim": int(width), "bidirectional": True, "pooling": "mean-max"},
}
net = encoder(name, dropout=0.2, **shapes[name])
model = kf.TextClassifier(
    encoder=net, max_epochs=int(epochs), patience=None, average="ema", n_threads=2, random_state=0
)
model.fit(rows.texts, rows.labels, checkpoint=folder, resume=True)
total = hashlib.sha256()
for key, array in sorted(model.get_state().arrays.items()):
    total.update(key.encode() + array.tobytes())
print(total.hexdigest())
"""


def start(arguments: list[str], folder: Path) -> subprocess.Popen[str]:
    """Start a child that trains, or goes on."""
    source, *shape = arguments
    command = [sys.executable, "-c", CHILD, source, str(folder), *shape]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finish(arguments: list[str], folder: Path) -> str:
    """Train, or go on, to the end; return the sum over the weights."""
    child = start(arguments, folder)
    said, _ = child.communicate()
    if child.returncode:
        raise SystemExit(f"a training failed with {child.returncode}")
    return said.strip()


def killed(arguments: list[str], folder: Path, seconds: float) -> bool:
    """Start a child and kill it after some seconds; return whether it was still running."""
    child = start(arguments, folder)
    try:
        child.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
    child.communicate()
    return child.returncode == -signal.SIGKILL


def main() -> None:
    """Kill and resume; write how many ends were the same."""
    options = parser(__doc__.split("\n")[0])
    options.add_argument("--kills", type=int, default=20, help="over all encoders")
    options.add_argument("--epochs", type=int, default=6)
    options.add_argument("--seed", type=int, default=0)
    args = options.parse_args()
    data = data_for(args)
    source = "" if data is None else str(data / "rt_polarity" / "rt-polarity.csv.gz")
    names = list(ENCODERS)[: 1 if args.quick else None]
    kills = 1 if args.quick else args.kills
    moments = random.Random(args.seed)
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as place:
        for k, name in enumerate(names):
            arguments = [source, "2" if args.quick else str(args.epochs), name, str(ENCODERS[name])]
            begun = time.perf_counter()
            wanted = finish(arguments, Path(place) / name)
            whole = time.perf_counter() - begun
            share = kills // len(names) + (k < kills % len(names))
            same = n_killed = turn = 0
            while n_killed < share:
                folder, turn = Path(place) / f"{name}-{turn}", turn + 1
                # Not before Python has started, or nothing would be tried. What was done by then is not counted.
                if killed(arguments, folder, whole * (0.3 + 0.7 * moments.random())):
                    n_killed += 1
                    same += finish(arguments, folder) == wanted
                    print(f"{name}: {n_killed} killed, {same} the same", file=sys.stderr)
            result[name] = {"sha256": wanted, "seconds": round(whole, 1), "killed": n_killed, "same": same}
    n_killed, same = (sum(one[key] for one in result.values()) for key in ("killed", "same"))
    ratio = {"same over tried": round(same / kills, 3)}
    write(
        {"benchmark": "resume", "ours": {**result, "killed": n_killed, "same": same}, "peers": {}, "ratio": ratio},
        args.json,
    )


if __name__ == "__main__":
    main()
