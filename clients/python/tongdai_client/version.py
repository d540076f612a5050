"""The version of this distribution, which is released apart from the server."""

__version__ = "0.1.0"
