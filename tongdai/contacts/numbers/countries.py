"""Countries as files name them → ISO 3166 codes: `VN`, `vnm`, `Việt Nam`, `84`, `+84`, `0084`. Pure."""

import re

import phonenumbers

from tongdai.contacts.numbers.phone import canonical_country
from tongdai.text import normalised

# ISO code, then other names, normalised; those of the countries that lists in Vietnam and nearby have.
_NAMES = """
    VN vnm vietnam / LA lao laos / KH khm cambodia campuchia / TH tha thailand thailan / CN chn china trungquoc /
    JP jpn japan nhatban nhat / KR kor korea southkorea hanquoc / TW twn taiwan dailoan / HK hkg hongkong /
    SG sgp singapore xingapo / MY mys malaysia / ID idn indonesia / PH phl philippines philippin / MM mmr myanmar /
    IN ind india ando / AU aus australia uc / NZ nzl newzealand / US usa unitedstates unitedstatesofamerica my hoaky /
    CA can canada / GB gbr uk unitedkingdom greatbritain england anh / FR fra france phap / DE deu germany duc /
    NL nld netherlands halan / BE bel belgium bi / CH che switzerland thuysi / AT aut austria ao / IT ita italy y /
    ES esp spain taybannha / PT prt portugal bodaonha / SE swe sweden thuydien / NO nor norway nauy /
    DK dnk denmark danmach / FI fin finland phanlan / PL pol poland balan / CZ cze czechia czechrepublic sec /
    RU rus russia nga / UA ukr ukraine / AE are unitedarabemirates / BR bra brazil / MX mex mexico
"""
_CODES = {name: code for code, *names in map(str.split, _NAMES.split("/")) for name in names}
_CALLING_CODE = re.compile(r"(?:\+|00)?([1-9][0-9]{0,2})")
_NONE = "ZZ"
"""The library's country of a code that no country has."""


def country_of(text: str) -> str | None:
    """The ISO code; None when no country is recognised."""
    calling = _CALLING_CODE.fullmatch(text.strip().replace(" ", ""))
    if calling is not None:
        region = phonenumbers.region_code_for_country_code(int(calling[1]))
        return None if region == _NONE else canonical_country(region)
    code = canonical_country(text.strip())  # before names: MY is Malaysia, Mỹ the United States
    if code is not None:
        return code
    return _CODES.get(normalised(text))
