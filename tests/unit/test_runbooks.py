"""Runbooks as text: what each page has, that its commands exist, and that nothing in them is left open."""

from __future__ import annotations

import re
from typing import Final

import pytest

from infra.documents.alarms import RUNBOOKS
from tests.support.runbooks import FOLDER, SECTIONS, Runbook, filled, known, runbook, slugs

pytestmark = pytest.mark.unit

# A file that there is, where a command looks whether it is there.
FILES: Final = re.compile(r"\b(FILE|XREFS|PRICES)\b")
NUMBERS: Final = re.compile(r"\bNUMBER\b")
# Pages whose form is their own.
OTHERS: Final = {"key-rotation", "restore", "rollback"}
OURS: Final = [slug for slug in slugs() if slug not in OTHERS]


def test_there_is_a_page_for_each_runbook_that_alarms_and_the_index_name() -> None:
    assert set(RUNBOOKS) - OTHERS <= set(slugs()) <= set(RUNBOOKS)


@pytest.mark.parametrize("slug", OURS)
def test_a_page_has_all_that_somebody_who_was_woken_needs(slug: str) -> None:
    assert tuple(runbook(slug).sections) == SECTIONS


@pytest.mark.parametrize("slug", OURS)
def test_a_page_declares_the_placeholders_that_its_commands_have_and_no_others(slug: str) -> None:
    page = runbook(slug)
    assert page.used() == page.placeholders


@pytest.mark.parametrize("slug", OURS)
def test_a_page_has_commands_to_look_to_act_and_to_see_that_it_is_over(slug: str) -> None:
    page = runbook(slug)
    for section in ("Check", "Steps", "It is over when"):
        assert page.commands_of(section), section


@pytest.mark.parametrize("slug", slugs())
def test_every_command_of_a_page_is_one_that_there_is(slug: str) -> None:
    text = runbook(slug).text
    # What is only named in a sentence, by its words alone, need not be complete.
    inline = [c for c in re.findall(r"`(crossdock [^`]+)`", text) if "…" not in c and re.search(r" [-A-Z]", c)]
    commands = [NUMBERS.sub("1", FILES.sub(str(FOLDER / "README.md"), c)) for c in (*runbook(slug).commands, *inline)]
    assert [wrong for c in commands if c.startswith("crossdock ") and (wrong := known(c))] == []


@pytest.mark.parametrize("slug", slugs())
def test_a_page_links_pages_that_there_are(slug: str) -> None:
    links = re.findall(r"\]\(([^)#]+\.md)\)", runbook(slug).text)
    known_pages = {f"{name}.md" for name in RUNBOOKS}
    assert [link for link in links if link not in known_pages and not (FOLDER / link).is_file()] == []


# -- the reader itself -----------------------------------------------------------------------------------------

PAGE: Final = Runbook(
    "x",
    "# X\n\n| `ITEM` | i |\n\n## Check\n\n```sh\ncrossdock inventory show ITEM\n```\n\n"
    "## Steps\n\n1. So:\n\n   ```sh\n   crossdock items show ITEM --json\n   ```\n\n"
    "```\ncrossdock not a command\n```\n",
)


def test_commands_are_read_from_fences_also_within_lists_and_placeholders_are_filled() -> None:
    assert PAGE.commands == ["crossdock inventory show ITEM", "crossdock items show ITEM --json"]
    assert PAGE.commands_of("Steps") == ["crossdock items show ITEM --json"]
    assert filled("crossdock a ITEM --why 'ITEM of X'", {"ITEM": "A 1"}) == ["a", "A 1", "--why", "A 1 of X"]
    with pytest.raises(KeyError, match="ITEM"):
        filled("crossdock a ITEM", {})


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("crossdock exceptions list --sort money", None),
        ("crossdock --stage prod channels status webshop", None),
        ("crossdock exceptions mend X", "No such command"),
        ("crossdock exceptions list --loudly", "No such option"),
        ("crossdock inventory show", "Missing parameter"),
        ("aws sqs purge-queue", "does not begin with crossdock"),
    ],
)
def test_the_grammar_of_the_command_line_judges(command: str, wrong: str | None) -> None:
    found = known(command)
    assert found is None if wrong is None else wrong in str(found)
