"""The characters that text may contain: all but control characters."""

import re

CONTROL = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
"""Control characters, for the brackets of a regular expression: C0, DEL, C1, line and paragraph separators."""

_CONTROL = re.compile(f"[{CONTROL}]")


def has_control(text: str) -> bool:
    return _CONTROL.search(text) is not None
