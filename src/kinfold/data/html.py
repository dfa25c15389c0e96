"""HTML of a post in, plain text out: one line a block, entities resolved, scripts and comments gone.

One pass over the text, whatever is broken in it. The standard library's `html.parser` is not used: on tags or comments
that are never closed its time grows with the square of the length (24 kB of ``<a <`` take it 16 s). Entities are
resolved by `html.unescape`, which is HTML5's table.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Literal

#: What becomes of blocks of code, which stand in ``<pre>``; ``<code>`` within a sentence always stays.
Code = Literal["keep", "drop"]

_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt"),
        *("fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr"),
        *("html", "li", "main", "nav", "ol", "p", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul"),
    )
)
#: Cells stand beside one another, in one line.
_CELLS = frozenset(("td", "th"))
_SILENT = ("script", "style")
# A comment, a declaration, a tag, or text. A tag ends at a ">" outside quotes and never goes past the next "<", and
# what is not closed goes to the end: so each part is looked at once.
_PART = re.compile(
    r"(?P<comment><!--(?:>|->|.*?(?:--!?>|\Z)))"
    r"|(?P<other><[!?][^<>]*+>)"
    r"|<(?P<close>/?)(?P<tag>[A-Za-z][^\s/<>]*+)(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+'|[\"'])*+>"
    r"|(?P<text>[^<]++|<)",
    re.DOTALL,
)
_SILENT_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _SILENT}
# Beyond these no character is; int() refuses numbers of thousands of digits.
_LONG_NUMBER = re.compile(r"&#(?:0*+([0-9]{8,})|[xX]0*+([0-9a-fA-F]{8,}))(?:;|(?![0-9a-fA-F]))")


def html_text(source: str, *, code: Code = "keep") -> str:
    r"""Return the text of a piece of HTML.

    Parameters
    ----------
    source
        HTML, however broken: a tag without its end is closed, a ``<`` that begins no tag is itself.
    code
        ``"keep"``: blocks of code (``<pre>``) keep their lines and indents; ``"drop"``: they are left out.

    Returns
    -------
    str
        Blocks one below the other; spaces and line ends within a block are one space.

    Examples
    --------
    >>> html_text("<p>Is <code>a &lt; b</code>?</p><pre>if a:\n  b()</pre>")
    'Is a < b?\\nif a:\n  b()'
    """
    written = _Written(code)
    source = source.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    at = 0
    while at < len(source):
        part = _PART.match(source, at)
        assert part is not None  # text takes what nothing else does
        at = part.end()
        if part["text"] is not None:
            written.text(_resolved(part["text"]))
        elif part["tag"] is not None:
            tag = part["tag"].lower()
            if tag in _SILENT and not part["close"]:
                end = _SILENT_END[tag].search(source, at)
                at = end.start() if end else len(source)
            else:
                written.tag(tag, closing=bool(part["close"]))
    return written.whole()


def _resolved(text: str) -> str:
    return unescape(_LONG_NUMBER.sub("\ufffd", text)) if "&" in text else text


class _Written:
    """The lines written so far, and the one that is being written."""

    def __init__(self, code: Code) -> None:
        self._keep = code == "keep"
        self._lines: list[str] = []
        self._line: list[str] = []
        self._depth = 0  # how many <pre> are open

    def text(self, text: str) -> None:
        if self._keep or not self._depth:
            self._line.append(text)

    def tag(self, tag: str, *, closing: bool) -> None:
        if tag == "pre":
            if not closing or self._depth <= 1:
                self._end()
            self._depth = max(0, self._depth + (-1 if closing else 1))
        elif tag == "br":
            self.text("\n") if self._depth else self._end()
        elif tag in _CELLS and not self._depth:
            self.text(" ")
        elif tag in _BLOCKS and not self._depth:
            self._end()

    def _end(self) -> None:
        """End the line, or the block of code."""
        if self._depth:
            # The indent of the first line belongs to it; blank lines around a block do not.
            rows = [row.rstrip() for row in "".join(self._line).split("\n")]
            while rows and not rows[-1]:
                rows.pop()
            first = next((i for i, row in enumerate(rows) if row), len(rows))
            made = "\n".join(rows[first:])
        else:
            made = " ".join("".join(self._line).split())
        if made:
            self._lines.append(made)
        self._line = []

    def whole(self) -> str:
        self._end()
        return "\n".join(self._lines)
