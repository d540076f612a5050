"""`onDuplicate`: what a contact that is sent does to the one that has its number, in POST and in bulk import."""

from tongdai.errors import InvalidInput, shown
from tongdai.http import paging
from tongdai.http.endpoint import Query, Request, readable_query_of

SKIP, UPDATE = "skip", "update"
QUERY = Query(
    "onDuplicate",
    "What a contact does whose number the campaign has: `skip` leaves the one that is there; `update` gives it the "
    "name, reference, attributes and time zone that are sent. What is not sent or empty stays, attributes are "
    "merged by key, and list, state and calls stay",
    {"type": "string", "enum": [SKIP, UPDATE], "default": SKIP},
    SKIP,
)


def checked(text: str | None) -> bool:
    """Whether it says `update`. InvalidInput when it is neither."""
    if text not in {None, SKIP, UPDATE}:
        raise InvalidInput(f"{QUERY.name} is {shown(text)}: expected {SKIP} or {UPDATE}")
    return text == UPDATE


def asked_by(request: Request) -> bool:
    """Whether a request's query says `update`."""
    return checked(paging.single(readable_query_of(request), QUERY.name))
