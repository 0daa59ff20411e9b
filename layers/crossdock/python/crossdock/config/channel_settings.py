"""[channels.x.settings]: what a kind of channel wants to know beyond what all have. Read when configuration compiles.

Each kind says it in `crossdock.connectors.<kind>.settings`: a pydantic model `Settings` and a function
`problems(channel)`, which sees what depends on the rest of the channel.
"""

import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from crossdock.contracts.channel_kinds import ChannelFacts, KindOfChannel


def settings_problems(channels: Mapping[str, tuple[str, dict[str, Any], ChannelFacts]]) -> list[str]:
    """Every setting that is wrong, by its place in the document; what is right is completed with its defaults.

    By channel: its connector, its table of settings (completed in place) and what else counts of it.
    """
    found = []
    for name, (connector, table, facts) in channels.items():
        found += _problems(name, connector, table, facts)
    return found


def _problems(name: str, connector: str, table: dict[str, Any], facts: ChannelFacts) -> list[str]:
    package = f"crossdock.connectors.{connector}"
    module = importlib.import_module(package) if importlib.util.find_spec(package) else None
    if module is None or not hasattr(module, "deliver"):
        return [f"channels.{name}.connector: {connector!r} is no kind of channel; docs/channels.md lists them"]
    tells = getattr(module, "TELLS", ("availability", "price"))
    deaf = [kind for kind in facts.publishes if kind not in tells]
    if deaf:
        return [f"channels.{name}.publishes: {connector} cannot be told {', '.join(deaf)}; it takes {', '.join(tells)}"]
    if importlib.util.find_spec(f"{package}.settings") is None:
        return [f"channels.{name}.settings: {connector} has none; leave it out"] if table else []
    kind = cast("KindOfChannel", importlib.import_module(f"{package}.settings"))
    try:
        settings: BaseModel = kind.Settings.model_validate(table)
    except ValidationError as exc:
        return [f"channels.{name}.settings.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in exc.errors()]
    table.clear()
    table.update(settings.model_dump(mode="json"))
    return [f"channels.{name}.{field}: {problem}" for field, problem in kind.problems(table, facts)]
