"""Answers as tables: aligned, safe to print, and with the stability where it is known."""

from kinfold.vectors.tables import html_table, scored_cells, scored_rows, shown, text_table

SCORED = [("near", 0.5), ("far", -0.25)]


def test_scores_with_and_without_stability():
    assert scored_cells(SCORED, None) == (["word", "score"], [["near", "0.500"], ["far", "-0.250"]])
    head, rows = scored_cells(SCORED, (1.0, 0.5), sign="+")
    assert head == ["word", "score", "stable"]
    assert rows == [["near", "+0.500", "100 %"], ["far", "-0.250", "50 %"]]
    assert scored_rows(SCORED, None) == [{"word": "near", "score": 0.5}, {"word": "far", "score": -0.25}]
    assert scored_rows(SCORED[:1], (0.75,)) == [{"word": "near", "score": 0.5, "stability": 0.75}]


def test_columns_are_aligned_by_what_a_terminal_shows():
    lines = text_table(["word", "score"], [["你好", "1.0"], ["e\u0301", "10.0"]]).split("\n")
    assert lines == ["word  score", "你好    1.0", "e\u0301      10.0"]


def test_no_word_steers_a_terminal_or_a_page():
    assert shown("a\x1b[31m\u202e") == "a\\u001b[31m\\u202e" and shown("x" * 70) == "x" * 63 + "…"
    assert '<td style="text-align:left">&lt;b&gt;</td>' in html_table(["word"], [["<b>"]])
