"""Resampling to 8 kHz: a windowed sinc, evaluated only where an output sample is."""

from math import gcd

import numpy as np
from numpy.typing import NDArray

RATE = 8000
_HALF = 16
"""Zero crossings of the filter on each side."""
_BLOCK = 4096
_CUTOFF = 0.92
"""The cutoff in relation to the lower one of both Nyquist frequencies: the filter is not steep."""

Samples = NDArray[np.float32]


def resampled(sound: Samples, rate: int) -> Samples:
    """A mono sound of that rate at RATE."""
    if rate == RATE or not len(sound):
        return sound
    up, down = RATE // gcd(RATE, rate), rate // gcd(RATE, rate)
    width = _CUTOFF * min(1.0, RATE / rate)
    reach = int(np.ceil(_HALF / width))
    taps = np.arange(-reach, reach + 1)
    # One filter for each position of an output sample between two of the input.
    away = taps[None, :] - np.arange(up)[:, None] * (down / up) % 1.0
    window = np.clip(0.5 + 0.5 * np.cos(np.pi * away / (reach + 1)), 0, 1)
    filters = width * np.sinc(width * away) * window
    filters = (filters / filters.sum(axis=1, keepdims=True)).astype(np.float32)
    padded = np.concatenate([np.zeros(reach, np.float32), sound, np.zeros(reach + 1, np.float32)])
    count = len(sound) * up // down
    pieces: list[Samples] = []
    for first in range(0, count, _BLOCK):
        places = np.arange(first, min(first + _BLOCK, count)) * down
        gathered = padded[(places // up)[:, None] + (taps + reach)[None, :]]
        phases = filters[np.arange(first, first + len(places)) % up]
        pieces.append(np.einsum("ij,ij->i", gathered, phases))
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
