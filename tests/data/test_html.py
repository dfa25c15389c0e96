"""HTML to text: what stays, what goes, and that nothing broken costs more than its length."""

from __future__ import annotations

import time

import pytest

from kinfold.data.html import html_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("<p>One</p><p>two</p>", "One\ntwo"),
        ("<p>One\r\n  two&#xD;&#xA;three</p>\r\n\r\n<p>four</p>", "One two three\nfour"),
        ("a<br>b<BR/>c<hr />d", "a\nb\nc\nd"),
        ("<ul>\n<li>one</li>\n<li>two <b>bold</b></li></ul>", "one\ntwo bold"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><th>3</th></tr></table>", "1 2\n3"),
        ("caf&eacute; &lt;p&gt; &amp;amp; &#8364;&nbsp;5 &hellip;", "café <p> &amp; € 5 …"),
        ("<b>in</b>side <i>w</i>ords", "inside words"),
        ("x<!-- gone <p> -->y<!-->z", "xyz"),
        ("x<script>if (a < b) { '</p>' }</script>y<style>p {}</style >z", "xyz"),
        ("a<script>never closed <p>b", "a"),
        ("a<!-- never closed <p>b", "a"),
        ("1 < 2 and 3 > 2, a<b", "1 < 2 and 3 > 2, a<b"),
        ("<p>open <b>and <i>never closed", "open and never closed"),
        ("</p></b>closed only</div>", "closed only"),
        ("<a href=\"x>y\" title='1 > 0'>link</a>", "link"),
        ('<a title="oops>still here <b>bold</b>', "still here bold"),
        ("<a href=x <p>next", "<a href=x\nnext"),
        ('<img src="a.png" alt="gone">', ""),
        ("<?php x ?><!DOCTYPE html><![CDATA[y]]>z", "z"),
        ("a\0b&#0;c&#xD800;d&#99999999999;e&#x41;", "a\ufffdb\ufffdc\ufffdd\ufffdeA"),
        ("日本語 <em>ελληνικά</em> \U0001f600", "日本語 ελληνικά \U0001f600"),
    ],
)
def test_text_of_html(source, text):
    assert html_text(source) == text


CODE = "<p>Use <code>f(x)</code>:</p>\n<pre><code>\nif a:\r\n    b &lt; c  \n\n    d\n</code></pre>\n<p>Done.</p>"


def test_blocks_of_code_keep_their_lines_or_are_dropped():
    assert html_text(CODE) == "Use f(x):\nif a:\n    b < c\n\n    d\nDone."
    assert html_text(CODE, code="drop") == "Use f(x):\nDone."
    assert html_text("<pre>  two\n one</pre>") == "  two\n one"
    assert html_text("<pre>a<p>b<br>c") == "ab\nc"
    assert html_text("x<pre>a<pre>b</pre>c</pre>y", code="drop") == "x\ny"
    assert html_text("x</pre>y<pre> </pre>", code="drop") == "x\ny"


@pytest.mark.parametrize(
    "unit",
    [
        "<!--x>",
        "<a x='",
        '<a "',
        "<a <",
        "<!x",
        "</a",
        "<![CDATA[",
        "<",
        "<div>",
        "<pre>",
        "<b x='\"",
        "&#1",
        "<script>",
    ],
)
def test_broken_html_takes_time_in_line_with_its_length(unit):
    def seconds(n: int) -> float:
        begun = time.process_time()
        html_text(unit * n)
        return time.process_time() - begun

    # The square of the length would take minutes here: html.parser needs 16 s for 8,000 of some of these.
    assert min(seconds(40_000) for _ in range(2)) < 3


@pytest.mark.parametrize(
    "long", ["<a " + "'" * 300_000, "<a " + "\"'" * 150_000, "&#" + "1" * 300_000, "<" + "a" * 300_000]
)
def test_one_long_part_is_read_once(long):
    begun = time.process_time()
    html_text(long)
    assert time.process_time() - begun < 1
    assert html_text("&#" + "1" * 5000 + ";!") == "\ufffd!"
