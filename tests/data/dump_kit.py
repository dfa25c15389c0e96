"""A small dump written by hand, and what it must be read as."""

from __future__ import annotations

from pathlib import Path

from kinfold.data.posts import Answer, DuplicateLink, Question

POSTS = """<?xml version="1.0" encoding="utf-8"?>
<posts>
  <row Id="2" PostTypeId="2" ParentId="1" CreationDate="2020-01-02T00:00:00" Score="3" Body="&lt;p&gt;So.&lt;/p&gt;" />
  <row Id="1" PostTypeId="1" AcceptedAnswerId="3" CreationDate="2020-01-01T00:00:00" Score="5" Title="How &lt;so&gt;?" \
Tags="&lt;a-b&gt;&lt;c#&gt;" \
Body="&lt;p&gt;Caf\u00e9&amp;nbsp;?&lt;/p&gt;&#xD;&#xA;&lt;pre&gt;x &amp;lt; 1&lt;/pre&gt;" />
  <row Id="3" PostTypeId="2" ParentId="1" CreationDate="2020-01-03T00:00:00" Score="3" Body="&lt;p&gt;Yes.&lt;/p&gt;" />
  <row Id="4" PostTypeId="1" CreationDate="2020-02-01T00:00:00" Score="-2" Title="Why \U0001f600?" \
Tags="|a-b|d|" Body="Because" />
  <row Id="5" PostTypeId="2" ParentId="4" CreationDate="2020-02-02T00:00:00" Score="1" Body="&lt;p&gt;No.&lt;/p&gt;" />
  <row Id="6" PostTypeId="2" ParentId="4" CreationDate="2020-02-03T00:00:00" Score="7" Body="Better." />
  <row Id="7" PostTypeId="1" CreationDate="2020-03-01T00:00:00" Score="0" Title="Nobody knows" Body="" />
  <row Id="8" PostTypeId="5" CreationDate="2020-03-01T00:00:00" Score="0" Body="a tag" />
  <row Id="9" PostTypeId="17" CreationDate="2020-03-01T00:00:00" Score="0" Body="?" />
  <row Id="10" PostTypeId="2" ParentId="99" CreationDate="2020-03-01T00:00:00" Score="0" Body="lost" />
  <row PostTypeId="1" CreationDate="2020-03-01T00:00:00" Score="0" Title="no id" />
  <row Id="4" PostTypeId="1" CreationDate="2020-03-01T00:00:00" Score="0" Title="again" />
  <row Id="11" PostTypeId="1" CreationDate="2020-03-01T00:00:00" Score="1.5" Title="half a vote" />
  <row Id="12" PostTypeId="2" CreationDate="2020-03-01T00:00:00" Score="1" Body="no parent" />
</posts>
"""
LINKS = """<?xml version="1.0" encoding="utf-8"?>
<postlinks>
  <row Id="1" CreationDate="2020-04-01T00:00:00" PostId="4" RelatedPostId="1" LinkTypeId="3" />
  <row Id="2" CreationDate="2020-04-02T00:00:00" PostId="7" RelatedPostId="1" LinkTypeId="1" />
  <row Id="3" CreationDate="2020-04-03T00:00:00" PostId="1" RelatedPostId="4" LinkTypeId="3" />
  <row Id="4" CreationDate="2020-04-04T00:00:00" PostId="7" RelatedPostId="99" LinkTypeId="3" />
  <row Id="5" CreationDate="2020-04-05T00:00:00" PostId="7" RelatedPostId="7" LinkTypeId="3" />
  <row Id="6" CreationDate="2020-04-06T00:00:00" PostId="7" LinkTypeId="3" />
</postlinks>
"""
QUESTIONS = [
    Question("1", "How <so>?", "Café ?\nx < 1", ("a-b", "c#"), 5, "2020-01-01T00:00:00", "3"),
    Question("4", "Why \U0001f600?", "Because", ("a-b", "d"), -2, "2020-02-01T00:00:00"),
    Question("7", "Nobody knows", "", (), 0, "2020-03-01T00:00:00"),
]
ANSWERS = [
    Answer("2", "1", "So.", 3, "2020-01-02T00:00:00"),
    Answer("3", "1", "Yes.", 3, "2020-01-03T00:00:00"),
    Answer("5", "4", "No.", 1, "2020-02-02T00:00:00"),
    Answer("6", "4", "Better.", 7, "2020-02-03T00:00:00"),
]
DUPLICATES = [
    DuplicateLink("4", "1", "2020-04-01T00:00:00"),
    DuplicateLink("1", "4", "2020-04-03T00:00:00"),
    DuplicateLink("7", "99", "2020-04-04T00:00:00"),
    DuplicateLink("7", "7", "2020-04-05T00:00:00"),
]


def write_dump(folder: Path, posts: str = "Posts.xml", links: str = "PostLinks.xml") -> Path:
    """Write both files into a folder; return it."""
    folder.mkdir(exist_ok=True)
    (folder / posts).write_text(POSTS, "utf-8", newline="")
    (folder / links).write_text(LINKS, "utf-8", newline="")
    return folder


def post(id: int, kind: int = 1, **more: object) -> str:
    """Return one row."""
    given = {"Id": id, "PostTypeId": kind, "CreationDate": "2020-01-01T00:00:00", "Score": 0, **more}
    return "<row " + " ".join(f'{name}="{value}"' for name, value in given.items()) + "/>"
