"""The signature and documentation of client methods, which are made from operations."""

import functools
import inspect
from collections.abc import Callable
from typing import Any


def documented_as(method: Any, function: Callable[..., Any]) -> Any:
    """Give a method the name, docstring and parameters of a function, with `self` in place of a `session`."""
    functools.update_wrapper(method, function)
    del method.__wrapped__  # inspect would follow it to a signature without `self`
    parameters = list(inspect.signature(function).parameters.values())
    if parameters[:1] and parameters[0].name == "session":
        parameters = parameters[1:]
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    method.__signature__ = inspect.Signature([own, *parameters])
    return method
