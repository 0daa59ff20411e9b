"""[channels.x.settings] of a Salesforce org. Read when configuration is compiled."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from crossdock.connectors.salesforce.payloads import FIELDS
from crossdock.contracts.channel_kinds import ChannelFacts, ChannelSettings, SystemName
from crossdock.contracts.customer_attributes import ATTRIBUTES

_Custom = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,76}__c$")]
_MANY: Final = frozenset({"contact", "ship_to"})


class Settings(ChannelSettings):
    """`system` is whose cross-references are the accounts' ids: the channel's own name unless said.

    `external_id` is the custom field of Account (Text, External ID, Unique) that holds our id of the customer.
    `fields` are attributes that go into custom fields, by our name. `country_codes` is for an org with state and
    country picklists, `currency` for one with several currencies.
    """

    system: SystemName | None = None
    external_id: _Custom = "crossdock_id__c"
    api_version: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{1,2}\.0$")] = "62.0"
    fields: dict[str, _Custom] = Field(default_factory=dict)
    country_codes: bool = False
    currency: bool = False


def problems(settings: Mapping[str, Any], facts: ChannelFacts) -> list[tuple[str, str]]:  # noqa: ARG001 - the seam
    """What one setting alone cannot show."""
    found = []
    for name in settings["fields"]:
        base = name.partition("@")[0]
        if base not in ATTRIBUTES or base in _MANY:
            found.append((f"settings.fields.{name}", "is no attribute of a customer; docs/identity.md lists them"))
        elif name in FIELDS.values() and name != "parent":
            found.append((f"settings.fields.{name}", "has a standard field already; leave it out"))
    columns = list(settings["fields"].values())
    if len({c.casefold() for c in [*columns, settings["external_id"]]}) <= len(columns):
        found.append(("settings.fields", "two of them go into one field, or one into external_id; give each its own"))
    if float(settings["api_version"]) < 46:  # noqa: PLR2004 - the first version whose upsert says the account's id
        found.append(("settings.api_version", "must be 46.0 or later"))
    return found
