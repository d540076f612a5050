"""How much a browser loads before it shows the first page, of the console as it was built here."""

import re

import pytest

from tongdai.console.files import DIST, read

SCRIPTS = 220_000
STYLES = 20_000
"""Bytes, compressed by gzip."""


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
    index = files["index.html"].content.decode()
    late = {name: size(file) for name, file in files.items() if name.endswith(".js") and name not in index}
    assert late, "each screen has a chunk of its own"
    assert max(late.values()) <= 70_000, late


def test_index_has_nothing_inline(files):
    index = files["index.html"].content.decode()
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\bon\w+=|style=|javascript:", index)


def test_licences_of_bundled_packages_are_there(files):
    licences = files["licences.txt"].content.decode()
    for package in ("react", "react-dom", "@tanstack/react-router", "@tanstack/react-query", "openapi-fetch"):
        assert re.search(rf"^{re.escape(package)} \d", licences, re.MULTILINE), package
    assert "Permission is hereby granted" in licences
