"""Where things lie: the checkout this package was installed from, and the folder of one local engine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from crossdock_cli.errors import CliError

# Tests set it so that their engines live beside, not inside, the one a developer is using.
LOCAL_DIR_VARIABLE: Final = "CROSSDOCK_LOCAL_DIR"


@dataclass(frozen=True)
class Paths:
    """`root` is the checkout; `home` holds all that one engine writes and can be deleted when it is down."""

    root: Path
    home: Path

    @classmethod
    def default(cls) -> Paths:
        root = checkout()
        chosen = os.environ.get(LOCAL_DIR_VARIABLE)
        return cls(root, Path(chosen).absolute() if chosen else root / ".build" / "local")

    @property
    def state(self) -> Path:
        return self.home / "state.json"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def engine_log(self) -> Path:
        return self.home / "engine.log"

    @property
    def deploy_log(self) -> Path:
        return self.home / "deploy.log"

    @property
    def assembly(self) -> Path:
        return self.home / "cdk.out"

    @property
    def scratch(self) -> Path:
        """The engine's temporary files, object data and state: worthless once it is down."""
        return self.home / "engine"

    @property
    def cdk(self) -> Path:
        return self.root / "node_modules" / ".bin" / "cdk"


def checkout() -> Path:
    """The repository root, found from where this package lies (cli/crossdock_cli/local/paths.py)."""
    root = Path(__file__).resolve().parents[3]
    if not (root / "cdk.json").is_file():
        raise CliError(
            f"{root} is not a crossdock checkout (it has no cdk.json)",
            "run the command from the .venv of a clone: make install",
        )
    return root
