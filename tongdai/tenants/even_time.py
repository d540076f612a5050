"""The time of refusals: the same, whatever was wrong with a key. Pure.

A key that is known takes longer to refuse than one that is not, and so does an unknown one that names a tenant which
exists: without any key, the time of 400 requests says which tenants exist.
"""

EVEN_S = 0.003
"""Refusals are answered at a multiple of this after their requests began: longer than looking a key up takes, and
short enough that a flood of them holds few of a worker's places."""


def until_even(passed_s: float) -> float:
    """The seconds that are left, after so many since the request began."""
    return EVEN_S - passed_s % EVEN_S
