"""The colours that all pages share can be told apart, in light and dark."""

import re

import pytest

from kinfold.pages.document import LOOK, asset


def luminance(colour):
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, two):
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1])
def test_contrast_is_enough_in_both_schemes(scheme):
    tokens: dict[str, list] = {}
    for name, value in re.findall(r"--([a-z-]+): #([0-9a-f]{6})", asset(LOOK)):
        tokens.setdefault(name, []).append([int(value[i : i + 2], 16) / 255 for i in (0, 2, 4)])
    colours = {name: values[scheme] for name, values in tokens.items()}
    mixed = {
        share: [share * a + (1 - share) * c for a, c in zip(colours["accent"], colours["card"], strict=True)]
        for share in (0.26, 0.38, 0.42)
    }
    for ground in ("paper", "card"):
        for ink in ("ink", "soft", "accent", "warn"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for ground in (*mixed.values(), colours["accent-weak"]):
        assert contrast(colours["ink"], ground) >= 4.5
