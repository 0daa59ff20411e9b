"""In what ways two parties can agree or differ, feature by feature, and how that is said to an operator.

What firms under one roof share says less than what one name shares with itself, and that strangers have other numbers
says nothing about firms of one name: so address, telephone and domain have levels of their own under other names. The
first level of each feature is full agreement: no other may weigh more (weights.py holds that). A feature that one
of the two says nothing about has no level and no weight.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

LEVELS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "name": {
            "same": "the same name",
            "near": "nearly the same name, as by a typo or another spelling",
            "shorter": "the same name, one with a word of trade more",
            "initials": "one name is the other's initials",
            "longer": "one name stands within the other",
            "sibling": "the same name with other words of trade, as firms of one group have",
            "partly": "the names share a word",
            "other": "other names",
        },
        "numbers": {"same": "the same number in the name", "other": "other numbers in the names, as branches have"},
        "form": {"same": "the same legal form", "other": "another legal form"},
        "tax_id": {
            "same": "the same tax id",
            "unverified": "the same tax id, which keeps no rule we know",
            "near": "the same tax id but for one character, as by a typo",
            "other": "other tax ids, both valid",
        },
        "address": {
            "same": "the same address",
            "near": "the same street and number, another spelling of the place",
            "building": "the same building, another unit",
            "street": "the same street, a house number is missing",
            "area": "the same postcode, a street is missing",
            "roof": "the same address under other names, as of firms in one building",
            "town": "the same town, a street is missing",
            "neighbour": "the same street, another number",
            "area_other": "the same postcode, another street or another spelling of it",
            "town_other": "the same town, another street",
            "elsewhere": "another town",
            "abroad": "another country",
            "apart": "another address, under other names",
        },
        "phone": {
            "same": "the same telephone number",
            "desk": "the same telephone number under other names, as of one reception",
            "extension": "the same number but for its last digits, as at one switchboard",
            "other": "other telephone numbers",
            "apart": "other telephone numbers, under other names",
        },
        "online": {
            "mail": "the same mail address",
            "domain": "the same domain of mail or web",
            "house": "the same mail address or domain under other names, as of one group or bookkeeper",
            "other": "other domains",
            "apart": "other domains, under other names",
        },
    }
)
