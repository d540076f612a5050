"""Which pepper a restored installation has, by what the settings, the backup and the data directory hold."""

import pytest

from tongdai.backup.pepper import Choice, choose
from tongdai.errors import OperatorError
from tongdai.tenants.key_format import fingerprint

RIGHT, WRONG = b"right", b"wrong"
OF = fingerprint(RIGHT)


@pytest.mark.parametrize(
    ("setting", "included", "present", "chosen"),
    [
        (RIGHT, None, None, Choice(OF, None)),
        (RIGHT, RIGHT, WRONG, Choice(OF, None)),  # the settings decide, whatever the file has
        (None, RIGHT, None, Choice(OF, RIGHT)),
        (None, RIGHT, WRONG, Choice(OF, RIGHT)),
        (None, RIGHT, RIGHT, Choice(OF, None)),
        (None, None, RIGHT, Choice(OF, None)),
    ],
)
def test_pepper_that_is_there_is_used(
    setting: bytes | None, included: bytes | None, present: bytes | None, chosen: Choice
) -> None:
    for lost in (False, True):  # it is not lost
        assert choose(OF, setting=setting, included=included, present=present, lost=lost) == chosen


@pytest.mark.parametrize(
    ("setting", "included", "present", "said"),
    [
        (WRONG, None, None, "key_pepper (TONGDAI_KEY_PEPPER) is not the pepper of the backup's keys"),
        (WRONG, RIGHT, RIGHT, "key_pepper (TONGDAI_KEY_PEPPER) is not the pepper of the backup's keys"),
        (None, None, WRONG, "key.pepper in the data directory is another one"),
        (None, None, None, "key.pepper in the data directory is missing"),
    ],
)
def test_pepper_that_is_not_there_is_asked_for_or_given_up(
    setting: bytes | None, included: bytes | None, present: bytes | None, said: str
) -> None:
    with pytest.raises(OperatorError) as refused:
        choose(OF, setting=setting, included=included, present=present, lost=False)
    assert said in str(refused.value)
    assert "--new-pepper" in str(refused.value)
    assert choose(OF, setting=setting, included=included, present=present, lost=True) == Choice(None, None)


def test_backup_without_keys_needs_no_pepper() -> None:
    assert choose(None, setting=None, included=None, present=None, lost=False).to_write is None


def test_pepper_in_the_backup_must_be_that_of_its_keys() -> None:
    with pytest.raises(OperatorError, match="damaged"):
        choose(OF, setting=None, included=WRONG, present=RIGHT, lost=True)
