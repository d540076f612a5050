"""`--column HEADING=USE`."""

import click
import pytest

from tongdai.cli.detected import uses_by_hand


def test_headings_have_their_uses():
    assert uses_by_hand(()) is None
    assert uses_by_hand(("Liên hệ 1=phoneNumber", "a=b=name")) == {"Liên hệ 1": "phoneNumber", "a=b": "name"}


@pytest.mark.parametrize("columns", [("phone",), ("a=name", "a=ignored")])
def test_what_is_no_use_is_refused(columns):
    with pytest.raises(click.UsageError, match="expected HEADING=USE"):
        uses_by_hand(columns)
