"""Text of Vietnamese fonts from before Unicode is recognised and read."""

import pytest

from tongdai.files.encodings.legacy_vietnamese import (
    from_tcvn3,
    from_vni,
    is_syllable,
    likeness,
    written_in,
)

NAMES = "Nguyễn Văn Ân, Trần Thị Hằng, Đặng Quỳnh Hương, Lê Hữu Phước, Bùi Diễm My, Vũ Đức Thưởng"
IN_TCVN3 = "NguyÔn V¨n ¢n, TrÇn ThÞ H»ng, §Æng Quúnh H­¬ng, Lª H÷u Ph­íc, Bïi DiÔm My, Vò §øc Th­ëng"
IN_VNI = "Nguyeãn Vaên AÂn, Traàn Thò Haèng, Ñaëng Quyønh Höông, Leâ Höõu Phöôùc, Buøi Dieãm My, Vuõ Ñöùc Thöôûng"


def test_text_is_what_its_font_showed() -> None:
    assert from_tcvn3(IN_TCVN3) == NAMES
    assert from_vni(IN_VNI) == NAMES
    assert from_vni("PHAÏM THÒ YEÁN, HOÀ, Kyõ, lyù, Myõ, kyû, tyø, kî") == "PHẠM THỊ YẾN, HỒ, Kỹ, lý, Mỹ, kỷ, tỳ, kỵ"


@pytest.mark.parametrize(("text", "written"), [(NAMES, None), (IN_TCVN3, "tcvn3"), (IN_VNI, "vni")])
def test_text_is_recognised_by_its_words(text: str, written: str | None) -> None:
    assert written_in(text) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "An Binh",
        "NguyÔn V¨n",
        "NguyÔn V¨n, NguyÔn V¨n",
        "François Müller, Zoë, Jérôme, Coopérative",
        "1ª, 2º, 3ª, 4º, 5ª",
        "张伟 李娜",
        "Ü Ö Ä ß",
    ],
)
def test_other_text_is_left(text: str) -> None:
    assert written_in(text) is None


SYLLABLES = "Nguyễn Huỳnh Phượng Khuyên quýt giết Uyển thuở nghiêng Yến ăn oăm xoong Đắk"


@pytest.mark.parametrize("word", SYLLABLES.split())
def test_syllable_of_vietnamese_is_known(word: str) -> None:
    assert is_syllable(word)
    assert is_syllable(word.upper())


@pytest.mark.parametrize("word", ["NguyÔn", "V¨n", "Müller", "Zoë", "áà", "bá́", "Straße", "wá"])
def test_other_word_is_no_syllable(word: str) -> None:
    assert not is_syllable(word)


def test_likeness_is_of_the_words_with_accents() -> None:
    found = likeness("Nguyễn An Zoë 5 ữ Müller")
    assert (found.words, found.syllables, found.other) == (4, 2, "Zoë")
    assert likeness("An").share == 1.0
