"""Sentences are put together from parts that are recorded, in each language."""

import pytest

from tongdai.queues.prompts.model import MOST_MINUTES, MOST_POSITION, language_named, position_parts, sounds, wait_parts
from tongdai.queues.prompts.vietnamese import words
from tongdai.queues.settings.model import LANGUAGES


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_sentence_has_recorded_parts(code: str) -> None:
    parts = language_named(code).parts
    for position in range(1, MOST_POSITION + 1):
        assert parts.keys() >= set(position_parts(code, position))
    for minutes in range(2 * MOST_MINUTES):
        assert parts.keys() >= set(wait_parts(code, minutes))
    assert parts.keys() >= {"please-wait", "invalid-key", "closed", "full"}


def test_languages_have_the_same_sentences() -> None:
    vi, en = (language_named(code).parts for code in LANGUAGES)
    assert {"position", "next", "wait", "wait-over", "wait-short", "minutes"} <= vi.keys() & en.keys()


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (position_parts("vi", 1), "Quý khách là người tiếp theo được phục vụ."),
        (position_parts("vi", 21), "Quý khách đang ở vị trí số hai mươi mốt"),
        (wait_parts("vi", 0), "Thời gian chờ dự kiến chưa đến một phút."),
        (wait_parts("vi", 15), "Thời gian chờ dự kiến khoảng mười lăm phút."),
        (wait_parts("vi", 61), "Thời gian chờ dự kiến hơn sáu mươi phút."),
    ],
)
def test_vietnamese_sentences(parts: list[str], text: str) -> None:
    assert words(parts) == text


def test_sounds_of_the_switch_are_by_language() -> None:
    assert sounds("vi", ["position", "muoi"]) == ["tongdai/vi/position", "tongdai/vi/muoi"]
