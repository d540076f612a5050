"""Text that people may send: any, but no control characters."""

import re

CONTROL = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
"""Inside the brackets of a pattern, Python's or JSON Schema's: C0, DEL, C1, line and paragraph separators."""

_CONTROL = re.compile(f"[{CONTROL}]")


def has_control(text: str) -> bool:
    return _CONTROL.search(text) is not None
