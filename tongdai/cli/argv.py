"""Arguments of the process: every user of the machine can read them, so no password stays in them."""

import os
import re
import sys
from collections.abc import Sequence
from typing import NamedTuple

from tongdai.db.dsn import without_password

_URL = re.compile(r"(--database-url=)?(postgres(?:ql)?://.*)", re.DOTALL)


class Hidden(NamedTuple):
    """Arguments without their password."""

    args: list[str]
    password: str


def without_passwords(args: Sequence[str]) -> Hidden | None:
    """The arguments with the password of the last database URL taken out; None where there is none."""
    password: str | None = None
    found: list[str] = []
    for arg in args:
        match = _URL.fullmatch(arg)
        if match is not None:
            hidden = without_password(match[2])
            password = password if hidden.password is None else hidden.password
            found.append(f"{match[1] or ''}{hidden.dsn}")
        else:
            found.append(arg)
    return None if password is None else Hidden(found, password)


def hide_password() -> None:
    """Run the program again, in this process, with the password in PGPASSWORD: its environment is the user's own."""
    hidden = without_passwords(sys.orig_argv[1:])
    if hidden is not None:
        os.execve(sys.executable, [sys.executable, *hidden.args], os.environ | {"PGPASSWORD": hidden.password})  # noqa: S606 - itself
