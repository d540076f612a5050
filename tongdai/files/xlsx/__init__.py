"""Workbooks: their sheets as tables."""
