"""Nets on the command line: encoders' parameters, going on with a training, and models that tell numbers."""

from __future__ import annotations

import csv
import json
import os

import numpy as np
import pytest

from kinfold.artifacts.store import load
from kinfold.artifacts.versions import describe
from kinfold.cli.settings import MODELS, settings
from kinfold.errors import MachineError

SMALL = ("--set", "dim=8", "--set", "max_epochs=2", "--threads", "1", "--seed", "0")
NUMBERS = ("--set", "dim=8", "--set", "max_epochs=6", "--set", "learning_rate=0.03", "--threads", "1")


def words(model):
    return load(model).get_state().arrays


def test_a_net_is_trained_measured_and_described(kinfold):
    told = kinfold("train", "classify", "sample:reviews", "-o", "m", "--model", "bag", "--test", "0.2", *SMALL)
    assert told.out.startswith("Right on ") and told.out.endswith("m v000001\n") and "epoch 1 of 2: loss" in told.err
    manifest = describe("m")
    assert manifest.params["encoder"]["name"] == "bag" and manifest.params["encoder"]["params"]["dim"] == 8
    assert "TextClassifier" in kinfold("show", "m").out and not os.path.exists("m.training")
    assert len(kinfold("explain", "m", "a good film", "--json").json["explanations"][0]["contributions"]) == 3


def test_parameters_of_estimator_and_encoder_are_set_side_by_side():
    chosen = settings("classify", "char-cnn", None, ["filters=8", "widths=3,5", "dropout=0.1", "encoder.dropout=0.4"])
    net = chosen.build()
    assert (net.encoder.filters, net.encoder.widths, net.encoder.dropout, net.dropout) == (8, (3, 5), 0.4, 0.1)
    nested = settings("classify", "char-cnn", None, ["widths=[[3,5],2]"]).build()
    assert nested.encoder.widths == [[3, 5], 2]
    for name, preset in MODELS["classify"].items():
        assert preset.build({}).task == "classify" and "encoder" not in preset.parameters(), name


@pytest.mark.parametrize("model", list(MODELS["regress"]))
def test_every_default_of_an_encoder_can_be_given_as_it_is_shown(model):
    preset = MODELS["regress"][model]
    given = {name: parameter.default for name, parameter in preset.encoder_parameters().items()}
    assert given and preset.build(given).encoder == preset.build({}).encoder


def test_a_wrong_parameter_of_an_encoder_is_told_with_the_nearest(kinfold):
    told = kinfold("train", "classify", "sample:reviews", "-o", "m", "--model", "gru", "--set", "units=3x", code=2)
    assert "U-004" in told.err and "a whole number" in told.err
    told = kinfold("train", "classify", "sample:reviews", "-o", "m", "--model", "gru", "--set", "untis=3", code=2)
    assert "U-004" in told.err and "did you mean units" in told.err and not os.path.exists("m")


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(kinfold, monkeypatch):
    argv = ("train", "classify", "sample:reviews", "--model", "bag", *SMALL)
    kinfold(*argv, "-o", "whole")
    with monkeypatch.context() as patched:

        def full(*_, **__):
            raise MachineError("no room", code="M-001")

        patched.setattr("kinfold.cli.parts.save", full)
        told = kinfold(*argv, "-o", "m", code=5)
    assert "--resume goes on" in told.err and os.path.isdir("m.training") and not os.path.exists("m")
    assert "T-020" in kinfold(*argv, "-o", "m", "--resume", "--set", "dim=9", code=2).err
    told = kinfold(*argv, "-o", "m", "--resume")
    assert "going on" in told.err and not os.path.exists("m.training")
    one, two = words("whole"), words("m")
    assert one and all(np.array_equal(one[name], two[name]) for name in one)


def test_what_lies_in_a_training_folder_and_is_no_training_stays(kinfold, write):
    os.makedirs("m.training/training")
    write("m.training/training/diary.txt", "mine")
    told = kinfold("train", "classify", "sample:reviews", "-o", "m", "--model", "bag", *SMALL, code=4)
    assert "A-016" in told.err and os.path.exists("m.training/training/diary.txt")


def test_resume_and_update_are_refused_where_they_mean_nothing(kinfold):
    assert "U-007" in kinfold("train", "classify", "sample:reviews", "-o", "m", "--resume", code=2).err
    kinfold("train", "classify", "sample:reviews", "-o", "m", "--model", "bag", *SMALL)
    assert "U-023" in kinfold("train", "classify", "sample:reviews", "-o", "m", "--update", code=2).err


@pytest.fixture
def numbers(write):
    """A file of texts whose number is the sum of their words'."""
    random = np.random.default_rng(0)
    worth = {"good": 2, "bad": -2, "fine": 1, "awful": -3}
    rows = [random.choice(list(worth), 3) for _ in range(200)]
    lines = [f"{' '.join(row)} {i},{sum(worth[word] for word in row)}.5" for i, row in enumerate(rows)]
    return write("numbers.csv", "\n".join(["text,label", *lines, ""]))


def test_a_model_that_tells_numbers(kinfold, numbers, write):
    told = kinfold("train", "regress", numbers, "-o", "m", "--test", "0.3", "--json", *NUMBERS)
    assert told.json["task"] == "regress" and told.json["metrics"]["spearman"]["value"] > 0.7
    assert told.json["baselines"]["mean"]["mse"]["value"] > told.json["metrics"]["mse"]["value"]
    measured = kinfold("evaluate", "m", numbers)
    assert measured.out.startswith("Better than always answering the mean") and "D-032" in measured.err
    write("new.txt", "good good good\nawful awful bad\n")
    lines = [json.loads(line) for line in kinfold("predict", "m", "new.txt").out.splitlines()]
    assert [line["record"] for line in lines] == [1, 2] and lines[0]["value"] > lines[1]["value"]
    kinfold("predict", "m", "new.txt", "-o", "out.csv")
    with open("out.csv", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == ["record", "value", "error"] and float(table[0]["value"]) == lines[0]["value"]
    assert "regress" in kinfold("show", "m").out
    assert "U-015" in kinfold("evaluate", "m", numbers, "--positive", "x", code=2).err
    assert "U-010" in kinfold("predict", "m", "new.txt", "--proba", code=2).err
    assert "U-012" in kinfold("explain", "m", "good", code=2).err


def test_a_label_that_is_no_number_is_told(kinfold, write):
    odd = write("odd.csv", "text,label\na,1.5\nb,two\n")
    told = kinfold("train", "regress", odd, "-o", "m", code=3)
    assert "D-107" in told.err and "two" in told.err and not os.path.exists("m")
