from __future__ import annotations

import json

import audit_planted as planted
import numpy as np
import pytest

import kinfold as kf
from kinfold import DataError, Examples, InvalidParameterError, Pairs
from kinfold.evaluation.audit import audit
from kinfold.evaluation.joined import join
from kinfold.evaluation.leaks import find_leaks


def quick(train, test, **given):
    return audit(train, test, **{"n_draws": 60, **given})


def names(found) -> set[str]:
    return {one.name for one in found.findings}


def leaks_of(train, test, **given):
    return find_leaks(join(train, test), **{"threshold": 0.75, **given})


def test_copies_of_texts_are_told_by_their_letters_only():
    train = Examples(["One fish", "two  fish", "red fish"], ["a", "b", "a"])
    test = Examples(["ONE  fish", "two fish", "a whale of another kind"], ["a", "a", "b"])
    found = leaks_of(train, test)
    assert found.copies.tolist() == [True, True, False] and found.twins.tolist() == [0, 1, -1]
    assert found.counts["copies"] == 2 and found.counts["copies_other_label"] == 1
    assert found.counts["contradictions"] == 1 and found.counts["near"] == 0


def test_pairs_are_counted_by_sides_order_and_chains():
    train = Pairs(["a", "c", "e", "x"], ["b", "d", "f", "x"], ["1", "0", "1", "1"])
    test = Pairs(
        ["b", "a", "p", "q", "e", "m", ""], ["a", "c", "a", "p", "f", "n", "n"], ["0", "1", "1", "1", "1"] + ["0"] * 2
    )
    found = leaks_of(train, test)
    assert found.copies.tolist() == [True, False, False, False, True, False, False]
    assert found.seen.tolist() == [2, 2, 1, 0, 2, 0, 0]
    assert found.linked.tolist() == [True, True, True, True, True, False, False]
    wanted = {"reversed": 1, "both_seen": 3, "one_seen": 1, "both_new": 3, "linked": 5, "copies": 2, "hub": 4}
    wanted |= {"reversed_other_label": 1, "contradictions": 1, "equal_sides": 1, "blank_sides": 1}
    assert {name: found.counts[name] for name in wanted} == wanted
    one_way = leaks_of(train, test, directed=True)
    assert one_way.counts["copies"] == 1 and one_way.counts["contradictions"] == 0
    assert one_way.counts["reversed_other_label"] == 1


def test_ids_and_groups_on_both_sides_and_zeros_before_ids():
    train = Examples(["a b", "c d"], ["x", "y"], ids=["7", "8"], groups=["g", ""])
    test = Examples(["e f", "g h"], ["x", "y"], ids=["07", "8"], groups=["g", ""])
    found = leaks_of(train, test).counts
    assert (found["ids"], found["groups"], found["leading_zeros"]) == (1, 1, 2)
    sides = {"train_sides": (["1"], ["2"]), "test_sides": (["3"], ["02"])}
    rows = join(Pairs(["t"], ["u"]), Pairs(["t"], ["v"]), **sides)
    known = find_leaks(rows, threshold=0.75)
    assert known.seen.tolist() == [0] and known.counts["leading_zeros"] == 2, "ids tell sides apart, not texts"


@pytest.mark.parametrize("share", [0.01, 0.03, 0.1, 0.3])
@pytest.mark.parametrize("near", [False, True])
def test_planted_leaks_are_found_and_what_they_add_is_estimated(share, near):
    sizes = {"n_train": 600, "n_test": 400, "n_draws": 10, "n_fresh": 8}
    for make in (planted.texts, planted.pairs):
        runs = [planted.tried(make, share, seed=seed, near=near, **sizes) for seed in range(1 if share < 0.1 else 2)]
        assert not any(run.false for run in runs)
        found, wanted = sum(run.hits for run in runs), sum(run.planted for run in runs)
        assert found == wanted if not near else found >= 0.95 * wanted
        assert abs(np.mean([run.estimated - run.true for run in runs])) <= 0.02


@pytest.mark.parametrize("make", [planted.texts, planted.pairs])
def test_clean_splits_raise_no_alarm(make):
    for seed in range(20):
        train, test, _ = planted.planted(make, 300, 200, 0, seed)
        found = quick(train, test, n_draws=40, seed=seed)
        assert found.clean and not found.findings, found.sentences()
        assert found.sentences()[0].startswith("Clean") and found.repair.how == "none"


def test_other_labels_among_leaked_rows_are_no_inflation():
    train, test, _ = planted.planted(planted.texts, 300, 200, 0, 3)
    # A model that is right on every "yes" and on half of the "no", whether leaked or not.
    y = np.array([label == "yes" for label in test.labels])
    said = np.where(y, 1.0, np.arange(200) % 2)
    copied = np.flatnonzero(y)[:60]
    for i in copied:
        test.texts[i] = train.texts[i]
    found = quick(train, test, scores=said).inflation["copies"]
    assert found.n_leaked == 60 and found.leaked.value == 1.0
    assert found.all.value < 0.8 and abs(found.inflation.value) < 1e-12


def test_one_side_that_tells_is_found():
    rows = planted.pairs(600, 4)
    tell = {"same": " truly", "other": ""}
    rows = Pairs([t + tell[y] for t, y in zip(rows.lefts, rows.labels, strict=True)], rows.rights, rows.labels)
    found = quick(rows.take(range(400)), rows.take(range(400, 600)))
    probe = {one.name: one for one in found.probes}
    assert probe["left only"].beats_chance and probe["left only"].auc.value > 0.95
    assert not probe["right only"].beats_chance and "left only" in names(found) and not found.clean
    assert probe["left only"].explained.value > 0.8
    assert "kinfold.data.negatives" in next(one.advice for one in found.findings if one.name == "left only")


def test_negatives_of_rare_sides_are_told_by_degrees_and_lengths_are_told_by_lengths():
    random = np.random.default_rng(0)
    popular, rare = [f"thing {i}" for i in range(30)], [f"object {i}" for i in range(4000)]
    y = random.random(900) < 0.5
    rights = [str(random.choice(popular if same else rare)) for same in y]
    lefts = [f"asker {i}" + " please" * int(random.integers(3)) for i in range(900)]
    rows = Pairs(lefts, rights, ["yes" if same else "no" for same in y])
    found = quick(rows.take(range(600)), rows.take(range(600, 900)))
    assert {one.name for one in found.probes if one.beats_chance} >= {"ids and degrees", "right only"}
    longer = Examples(["w " * (4 if same else 9) + str(i) for i, same in enumerate(y)], rows.labels)
    told = quick(longer.take(range(600)), longer.take(range(600, 900)))
    assert names(told) & {"length"} and told.findings[0].kind == "shortcut"


def test_numbers_of_ids_and_groups_are_probed():
    random = np.random.default_rng(1)
    y = np.arange(600) >= 300
    made = Examples(
        [" ".join(random.choice(planted.words(200, 2), 8)) for _ in y],
        ["late" if one else "early" for one in y],
        ids=[str(1000 + i) for i in range(600)],
        groups=[f"g{i // 100}" for i in range(600)],
    )
    order = random.permutation(600)
    found = quick(made.take(order[:400]), made.take(order[400:]))
    probe = {one.name: one.auc.value for one in found.probes}
    assert probe["id order"] > 0.99 and probe["group"] > 0.99 and {"groups", "id order", "group"} <= names(found)
    assert found.repair.how == "groups" and found.n_clusters == 6
    train, test = found.repair.apply(made.take(order[:400]), made.take(order[400:]))
    assert not set(train.groups) & set(test.groups) and len(train) + len(test) == 600


def test_a_probe_below_chance_is_a_shortcut_turned_round():
    lefts = [f"question about {word}" for word in planted.words(150, 3) for _ in range(2)]
    rows = Pairs(lefts, [f"reply {i}" for i in range(300)], ["no", "yes"] * 150)
    parts = np.random.default_rng(5).permutation(150)
    first = [2 * i + int(k % 2) for k, i in enumerate(parts)]  # one of each two: the other has the other label
    train, test = rows.take(sorted(set(range(300)) - set(first))), rows.take(first)
    found = quick(train, test)
    left = next(one for one in found.probes if one.name == "left only")
    assert left.turned and left.auc.value < 0.05 and "left only" in names(found)
    assert "turned round" in next(one.what for one in found.findings if one.name == "left only")


def test_strata_hold_the_rows_by_how_new_they_are():
    train = Pairs(["a", "c"] * 10, ["b", "d"] * 10, ["y", "n"] * 10)
    lefts, rights = ["a"] * 6 + ["a"] * 7 + ["p"] * 8, ["d"] * 6 + ["q"] * 7 + ["r"] * 8
    test = Pairs(lefts, rights, ["y", "n", "y"] * 7)
    said = ["y"] * 21
    found = quick(train, test, scores=said)
    assert [(one.name, one.rows) for one in found.strata] == [("both new", 8), ("one new", 7), ("both seen", 6)]
    right = np.array([label == "y" for label in test.labels])
    for one, part in zip(found.strata, (right[13:], right[6:13], right[:6]), strict=True):
        assert one.scores["accuracy"].value == pytest.approx(part.mean()) and one.labels["y"] == pytest.approx(
            part.mean()
        )
    assert set(found.headline) == {"accuracy"} and found.model == "scores given"


def test_repaired_pairs_share_no_component_and_repaired_texts_no_copy():
    pairs = kf.sample("questions")
    train, test = pairs.take(range(100)), pairs.take(range(100, 150))
    found = quick(train, test)
    assert "entities" in names(found) and found.repair.how == "components" and found.repair.n_dropped == 0
    again = quick(*found.repair.apply(train, test))
    assert again.leaks.counts["linked"] == 0 and again.repair.how == "none"
    train, test, leaked = planted.planted(planted.texts, 300, 200, 0.1, 5)
    found = quick(train, test)
    assert (found.repair.how, found.repair.n_dropped, found.repair.n_test) == ("dropped", len(leaked), 180)
    assert quick(*found.repair.apply(train, test)).clean


def test_pairs_that_are_all_linked_are_repaired_by_holding_sides_out():
    random = np.random.default_rng(6)
    a, b = random.integers(0, 60, (2, 800))
    rows = Pairs([f"n{i}" for i in a], [f"n{i}" for i in b], ["y" if k % 3 else "n" for k in range(800)])
    train, test = rows.take(range(600)), rows.take(range(600, 800))
    made = quick(train, test).repair
    assert made.how == "entities" and made.n_dropped > 0 and "component" in made.note
    again = leaks_of(*made.apply(train, test))
    assert again.counts["both_new"] == made.n_test > 0


def test_a_commonest_side_and_one_label_are_said():
    rows = Pairs(["the user"] * 40, [f"item {i}" for i in range(40)], ["yes"] * 40)
    found = quick(rows.take(range(30)), rows.take(range(30, 40)))
    assert {"hub", "one label", "entities"} <= names(found) and not found.probes and not found.headline
    bare = quick(Examples(["one text", "another"]), Examples(["one text"]))
    assert bare.leaks.counts["copies"] == 1 and "no labels" in bare.sentences()[0] and not bare.clean


def test_a_model_its_scores_and_its_answers_are_one_headline(binary):
    model, train, test = binary
    y = [label == "positive" for label in test.labels]
    p = model.predict_proba(test.texts)
    of_model = quick(kf_rows(train), kf_rows(test), model=model)
    of_scores = quick(kf_rows(train), kf_rows(test), scores=p[:, 1])
    assert of_model.headline == of_scores.headline
    assert of_model.headline["accuracy"].value == pytest.approx(np.mean((p[:, 1] > 0.5) == y))
    ranked = quick(kf_rows(train), kf_rows(test), scores=10 * p[:, 1] - 3, metric="auc")
    assert ranked.headline["auc"] == of_model.headline["auc"] and "accuracy" not in ranked.headline
    with pytest.raises(InvalidParameterError, match="can't be measured by accuracy"):
        quick(kf_rows(train), kf_rows(test), scores=10 * p[:, 1] - 3)


def kf_rows(rows) -> Examples:
    return Examples(rows.texts, rows.labels)


def test_the_same_audit_twice_and_what_it_shows():
    train, test, _ = planted.planted(planted.pairs, 300, 200, 0.1, 7)
    found, again = quick(train, test), quick(train, test)
    assert json.dumps(found.to_dict()) == json.dumps(again.to_dict())
    assert str(found).startswith("Not clean") and "Probes that must fail" in str(found)
    assert [one.weight for one in found.findings] == sorted((one.weight for one in found.findings), reverse=True)
    page, card = found.html("A & B"), found.section()
    assert "A &amp; B" in page and "Repaired split" in page and "stand in training" in card
    assert found._repr_html_().count("<table>") == 4


def test_a_report_shows_the_audit(binary):
    model, train, test = binary
    made = quick(kf_rows(train), kf_rows(test), model=model)
    with_card = kf.report(kf.evaluate(model, test), model, test, audit=made)
    assert "Can the score be believed?" in with_card
    assert "Can the score be believed?" not in kf.report(kf.evaluate(model, test), model, test)


ONE, TWO = Examples(["a b", "c d"], ["x", "y"]), Pairs(["a"], ["b"], ["x"])


@pytest.mark.parametrize(
    ("parts", "given", "code"),
    [
        ((ONE, TWO), {}, "D-140"),
        ((["a"], ["b"]), {}, "D-140"),
        ((ONE, ONE.take([])), {}, "D-141"),
        ((ONE, Examples(["e"])), {}, "D-142"),
        ((ONE, Examples(["e"], [None])), {}, "D-142"),
        ((ONE, ONE), {"scores": [0.1]}, "D-143"),
        ((ONE, ONE), {"scores": [0.1, float("nan")]}, "D-143"),
        ((TWO, TWO), {"train_sides": (["1"], ["2"])}, "D-145"),
        ((ONE, ONE), {"metric": "f1"}, "U-036"),
        ((ONE, ONE), {"threshold": 0.0}, "U-036"),
        ((ONE, ONE), {"model": 1, "scores": [0, 1]}, "U-036"),
        ((ONE, ONE), {"scores": ["x", "y"], "metric": "auc"}, "U-036"),
    ],
)
def test_what_can_not_be_audited_is_refused(parts, given, code):
    with pytest.raises((DataError, InvalidParameterError)) as error:
        quick(*parts, **given)
    assert error.value.code == code and error.value.fix
