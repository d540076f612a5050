"""How much a browser loads before it shows the first page, of the console as it was built here."""

import re

import pytest

from tongdai.console.files import DIST, read

SCRIPTS = 220_000
STYLES = 20_000
"""Bytes, compressed by gzip."""
PAGES = ("index.html", "docs.html")


@pytest.fixture(scope="module")
def files():
    found = read()
    assert found is not None, f"{DIST} is not built: make console"
    return found


def size(file):
    return len(file.variants.get("gzip", file.content))


def test_first_load_is_within_the_budget(files):
    index = files["index.html"].content.decode()
    named = set(re.findall(r'(?:src|href)="/(assets/[^"]+)"', index))
    scripts = sum(size(files[name]) for name in named if name.endswith(".js"))
    styles = sum(size(files[name]) for name in named if name.endswith(".css"))
    assert 0 < scripts <= SCRIPTS
    assert 0 < styles <= STYLES


def test_no_screen_outside_the_index_is_larger_than_the_agents_may_be(files):
    pages = "".join(files[name].content.decode() for name in PAGES)
    late = {name: size(file) for name, file in files.items() if name.endswith(".js") and name not in pages}
    assert late, "each screen has a chunk of its own"
    assert max(late.values()) <= 70_000, late


@pytest.mark.parametrize("page", PAGES)
def test_pages_have_nothing_inline(files, page):
    text = files[page].content.decode()
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\bon\w+=|style=|javascript:", text)


def test_the_console_loads_nothing_of_the_reference_of_the_api(files):
    named = {page: set(re.findall(r'/(assets/[^"]+)"', files[page].content.decode())) for page in PAGES}
    both = named["index.html"] & named["docs.html"]
    assert sum(size(files[name]) for name in both) <= 2_000  # what loads modules
    assert sum(size(files[name]) for name in named["docs.html"]) > SCRIPTS


def test_a_chart_is_a_chunk_of_its_own(files):
    index = files["index.html"].content.decode()
    (chart,) = (name for name in files if re.fullmatch(r"assets/Chart-[^/]+\.js", name))
    assert chart not in index


def test_licences_of_bundled_packages_are_there(files):
    licences = files["licences.txt"].content.decode()
    routing = ("react", "react-dom", "@tanstack/react-router", "@tanstack/react-query")
    for package in (*routing, "openapi-fetch", "uplot", "swagger-ui-dist"):
        assert re.search(rf"^{re.escape(package)} \d", licences, re.MULTILINE), package
    assert "Permission is hereby granted" in licences
