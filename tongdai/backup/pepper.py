"""Which pepper a restored installation has, decided before anything is changed. Pure.

The keys in a backup are digests made with a pepper: with another one none of them works, and `tongdai serve` refuses to
start. It comes from the settings, from the backup if it is in it, or from the data directory.
"""

from dataclasses import dataclass

from tongdai.errors import OperatorError
from tongdai.tenants.key_format import PEPPER_FILE, fingerprint


@dataclass(frozen=True, slots=True)
class Choice:
    fingerprint: str | None
    """The fingerprint that the restored database must have; None: its keys are revoked, as their pepper is lost."""
    to_write: bytes | None
    """The content for the data directory's file; None: it stays as it is."""


def choose(
    wanted: str | None, *, setting: bytes | None, included: bytes | None, present: bytes | None, lost: bool
) -> Choice:
    """The pepper for the keys of a backup, whose fingerprint is `wanted`; None: it has no keys.

    `setting`, `included` and `present` are those of the settings, the backup and the data directory. `lost`: go without
    the right one. Raises OperatorError when it is not there.
    """
    if wanted is None:
        return Choice(fingerprint(setting or present or b""), None)
    if included is not None and fingerprint(included) != wanted:
        raise OperatorError("the backup is damaged: the key pepper in it is not that of its keys")
    used = next((each for each in (setting, included, present) if each is not None), None)
    if used is not None and fingerprint(used) == wanted:
        return Choice(wanted, used if setting is None and used != present else None)
    if lost:
        return Choice(None, None)
    if setting is not None:
        raise OperatorError(
            "key_pepper (TONGDAI_KEY_PEPPER) is not the pepper of the backup's keys, none of which would work: set it "
            "to theirs, or revoke them all with --new-pepper"
        )
    raise OperatorError(
        f"the backup was made without its key pepper, and {PEPPER_FILE} in the data directory is "
        f"{'missing' if present is None else 'another one'}, so that no API key would work: copy the former "
        f"{PEPPER_FILE} there, set TONGDAI_KEY_PEPPER to it, or revoke all keys with --new-pepper"
    )
