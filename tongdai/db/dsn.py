"""URLs of databases, without their password: arguments of a process can be read by every user of the machine."""

import re
from typing import NamedTuple
from urllib.parse import unquote

_IN_QUERY = re.compile(r"(^|&)password=([^&]*)&?")


class Hidden(NamedTuple):
    """A URL without its password."""

    dsn: str
    password: str | None


def without_password(dsn: str) -> Hidden:
    """Take the password out of a URL, where the user stands or in its query, which counts for more."""
    before, question, query = dsn.partition("?")
    login, at, hosts = before.rpartition("@")
    user, colon, password = login.partition("://")[2].partition(":")
    in_query = _IN_QUERY.search(query)
    if not colon and in_query is None:
        return Hidden(dsn, None)
    if colon:
        before = f"{login.partition('://')[0]}://{user}{at}{hosts}"
    query = _IN_QUERY.sub(r"\1", query).removesuffix("&")
    return Hidden(before + (question and query and f"?{query}"), unquote(password if in_query is None else in_query[2]))
