"""The documents as files: committed, compared with the code by a test, and served."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.documents import asyncapi, openapi


def documents() -> dict[str, dict[str, Any]]:
    """Each document by the name of its file."""
    return {"openapi.json": openapi.document(), "asyncapi.json": asyncapi.document()}


def text(document: Mapping[str, Any]) -> str:
    """A document as its file has it."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def write(folder: Path) -> list[Path]:
    """Writes every document into a folder; returns the files."""
    written = []
    for name, document in documents().items():
        file = folder / name
        file.write_text(text(document), encoding="utf-8")
        written.append(file)
    return written
