"""Recordings of calls: what is wanted, where each one is, and when it is deleted."""
