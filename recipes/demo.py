# %% [markdown]
"""The main job from end to end, as one would type it: train, evaluate, predict, explain, report.

Uses the 10,662 film-review sentences of the data folder where there is one, else the packaged sample of 400. What it
writes lies in the folder `demo`.
"""

# %%
import csv
import os
import subprocess
import sys
import time
from pathlib import Path

import kinfold as kf

SENTENCES = (
    "A warm, funny film that earns every one of its tears.",
    "Two hours of my life that I will never get back.",
    "Not half as bad as the trailer made me fear.",
)
place = Path("demo")
place.mkdir(exist_ok=True)
data = Path(os.environ.get("KINFOLD_DATA") or "../shared/data") / "rt_polarity"

# %% A fifth of the rows is kept aside; equal texts are never on both sides.
if data.is_dir():
    names = {"1": "positive", "0": "negative"}
    rows = kf.read_table(data / "rt-polarity.csv.gz", text="text", label="label").examples
    rows = kf.Examples(rows.texts, [names[label] for label in rows.labels])
else:
    rows = kf.sample("reviews")
for name, part in zip(("train", "test"), kf.split(rows, (0.8, 0.2), seed=0), strict=True):
    with (place / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *zip(part.texts, part.labels, strict=True)])


# %%
def run(*arguments: str, typed: str = "") -> None:
    """Show a command and run it."""
    shown = " ".join(f'"{one}"' if " " in one else one for one in arguments)
    print(f"\n$ {'printf ... | ' if typed else ''}kinfold {shown}", flush=True)
    subprocess.run([sys.executable, "-m", "kinfold", *arguments], check=True, input=typed, text=True)


started = time.monotonic()
model = str(place / "reviews.model")
run("train", "classify", str(place / "train.csv"), "-o", model)
run("evaluate", model, str(place / "test.csv"), "--report", str(place / "report.html"))
run("predict", model, "-", typed="\n".join(SENTENCES) + "\n")
run("explain", model, SENTENCES[2], "--top", "8")
print(f"\n{time.monotonic() - started:.0f} seconds; open {place / 'report.html'}")
