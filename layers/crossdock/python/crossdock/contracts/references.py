"""Cross-references: what other systems call our items (`items.declared`, `identity.references.declared.v1`)."""

import re
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field, PlainSerializer, PlainValidator, model_validator

from crossdock.contracts.fields import Contract, ItemCode, Lot, Sku, SystemName, UnitName
from crossdock.contracts.price_fields import Family, Name
from crossdock.quantities import MAX_PLACES

_FACTOR = re.compile(r"[0-9]{1,9}(/[0-9]{1,9}|\.[0-9]{1,6})?")


def _factor(value: object) -> Fraction:
    """Base units per unit, exactly: 12, "1/4", "2.5"."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _FACTOR.fullmatch(text):
        raise ValueError('send base units per unit as a whole number or a text, for example 12, "1/4" or "2.5"')
    numerator, _, denominator = text.partition("/")
    if int(denominator or "1") == 0 or Fraction(numerator) == 0:
        raise ValueError("a unit holds more than nothing; send base units per unit, for example 12")
    return Fraction(text)


Factor = Annotated[Fraction, PlainValidator(_factor), PlainSerializer(str, return_type=str, when_used="json")]


class Profile(Contract):
    """How an item is counted, and the families and mix groups that price rules know it by; the newest `version` wins.

    See `crossdock.contracts.items.ItemProfile`.
    """

    version: int = Field(ge=1, le=10**15)
    unit: UnitName
    units: dict[UnitName, Factor] = Field(default_factory=dict, max_length=30)
    places: int = Field(default=0, ge=0, le=MAX_PLACES)
    lot_policy: Literal["free", "required", "declared"] = "free"
    lots: list[Lot] = Field(default_factory=list, max_length=200)
    substitutes: list[Sku] = Field(default_factory=list, max_length=10)
    families: list[Family] = Field(default_factory=list, max_length=20)
    mix_groups: list[Name] = Field(default_factory=list, max_length=20)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.units.get(self.unit, Fraction(1)) != 1:
            raise ValueError(f"units.{self.unit}: is the base unit, so it holds 1; leave it out")
        if bool(self.lots) != (self.lot_policy == "declared"):
            raise ValueError('lots: list the known ones with lot_policy "declared", and none without it')
        lists: dict[str, list[str]] = {
            "lots": self.lots,
            "substitutes": self.substitutes,
            "families": self.families,
            "mix_groups": self.mix_groups,
        }
        for name, values in lists.items():
            if len(set(values)) != len(values):
                raise ValueError(f"{name}: one stands there twice; leave it out")
        return self


class ForeignCode(Contract):
    """One system's own code."""

    system: SystemName
    code: ItemCode


class ItemDeclaration(Contract):
    """A canonical item, every code it is known by elsewhere and, where its source keeps that, how it is counted."""

    sku: Sku
    codes: list[ForeignCode] = Field(min_length=1, max_length=50)
    profile: Profile | None = None

    @model_validator(mode="after")
    def _no_substitute_of_itself(self) -> Self:
        if self.profile is not None and self.sku in self.profile.substitutes:
            raise ValueError(f"profile.substitutes: {self.sku} is the item itself; leave it out")
        return self


class ItemList(Contract):
    """The data of an `items.declared` webhook."""

    items: list[ItemDeclaration] = Field(min_length=1, max_length=500)


class ReferencesDeclared(Contract):
    """The data of the event `identity.references.declared.v1`."""

    source: SystemName
    items: list[ItemDeclaration] = Field(min_length=1, max_length=500)
