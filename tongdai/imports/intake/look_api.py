"""The columns of a file, before it is imported. Nothing of it is stored."""

from tongdai import ids
from tongdai.errors import InvalidInput
from tongdai.files import media_type
from tongdai.http.endpoint import (
    Endpoint,
    Request,
    Response,
    Route,
    connection,
    endpoint,
    principal_of,
    query_of,
    settings_of,
)
from tongdai.http.envelope import ok
from tongdai.http.paging import single
from tongdai.http.principal import Scope
from tongdai.ids import CampaignId
from tongdai.imports import store
from tongdai.imports.intake import spool
from tongdai.imports.intake.api import (
    ALL_SHEETS,
    COLUMNS,
    CSV,
    ENCODING,
    SHEET,
    SKIP_HIDDEN,
    check_there,
    checked_options,
    format_of,
)
from tongdai.imports.readers import Format
from tongdai.imports.readers.look import Looked

_OPTIONS = (ENCODING, SHEET, ALL_SHEETS, SKIP_HIDDEN, COLUMNS)
_FORM_FIELDS = {
    "file": {"type": "string", "format": "binary", "description": "CSV or XLSX, by its type or name"},
    **{option.name: {**option.schema, "description": option.description} for option in _OPTIONS},
}


@endpoint(
    Endpoint(
        method="POST",
        path="/campaigns/{id}/contacts/bulk/columns",
        slow=True,
        scope=Scope.CAMPAIGN,
        tag="Imports",
        summary="Get the columns of a CSV file or a workbook, what each would be used for, and some of its values",
        description="Nothing is stored, and it is no failure when no column is known to have phone numbers: say in "
        "`columns` of the import which one has them.",
        query=_OPTIONS,
        media={
            "text/csv": {"schema": {"type": "string"}, "example": CSV},
            media_type.XLSX: {"schema": {"type": "string", "format": "binary"}},
            media_type.FORM: {"schema": {"type": "object", "properties": _FORM_FIELDS, "required": ["file"]}},
        },
        response=Looked,
        sample={
            "format": "csv",
            "encoding": "UTF-8",
            "encodingDoubt": None,
            "separator": ",",
            "tables": [
                {
                    "sheet": None,
                    "headerRow": 1,
                    "columns": [
                        {"column": "Liên hệ 1", "use": "attribute", "samples": ["0901000001", "0901000002"]},
                        {"column": "Họ và tên", "use": "name", "samples": ["Nguyễn Văn A", "Trần Thị B"]},
                    ],
                }
            ],
            "leftOut": [],
        },
        failures=(InvalidInput("The file is empty: expected a header row and contacts"),),
    )
)
async def columns(request: Request) -> Response:
    campaign_id = CampaignId(ids.from_path(request.path_params["id"], "Campaign"))
    tenant_id = principal_of(request).tenant_id
    query = query_of(request)
    given = checked_options({one.name: value for one in _OPTIONS if (value := single(query, one.name)) is not None})
    async with connection(request) as conn:
        check_there(await store.campaign_status(conn, tenant_id, campaign_id))
    async with spool.spooled(request) as spooled, spool.turn(spooled):
        if spooled.body_format.format not in {Format.CSV, Format.XLSX}:
            raise InvalidInput("Only CSV and XLSX have columns: the fields of JSON have their names")
        body_format = format_of([given, checked_options(spooled.fields)], spooled)
        return ok(await spool.looked(spooled, body_format, settings_of(request)))


HANDLERS: list[Route] = [columns]
