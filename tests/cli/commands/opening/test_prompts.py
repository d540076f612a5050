"""`tongdai queue prompts`."""

import json

import pytest

from tests.cli.conftest import Run
from tests.support.programs import output_of


@pytest.mark.parametrize(("language", "part", "words"), [("vi", "muoi", "mười"), ("en", "twenty", "twenty")])
def test_parts_are_listed_with_the_words_to_record(run: Run, language: str, part: str, words: str) -> None:
    rows = json.loads(output_of(run("queue", "prompts", "--language", language, "--json")))
    assert {"part": part, "words": words} in rows
    assert f"{part}\t{words}\n" in output_of(run("queue", "prompts", "--language", language))
