"""Bulk imports over HTTP, for tests."""

from tests.support.api import refused
from tests.support.workbooks import workbook, workbook_of

CSV = "Họ tên;Số điện thoại;Mã KH;Thành phố\nNguyễn A;0901000001;KH-1;Hà Nội\nB;912345678.0;;\nC;x;;\n".encode()
NDJSON = (
    b'{"phoneNumber":"0901000001","name":"Nguy\xe1\xbb\x85n A","externalId":"KH-1","attributes":{"Th\xc3\xa0nh ph\xe1'
    b'\xbb\x91":"H\xc3\xa0 N\xe1\xbb\x99i"}}\n{"phoneNumber":"912345678","name":"B"}\n{"phoneNumber":"x","name":"C"}\n'
)
JSON = b'{"contacts":[' + NDJSON.strip().replace(b"\n", b",") + b"]}"
XLSX = workbook(
    ["Họ tên", "Số điện thoại", "Mã KH", "Thành phố"],
    ["Nguyễn A", "0901000001", "KH-1", "Hà Nội"],
    ["B", 912345678],
    ["C", "x"],
)
FORM = "multipart/form-data; boundary=xx"


def form(content: bytes, name: str = "a.csv", boundary: str = "xx", **fields: str) -> bytes:
    parts = [f'Content-Disposition: form-data; name="{key}"\r\n\r\n{value}'.encode() for key, value in fields.items()]
    parts.append(f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode() + content)
    edge = f"--{boundary}".encode()
    return b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"


def post(tenant, campaign_id, content, kind, query="", **headers):
    path = f"/v1/campaigns/{campaign_id}/contacts/bulk{query}"
    return tenant.call("POST", path, content=content, headers={"Content-Type": kind} | headers)


async def refuses(tenant, campaign_id, status, content, kind, query="", **headers):
    """The message; nothing was written."""
    before = await tenant.checksum()
    message = refused(await post(tenant, campaign_id, content, kind, query, **headers), status, "INVALID_INPUT")
    assert len(message) < 400
    assert await tenant.checksum() == before
    return message


TWO_SHEETS = workbook_of({"A": [["phone"], ["0901000001"]], "B": [["phone"], ["0901000002"], ["0901000003"]]})
