"""The form of a key, what is stored of it, and the pepper."""

import threading

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tongdai.errors import OperatorError
from tongdai.tenants import key_format

PEPPER = b"a pepper of at least 32 characters"
KEY = key_format.generate()


def test_fresh_key_is_well_formed_and_like_no_other():
    made = {key_format.generate() for _ in range(500)}
    assert len(made) == 500
    assert all(
        key_format.well_formed(key) and len(key) == key_format.LENGTH and key.startswith("sk_live_") for key in made
    )


def test_fresh_keys_use_every_character_in_every_place():
    made = [key_format.generate() for _ in range(3000)]
    places = range(len(key_format.PREFIX), len(key_format.PREFIX) + 32)
    assert all(len({key[place] for key in made}) == 62 for place in places)


@given(st.integers(0, key_format.LENGTH - 1), st.characters())
def test_key_with_one_character_changed_is_malformed(place, character):
    changed = KEY[:place] + character + KEY[place + 1 :]
    assert key_format.well_formed(changed) == (changed == KEY)


@given(st.integers(0, key_format.LENGTH - 2))
def test_key_with_two_neighbours_exchanged_is_malformed(place):
    changed = KEY[:place] + KEY[place + 1] + KEY[place] + KEY[place + 2 :]
    assert key_format.well_formed(changed) == (changed == KEY)


@given(st.text(max_size=60))
@example("")
@example(KEY + "\n")
@example(" " + KEY)
@example(KEY.upper())
@example(KEY[:-1])
@example("sk_live_" + "٣" * 38)
def test_other_text_is_malformed(text):
    assert not key_format.well_formed(text)


def test_digest_needs_the_pepper():
    digest = key_format.digest(KEY, PEPPER)
    assert len(digest) == 32
    assert digest == key_format.digest(KEY, PEPPER) != key_format.digest(KEY, PEPPER + b"!")


def test_hint_shows_eight_characters_of_the_secret_at_most():
    assert key_format.hint(KEY) == f"{KEY[:12]}…{KEY[-4:]}"


def test_fingerprint_tells_peppers_apart_and_not_what_they_are():
    assert key_format.fingerprint(PEPPER) != key_format.fingerprint(PEPPER + b"!")
    assert PEPPER.hex() not in key_format.fingerprint(PEPPER)


def test_pepper_of_the_settings_is_taken_as_it_is(data_dir):
    assert key_format.load_pepper("x" * 32, data_dir) == b"x" * 32
    assert not data_dir.exists()


def test_pepper_is_made_once_and_for_its_owner_alone(data_dir):
    made = key_format.load_pepper(None, data_dir)
    assert len(made) == 64
    assert key_format.load_pepper(None, data_dir) == made
    assert (data_dir / key_format.PEPPER_FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in data_dir.iterdir()] == [key_format.PEPPER_FILE]


def test_processes_that_start_at_once_agree_on_a_pepper(data_dir):
    found, start = [], threading.Barrier(8)

    def load():
        start.wait()
        found.append(key_format.load_pepper(None, data_dir))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_pepper_that_cannot_be_stored_is_reported(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match=r"cannot keep the key pepper"):
        key_format.load_pepper(None, tmp_path / "file" / "data")
