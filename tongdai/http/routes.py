"""From a path to what answers it."""

from collections.abc import Awaitable, Callable

from tongdai.errors import MethodNotAllowed, NotFound
from tongdai.http.request import Reply, Request

Handler = Callable[[Request], Awaitable[Reply]]


class _Node:
    """What may follow a part of a path."""

    __slots__ = ("methods", "named", "parameter")

    def __init__(self) -> None:
        self.named: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.methods: dict[str, tuple[Handler, tuple[str, ...]]] = {}
        """By method: the handler, and the names of the path's parameters."""


class Routes:
    """A tree of path segments. A literal one wins over a parameter: `contacts/bulk` is never a contact's id."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, method: str, template: str, handler: Handler) -> None:
        """`template` is `/v1/campaigns/{id}`. ValueError when it is taken."""
        node, names = self._root, list[str]()
        for part in template[1:].split("/"):
            if part.startswith("{"):
                names.append(part[1:-1])
                node.parameter = node = node.parameter or _Node()
            else:
                node = node.named.setdefault(part, _Node())
        if method in node.methods:
            raise ValueError(f"{method} {template} is there twice")
        node.methods[method] = handler, tuple(names)

    def find(self, request: Request) -> Handler:
        """What answers the request, its path parameters set. NotFound, or MethodNotAllowed with `Allow`."""
        node, values = self._root, list[str]()
        for part in request.scope["path"].strip("/").split("/"):
            following = node.named.get(part)
            if following is None:
                following = node.parameter
                if following is None or not part:
                    raise NotFound("Not found")
                values.append(part)
            node = following
        found = node.methods.get(request.scope["method"])
        if found is not None:
            request.path_params = dict(zip(found[1], values, strict=True))
            return found[0]
        if node.methods:
            raise MethodNotAllowed("Method not allowed", {"Allow": ", ".join(sorted(node.methods))})
        raise NotFound("Not found")
