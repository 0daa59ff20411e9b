"""A real browser for tests: the Chromium of tests/browser, or one that is on the machine; with fonts of its own."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

_HERE: Final = Path(__file__).parents[1] / "browser"
_MODULES: Final = _HERE / "node_modules"
_UNPACKED: Final = _HERE.parents[1] / ".build" / "chromium"
_INSTALLED: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
# Nothing is fetched in the background, and tests may run as root, for whom Chromium has no sandbox.
_ARGUMENTS: Final = (
    "--headless=shell",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
    "--no-first-run",
)
_FONTS: Final = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>{folder}/cache</cachedir></fontconfig>
"""
SERIOUS: Final = frozenset({"serious", "critical"})


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser. Skips the test where there is none to be had."""
    program, environment = _program()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=[*_ARGUMENTS], env=environment)
        yield running
        running.close()


def _program() -> tuple[str, dict[str, str | float | bool]]:
    if (platform.system(), platform.machine()) == ("Linux", "x86_64") and _MODULES.is_dir():
        unpack = ["node", str(_HERE / "unpack.mjs"), str(_UNPACKED)]
        subprocess.run(unpack, check=True, timeout=120)  # noqa: S603 - paths of this checkout, none from outside
        (_UNPACKED / "fonts.conf").write_text(_FONTS.format(folder=_UNPACKED))
        libraries = {"LD_LIBRARY_PATH": str(_UNPACKED / "lib"), "FONTCONFIG_FILE": str(_UNPACKED / "fonts.conf")}
        return str(_UNPACKED / "chromium"), {**os.environ, **libraries}
    found = next((path for name in _INSTALLED if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no browser: `make test` installs one on Linux (x86_64); elsewhere install Chromium")
    return found, dict(os.environ)


def judged(page: Page) -> list[tuple[str, str, list[str]]]:
    """What axe-core finds wrong with the page as it is: (rule, impact, elements)."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate((_MODULES / "axe-core" / "axe.min.js").read_text())
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((result) => result.violations)")
    return [(v["id"], v["impact"], [node["html"][:120] for node in v["nodes"]]) for v in found]


def focused(page: Page) -> str:
    """What a person at the keyboard is on: the words of the focused element, or its label."""
    script = """() => { const e = document.activeElement;
        return (e.getAttribute("aria-label") ?? e.labels?.[0]?.textContent ?? e.textContent ?? "").trim(); }"""
    return str(page.evaluate(script))


def tab_to(page: Page, words: str, most: int = 120) -> None:
    """Presses Tab until what is focused begins with these words."""
    seen = []
    for _ in range(most):
        page.keyboard.press("Tab")
        seen.append(focused(page)[:40])
        if seen[-1].startswith(words[:40]):
            return
    raise AssertionError(f"Tab never came to {words!r}, only to {seen}")
