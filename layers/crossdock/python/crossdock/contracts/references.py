"""Cross-references: what other systems call our items (`items.declared`, `identity.references.declared.v1`)."""

from pydantic import Field

from crossdock.contracts.fields import Contract, ItemCode, Sku, SystemName


class ForeignCode(Contract):
    """One system's own code."""

    system: SystemName
    code: ItemCode


class ItemDeclaration(Contract):
    """A canonical item and every code it is known by elsewhere."""

    sku: Sku
    codes: list[ForeignCode] = Field(min_length=1, max_length=50)


class ItemList(Contract):
    """The data of an `items.declared` webhook."""

    items: list[ItemDeclaration] = Field(min_length=1, max_length=500)


class ReferencesDeclared(Contract):
    """The data of the event `identity.references.declared.v1`."""

    source: SystemName
    items: list[ItemDeclaration] = Field(min_length=1, max_length=500)
