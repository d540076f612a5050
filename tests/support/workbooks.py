"""XLSX files as Excel writes them, written without a library."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs>'
    "</styleSheet>"
)
Cell = str | int | float | bool | date | datetime | None
Sheet = Sequence[Sequence[Cell]]


def workbook(*rows: Sequence[Cell]) -> bytes:
    """A workbook with one sheet."""
    return workbook_of({"Sheet1": rows})


def workbook_of(sheets: Mapping[str, Sheet], hidden: Iterable[str] = ()) -> bytes:
    return archive(parts(sheets, hidden))


def archive(files: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return out.getvalue()


def parts(sheets: Mapping[str, Sheet], hidden: Iterable[str] = ()) -> dict[str, str]:
    """The files in the archive of a workbook."""
    numbered = list(enumerate(sheets.items(), 1))
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{at}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for at, _ in numbered
    )
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{at}" {"" if name not in hidden else "state=" + repr("hidden")} '
        f'xmlns:r="{_OFFICE}" r:id="rId{at}"/>'
        for at, (name, _) in numbered
    )
    related = "".join(
        f'<Relationship Id="rId{at}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{at}.xml"/>'
        for at, _ in numbered
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>{overrides}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" '
        f'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}">{related}<Relationship Id="rId0" '
        f'Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": _STYLES,
        **{f"xl/worksheets/sheet{at}.xml": _sheet(rows) for at, (_, rows) in numbered},
    }


def _sheet(rows: Sheet) -> str:
    written = "".join(
        f'<row r="{down}">'
        + "".join(_cell(f"{column(across)}{down}", cell) for across, cell in enumerate(row))
        + "</row>"
        for down, row in enumerate(rows, 1)
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{written}</sheetData></worksheet>'


def _cell(place: str, cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
        case datetime():
            return f'<c r="{place}" s="2"><v>{(cell - datetime(1899, 12, 30)) / timedelta(days=1)}</v></c>'  # noqa: DTZ001 - as Excel has it
        case date():
            return f'<c r="{place}" s="1"><v>{(cell - date(1899, 12, 30)).days}</v></c>'
        case str():
            return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
        case _:
            return f'<c r="{place}"><v>{cell!r}</v></c>'


def column(across: int) -> str:
    """`A` of 0, `AA` of 26."""
    return "" if across < 0 else column(across // 26 - 1) + chr(65 + across % 26)
