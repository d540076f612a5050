"""Numbers of every country and kind."""

import phonenumbers

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = (
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.TOLL_FREE,
    phonenumbers.PhoneNumberType.PREMIUM_RATE,
)


def examples() -> list[int]:
    """Numbers of every country and of every kind that may be called."""
    found = (phonenumbers.example_number_for_type(region, kind) for region in REGIONS for kind in KINDS)
    texts = {phonenumbers.format_number(one, phonenumbers.PhoneNumberFormat.E164) for one in found if one is not None}
    return sorted(int(text) for text in texts)


EXAMPLES = examples()
