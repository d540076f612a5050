"""Uploads send a file unchanged, the same bytes with each try."""

import gzip
from pathlib import Path

import pytest

from tongdai_client import FileChanged
from tongdai_client.operations import imports
from tongdai_client.upload import CHUNK_SIZE, Upload, upload_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def uploaded(upload: Upload) -> bytes:
    opened = upload.open()
    try:
        return b"".join(opened.chunks())
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.csv", "text/csv"),
        ("A.CSV", "text/csv"),
        ("a.tsv", "text/csv"),
        ("a.b.ndjson", "application/x-ndjson"),
        ("a.jsonl", "application/x-ndjson"),
        ("a.txt", "text/csv"),
        ("a.json", "application/json"),
        ("a.xlsx", XLSX),
    ],
)
def test_the_suffix_gives_the_format(tmp_path: Path, name: str, content_type: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    upload = upload_of(tmp_path / name, None, compress=False, progress=None)
    assert (upload.content_type, upload.content_encoding) == (content_type, None)
    (tmp_path / f"{name}.gz").write_bytes(b"x")
    upload = upload_of(tmp_path / f"{name}.gz", None, compress=True, progress=None)
    assert (upload.content_type, upload.content_encoding, upload.compress) == (content_type, "gzip", False)


@pytest.mark.parametrize("name", ["a.doc", "a", "a.gz", "csv", ".csv.zip", "a.xls"])
def test_a_name_without_a_known_suffix_needs_a_format(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ValueError, match="format"):
        upload_of(tmp_path / name, None, compress=False, progress=None)
    assert upload_of(tmp_path / name, "csv", compress=False, progress=None).content_type == "text/csv"


def test_a_path_that_is_not_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        imports.import_file(1, tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ValueError, match="not a file"):
        imports.import_file(1, tmp_path / "folder.csv")


@pytest.mark.parametrize("size", [0, 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE])
@pytest.mark.parametrize("compress", [True, False])
def test_each_try_sends_the_same_bytes(tmp_path: Path, size: int, compress: bool) -> None:
    content = bytes(n % 251 for n in range(size))
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    upload = upload_of(file, None, compress=compress, progress=None)
    first = uploaded(upload)
    assert (gzip.decompress(first) if compress else first) == content
    file.touch()
    assert uploaded(upload) == first


def test_an_xlsx_is_not_compressed_again(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"x" * 1000)
    upload = upload_of(tmp_path / "a.xlsx", None, compress=True, progress=None)
    assert (upload.content_encoding, uploaded(upload)) == (None, b"x" * 1000)


def test_progress_counts_bytes_of_the_file_and_restarts_with_each_try(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"x" * (CHUNK_SIZE + 5))
    reported: list[tuple[int, int]] = []
    upload = upload_of(tmp_path / "a.csv", None, compress=True, progress=lambda *counts: reported.append(counts))
    once = [(0, CHUNK_SIZE + 5), (CHUNK_SIZE, CHUNK_SIZE + 5), (CHUNK_SIZE + 5, CHUNK_SIZE + 5)]
    uploaded(upload)
    assert reported == once
    uploaded(upload)
    assert reported == once * 2


def test_bytes_appended_during_the_upload_are_not_sent(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"x" * 10)
    opened = upload_of(file, None, compress=False, progress=None).open()
    file.write_bytes(b"x" * 20)
    assert (opened.content_length, b"".join(opened.chunks())) == (10, b"x" * 10)
    opened.close()


def test_a_file_truncated_during_its_upload_is_not_sent_as_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"x" * 2 * CHUNK_SIZE)
    opened = upload_of(file, None, compress=False, progress=None).open()
    pieces = opened.chunks()
    next(pieces)
    file.write_bytes(b"")
    with pytest.raises(FileChanged):
        list(pieces)
    opened.close()
