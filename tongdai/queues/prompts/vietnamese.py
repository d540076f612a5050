"""Vietnamese numbers and sentences as recorded parts. Pure.

A number is read as people say it, not digit by digit:

- năm is lăm after mười and mươi: mười lăm, hai mươi lăm; but một trăm linh năm;
- một is mốt after mươi: hai mươi mốt; but mười một, một trăm linh một;
- bốn is tư after mươi: hai mươi tư. Hai mươi bốn is right, too, and so is bốn elsewhere: mười bốn, một trăm linh bốn;
- linh stands for no tens: một trăm linh năm. In the south lẻ is said instead; record lẻ as `linh` for callers there.
"""

from collections.abc import Mapping, Sequence

_DIGITS = ("khong", "mot", "hai", "ba", "bon", "nam", "sau", "bay", "tam", "chin")
_AFTER_TENS: Mapping[int, str] = {1: "mot-sac", 4: "tu", 5: "lam"}
PARTS: Mapping[str, str] = {
    "khong": "không",
    "mot": "một",
    "hai": "hai",
    "ba": "ba",
    "bon": "bốn",
    "nam": "năm",
    "sau": "sáu",
    "bay": "bảy",
    "tam": "tám",
    "chin": "chín",
    "muoi": "mười",
    "muoi-ngang": "mươi",
    "mot-sac": "mốt",
    "tu": "tư",
    "lam": "lăm",
    "tram": "trăm",
    "linh": "linh",
    "position": "Quý khách đang ở vị trí số",
    "next": "Quý khách là người tiếp theo được phục vụ.",
    "wait": "Thời gian chờ dự kiến khoảng",
    "wait-over": "Thời gian chờ dự kiến hơn",
    "wait-short": "Thời gian chờ dự kiến chưa đến một phút.",
    "minutes": "phút.",
    "please-wait": "Xin quý khách vui lòng giữ máy.",
    "invalid-key": "Phím bấm không hợp lệ.",
    "callback-offer": "Để được gọi lại mà vẫn giữ thứ tự chờ, xin bấm phím",
    "callback-number": "Chúng tôi sẽ gọi lại cho quý khách theo số",
    "callback-confirm": "Nếu đúng, xin bấm phím một. Để đổi số khác, xin bấm phím hai.",
    "callback-enter": "Xin nhập số điện thoại, rồi bấm phím thăng.",
    "callback-invalid": "Số điện thoại không hợp lệ.",
    "callback-thanks": "Cảm ơn quý khách. Chúng tôi sẽ gọi lại. Xin chào.",
    "closed": "Hiện đã hết giờ làm việc. Xin quý khách vui lòng gọi lại sau.",
    "full": "Tất cả tổng đài viên đều đang bận. Xin quý khách vui lòng gọi lại sau.",
}
"""Part → the words to record."""


DIGITS: Mapping[str, str] = {str(digit): _DIGITS[digit] for digit in range(10)}
"""Digit → the part that says it."""


def number(value: int) -> list[str]:
    """The parts of a number from 0 to 999."""
    if not 0 <= value <= 999:
        raise ValueError(f"{value} is not from 0 to 999")
    hundreds, rest = divmod(value, 100)
    if not hundreds:
        return _below_hundred(rest)
    head = [_DIGITS[hundreds], "tram"]
    if not rest:
        return head
    return [*head, *(["linh", _DIGITS[rest]] if rest < 10 else _below_hundred(rest))]


def _below_hundred(value: int) -> list[str]:
    tens, ones = divmod(value, 10)
    if not tens:
        return [_DIGITS[ones]]
    if tens == 1:
        return ["muoi", *([] if ones == 0 else ["lam" if ones == 5 else _DIGITS[ones]])]
    head = [_DIGITS[tens], "muoi-ngang"]
    return head if ones == 0 else [*head, _AFTER_TENS.get(ones, _DIGITS[ones])]


def words(parts: Sequence[str]) -> str:
    """The text of parts."""
    return " ".join(PARTS[part] for part in parts)
