from __future__ import annotations

import inspect

import pytest

from kinfold.cli.settings import MODELS, default_text, parse_assignment, parse_value, settings
from kinfold.cli.signatures import parameters
from kinfold.data.table import read_table
from kinfold.errors import InvalidParameterError, KinfoldError
from kinfold.estimators.linear.classifier import LinearTextClassifier

LINEAR = MODELS["classify"]["linear"].parameters()


def test_the_source_says_what_the_class_says():
    signature = inspect.signature(LinearTextClassifier)
    assert {p.name: p.default for p in LINEAR.values()} == {p.name: p.default for p in signature.parameters.values()}
    assert all(p.about and p.kinds for p in LINEAR.values())
    table = parameters("data.table", "read_table")
    given = inspect.signature(read_table).parameters
    assert {p.name: p.default for p in table.values()} == {n: p.default for n, p in given.items() if n != "path"}


@pytest.mark.parametrize("parameter", LINEAR.values(), ids=list(LINEAR))
def test_every_default_can_be_written(parameter):
    assert parse_value(parameter, default_text(parameter.default)) == parameter.default


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("min_df=3", 3),
        ("smoothing=2", 2.0),
        ("smoothing=1e-3", 0.001),
        ("C=none", None),
        ("C=0.3", 0.3),
        ("words=1,2", (1, 2)),
        ("words=(1, 2)", (1, 2)),
        ("words=[1,2]", (1, 2)),
        ("words=None", None),
        ("characters=auto", "auto"),
        ("characters=3,6", (3, 6)),
        ("calibrate=false", False),
        ("calibrate=Yes", True),
        ("weighting=none", "none"),
        ("class_weight=balanced", "balanced"),
        ("class_weight=0.5", 0.5),
        ('class_weight={"yes": 2}', {"yes": 2}),
        ('costs={"yes": {"no": 5}}', {"yes": {"no": 5}}),
        (" n_bits = 18", 18),
    ],
)
def test_a_value_is_read_as_its_parameter_has_it(text, value):
    name, got = parse_assignment(text, LINEAR)
    assert (name, got, type(got)) == (text.split("=")[0].strip(), value, type(value))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("min_fd=3", "did you mean min_df?"),
        ("min_df", "--set takes name=value"),
        ("min_df=three", "a whole number"),
        ("min_df=2.5", "a whole number"),
        ("min_df=1_000", "default 2"),
        ("smoothing=nan", "a number"),
        ("smoothing=1e999", "a number"),
        ("calibrate=maybe", "true or false"),
        ("words=1,x", "1,3"),
        ("costs={", "JSON"),
        ("=3", "one of words"),
    ],
)
def test_a_wrong_value_names_what_is_taken(text, hint):
    with pytest.raises(InvalidParameterError) as caught:
        parse_assignment(text, LINEAR)
    assert hint in str(caught.value) and caught.value.fix


CONFIG = """
[estimator]
name = "linear"
[params]
min_df = 3
words = [1, 2]
C = 1
characters = "none"
class_weight = {yes = 2.0}
random_state = 5
"""


def test_the_command_line_goes_before_the_file(write):
    path = write("kinfold.toml", CONFIG)
    got = settings("classify", None, path, ["min_df=4"], seed=6, threads=2)
    assert got.model == "linear" and got.preset == MODELS["classify"]["linear"]
    assert got.build().get_params() | got.given == got.build().get_params()
    assert got.given == {
        "min_df": 4,
        "words": (1, 2),
        "C": 1.0,
        "characters": None,
        "class_weight": {"yes": 2.0},
        "random_state": 6,
        "n_threads": 2,
    }
    assert settings("classify").given == {}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[params]\nmin_fd = 1", "U-004"),
        ("[params]\nmin_df = true", "U-004"),
        ("[params]\nmin_df = 1.5", "U-004"),
        ("[params]\nmin_df = [1, 2]", "U-004"),
        ("[params]\nwords = [1, 'x']", "U-004"),
        ("[params]\nC = inf", "U-004"),
        ("[params]\nmin_df = {a = 1}", "U-004"),
        ("[parms]\nmin_df = 1", "U-005"),
        ("params = 3", "U-005"),
        ("[estimator]\nnam = 'x'", "U-005"),
        ("[estimator]\nname = 'lineer'", "U-002"),
        ("[estimator]\nname = 3", "U-002"),
        ("[params", "U-005"),
        ("\x00", "U-005"),
    ],
)
def test_a_wrong_file_is_refused(write, text, code):
    with pytest.raises(InvalidParameterError) as caught:
        settings("classify", None, write("kinfold.toml", text))
    assert caught.value.code == code and caught.value.fix


def test_contradictions_and_missing_files_are_refused(tmp_path):
    with pytest.raises(InvalidParameterError, match="contradict"):
        settings("classify", assignments=["random_state=1"], seed=2)
    assert settings("classify", assignments=["random_state=2"], seed=2).given == {"random_state": 2}
    with pytest.raises(InvalidParameterError) as caught:
        settings("classify", "lineal")
    assert "did you mean linear?" in str(caught.value)
    with pytest.raises(KinfoldError) as missing:
        settings("classify", config=str(tmp_path / "no.toml"))
    assert missing.value.exit_code == 5
