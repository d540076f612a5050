"""Vietnamese numbers from before the country renumbered: lists from then are still about. Pure.

Mobile numbers of 11 digits became ones of 10 in 2018, area codes changed in 2017. An old number that today is another
subscriber's is read as today's: 0838221501 is a mobile number now. Only `(08) 3822 1501`, `08 38221501`, `8 3822 1501`
and the like show by their groups that they are of Ho Chi Minh City before 2017.
"""

import re

_MOBILES = {
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78", "123": "83", "124": "84", "125": "85",
    "127": "81", "129": "82", "162": "32", "163": "33", "164": "34", "165": "35", "166": "36", "167": "37",
    "168": "38", "169": "39", "186": "56", "188": "58", "199": "59",
}  # fmt: skip
_AREAS = {
    "22": "212", "231": "213", "20": "214", "230": "215", "29": "216", "52": "232", "53": "233", "54": "234",
    "510": "235", "511": "236", "37": "237", "38": "238", "39": "239", "33": "203", "240": "204", "25": "205",
    "26": "206", "27": "207", "280": "208", "281": "209", "320": "220", "321": "221", "241": "222", "31": "225",
    "351": "226", "36": "227", "350": "228", "30": "229", "780": "290", "781": "291", "710": "292", "711": "293",
    "74": "294", "76": "296", "77": "297", "79": "299", "4": "24", "8": "28", "61": "251", "62": "252", "63": "263",
    "64": "254", "55": "255", "56": "256", "57": "257", "58": "258", "501": "261", "500": "262", "60": "260",
    "59": "269", "70": "270", "651": "271", "72": "272", "73": "273", "650": "274", "75": "275", "66": "276",
    "67": "277", "68": "259",
}  # fmt: skip
"""Area codes of before 2017, and what they became; the four that did not change are not among them."""

OLD_MOBILE = rf"(?:{'|'.join(_MOBILES)})\d{{7}}"
"""A pattern of the national part."""
_MOBILE_TODAY = frozenset({"8", "52", "55", "56", "58", "59", "70", "76", "77", "78", "79"})
"""Old area codes with which the numbers of a mobile network begin now. Digits that no plan knows yet may be a new
series of it: they are not a landline of before, whose number would be somebody else's."""
_PROVINCES = "|".join(area for area in _AREAS if len(area) > 1 and area not in _MOBILE_TODAY)
_OLD_LANDLINE = re.compile(rf"\+84(?:(4)[2-9][0-9]{{7}}|({_PROVINCES})[2-8][0-9]{{6}})")
"""Two cities had eight digits after their area code of one; others have seven after codes of two or three."""
_NO_DIGIT = re.compile("[^0-9]")
_APART = r"[\s().\-/\[\]]"
GROUPED = re.compile(rf"{_APART}*(?:(?:\+|00)?84{_APART}*0?{_APART}*|0)?8{_APART}+((?:[0-9]{_APART}*){{8}})")
"""A number of Ho Chi Minh City that stands apart from its old area code 08 or 8; group 1 are its digits.

For texts that are known to have only characters that may be between digits.
"""
_AREA_APART = re.compile(r"8[ )./\-\]](?:(?<=[\n (\[.\-/)]08.)|(?<=[\n ).\-/(\[]8.)|(?<=848.))")
"""Begins with a plain character, which the engine looks for at once."""


def new_mobile(e164: str) -> str | None:
    """The number that a mobile number from before became; None for any other number."""
    mobile = _MOBILES.get(e164[3:6]) if len(e164) == 13 and e164.startswith("+84") else None
    return None if mobile is None else f"+84{mobile}{e164[6:]}"


def new_landline(e164: str) -> str | None:
    """The number that a landline from before became; the caller checks that only the new one is a number today."""
    found = _OLD_LANDLINE.fullmatch(e164)
    return None if found is None else f"+84{_AREAS[found[1] or found[2]]}{e164[3 + len(found[1] or found[2]) :]}"


def grouped_landline(found: re.Match[str]) -> str:
    """E.164 of what GROUPED matches; it may be none today."""
    return f"+8428{_NO_DIGIT.sub('', found[1])}"


def may_have_grouped_landline(lines: str) -> bool:
    """Whether GROUPED may match some of the texts, each with a line feed before it: a quick look at all."""
    return _AREA_APART.search(lines) is not None
