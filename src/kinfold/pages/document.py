"""A page's parts in, one HTML file out that holds all it needs and may load nothing."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from kinfold.pages.text import json_text, visible
from kinfold.types import Json

#: The look all pages share: what is measured in, the colours for light and dark, and the plain parts.
LOOK = "pages/page.css"


def document(
    title: str,
    body: str,
    *,
    styles: tuple[str, ...] = (),
    script: str = "",
    data: Json = None,
    attributes: bool = False,
) -> str:
    """Return a whole page.

    Its policy lets nothing be loaded, and only this style and this script count, by their hashes: markup that got in
    through a text could neither run nor fetch anything.

    Parameters
    ----------
    title
        Text.
    body
        Markup.
    styles
        Assets, in order, after the look that all pages share.
    script
        An asset that runs at the end, or nothing.
    data
        What the script reads from the element ``data``, as JSON.
    attributes
        Whether ``style`` attributes in the body count too. A browser too old to tell attributes from elements then
        lets any style element count.
    """
    style = "".join(map(asset, (LOOK, *styles)))
    code = asset(script) if script else ""
    looks = f"style-src 'unsafe-inline'; style-src-elem {_hash(style)}" if attributes else f"style-src {_hash(style)}"
    runs = f"script-src {_hash(code)}" if code else "script-src 'none'"
    policy = f"default-src 'none'; {looks}; {runs}; base-uri 'none'; form-action 'none'"
    held = f'<script type="application/json" id="data">{json_text(data)}</script>\n' if code else ""
    end = f"{held}<script>{code}</script>\n" if code else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{visible(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}\n{end}</body>\n</html>\n"
    )


def asset(path: str) -> str:
    """Return a style or script by its place in the package, such as ``pages/page.css``."""
    return (files("kinfold") / path).read_text("utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
