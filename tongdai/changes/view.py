"""A list that can be read by its changes."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from tongdai.http.cursor import Listed


class ChangedPage(Listed, kw_only=True):
    """A list that can be read by its changes, too."""

    resumeCursor: (
        Annotated[str, Meta(description="The `cursor` for what changes from here on. Only with `updatedSince`")]
        | UnsetType
    ) = UNSET
