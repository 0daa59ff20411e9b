"""What import-linter cannot see, because the functions are folders and not a package."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
HANDLERS = sorted((ROOT / "functions").glob("*/handler.py"))


def imported(path: Path) -> set[str]:
    """The top-level packages a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_there_are_as_many_handlers_as_functions() -> None:
    assert len(HANDLERS) == 45


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda h: h.parent.name)
def test_a_handler_imports_no_sdk_and_no_other_function(handler: Path) -> None:
    assert imported(handler) & {"boto3", "botocore", "functions", "infra", "crossdock_cli"} == set()


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda h: h.parent.name)
def test_what_is_built_when_a_function_starts_needs_nothing_that_stands_below_it(handler: Path) -> None:
    """`@warm` calls what it decorates at once, in Lambda only: a helper further down is not there yet."""
    tree = ast.parse(handler.read_text(encoding="utf-8"))
    defined = {n.name: n.lineno for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    decorated = [
        n
        for n in tree.body
        if isinstance(n, ast.FunctionDef) and any(isinstance(d, ast.Name) and d.id == "warm" for d in n.decorator_list)
    ]
    for built in decorated:
        used = {n.id for n in ast.walk(built) if isinstance(n, ast.Name)}
        assert [name for name in used & defined.keys() if defined[name] > built.lineno] == []


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda h: h.parent.name)
def test_every_function_stands_in_the_table_that_explains_them(handler: Path) -> None:
    assert f"| `{handler.parent.name}` |" in (ROOT / "functions" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "page", ["README.md", "functions/README.md", "docs/decisions.md", "docs/pricing.md", "docs/costs.md"]
)
def test_a_page_has_no_half_merged_lines(page: str) -> None:
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith(("<<<<<<< ", ">>>>>>> "))] == []


def test_each_decision_has_a_number_of_its_own() -> None:
    lines = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8").splitlines()
    numbers = [line.split(".")[0] for line in lines if line.startswith("## ") and line[3].isdigit()]
    assert sorted(set(numbers)) == sorted(numbers)
