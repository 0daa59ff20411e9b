"""The console in a real browser, against the deployed app: an exception mended by keyboard, every view judged.

`CROSSDOCK_SCREENSHOTS=folder` (make screenshots) also takes the pictures of docs/console.md.
"""

from __future__ import annotations

import json
import os
import re
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch
from urllib.parse import quote

import pytest

from crossdock_cli.audit.listening import hear
from crossdock_cli.console.routes import Routes
from crossdock_cli.console.server import Server
from crossdock_cli.target import local_target
from tests.support import console_day as day
from tests.support.browser import SERIOUS, chromium, focused, judged, tab_to
from tests.support.system import movement, wms_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page

    from tests.support.system import System

OPERATOR: Final = "kim"
VIEWS: Final = (
    "overview",
    "exceptions",
    "items/LANTERN-RED",
    "prices/webshop/LANTERN-RED",
    "customers",
    "deliveries",
    "runs",
)
_FOLDER: Final = os.environ.get("CROSSDOCK_SCREENSHOTS", "")
_PICTURES: Final = frozenset(
    {"overview-light", "overview-dark", "overview-narrow", "exceptions-light", "exception-dark", "replay", "run"}
    | {"items-light", "prices-light", "deliveries-light"}
)


@pytest.fixture(scope="module")
def morning(system: System) -> System:
    """The system after a morning's business, with something refused of each kind."""
    day.begin(system)
    day.refuse_many(system)
    if _FOLDER:
        day.measure(system)
    return system


@pytest.fixture(scope="module")
def server(morning: System) -> Iterator[Server]:
    """The console's server, as `crossdock console` runs it."""
    assert morning.target.state is not None
    target = local_target(morning.target.state)
    listener = hear(target, "console", {})
    routes = Routes(target, OPERATOR)
    routes.ready()
    with Server(0, routes) as made:
        threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True).start()
        yield made
        made.shutdown()
    listener.end(0)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@contextmanager
def opened(browser: Browser, server: Server, **options: Any) -> Iterator[Page]:
    """A new browser window that was let in; whatever the page complains of fails the test."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, "locale": "en-GB", **options})
    page = context.new_page()
    page.set_default_timeout(15_000)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if _is_ours(said) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda _: complaints.append("a script of somebody else ran"))
    page.goto(server.guard.link())
    page.wait_for_selector("main[data-view=overview]")
    yield page
    context.close()
    assert complaints == []


def _is_ours(said: ConsoleMessage) -> bool:
    """An answer that refuses something is told by the browser as well, and is no fault of the page."""
    return said.type == "error" and not said.text.startswith("Failed to load resource")


def go(page: Page, server: Server, view: str) -> None:
    """Goes to a view and waits until it is all there."""
    page.goto(f"{server.guard.origin}/#/{view}")
    page.wait_for_function("view => document.getElementById('main').dataset.view === view", arg=view)


def test_an_exception_is_corrected_and_replayed_by_keyboard_alone(
    morning: System, server: Server, browser: Browser
) -> None:
    group = day.refuse_one(morning)
    with opened(browser, server) as page:
        keys = page.keyboard
        tab_to(page, "Skip to the content")
        tab_to(page, "Exceptions")
        keys.press("Enter")
        page.wait_for_selector("main[data-view=exceptions]")
        assert focused(page).startswith("Exceptions"), "after a change of view focus is on the view"
        while page.evaluate("document.activeElement.getAttribute('href')") != f"#/exceptions/{group['id']}":
            tab_to(page, "unknown item")
        keys.press("Enter")
        page.wait_for_selector(f"main[data-view='exceptions/{group['id']}']")

        tab_to(page, "Correct…")
        keys.press("Enter")
        keys.type("item")
        tab_to(page, "Value", 3)
        keys.type(wms_code(day.LANTERN))
        tab_to(page, "Why", 6)
        keys.type("a letter too early")
        keys.press("Enter")
        page.wait_for_selector("dialog .diff-now")
        assert page.locator("dialog .diff-was").all_inner_texts() == [wms_code(day.TYPO)]
        assert page.locator("dialog .diff-now").all_inner_texts() == [wms_code(day.LANTERN)]
        assert morning.shown(group)["occurrences"][0]["corrected"] is None, "a look at it stores nothing"
        tab_to(page, "Keep the correction", 8)
        keys.press("Enter")
        page.wait_for_selector("#said:has-text('1 fact corrected')")

        tab_to(page, "Replay…")
        keys.press("Enter")
        keys.press("Tab")
        tab_to(page, "Dry run", 8)
        keys.press("Enter")
        page.wait_for_selector("dialog :text('would be applied')")
        assert page.locator("dialog td.number").all_inner_texts() == ["1", "-12"]
        _picture(page, "replay")
        assert day.TYPO not in morning.journal(day.LANTERN)
        tab_to(page, "Send 1 fact", 8)
        keys.press("Enter")
        page.wait_for_selector("main .tag:has-text('done')")
        page.wait_for_selector("#said:has-text('1 fact sent, 0 passed over')")
        _picture(page, "run")

    morning.until("it is settled", lambda: morning.shown(group)["settled"] == 1)
    assert morning.journal(day.LANTERN)["con-typo"] == -12
    history = morning.shown(group)["history"]
    assert [(h.get("to"), h.get("by"), h.get("why")) for h in history] == [
        (None, OPERATOR, "a letter too early"),
        ("replaying", OPERATOR, None),
        ("settled", None, None),
    ]
    trail = morning.crossdock("audit", "list", "--json").document
    done = [(one["command"], one["given"].get("by"), one["why"], one["code"]) for one in reversed(trail)]
    assert ("console exceptions correct", OPERATOR, "a letter too early", 0) in done
    assert ("console exceptions replay", OPERATOR, "", 0) in done


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_has_anything_that_axe_finds_wrong(
    morning: System, server: Server, browser: Browser, scheme: Any
) -> None:
    group = morning.exception("expired_quote", "quotes/webshop")
    with opened(browser, server, color_scheme=scheme, reduced_motion="reduce") as page:
        for view in (*VIEWS, f"exceptions/{group['id']}"):
            go(page, server, view)
            assert (view, judged(page)) == (view, [])
            name = "exception" if view.startswith("exceptions/") else view.split("/", maxsplit=1)[0]
            _picture(page, f"{name}-{scheme}", whole=True)
        for name in ("Correct…", "Replay…", "Assign…", "Close…", "Show uncovered…"):
            page.get_by_role("button", name=name).click()
            page.wait_for_selector("dialog[open]")
            assert (name, [found for found in judged(page) if found[1] in SERIOUS]) == (name, [])
            page.keyboard.press("Escape")
            page.wait_for_selector("dialog", state="detached")
            assert focused(page) == name, "focus is where it was"


def test_focus_stays_within_a_dialog_and_where_it_is_when_figures_are_refreshed(
    morning: System, server: Server, browser: Browser
) -> None:
    group = morning.exception("expired_quote", "quotes/webshop")
    with opened(browser, server) as page:
        page.wait_for_selector("text=Stop refreshing")
        page.locator("main .flow a", has_text="webshop").focus()
        page.evaluate("() => { window.marked = document.activeElement; }")
        with page.expect_response("**/api/figures"), page.expect_response("**/api/flow"):
            pass
        page.wait_for_function("() => window.marked.isConnected && document.activeElement === window.marked")

        go(page, server, f"exceptions/{group['id']}")
        page.get_by_role("button", name="Close…").click()
        for _ in range(12):
            page.keyboard.press("Tab")
            assert page.evaluate(
                "document.activeElement.closest('dialog') !== null || document.activeElement === document.body"
            )
        page.get_by_role("button", name="Close", exact=True).click()
        page.wait_for_selector("dialog [role=alert]:has-text('Why is needed')")
        assert morning.shown(group)["open"] == 5, "without a reason nothing was closed"


def test_what_looks_like_markup_is_shown_as_text(morning: System, server: Server, browser: Browser) -> None:
    group = day.refuse_script(morning)
    with opened(browser, server) as page:
        go(page, server, "exceptions")
        page.wait_for_selector("main table")
        assert day.SCRIPT in page.locator("main table").inner_text()
        go(page, server, f"exceptions/{group['id']}")
        page.get_by_role("button", name="Assign…").click()
        page.get_by_label("Owner").fill(day.SCRIPT)
        page.get_by_label("Why").fill(day.SCRIPT)
        page.locator("dialog").get_by_role("button", name="Assign").click()
        page.wait_for_selector("#said:has-text('It belongs to')")
        said = page.locator("main").inner_text()
        assert said.count(day.SCRIPT) >= 5, "in subject, detail, owner, payload and history"
        go(page, server, f"items/{quote(day.SCRIPT, safe='')}")
        assert day.SCRIPT in page.locator("main").inner_text()
        assert page.locator("main img, main script").count() == 0
        assert page.title().endswith("crossdock console")
    morning.crossdock("exceptions", "close", group["id"], "--why", "made up")


def test_personal_data_are_covered_and_a_look_at_them_is_kept(
    morning: System, server: Server, browser: Browser
) -> None:
    group = morning.exception("expired_quote", "quotes/webshop")
    with opened(browser, server) as page:
        go(page, server, f"exceptions/{group['id']}")
        assert "ada@example.com" not in page.content()
        assert (
            page.evaluate(f"fetch('/api/exceptions/{group['id']}').then(r => r.text())").count("ada@example.com") == 0
        )
        page.get_by_role("button", name="Show uncovered…").click()
        page.get_by_label("Why").fill("ticket 118")
        page.get_by_role("button", name="Show", exact=True).click()
        page.wait_for_selector("pre:has-text('ada@example.com')")
    looks = [h for h in morning.shown(group)["history"] if h.get("did") == "looked"]
    assert [(look["by"], look["why"]) for look in looks] == [(OPERATOR, "ticket 118")]


def test_every_view_fits_a_narrow_screen_and_one_enlarged_twice(
    morning: System, server: Server, browser: Browser
) -> None:
    group = morning.exception("expired_quote", "quotes/webshop")
    for narrow in (True, False):
        # 1280 pixels enlarged twice leave 640 of the page's own.
        size = {"width": 320, "height": 640} if narrow else {"width": 640, "height": 430}
        with opened(browser, server, viewport=size, device_scale_factor=1 if narrow else 2) as page:
            for view in (*VIEWS, f"exceptions/{group['id']}"):
                go(page, server, view)
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert (view, wide) == (view, size["width"])
                if narrow and view == "overview":
                    _picture(page, "overview-narrow")


def test_a_channel_is_paused_with_a_reason_and_resumed(morning: System, server: Server, browser: Browser) -> None:
    def state() -> tuple[str, str | None]:
        [found] = morning.crossdock("channels", "status", "marketplace", "--json").document
        return found["state"], found["error"]

    with opened(browser, server) as page:
        go(page, server, "deliveries/marketplace")
        page.get_by_role("button", name="Pause marketplace…").click()
        page.get_by_label("Why").fill("their database moves")
        page.get_by_role("button", name="Pause", exact=True).click()
        page.wait_for_selector("#said:has-text('marketplace is told nothing')")
        assert state() == ("paused", f"their database moves ({OPERATOR})")
        page.get_by_role("button", name="Resume marketplace").click()
        page.locator("dialog").get_by_role("button", name="Resume").click()
        page.wait_for_selector("#said:has-text('marketplace is told again')")
        assert state()[0] != "paused"


def test_a_dashboard_shows_the_same_exceptions_and_replays_them(morning: System) -> None:
    def shown(why: str = "", **event: Any) -> str:
        given = {**event, "widgetContext": {"forms": {"all": {"why": why}}}}
        answer = morning.target.functions.invoke(
            FunctionName=morning.target.callee("show_exceptions"), Payload=json.dumps(given).encode()
        )
        return str(json.loads(answer["Payload"].read()))

    morning.send(movement("con-late", "BASKET-3", 8))
    group = morning.exception("unknown_item", f"item/{wms_code('BASKET-3')}")
    assert wms_code("BASKET-3") in shown()
    morning.knows("BASKET-3")
    foreseen = shown(action="preview", group=group["id"])
    run = re.search(r'"action": "replay", "group": "[0-9a-f]{12}", "run": "([0-9a-f]{12})"', foreseen)
    assert run is not None, foreseen
    assert "1: would be applied" in foreseen
    assert f"Run {run[1]}: 1 sent, 0 passed over." in shown("it is known now", action="replay", run=run[1])
    morning.until("it is applied", lambda: morning.journal("BASKET-3") == {"con-late": 8})


def test_the_command_says_where_the_console_is(morning: System) -> None:
    with patch("crossdock_cli.console.command._wait", side_effect=KeyboardInterrupt):
        said = morning.crossdock("console", "--no-browser", "--by", "kim")

    assert said.code == 0, said.err
    assert re.search(r"http://127\.0\.0\.1:[0-9]+/enter\?token=[\w-]{43}\n", said.out)


def _picture(page: Page, name: str, *, whole: bool = False) -> None:
    """A picture for docs/console.md, where they are asked for."""
    if _FOLDER and name in _PICTURES:
        path = Path(_FOLDER) / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path, full_page=whole, animations="disabled")
