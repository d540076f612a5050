"""Derives the format of a body from Content-Type, Content-Encoding and the name of an uploaded file."""

import codecs
import re
from collections.abc import Mapping
from dataclasses import replace

from tongdai.errors import InvalidInput, UnsupportedMediaType, shown
from tongdai.files.body_format import BodyFormat, Format
from tongdai.files.encodings.legacy_vietnamese import CONVERSIONS

FORM = "multipart/form-data"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES: Mapping[str, Format] = {
    "application/json": Format.JSON,
    "application/x-ndjson": Format.NDJSON,
    "application/ndjson": Format.NDJSON,
    "application/jsonl": Format.NDJSON,
    "text/csv": Format.CSV,
    "application/csv": Format.CSV,
    "text/tab-separated-values": Format.CSV,
    XLSX: Format.XLSX,
}
ENDINGS: Mapping[str, Format] = {
    "json": Format.JSON,
    "ndjson": Format.NDJSON,
    "jsonl": Format.NDJSON,
    "csv": Format.CSV,
    "tsv": Format.CSV,
    "txt": Format.CSV,
    "xlsx": Format.XLSX,
}
_EXPECTED = f"expected application/json, application/x-ndjson, text/csv, {XLSX} or {FORM}"
ENCODINGS = (
    *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1258", "tcvn3", "vni", "cp1252", "iso8859-1", "ascii", "cp1250"),
    *("cp1251", "cp874", "gbk", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"),
)
"""The encodings that a file may be in, by Python's names; their other names are understood."""
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)


def type_of(header: str) -> str:
    """`text/csv` of `Text/CSV; charset=utf-8`; without a header, JSON."""
    return header.partition(";")[0].strip().lower() or "application/json"


def body_format_of(header: str) -> BodyFormat:
    """The format of a body with this Content-Type."""
    found = TYPES.get(type_of(header))
    if found is None:
        raise UnsupportedMediaType(f"Content-Type {shown(type_of(header))} is not understood: {_EXPECTED}")
    charset = _CHARSET.search(header)
    return BodyFormat(found, None if charset is None else _codec(charset[1], found))


def body_format_of_file(content_type: str | None, charset: str | None, name: str) -> BodyFormat:
    """The format of a file in a form: by its type or, where the type is not one of TYPES, by its name's extension."""
    found = TYPES.get((content_type or "").lower()) or ENDINGS.get(name.rpartition(".")[2].lower())
    if found is None:
        raise InvalidInput(f"File {shown(name)} is not understood: expected a name that ends in {', '.join(ENDINGS)}")
    return BodyFormat(found, None if charset is None else _codec(charset, found))


def is_gzip(encoding: str) -> bool:
    """Whether a Content-Encoding is gzip. UnsupportedMediaType for any other encoding."""
    name = encoding.strip().lower()
    if name not in {"", "identity", "gzip", "x-gzip"}:
        raise UnsupportedMediaType(f"Content-Encoding {shown(name)} is not understood: expected gzip or none")
    return name.endswith("gzip")


def with_encoding(body_format: BodyFormat, encoding: str) -> BodyFormat:
    """The format with an encoding that the client names, which overrides that of the Content-Type."""
    if body_format.format in {Format.JSON, Format.NDJSON}:
        raise InvalidInput("encoding is for CSV and XLSX: JSON is in UTF-8")
    name = encoding_of(encoding)
    if name is None:
        raise InvalidInput(f"encoding is {shown(encoding)}: expected one of {', '.join(ENCODINGS)}")
    return replace(body_format, charset=None if name == "utf-16" else name)


def encoding_of(name: str) -> str | None:
    """Its name among ENCODINGS; None for any other."""
    plain = name.strip().lower().replace("windows-", "cp")
    if plain in CONVERSIONS:
        return plain
    try:
        found = codecs.lookup(plain).name
    except (LookupError, ValueError):
        return None
    return found if found in ENCODINGS else None


def _codec(charset: str, format_: Format) -> str | None:
    """The name of a charset; None for the formats that state their own."""
    if format_ is Format.XLSX:
        return None
    known = ENCODINGS if format_ is Format.CSV else ("utf-8",)
    name = encoding_of(charset)
    if name is None or name not in known:
        raise UnsupportedMediaType(f"charset {shown(charset)} is not understood: expected {', '.join(known)}")
    return None if name == "utf-16" else name
