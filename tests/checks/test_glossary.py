"""The glossary check: what it refuses, and what it must not."""

import pytest

from checks import glossary


def refused(text: str, path: str = "tongdai/a.py") -> list[str]:
    return [offence.text for offence in glossary.offences_in(path, text)]


@pytest.mark.parametrize(
    "text",
    [
        "ceilings = caps",
        "@click.option('--number-ceiling')",
        "def told_to_end(): ...",
        "class Told: ...",
        "self.isTold",
        "contact_tally",
        "its slot is 3",
        "three calls up",
        "metrics.CALLS_UP.set(1)",
        "tongdai_calls_up 3",
        "the call is up",
        "calls that are up",
        "a kept total",
        "what becomes of a call",
        "waits in a circle",
        "a dead entry",
        "the retry is put off",
        "a lost notice",
        "a change that is noticed",
        "Mend the file",
        "no sign of life",
        "Who hangs up first is not counted.",
        "# Whose call it is",
        "He hangs up his phone.",
        "the dialer goes on",
        "As the claim judges, so it is judged here",
        '    """Of the phone."""',
        '"""What many ask for at once."""',
    ],
)
def test_coined_word_is_refused(text):
    assert refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "{'contactCeiling': None, 'effectiveNumberCeilings': []}",
        "@dataclass(frozen=True, slots=True)",
        "__slots__ = ()",
        "both keys lie in one hash slot",
        "calls up to 50 contacts",
        "untold",
        "amended",
        "the person who answered",
        "Who is called first? The oldest.",
        "she",
        "the call goes on hold",
        '"""Whether an agent is idle."""',
        "nailed-up connection",
    ],
)
def test_standard_terms_and_wire_names_are_not_refused(text):
    assert refused(text) == []


def test_phrase_is_found_across_the_lines_of_a_comment():
    assert refused("x = 1  # it waits in\n    # a circle") == ["in # a circle"]


def test_offence_names_file_line_word_and_what_to_write():
    (offence,) = glossary.offences_in("docs/x.md", "one\ntwo\nhis phone\n")
    assert str(offence) == "docs/x.md:3: 'his': write they, them, their"


def test_every_exception_has_a_reason():
    assert all(exempt.reason for rule in glossary.RULES for exempt in rule.exceptions)
