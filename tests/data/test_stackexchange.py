"""A Stack Exchange dump by hand: every post, every count, pairs, and memory that stays as it is."""

from __future__ import annotations

import tracemalloc

import pytest
from dump_kit import ANSWERS, DUPLICATES, QUESTIONS, post, write_dump

from kinfold.data.dumpreader import IdSet
from kinfold.data.ledger import Ledger
from kinfold.data.samples import sample_dump
from kinfold.data.splits import split
from kinfold.data.stackexchange import Question, open_stackexchange, question_text, read_stackexchange
from kinfold.errors import DataError, InvalidParameterError


@pytest.fixture
def dump(tmp_path):
    return read_stackexchange(write_dump(tmp_path / "dump"))


@pytest.fixture
def of_rows(tmp_path):
    """Write rows as Posts.xml and return its path."""

    def made(*rows: str):
        path = tmp_path / "Posts.xml"
        path.write_text("<posts>" + "".join(rows) + "</posts>", "utf-8")
        return path

    return made


def test_a_dump_is_read_as_it_was_written(dump):
    assert dump.questions == QUESTIONS
    assert dump.answers == ANSWERS
    assert dump.duplicates == DUPLICATES
    assert repr(dump) == "Dump(3 questions, 4 answers, 4 duplicates)" and repr(dump) in dump._repr_html_()


def test_every_row_is_counted(dump):
    ledger = dump.ledger
    assert (ledger.read, ledger.used, ledger.merged, ledger.balanced) == (14, 7, 0, True)
    assert ledger.rejected == {"D-120": 2, "D-121": 1, "D-122": 1, "D-123": 3}
    assert ledger.warnings == ["D-121: the question of 1 answer can't be found in the dump"]
    assert not ledger.noted and len(ledger.sha256) == 64
    links = dump.link_ledger
    assert (links.read, links.used, links.balanced) == (6, 4, True)
    assert links.rejected == {"D-120": 1, "D-123": 1} and links.source == "PostLinks.xml"


def test_posts_one_by_one_come_in_the_order_of_the_file(tmp_path):
    with open_stackexchange(write_dump(tmp_path / "dump")) as reader:
        posts = list(reader.posts())
        assert [one.id for one in posts] == ["2", "1", "3", "4", "5", "6", "7", "10"]
        assert reader.share == 1.0
        # The lost answer is known to be lost only at the end: it is handed on, and noted.
        assert reader.ledger.balanced and reader.ledger.used == 8 and reader.ledger.noted == {"D-121": 1}
        assert list(reader.links()) == DUPLICATES
        assert [one.id for one in reader.posts()] == [one.id for one in posts], "it can be read anew"
        assert reader.ledger.read == 14


def test_an_answer_may_come_before_its_question(of_rows):
    path = of_rows(post(1, 2, ParentId=2, Body="b"), post(2, 1, Title="t"))
    dump = read_stackexchange(path)
    assert [one.id for one in dump.answers] == ["1"] and dump.ledger.used == 2
    with open_stackexchange(path) as reader:
        assert len(list(reader.posts())) == 2 and not reader.ledger.noted


def test_code_is_kept_or_dropped(tmp_path):
    folder = write_dump(tmp_path / "dump")
    assert read_stackexchange(folder, code="drop").questions[0].body == "Café ?"
    with pytest.raises(InvalidParameterError) as caught:
        read_stackexchange(folder, code="some")
    assert caught.value.code == "U-030" and "keep, drop" in caught.value.fix


def test_links_are_read_if_they_are_wanted(tmp_path):
    dump = read_stackexchange(write_dump(tmp_path / "dump"), links=False)
    assert dump.link_ledger is None and dump.duplicates == [] and len(dump.questions) == 3


def test_questions_with_their_best_answer(dump):
    ledger = Ledger("pairs")
    pairs = dump.answer_pairs(ledger=ledger)
    # Of two answers with 3 votes the accepted one, though it came later; of 4 the one with more votes.
    assert pairs.rights == ["Yes.", "Better."] and pairs.ids == ["1-3", "4-6"]
    assert pairs.lefts == ["How <so>?\nCafé ?\nx < 1", "Why \U0001f600?\nBecause"]
    assert pairs.groups == ["1", "4"] and pairs.times == [one.time for one in QUESTIONS[:2]] and pairs.labels is None
    assert ledger.balanced and (ledger.read, ledger.used) == (3, 2) and ledger.rejected == {"D-126": 1}


def test_questions_with_their_accepted_answer(dump):
    ledger = Ledger("pairs")
    pairs = dump.answer_pairs(answer="accepted", part="title", ledger=ledger)
    assert pairs.ids == ["1-3"] and pairs.lefts == ["How <so>?"] and ledger.rejected == {"D-126": 2}
    assert dump.answer_pairs(answer="accepted", part="body").lefts == ["Café ?\nx < 1"]


def test_of_equal_answers_the_earliest_is_best(of_rows):
    later = post(2, 2, ParentId=1, Body="late", CreationDate="2020-05-01T00:00:00")
    path = of_rows(post(1, 1, Title="t"), later, post(3, 2, ParentId=1, Body="early"))
    assert read_stackexchange(path).answer_pairs().rights == ["early"]


def test_a_pair_with_an_empty_side_is_counted(of_rows):
    rows = (post(1, 1, Title="t", Body="&lt;img&gt;"), post(2, 2, ParentId=1, Body="b"))
    dump = read_stackexchange(of_rows(*rows, post(3, 1, Title="u"), post(4, 2, ParentId=3, Body="&lt;hr&gt;")))
    ledger = Ledger("pairs")
    assert len(dump.answer_pairs(ledger=ledger)) == 1 and ledger.rejected == {"D-053": 1}
    assert len(dump.answer_pairs(part="body")) == 0


def test_questions_that_are_the_same(dump):
    ledger = Ledger("duplicates")
    pairs = dump.duplicate_pairs(ledger=ledger)
    assert (pairs.ids, pairs.labels, pairs.times) == (["4-1"], ["duplicate"], ["2020-04-01T00:00:00"])
    assert pairs.lefts == ["Why \U0001f600?\nBecause"] and pairs.rights == ["How <so>?\nCafé ?\nx < 1"]
    assert ledger.balanced and (ledger.read, ledger.used, ledger.merged) == (4, 1, 1)
    assert ledger.rejected == {"D-127": 2}
    assert dump.duplicate_pairs(part="title").lefts == ["Why \U0001f600?"]


@pytest.mark.parametrize("given", [{"answer": "worst"}, {"part": "tags"}])
def test_an_unknown_choice_names_the_known(dump, given):
    with pytest.raises(InvalidParameterError) as caught:
        dump.answer_pairs(**given)
    assert caught.value.code == "U-030" and caught.value.fix.startswith("one of")
    if "part" in given:
        with pytest.raises(InvalidParameterError):
            dump.duplicate_pairs(**given)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (post(1, 1, Title="t", Score=""), "D-123"),
        (post(1, 1, Title="t", Score="9" * 5000), "D-123"),
        (post(1, 1, Title="t", CreationDate=" "), "D-123"),
        (post(1, "x", Title="t"), "D-120"),
        ("<row><Id>1</Id><Id>2</Id></row>", "D-123"),
    ],
)
def test_what_can_not_be_used_is_rejected_by_its_code(of_rows, row, code):
    dump = read_stackexchange(of_rows(row, post(5, 1, Title="t")))
    assert dump.ledger.rejected == {code: 1} and [one.id for one in dump.questions] == ["5"]
    with pytest.raises(DataError) as caught:
        read_stackexchange(of_rows(row))
    assert caught.value.code == code and f"{code}: 1" in caught.value.seen


def test_both_styles_of_tags_and_odd_ids(of_rows):
    rows = [
        post(1, 1, Title="t", Tags="&lt;x&gt;&lt;.net-4&gt;"),
        post("007", 1, Tags="|x|.net-4|"),
        post("7", 1),
        post("a7", 1),
    ]
    dump = read_stackexchange(of_rows(*rows, post("a7", 1), post("007", 1)))
    assert [one.tags for one in dump.questions] == [("x", ".net-4"), ("x", ".net-4"), (), ()]
    assert [one.id for one in dump.questions] == ["1", "007", "7", "a7"] and dump.ledger.rejected == {"D-122": 2}


def test_a_set_of_ids_is_small_and_exact():
    held = IdSet()
    tracemalloc.start()
    assert all(held.add(str(i)) for i in range(0, 40_000, 2))
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert size < 20_000
    assert not held.add("4000") and "4000" in held and "4001" not in held and "999999999" not in held
    assert held.add("٣") and held.add("9" * 16) and "٣" in held and "3" not in held


def test_memory_does_not_grow_with_the_file(tmp_path):
    def peak(n: int) -> int:
        path = tmp_path / f"{n}.Posts.xml"
        with path.open("w", encoding="utf-8") as file:
            file.write("<posts>")
            for i in range(n):
                body = f"&lt;p&gt;{'words' * 800}{i}&lt;/p&gt;"
                file.write(
                    post(2 * i + 1, 1, Title=f"t{i}", Body=body) + post(2 * i + 2, 2, ParentId=2 * i + 1, Body=body)
                )
            file.write("</posts>")
        tracemalloc.start()
        with open_stackexchange(path) as reader:
            assert sum(isinstance(one, Question) for one in reader.posts()) == n
        made = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return made

    few, many = peak(300), peak(1_500)
    assert many < few * 1.25


def test_the_packaged_dump_is_whole_and_can_be_split():
    dump = read_stackexchange(sample_dump())
    assert repr(dump) == "Dump(40 questions, 50 answers, 6 duplicates)"
    assert dump.ledger.rejected == {"D-120": 1} and not dump.ledger.noted
    known = {one.id for one in dump.answers}
    assert all(one.accepted is None or one.accepted in known for one in dump.questions)
    assert len(dump.duplicate_pairs()) == 6 and question_text(dump.questions[0], "title").endswith("?")
    times = [one.time for one in dump.questions]
    assert times == sorted(times) and len(set(times)) == 40
    train, test = split(dump.answer_pairs(), (0.7, 0.3), by="time")
    assert max(train.times) < min(test.times) and len(train) + len(test) == 38
