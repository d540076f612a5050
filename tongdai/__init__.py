"""Tongdai: a self-hosted, multi-tenant contact-centre server."""

__version__ = "0.1.0"
