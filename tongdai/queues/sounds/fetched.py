"""Serves sound files to switches, by signed paths and without a key."""

from tongdai.errors import NotFound
from tongdai.http.request import Request, Response
from tongdai.queues.sounds import signed, store

_HEADERS = ((b"content-type", b"audio/wav"), (b"cache-control", b"private, max-age=86400, immutable"))


async def fetch(request: Request) -> Response:
    """The file of a signed path; NotFound when it is not one of ours, or the file was deleted."""
    resources = request.resources
    found = signed.read(resources.pepper, request.path_params["file"])
    if found is None:
        raise NotFound("Not found")
    tenant_id, sound_id = found
    borrowed = resources.database.borrow(request.require_client)
    async with resources.parts.within(signed.ROUTE, tenant_id, borrowed) as conn:
        data = await store.data(conn, tenant_id, sound_id)
    if data is None:
        raise NotFound("Not found")
    return Response(data, headers=_HEADERS)
