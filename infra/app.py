"""The CDK app: `python -m infra.app`, run by `cdk synth` and `cdk deploy`; `--context stage=` names the stage."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from aws_cdk import App

from crossdock.config.compile import compile_file
from crossdock.config.model import from_document
from infra.bundling import LayerFolders, build_layers
from infra.checks import add_checks
from infra.constructs.stack import Plan
from infra.stacks.api import ApiStack
from infra.stacks.data import DataStack
from infra.stacks.operations import OperationsStack
from infra.stacks.sync import SyncStack
from infra.stages import ROOT, Stage, UnknownStageError, stage

DEFAULT_STAGE = "local"


def build(
    stage_name: str | None = None,
    *,
    outdir: Path | None = None,
    functions: Path = ROOT / "functions",
    layers: LayerFolders | None = None,
) -> App:
    """The app of one stage, not yet synthesised.

    Without a name the CDK's context decides. `functions` and `layers` stand in for the real code in tests of the
    templates. Raises UnknownStageError, BundlingError, and ConfigError when the stage's TOML cannot be used.
    """
    app = App(context=_context(), outdir=str(outdir) if outdir else None, analytics_reporting=False)
    values = _as_asked(app, stage(stage_name or app.node.try_get_context("stage") or DEFAULT_STAGE))
    plan = Plan(
        stage=values,
        business=from_document(compile_file(values.config_path)),
        functions=functions,
        layers=layers or build_layers(values),
    )
    data = DataStack(app, plan)
    sync = SyncStack(app, plan, data)
    ApiStack(app, plan, data, sync)
    OperationsStack(app, plan, data, sync)
    add_checks(app, values)
    return app


def _as_asked(app: App, values: Stage) -> Stage:
    """The stage, with what one run of the command line wants otherwise. Raises UnknownStageError.

    `--context rollout=at-once` deploys past alarms that ring already, for the version that ends them. `--context
    aliases=yes` gives the local stage the aliases of the cloud.
    """
    rollout, aliases = app.node.try_get_context("rollout"), app.node.try_get_context("aliases")
    if rollout not in {None, "at-once", "gradual"}:
        raise UnknownStageError(f"there is no rollout '{rollout}': write --context rollout=at-once, or leave it out")
    if rollout == "at-once":
        values = replace(values, shifts={})
    return replace(values, aliases=True) if aliases == "yes" else values


def _context() -> dict[str, Any]:
    """The switches of cdk.json, so that an app built without the command line gives the same templates."""
    document = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))
    context: dict[str, Any] = document["context"]
    return context


if __name__ == "__main__":
    build().synth()
