import pytest

from tongdai.console.files import coding_for, media_type, read

BOTH = {"br": b"b", "gzip": b"g"}


def built(folder, **files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_a_folder_without_both_pages_is_no_build(tmp_path):
    """Builds of older versions had no page for `/docs`."""
    assert read(tmp_path / "nothing") is None
    assert read(built(tmp_path, **{"assets/x.js": b"x", "index.html": b"<p>"})) is None
    assert read(built(tmp_path, **{"docs.html": b"<p>"})) is not None


def test_a_build_has_its_files_with_their_variants(tmp_path):
    files = read(
        built(tmp_path, **{
            "index.html": b"<p>", "docs.html": b"<p>", ".sources": b"digest",
            "assets/x-1.js": b"plain", "assets/x-1.js.br": b"b", "assets/x-1.js.gz": b"g",
            "assets/lonely.gz": b"of no file",
        })
    )  # fmt: skip
    assert files is not None
    assert sorted(files) == ["assets/lonely.gz", "assets/x-1.js", "docs.html", "index.html"]
    assert list(files["assets/x-1.js"].variants.items()) == [("br", b"b"), ("gzip", b"g")]
    assert files["index.html"].variants == {}


def test_files_of_other_content_have_other_tags(tmp_path):
    files = read(built(tmp_path, **{"index.html": b"1", "docs.html": b"3", "a.txt": b"2", "b.txt": b"2"}))
    assert files is not None
    assert files["a.txt"].tag == files["b.txt"].tag != files["index.html"].tag


@pytest.mark.parametrize(
    ("accepts", "coding"),
    [
        ("", None),
        ("identity", None),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip;q=1.0", "gzip"),
        ("br; q=0.000, gzip;q=0", None),
        ("brotli, xbr, gzipped", None),
        (";;,,=", None),
    ],
)
def test_the_best_coding_that_is_accepted_is_sent(accepts, coding):
    assert coding_for(accepts, BOTH) == coding


def test_no_coding_is_sent_that_is_not_there():
    assert coding_for("br, gzip", {"gzip": b"g"}) == "gzip"
    assert coding_for("br, gzip", {}) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x-1.js", "text/javascript; charset=utf-8"),
        ("x.css", "text/css; charset=utf-8"),
        ("index.html", "text/html; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("x.unheard-of", "application/octet-stream"),
    ],
)
def test_media_types_are_those_that_browsers_demand(name, expected):
    assert media_type(name) == expected
