"""The runbooks as pages: docs/runbooks of this checkout, from Markdown, with no markup of their own let through."""

from __future__ import annotations

import html
import re
from typing import Final

from markdown_it import MarkdownIt

from crossdock_cli.console.guard import RefusedError
from crossdock_cli.local.paths import checkout

SLUG: Final = "[a-z][a-z-]{1,40}"
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table")
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · crossdock runbook</title>
<link rel="stylesheet" href="/tokens.css"><link rel="stylesheet" href="/base.css">
<link rel="stylesheet" href="/runbook.css"><link rel="icon" href="/mark.svg">
</head>
<body><main class="runbook" id="main"><p><a href="/">Back to the console</a></p>
{body}
</main></body>
</html>
"""


def known_runbooks() -> frozenset[str]:
    """The slugs of the runbooks that there are."""
    return frozenset(path.stem for path in (checkout() / "docs" / "runbooks").glob("*.md"))


def runbook_page(slug: str) -> bytes:
    """A runbook as a page. Raises RefusedError for one that there is not."""
    if slug not in known_runbooks():
        raise RefusedError(404, f"there is no runbook '{slug[:60]}'", "they lie in docs/runbooks")
    text = (checkout() / "docs" / "runbooks" / f"{slug}.md").read_text()
    # A link to a neighbour is one here; what else lies in the checkout is not served.
    body = re.sub(rf'href="({SLUG})\.md(#[^"]*)?"', r'href="/runbooks/\1\2"', _MARKDOWN.render(text))
    return _PAGE.format(title=html.escape(slug), body=body).encode()
