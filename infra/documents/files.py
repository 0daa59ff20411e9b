"""The documents as files: committed, compared with the code by a test, and served."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.documents import alarms, asyncapi, logs, metrics, openapi


def documents() -> dict[str, dict[str, Any]]:
    """Each document by the name of its file."""
    return {"openapi.json": openapi.document(), "asyncapi.json": asyncapi.document()}


def pages() -> dict[str, str]:
    """Each page that is written from the code, by the name of its file."""
    return {
        "alarms.md": alarms.alarms_page(),
        "logs.md": logs.logs_page(),
        "metrics.md": metrics.page(),
        "runbooks/README.md": alarms.index_page(),
    }


def text(document: Mapping[str, Any]) -> str:
    """A document as its file has it."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def write(folder: Path) -> list[Path]:
    """Writes every document and page into a folder; returns the files."""
    written = []
    texts = {name: text(document) for name, document in documents().items()} | pages()
    for name, written_text in texts.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(written_text, encoding="utf-8")
        written.append(file)
    return written
