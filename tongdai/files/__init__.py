"""Files that clients send: their format and character set, and the rows of cells in them.

What the columns mean is for the reader of a kind of file to say: contacts (imports/readers), numbers that are not to be
called (do_not_call/entries).
"""

from tongdai.files.body_format import BodyFormat, Format
from tongdai.files.limits import Limits

__all__ = ["BodyFormat", "Format", "Limits"]
