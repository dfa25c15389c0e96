from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace

import pytest

from kinfold.artifacts.store import save
from kinfold.cli.arguments.train import TrainClassify
from kinfold.cli.console import Console
from kinfold.cli.main import run
from kinfold.cli.train import train_classify
from kinfold.estimators.linear.classifier import LinearTextClassifier

_QUICK = ["characters=none", "words=1,2", "C=3"]


@pytest.fixture(scope="session")
def model(tmp_path_factory) -> str:
    """A model of the packaged reviews, a fifth of them held out."""
    path = str(tmp_path_factory.mktemp("models") / "reviews.model")
    options = TrainClassify(data="sample:reviews", output=path, test=0.2, set=_QUICK, json=True)
    train_classify(options, Console(quiet=True))
    return path


@pytest.fixture(scope="session")
def other(tmp_path_factory) -> str:
    """Another model of the same reviews."""
    path = str(tmp_path_factory.mktemp("models") / "other.model")
    options = TrainClassify(data="sample:reviews", output=path, set=["words=1,1", *_QUICK[::2]], json=True)
    train_classify(options, Console(quiet=True))
    return path


@pytest.fixture(scope="session")
def several(tmp_path_factory) -> str:
    """A model whose texts have any number of labels."""
    path = str(tmp_path_factory.mktemp("models") / "several.model")
    texts = ["red ball", "blue ball", "red and blue ball", "plain ball"] * 6
    labels = [("red",), ("blue",), ("blue", "red"), ()] * 6
    save(LinearTextClassifier(characters=None).fit(texts, labels), path)
    return path


@pytest.fixture(scope="session")
def careful(tmp_path_factory) -> str:
    """A model that gives no answer where it is not sure."""
    path = str(tmp_path_factory.mktemp("models") / "careful.model")
    texts = ["good film", "bad film", "good food", "bad food"] * 6
    fitted = LinearTextClassifier(characters=None, abstain_cost=0.1).fit(texts, ["yes", "no", "yes", "no"] * 6)
    save(fitted, path)
    return path


@pytest.fixture
def kinfold(capsys, monkeypatch, tmp_path):
    """Run a command line in this process, in an empty folder; return code, out, err, and out as JSON."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)

    def called(*argv: object, stdin: bytes = b"", code: int | None = 0) -> SimpleNamespace:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        status = run([str(word) for word in argv])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert code is None or status == code, f"exit {status}\n{out}\n{err}"
        return SimpleNamespace(code=status, out=out, err=err, json=json.loads(out) if "--json" in argv else None)

    return called


@pytest.fixture
def write(tmp_path):
    """Write content to a file of that name and return its path."""

    def written(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return str(path)

    return written


@pytest.fixture
def labelled(write):
    """Write a CSV file of good and bad sentences and return its path."""

    def made(name: str = "data.csv", n: int = 60) -> str:
        words = ("sea", "film", "food", "room", "song")
        rows = [f"a {('bad', 'good')[i % 2]} {words[i % 5]} number {i},{('no', 'yes')[i % 2]}\n" for i in range(n)]
        return write(name, "text,label\n" + "".join(rows))

    return made
