"""Routing: finds the handler of a method and path."""

from collections.abc import Awaitable, Callable

from tongdai.errors import MethodNotAllowed, NotFound, shown
from tongdai.http.connections.core import remembered
from tongdai.http.endpoint import Route
from tongdai.http.request import AnyResponse, Request

PREFIX = "/v1"
"""Beginning of every path of the API."""
Handler = Callable[[Request], Awaitable[AnyResponse]]


class _Node:
    """A node of the tree: what may follow the segments before it."""

    __slots__ = ("methods", "named", "parameter")

    def __init__(self) -> None:
        self.named: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.methods: dict[str, tuple[Handler, tuple[str, ...]]] = {}
        """Handler and names of the path parameters, by method."""


class Routes:
    """A tree of path segments. A literal segment wins over a parameter: in `contacts/bulk`, `bulk` is no contact
    id."""

    def __init__(self) -> None:
        self._root = _Node()
        self._part_at = remembered(self._part_of)
        self.otherwise: Callable[[Request], Handler | None] = lambda _: None
        """Finds the handler of a request whose path no template has; None: there is none."""

    def add(self, method: str, template: str, handler: Handler) -> None:
        """Add a handler for a method and a template such as `/v1/campaigns/{id}`; ValueError when it is taken."""
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
        """Find the handler and set the request's path parameters; NotFound, or MethodNotAllowed with `Allow`.

        A HEAD is handled as GET; the application leaves out the body. An escaped slash separates nothing: proxies and
        servers disagree about it, so that a rule of a proxy for a path would not hold.
        """
        path, method = request.scope["path"], request.scope["method"]
        if b"%2f" in request.scope.get("raw_path", b"").lower():
            raise NotFound("Not found: a path must not contain %2F")
        node, values = self._at(path)
        if node is None or not node.methods:
            handler = self.otherwise(request)
            if handler is None:
                raise NotFound(self._hint(path))
            return handler
        found = node.methods.get("GET" if method == "HEAD" else method)
        if found is None:
            allowed = {*node.methods, *(("HEAD",) if "GET" in node.methods else ())}
            raise MethodNotAllowed("Method not allowed", {"Allow": ", ".join(sorted(allowed))})
        request.path_params = dict(zip(found[1], values, strict=True))
        return found[0]

    def part_of(self, unread: bytes) -> str | None:
        """The part of the database pool that a request takes connections from, by its first line; None if unknown."""
        return self._part_at(unread[: unread.find(b"\r\n")].partition(b"?")[0])

    def _part_of(self, line: bytes) -> str | None:
        method, _, rest = line.partition(b" ")
        node = self._at(rest.partition(b" ")[0].decode("latin-1"))[0]
        found = node.methods.get(method.decode("latin-1")) if node is not None else None
        return found[0].part if found is not None and isinstance(found[0], Route) else None

    def _at(self, path: str) -> tuple[_Node | None, list[str]]:
        """The node of a path and the values of its parameters."""
        node, values = self._root, list[str]()
        for part in path.removeprefix("/").removesuffix("/").split("/"):
            following = node.named.get(part)
            if following is None:
                following = node.parameter
                if following is None or not part:
                    return None, values
                values.append(part)
            node = following
        return node, values

    def _hint(self, path: str) -> str:
        """The message for a path that is not there; it names the path that is, when only the prefix is missing."""
        node, _ = self._at(PREFIX + path)
        return f"Not found: expected {PREFIX}{shown(path)}" if node is not None and node.methods else "Not found"
