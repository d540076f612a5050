"""Calls out: how many to place and when, and what becomes of each."""
