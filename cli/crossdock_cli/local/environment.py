"""The environments of the processes we start: allow-lists, because what leaks in costs hours.

Seen to do harm: AWS_CA_BUNDLE and proxy variables break calls to the loopback address,
AWS_PROFILE and config files replace the test credentials, PYTHONDONTWRITEBYTECODE makes
every Lambda start three times slower.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from crossdock_cli.local.paths import Paths
    from crossdock_cli.local.state import LocalState

_KEPT: Final = (
    "HOME",
    "LANG",
    "LC_ALL",
    "LOGNAME",
    "PATH",
    "SHELL",
    "SYSTEMROOT",
    "TERM",
    "TZ",
    "USER",
    # For the layer build, which may fetch wheels from the index the person has set up.
    "PIP_CERT",
    "PIP_CONFIG_FILE",
    "PIP_INDEX_URL",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "UV_CACHE_DIR",
    "UV_CONFIG_FILE",
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
)
_PROXIES: Final = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")


def engine_environment(paths: Paths, port: int, region: str) -> dict[str, str]:
    """What the emulator sees. Its Lambda workers inherit it, so it holds nothing of the person's."""
    scratch = paths.scratch
    return {
        **_base(("HOME", "LANG", "LC_ALL", "PATH", "USER")),
        "TZ": "UTC",
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_EDITION": edition(paths),
        "MINISTACK_REGION": region,
        "IOT_MTLS_ENABLED": "0",
        "TMPDIR": str(scratch / "tmp"),
        "STATE_DIR": str(scratch / "state"),
        "S3_DATA_DIR": str(scratch / "s3"),
    }


def edition(paths: Paths) -> str:
    """What the emulator says of itself in its health answer: ours, not another one that listens on the same port."""
    return f"crossdock in {paths.home}"


def cdk_environment(paths: Paths, state: LocalState) -> dict[str, str]:
    """What the CDK command line and the app see: the engine instead of AWS."""
    proxies = tuple(name for upper in _PROXIES for name in (upper, upper.lower()))
    # The layer build may need the proxy to reach a package index; the engine is never behind it.
    direct = ",".join(
        filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1", "localhost"))
    )
    return {
        **_base((*_KEPT, *proxies)),
        "NO_PROXY": direct,
        "no_proxy": direct,
        "AWS_ENDPOINT_URL": state.endpoint,
        "AWS_ACCESS_KEY_ID": state.access_key_id,
        "AWS_SECRET_ACCESS_KEY": state.secret_access_key,
        "AWS_REGION": state.region,
        "AWS_DEFAULT_REGION": state.region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "TMPDIR": str(paths.scratch / "tmp"),
        "NO_COLOR": "1",
        "NODE_NO_WARNINGS": "1",
        "CDK_VALIDATION": "false",  # 5 to 11 s per synthesis; `make synth` and the tests leave it on
        "CDK_DISABLE_VERSION_CHECK": "1",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }


def _base(names: tuple[str, ...]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in names if name in os.environ}
    # `python` in cdk.json is the interpreter that runs us, whether or not its folder is on the person's PATH.
    kept["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), kept.get("PATH", os.defpath)))
    return kept
