"""Do-not-call lists over the API, for tests."""

LATER = "2999-01-31T17:00:00Z"
PAST = "expiresAt must be an instant to come, with its offset from UTC: 2030-01-31T17:00:00+07:00, or a day: 2030-01-31"


async def made(tenant, name="Not these", **fields):
    """A list's id."""
    return (await tenant.done("POST", "/v1/do-not-call", json={"name": name} | fields))["dncListId"]


async def add(tenant, dnc_list_id, **sent):
    return await tenant.done("POST", f"/v1/do-not-call/{dnc_list_id}/numbers", json=sent)


def counts(response):
    return response["added"], response["updated"], response["failed"]


async def numbers(tenant, dnc_list_id, query=""):
    return await tenant.done("GET", f"/v1/do-not-call/{dnc_list_id}/numbers?{query}")


async def check(tenant, number="0901234567", **query):
    """The lists that name it."""
    found = await tenant.done("GET", "/v1/do-not-call/check", params={"phoneNumber": number} | query)
    assert found["listed"] == bool(found["data"])
    return [row["name"] for row in found["data"]]
