"""Two sides become one stereo file: the customer left, the others right, as long as the longer one."""

import struct
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from tongdai.recordings.mix.sides import BLOCK, HEADER, interleaved, samples_in
from tongdai.recordings.mixing import MixingError, mixed, seconds_of
from tongdai.recordings.model import RATE, Failure
from tongdai.telephony.recordings.files import write_tone


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    customer, others = tmp_path / "in", tmp_path / "out"
    write_tone(customer, 440, 2.0)
    write_tone(others, 660, 1.5)
    return customer, others


def killed(path: Path) -> None:
    """Make the header that of a file which Asterisk did not close: of no sound."""
    with path.open("r+b") as file:
        file.seek(4)
        file.write(struct.pack("<I", 36))
        file.seek(40)
        file.write(struct.pack("<I", 0))


async def test_wav_has_the_sides_and_silence_where_one_is_shorter(sides: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "mixed"
    assert await mixed(*sides, out, "wav") is None
    with wave.open(str(out)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, RATE, 2)
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert len(both) == 2 * RATE
    assert both[:, 0].any() and both[: RATE * 3 // 2, 1].any()  # noqa: PT018 - both sides have sound
    assert not both[RATE * 3 // 2 :, 1].any()
    assert seconds_of(*sides) == 2.0


async def test_mp3_has_both_sides(sides: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "mixed"
    assert await mixed(*sides, out, "mp3") is None
    sound, rate = sf.read(out)
    assert (rate, sound.shape[1]) == (RATE, 2)
    assert abs(len(sound) / rate - 2.0) < 0.3
    spectra = [np.abs(np.fft.rfft(sound[:RATE, side])) for side in (0, 1)]
    assert [int(spectrum.argmax()) for spectrum in spectra] == pytest.approx([444, 667], abs=8)


async def test_file_of_a_switch_that_was_killed_keeps_its_sound(sides: tuple[Path, Path], tmp_path: Path) -> None:
    """Its header says that it has none."""
    for side in sides:
        killed(side)
    assert samples_in(sides[0]) == 2 * RATE
    out = tmp_path / "mixed"
    assert await mixed(*sides, out, "wav") is None
    assert samples_in(out) == 2 * 2 * RATE


async def test_one_side_is_enough(sides: tuple[Path, Path], tmp_path: Path) -> None:
    sides[0].unlink()
    assert await mixed(*sides, tmp_path / "mixed", "wav") is None
    assert seconds_of(*sides) == 1.5


async def test_headers_alone_are_no_sound(tmp_path: Path) -> None:
    empty = tmp_path / "in"
    write_tone(empty, 440, 0)
    assert empty.stat().st_size == HEADER
    assert await mixed(empty, tmp_path / "none", tmp_path / "mixed", "wav") is Failure.NO_SOUND


@pytest.mark.parametrize("content", [b"x" * 200, b"RIFF" + bytes(200)])
async def test_file_that_is_no_recording_is_unreadable(content: bytes, tmp_path: Path) -> None:
    side = tmp_path / "in"
    side.write_bytes(content)
    assert await mixed(side, tmp_path / "none", tmp_path / "mixed", "wav") is Failure.UNREADABLE


async def test_file_that_cannot_be_written_is_an_error(sides: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(MixingError):
        await mixed(*sides, tmp_path / "no folder" / "mixed", "wav")


def test_long_sides_are_read_in_blocks(tmp_path: Path) -> None:
    customer = tmp_path / "in"
    write_tone(customer, 440, 2 * BLOCK / RATE + 1)
    blocks = list(interleaved([customer, tmp_path / "none"]))
    assert [len(block) // 2 for block in blocks] == [BLOCK, BLOCK, RATE]
