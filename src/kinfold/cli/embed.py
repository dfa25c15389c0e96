"""`kinfold train embed`: from texts that stream by to a saved model with a vector for each word."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from kinfold.artifacts.compose import Record
from kinfold.artifacts.lock import FolderLock
from kinfold.artifacts.store import reserve, save
from kinfold.artifacts.versions import describe
from kinfold.cli.arguments.embed import TrainEmbed
from kinfold.cli.console import Console
from kinfold.cli.convert import MODEL, format_of
from kinfold.cli.kept import Kept
from kinfold.cli.model import load_model
from kinfold.cli.outfile import check_place
from kinfold.cli.settings import Settings, settings
from kinfold.cli.stopped import Stopped
from kinfold.cli.texts import Account, Texts
from kinfold.errors import InvalidParameterError
from kinfold.estimators.skipgram.estimator import SkipGram
from kinfold.estimators.skipgram.options import Options
from kinfold.kernels.threads import thread_count
from kinfold.types import Json
from kinfold.vectors.formats import write_vectors
from kinfold.vectors.neighbours import Neighbours

_SHOWN_NEIGHBOURS = 8


def train_embed(options: TrainEmbed, console: Console) -> dict[str, Json]:
    """Do what `kinfold train embed` does; return its JSON.

    The place to save is checked and held before anything is read, and whatever goes wrong leaves the model that was
    there as it was. While it learns, a folder beside the model holds how far it is, for `--resume`.
    """
    begun = time.monotonic()
    chosen = _checked(options)
    with ExitStack() as stack:
        lock = stack.enter_context(reserve(options.output))
        for note in lock.warnings:
            console.warn(note)
        texts = Texts(options.data, options.reading(), console)
        if options.update:
            model, before = _opened(options, console)
            _learn(model.set_params(**chosen.given).partial_fit, texts, options, console)
        else:
            stopped = stack.enter_context(Stopped(options.output, console, resume=options.resume))
            texts.account_path = stopped.account
            texts.needed = not stopped.goes_on
            model, before = chosen.build(), Kept()
            _learn(model.fit, texts, options, console, checkpoint=stopped.folder, resume=options.resume)
        account = texts.account()
        version = _save(model, account, before, options.output, lock, console)
    _show(model, console)
    console.out(f"{options.output} {version}")
    if options.export is not None:
        write_vectors(model.vectors_, options.export)
        console.say(f"vectors: {options.export}")
    _show_next(options.output, model, console)
    return {
        **_summary(model, account, options, version),
        "seconds": round(time.monotonic() - begun, 3),
    }


def _checked(options: TrainEmbed) -> Settings:
    """Return the settings; raise for options that contradict one another, and for what can't be written."""
    kept = (options.set, options.config, options.model, options.valid, options.seed, options.resume)
    if options.update and any(one is not None and one is not False for one in kept):
        raise InvalidParameterError(
            "--update keeps the parameters of the model it goes on from, and reads its texts from the start",
            fix="leave out --model, --set, --config, --valid, --seed and --resume, or train anew without --update",
            code="U-007",
        )
    if options.export is not None:
        if format_of(options.export, None) == MODEL:
            raise InvalidParameterError(
                "--export writes a file for other programs; the model folder is -o",
                seen=options.export,
                fix="--export FILE.vec",
                code="U-014",
            )
        check_place(options.export)
    given = (options.model, options.config, options.set or ())
    chosen = settings("embed", *given, seed=options.seed, threads=options.threads, valid=options.valid)
    Options(**chosen.build().get_params()).check()
    return chosen


def _opened(options: TrainEmbed, console: Console) -> tuple[SkipGram, Kept]:
    """Return the model to go on from, and what it kept."""
    manifest = describe(options.output)
    if manifest.estimator == "WordVectors":
        raise InvalidParameterError(
            f"{options.output} holds vectors only, without what training goes on from",
            fix="train a new model; --update goes on from one of kinfold train embed",
            code="U-012",
        )
    return load_model(options.output, console, task="embed"), Kept.of(manifest)


def _learn(fit: Callable[..., Any], texts: Texts, options: TrainEmbed, console: Console, **more: Any) -> None:
    probes = list(dict.fromkeys(options.probe or ()))
    told = set()

    def show(n_tokens: int, found: dict[str, Neighbours]) -> None:
        for word in probes:
            if word in found:
                near = ", ".join(found[word].words[:_SHOWN_NEIGHBOURS])
                console.say(f"after {n_tokens:,} words  {word}: {near}")
            elif word not in told:
                told.add(word)
                console.warn(f"--probe {word}: not among the words that are learned")

    with console.progress() as report:
        if texts.needed:
            report(f"reading {', '.join(options.data)}", None)
        fit(texts, progress=report, probes=probes, on_probe=show, **more)


def _save(model: SkipGram, account: Account, before: Kept, output: str, lock: FolderLock, console: Console) -> str:
    """Save the model with the record of its texts; return the version."""
    notes: dict[str, Json] = {"task": model.task, "history": [*before.history, *account.history]}
    ledger = account.ledger
    record = Record({}, ledger, ledger.get("sha256") or None, notes, thread_count(model.n_threads))
    with console.progress() as report:
        report(f"saving {output}", None)
        return save(model, output, record=record, lock=lock)


def _summary(model: SkipGram, account: Account, options: TrainEmbed, version: str) -> dict[str, Json]:
    return {
        "model": options.output,
        "version": version,
        "task": model.task,
        "words": len(model.vectors_),
        "dim": model.vectors_.dim,
        "tokens": model.n_words_,
        "dropped": model.n_dropped_,
        "seed": model.seed_,
        "epochs": model.history_,
        "metrics": {},
        "rows": account.ledger.get("rows", {}),
        "ledger": account.ledger,
        "export": options.export,
    }


def _show(model: SkipGram, console: Console) -> None:
    """Show what each pass was like, and how much was learned from."""
    losses = {"train_loss": "loss", "valid_loss": "held-out loss"}
    known = [name for name in losses if any(one[name] is not None for one in model.history_)]
    rows = [
        [
            *(f"{one[name]:,}" for name in ("epoch", "words", "words_per_second")),
            *("" if one[name] is None else f"{one[name]:.4f}" for name in known),
        ]
        for one in model.history_
    ]
    console.table(["epoch", "words", "words/s", *(losses[name] for name in known)], rows)
    console.say(
        f"{len(model.vectors_):,} words of {model.vectors_.dim:,} numbers, learned from {model.n_words_:,} words; "
        f"{model.n_dropped_:,} were too rare"
    )


def _show_next(path: str, model: SkipGram, console: Console) -> None:
    name = shlex.quote(path)
    word = shlex.quote(model.vectors_.words[min(100, len(model.vectors_) - 1)])
    console.say("next:")
    console.table(
        ("", ""),
        [
            (f"kinfold nearest {name} {word}", "see which words are near to one"),
            (f"kinfold map {name} -o map.html", "see the most frequent words on a plane"),
            (f"kinfold evaluate {name} GOLD", "measure it on what people say of words"),
        ],
    )
