"""What people call a country in, its ISO 3166 code out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

#: Names besides those that the shapes carry: short and long forms, earlier names, and parts that stand for the whole.
OTHER_NAMES: Mapping[str, str] = {
    "america": "USA", "united states": "USA", "u s": "USA", "usa": "USA", "england": "GBR", "britain": "GBR",
    "great britain": "GBR", "scotland": "GBR", "wales": "GBR", "northern ireland": "GBR", "uk": "GBR", "u k": "GBR",
    "uae": "ARE", "emirates": "ARE", "holland": "NLD", "czech republic": "CZE", "czech": "CZE",
    "slovak republic": "SVK", "swaziland": "SWZ", "macedonia": "MKD", "bosnia": "BIH",
    "bosnia and herzegovina": "BIH", "bosnia herzegovina": "BIH", "burma": "MMR", "east timor": "TLS", "timor": "TLS",
    "papua": "PNG", "ivory coast": "CIV", "cote d ivoire": "CIV", "congo": "COD", "dr congo": "COD", "drc": "COD",
    "zaire": "COD", "congo kinshasa": "COD", "congo brazzaville": "COG", "democratic republic of the congo": "COD",
    "republic of the congo": "COG", "cape verde": "CPV", "vatican": "VAT", "vatican city": "VAT", "holy see": "VAT",
    "russian federation": "RUS", "republic of korea": "KOR", "korea": "KOR", "dprk": "PRK", "viet nam": "VNM",
    "lao": "LAO", "syrian arab republic": "SYR", "turkiye": "TUR", "republic of ireland": "IRL", "eire": "IRL",
    "brunei darussalam": "BRN", "macau": "MAC", "palestine": "PSE", "gaza strip": "PSE", "gaza": "PSE",
    "west bank": "PSE", "virgin islands": "VIR", "us virgin islands": "VIR", "falklands": "FLK",
    "faroe islands": "FRO", "faeroe islands": "FRO", "aland islands": "ALA", "sao tome": "STP",
    "saint vincent": "VCT", "saint vincent and the grenadines": "VCT", "saint kitts": "KNA", "antigua": "ATG",
    "trinidad": "TTO", "turks and caicos": "TCA", "kosovo": "XKX", "xk": "XKX", "micronesia": "FSM",
    "french guiana": "GUF", "guyane": "GUF", "reunion": "REU", "martinique": "MTQ", "guadeloupe": "GLP",
    "mayotte": "MYT", "svalbard": "SJM", "jan mayen": "SJM", "bonaire": "BES", "dominican republic": "DOM",
    "dominican": "DOM", "central african republic": "CAF", "equatorial guinea": "GNQ", "western sahara": "ESH",
    "south sudan": "SSD", "solomon islands": "SLB", "cayman islands": "CYM", "cook islands": "COK",
    "marshall islands": "MHL", "british virgin islands": "VGB", "northern mariana islands": "MNP",
    "french polynesia": "PYF", "tahiti": "PYF", "saint pierre and miquelon": "SPM", "wallis and futuna": "WLF",
    "persia": "IRN", "ceylon": "LKA", "siam": "THA", "brasil": "BRA", "espana": "ESP", "deutschland": "DEU",
    "rom": "ROU", "zar": "COD", "tmp": "TLS", "scg": "SRB",
}  # fmt: skip
#: Lands that are part of another country's outline: owner, code, ISO's two letters, name, and the box that parts them
#: from it: south, west, north, east.
PARTS: tuple[tuple[str, str, str, str, tuple[float, float, float, float]], ...] = (
    ("FRA", "GUF", "GF", "French Guiana", (0, -56, 7, -50)),
    ("FRA", "MTQ", "MQ", "Martinique", (14, -62, 15.2, -60)),
    ("FRA", "GLP", "GP", "Guadeloupe", (15.5, -62.5, 17, -60)),
    ("FRA", "REU", "RE", "Réunion", (-22, 54, -20, 57)),
    ("FRA", "MYT", "YT", "Mayotte", (-14, 44, -12, 46)),
    ("NOR", "SJM", "SJ", "Svalbard and Jan Mayen", (70.5, -10, 82, -7)),
    ("NOR", "SJM", "SJ", "Svalbard and Jan Mayen", (74, 5, 82, 40)),
    ("NOR", "BVT", "BV", "Bouvet Island", (-56, 2, -52, 5)),
    ("NLD", "BES", "BQ", "Caribbean Netherlands", (11, -70, 19, -60)),
)
#: Outlines without a code of their own, by the name that the shapes give them: those who govern them differ, so that
#: they go with what ISO 3166 counts them to.
UNCODED: Mapping[str, tuple[str, str, str]] = {
    "France": ("FRA", "FR", "France"),
    "Norway": ("NOR", "NO", "Norway"),
    "Kosovo": ("XKX", "XK", "Kosovo"),
    "Taiwan": ("TWN", "TW", "Taiwan"),
    "Somaliland": ("SOM", "SO", "Somalia"),
    "N. Cyprus": ("CYP", "CY", "Cyprus"),
    "Cyprus U.N. Buffer Zone": ("CYP", "CY", "Cyprus"),
    "Baikonur": ("KAZ", "KZ", "Kazakhstan"),
    "USNB Guantanamo Bay": ("CUB", "CU", "Cuba"),
    "Indian Ocean Ter.": ("CXR", "CX", "Christmas Island"),
}
#: Short forms that the shapes carry, written out.
LONG_NAMES: Mapping[str, str] = {
    "CAF": "Central African Republic", "COD": "DR Congo", "COG": "Congo Republic", "DOM": "Dominican Republic",
    "GNQ": "Equatorial Guinea", "SSD": "South Sudan", "ESH": "Western Sahara", "BIH": "Bosnia and Herzegovina",
    "SWZ": "Eswatini", "USA": "United States", "ATG": "Antigua and Barbuda",
    "KNA": "Saint Kitts and Nevis", "VCT": "Saint Vincent and the Grenadines", "PYF": "French Polynesia",
    "ATF": "French Southern Lands", "SLB": "Solomon Islands", "CYM": "Cayman Islands", "COK": "Cook Islands",
    "MHL": "Marshall Islands", "FRO": "Faroe Islands", "FLK": "Falkland Islands", "VIR": "US Virgin Islands",
    "VGB": "British Virgin Islands", "MNP": "Northern Mariana Islands", "TCA": "Turks and Caicos Islands",
    "PCN": "Pitcairn Islands", "SPM": "Saint Pierre and Miquelon", "WLF": "Wallis and Futuna",
    "SGS": "South Georgia", "UMI": "US Outlying Islands", "IOT": "British Indian Ocean Territory",
    "HMD": "Heard and McDonald Islands", "MAF": "Saint Martin", "BLM": "Saint Barthélemy",
}  # fmt: skip


class Gazetteer:
    """Finds codes by what people call a country.

    Parameters
    ----------
    countries
        (three letters, two letters, name) of each.
    """

    def __init__(self, countries: Iterable[tuple[str, str, str]]) -> None:
        self._codes: dict[str, str] = {}
        listed = list(countries)
        for code, two, _ in listed:
            self._codes.setdefault(two.casefold(), code)
            self._codes[code.casefold()] = code
        for code, _, name in listed:
            self._codes[_folded(name)] = code
        known = {code for code, _, _ in listed}
        self._codes.update({name: code for name, code in OTHER_NAMES.items() if code in known})

    def code(self, name: str) -> str | None:
        """Return the three letters of a country by its name or code, however it is joined and cased, or None."""
        return self._codes.get(_folded(name))


def _folded(name: str) -> str:
    """Return a name in lower case, without accents, with single blanks between words, and no article."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = re.sub(r"[^a-z0-9]+", " ", plain.casefold().replace("&", " and ")).split()
    if words[:1] == ["the"]:
        words = words[1:]
    return " ".join({"st": "saint"}.get(word, word) for word in words)
