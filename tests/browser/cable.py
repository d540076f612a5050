"""The cable between a browser and its server, which a test cuts."""

from playwright.sync_api import BrowserContext, Request, Route


class Cable:
    """Between the pages of a browser and the stream of the server."""

    def __init__(self, context: BrowserContext, path: str = "/live/events") -> None:
        self.streams = 0
        self._path, self._cut = path, False
        context.route(f"**/v1{path}*", self._pass)
        context.on("request", self._count)

    def cut(self) -> None:
        self._cut = True

    def join(self) -> None:
        self._cut = False

    def _count(self, request: Request) -> None:
        self.streams += self._path in request.url

    def _pass(self, route: Route) -> None:
        if self._cut:
            route.abort("internetdisconnected")
        else:
            # A stream that ends by itself after an event: the next one passes here again.
            joint = "&" if "?" in route.request.url else "?"
            route.continue_(url=f"{route.request.url}{joint}events=1")
