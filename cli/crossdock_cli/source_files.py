"""The sources in a stage's configuration file: read, and added to without touching what people wrote there."""

from __future__ import annotations

import importlib
import json
import pkgutil
import tomllib
from pathlib import Path
from typing import Any, Final

from crossdock import connectors
from crossdock.config.compile import ConfigError, compile_document
from crossdock.config.signing import read_form
from crossdock_cli.errors import CliError
from crossdock_cli.local.paths import checkout
from crossdock_cli.target import LOCAL

_FILES: Final = {LOCAL: "demo.toml"}
_OTHERS: Final = "distributor.toml"
# Where one connector goes with a scheme, nobody has to name it.
_CONNECTORS: Final = {"shopify": "shopify", "bigcommerce": "bigcommerce", "salesforce-outbound": "salesforce"}
_STANDARD: Final = "standard-webhooks"


def path_of(stage: str, file: str) -> Path:
    """The file that the stage is configured by, or the one that was named."""
    return Path(file) if file else checkout() / "config" / _FILES.get(stage, _OTHERS)


def sources_of(path: Path) -> dict[str, dict[str, Any]]:
    """The tables [sources.*], by name. Raises CliError when the file cannot be read."""
    found = _read(path)[1].get("sources", {})
    tables = {name: source for name, source in found.items() if isinstance(source, dict)}
    return {name: {"scheme": _STANDARD, **source} for name, source in tables.items()}


def codes_of(path: Path) -> dict[str, dict[str, Any]]:
    """The code tables [codes.*.*], by source. Raises CliError when the file cannot be read."""
    return {name: tables for name, tables in _read(path)[1].get("codes", {}).items() if isinstance(tables, dict)}


def source_of(path: Path, name: str) -> dict[str, Any]:
    """One of them. Raises CliError when it is not there."""
    found = sources_of(path)
    if name not in found:
        raise CliError(f"there is no source '{name}' in {path}", f"it has: {', '.join(found) or 'none'}")
    return found[name]


def scheme_of(path: Path, name: str) -> str:
    """How a source signs; as most do, where the file does not know it."""
    return str(sources_of(path).get(name, {}).get("scheme", _STANDARD))


def add(path: Path, name: str, scheme: str, connector: str, hmac: str) -> bool:
    """Writes the source's table at the end of the file; False when it stands there already with this scheme.

    Raises CliError, and leaves the file as it is, when the configuration would not be valid with it.
    """
    text, _ = _read(path)
    existing = sources_of(path).get(name)
    if existing is not None:
        if existing["scheme"] != scheme:
            raise CliError(
                f"source '{name}' is there already, with the scheme {existing['scheme']}", f"change it in {path}"
            )
        return False
    lines = ["", f"[sources.{name}]", f"connector = {json.dumps(_connector(scheme, connector))}"]
    lines += [f"scheme = {json.dumps(scheme)}"]
    if scheme == "generic-hmac":
        lines += ["", f"[sources.{name}.hmac]", *_form(hmac)]
    longer = text.rstrip("\n") + "\n" + "\n".join(lines) + "\n"
    try:
        compile_document(tomllib.loads(longer), path.name)
    except (ConfigError, tomllib.TOMLDecodeError) as exc:
        raise CliError(f"the source cannot be added: {exc}", "nothing was changed; mend what is named") from exc
    beside = path.with_suffix(".new")
    beside.write_text(longer, encoding="utf-8")
    beside.replace(path)
    return True


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except (OSError, ValueError) as exc:  # a TOMLDecodeError is a ValueError
        raise CliError(f"{path} cannot be read: {exc}", "name another with --file") from exc


def _connector(scheme: str, given: str) -> str:
    known = _known_connectors()
    chosen = given or _CONNECTORS.get(scheme, "")
    if chosen in known:
        return chosen
    said = f"there is no connector '{chosen}' for sources" if chosen else f"{scheme} goes with no connector of its own"
    raise CliError(said, f"give --connector with one of: {', '.join(known)}")


def _known_connectors() -> list[str]:
    names = sorted(module.name for module in pkgutil.iter_modules(connectors.__path__) if module.ispkg)
    return [name for name in names if hasattr(importlib.import_module(f"{connectors.__name__}.{name}"), "translate")]


def _form(path: str) -> list[str]:
    if not path:
        raise CliError("generic-hmac is described by a file", "give --hmac FILE with its header and content")
    try:
        form = read_form(tomllib.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError) as exc:
        raise CliError(f"{path} cannot be used: {exc}", "write what stands under [sources.x.hmac]") from exc
    return [f"{key} = {json.dumps(value)}" for key, value in form.items() if value]
