"""Sound files to upload."""

import io

import numpy as np
import soundfile as sf


def tone(seconds: float = 0.5, rate: int = 16_000, form: str = "WAV") -> bytes:
    """A tone, as a file of that format."""
    file = io.BytesIO()
    sf.write(file, 0.4 * np.sin(np.arange(int(rate * seconds)) / 8), rate, format=form)
    return file.getvalue()
