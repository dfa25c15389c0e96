import json
import math
import sys

import pytest
from training_toys import Sums, fit, measure

from kinfold.errors import MachineError, MissingExtraError
from kinfold.training.history import Epoch, History

HISTORY = History(
    [
        Epoch(1, 10, 1.0, 2.0, 0.1, 80, 800, 100.0, 1e6, {"loss": 3.0, "f1": 0.2}),
        Epoch(2, 20, 2.5, 1.0, 0.05, 160, 1600, 90.0, 9e5, {"loss": math.nan, "<f1>": 0.5}),
    ],
    best_epoch=1,
    stopped="patience",
)


def test_a_history_goes_through_json():
    said = json.dumps(HISTORY.to_dict(), allow_nan=False)
    back = History.from_dict(json.loads(said))
    assert math.isnan(back[1].valid.pop("loss")) and back[0] == HISTORY[0] and back.best == HISTORY[0]
    assert (back.stopped, back.best_epoch, back[1].valid) == ("patience", 1, {"<f1>": 0.5}) and len(back) == 2
    _, real = fit(valid=measure(Sums(seed=1)))
    assert History.from_dict(json.loads(json.dumps(real.to_dict()))) == real


def test_a_history_is_a_table_also_in_a_notebook():
    head, table = HISTORY.header(), HISTORY.table()
    assert head[4:7] == ["loss", "f1", "<f1>"] and {len(row) for row in table} == {len(head)}
    assert table[0][:6] == ["1", "10", "1.0", "2.0000", "3.0000", "0.2000"] and table[0][6] == "" == table[1][5]
    page = HISTORY._repr_html_()
    assert page.count("<tr") == 3 and "&lt;f1&gt;" in page and "<f1>" not in page and "patience" in page
    assert page.count("bold") == 1 and History()._repr_html_().count("<tr") == 1


def test_a_history_is_drawn(tmp_path):
    path = tmp_path / "a.png"
    HISTORY.plot(path)
    once = path.read_bytes()
    HISTORY.plot(path)
    assert once[:8] == b"\x89PNG\r\n\x1a\n" and len(once) > 5000 and path.read_bytes() == once
    History([HISTORY[0]]).plot(path)
    assert path.read_bytes() != once and [it.name for it in tmp_path.iterdir()] == ["a.png"]
    with pytest.raises(MachineError) as caught:
        HISTORY.plot(tmp_path / "no" / "a.png")
    assert caught.value.code == "M-016"


def test_events_say_what_the_history_says(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    HISTORY.tensorboard(tmp_path / "events")
    held = EventAccumulator(str(tmp_path / "events")).Reload()
    losses = [(event.step, event.value) for event in held.Scalars("train/loss")]
    assert losses == [(10, 2.0), (20, 1.0)] and held.Scalars("valid/f1")[0].value == pytest.approx(0.2)
    (tmp_path / "file").write_text("x")
    with pytest.raises(MachineError) as caught:
        HISTORY.tensorboard(tmp_path / "file")
    assert caught.value.code == "M-016"


@pytest.mark.parametrize(
    ("package", "call"), [("matplotlib.figure", HISTORY.plot), ("torch.utils.tensorboard", HISTORY.tensorboard)]
)
def test_a_package_that_is_missing_is_named(package, call, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError) as caught:
        call(tmp_path / "x")
    assert caught.value.code == "U-011" and "kinfold[" in caught.value.fix
