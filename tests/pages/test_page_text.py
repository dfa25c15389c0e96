"""Whatever stands in a text, in a page it is text: nothing hides, nothing ends an element."""

import html
import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from kinfold.pages.text import json_text, seen, visible

HOSTILE = ["</script><script>alert(1)</script>", "<!--", "]]>", "\"&'", "a\u2028b\u202ec"]


def test_what_can_be_seen_is_left_alone():
    told = "naïve 你好 שלום 👩\u200d🔬"
    assert seen(told) == told == visible(told)
    assert seen("a\n\tb", lines=True) == "a\n\tb" and seen("a\n\tb") == "a\\u000a\\u0009b"
    assert visible('a\u202eb\u0007<&"') == "a\\u202eb\\u0007&lt;&amp;&quot;"
    assert seen("\U000e0001\ud800") == "\\U000e0001\\ud800"


@given(st.text(st.characters(exclude_categories=())), st.booleans())
def test_nothing_unseen_is_left(text, lines):
    shown = seen(text, lines=lines)
    kept = "\u200c\u200d\n\t" if lines else "\u200c\u200d"
    assert all(c in kept or unicodedata.category(c) not in ("Cc", "Cf", "Cn", "Cs") for c in shown)
    assert html.unescape(visible(text, lines=lines)) == shown
    assert not set("<>\"'") & set(visible(text, lines=lines))


@given(st.recursive(st.text() | st.sampled_from(HOSTILE), lambda inner: st.lists(inner)))
def test_data_stays_data(data):
    text = json_text(data)
    assert json.loads(text) == data
    assert text.isascii() and not set("<>&") & set(text)
