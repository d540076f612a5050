"""Bodies of bulk requests → chunks to store.

A large body is read by a process of its own (`python -m tongdai.imports.readers`): reading 50 MB takes most of a second
in which nothing else of its process runs, and what a hostile file does to memory is then done to that process alone.
"""

from tongdai.files import BodyFormat, Format, Limits
from tongdai.imports.readers.read import Totals, read

__all__ = ["BodyFormat", "Format", "Limits", "Totals", "read"]
