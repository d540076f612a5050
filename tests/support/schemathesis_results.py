"""Results of schemathesis, which are either a value or an error."""

from typing import Any, TypeVar

from schemathesis.core.result import Err, Ok

T = TypeVar("T")


def succeeded(result: Ok[T] | Err[Any]) -> T:
    """The value of a result that must not be an error."""
    assert isinstance(result, Ok), result
    return result.ok()
