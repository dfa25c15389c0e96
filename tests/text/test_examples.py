"""The examples in docstrings print what they say."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("name", ["text.tokenizers", "text.tokens", "text.vocabulary", "estimators.linear.classifier"])
def test_examples(name):
    result = doctest.testmod(import_module(f"kinfold.{name}"))
    assert result.attempted > 0 and result.failed == 0
