"""The encoding of a file is found, named, doubted when in doubt, and as said when it is said."""

import codecs
import io
import unicodedata

import pytest

from tongdai.errors import InvalidInput
from tongdai.files.encodings.charset import Encoding, opened

HEADER = "phone,name\n"
NAMES = "0901,Nguyễn Văn Ân\n0902,Trần Thị Hằng\n0903,Đặng Quỳnh Hương\n"
TCVN3 = "0901,NguyÔn V¨n ¢n\n0902,TrÇn ThÞ H»ng\n0903,§Æng Quúnh H\u00ad¬ng\n"
VNI = "0901,Nguyeãn Vaên AÂn\n0902,Traàn Thò Haèng\n0903,Ñaëng Quyønh Höông\n"
IN_1258 = unicodedata.normalize("NFC", HEADER) + "0901,Hà Tôn\n0902,Lê Đô\n"


def read(data: bytes, charset: str | None = None) -> tuple[Encoding, str]:
    encoding, found = opened(io.BytesIO(data), charset)
    return encoding, "".join(block.text for block in found)


@pytest.mark.parametrize(
    ("data", "name", "text"),
    [
        ((HEADER + NAMES).encode(), "UTF-8", HEADER + NAMES),
        ((HEADER + NAMES).encode("utf-8-sig"), "UTF-8", HEADER + NAMES),
        ((HEADER + NAMES).encode("utf-16"), "UTF-16", HEADER + NAMES),
        ((HEADER + TCVN3).encode("latin-1"), "TCVN3", HEADER + NAMES),
        ((HEADER + VNI).encode("latin-1"), "VNI", HEADER + NAMES),
        ((HEADER + TCVN3).encode(), "TCVN3 in UTF-8", HEADER + NAMES),
        ((HEADER + VNI).encode("utf-8-sig"), "VNI in UTF-8", HEADER + NAMES),
        (IN_1258.encode("cp1258"), "Windows-1258", IN_1258),
        (HEADER.encode(), "UTF-8", HEADER),
    ],
)
def test_encoding_is_found_and_named(data: bytes, name: str, text: str) -> None:
    encoding, found = read(data)
    assert (encoding.name, encoding.doubt, found) == (name, None, text)


@pytest.mark.parametrize("encoding", ["gbk", "cp1251", "big5"])
def test_encoding_in_which_the_words_are_not_vietnamese_is_doubted(encoding: str) -> None:
    names = {"gbk": "张伟\n李娜\nwei 张", "cp1251": "Анна Иванова", "big5": "張偉 wei李"}[encoding]
    found, _ = read((HEADER + names + "\n").encode(encoding))
    assert found.doubt is not None
    assert found.doubt.startswith(f"Read as {found.name}, in which ")
    assert "words with accents are not Vietnamese, such as" in found.doubt


@pytest.mark.parametrize("encoding", ["gbk", "cp1251", "shift_jis", "cp1258"])
def test_encoding_that_is_said_is_not_doubted(encoding: str) -> None:
    text = HEADER + {"gbk": "张伟", "cp1251": "Анна", "shift_jis": "山田", "cp1258": "Müller"}[encoding] + "\n"
    found, read_text = read(text.encode(encoding), encoding)
    assert (found.name, found.doubt) == ("Windows-1258" if encoding == "cp1258" else encoding, None)
    assert read_text == text


@pytest.mark.parametrize(("name", "written"), [("tcvn3", "NguyÔn"), ("vni", "Nguyeãn")])
@pytest.mark.parametrize("codec", ["latin-1", "utf-8", "utf-8-sig", "utf-16"])
def test_conversion_that_is_said_is_made_whatever_the_bytes_are(name: str, written: str, codec: str) -> None:
    encoding, text = read(f"phone,name\n0901,{written}\n".encode(codec), name)
    assert text == "phone,name\n0901,Nguyễn\n"
    assert encoding.name.startswith(name.upper())


def test_byte_order_mark_is_right_whatever_was_said() -> None:
    assert read(codecs.BOM_UTF8 + NAMES.encode(), "cp1258")[1] == NAMES


def test_bytes_that_the_encoding_does_not_have_are_named_by_their_line() -> None:
    with pytest.raises(InvalidInput, match="Line 2 has bytes that are not shift_jis"):
        read(b"phone\n\x80\n", "shift_jis")


def test_blocks_tell_whether_they_may_have_odd_characters() -> None:
    def odd(text: str) -> bool:
        return [block.odd for block in opened(io.BytesIO(text.encode()), None)[1]] == [True]

    assert not odd(HEADER + NAMES)
    assert odd(HEADER + unicodedata.normalize("NFD", NAMES))
    assert odd(HEADER + "0901,An\u200b\n")
