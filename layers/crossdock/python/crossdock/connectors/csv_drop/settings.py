"""[channels.x.settings] of files in a bucket. Read when configuration is compiled."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from crossdock.contracts.channel_kinds import ChannelFacts, ChannelSettings


class Settings(ChannelSettings):
    """`folder` goes before the channel's own in an object's key. `separator` stands between fields.

    `spreadsheets`: people open the files with a spreadsheet, so a text that it would take for a formula gets an
    apostrophe before it. False where only programs read them.
    """

    folder: Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9_-]{1,60}/){0,5}$")] = ""
    separator: Literal[",", ";", "\t"] = ","
    spreadsheets: bool = True


def problems(settings: Mapping[str, Any], facts: ChannelFacts) -> list[tuple[str, str]]:  # noqa: ARG001 - a kind's shape
    """Nothing depends on the rest of the channel."""
    return []
