"""What a client's methods show of themselves: they are made of operations, and read as these do."""

import functools
import inspect
from collections.abc import Callable
from typing import Any


def like(method: Any, operation: Callable[..., Any]) -> Any:
    """The method, with the name, the words and the parameters of the operation."""
    functools.update_wrapper(method, operation)
    del method.__wrapped__  # its signature has no `self`
    parameters = list(inspect.signature(operation).parameters.values())
    if parameters[:1] and parameters[0].name == "session":
        parameters = parameters[1:]
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    method.__signature__ = inspect.Signature([own, *parameters])
    return method
