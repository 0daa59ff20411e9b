"""What can go wrong for an operator, said in one line with a remedy; nothing else ever reaches the terminal.

CliError
└── StoppedError    Ctrl-C: what was started has been stopped again (exit code 130)

Every command raises CliError for the failures it expects. Failures of AWS calls are
translated here, in one place, because any command can meet them.
"""

from __future__ import annotations

from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
)

EXIT_FAILED: Final = 1
EXIT_INTERRUPTED: Final = 130

_REMEDIES: Final = {
    "ResourceNotFoundException": "is this stage deployed? make local, or make deploy STAGE=<stage>",
    "ValidationError": "is this stage deployed? make local, or make deploy STAGE=<stage>",
    "AWS.SimpleQueueService.NonExistentQueue": "is this stage deployed? make local, or make deploy STAGE=<stage>",
    "AccessDeniedException": "these credentials may not do that; use a role that may",
    "AccessDenied": "these credentials may not do that; use a role that may",
    "ExpiredToken": "log in again; the session has ended",
    "ExpiredTokenException": "log in again; the session has ended",
    "UnrecognizedClientException": "check AWS_PROFILE or the access key in the environment",
    "InvalidClientTokenId": "check AWS_PROFILE or the access key in the environment",
}


class CliError(Exception):
    """An expected failure: `message` says what is wrong, `remedy` what to do about it."""

    exit_code: int = EXIT_FAILED

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class StoppedError(CliError):
    """The operator pressed Ctrl-C (or the process was told to end) and the command has cleaned up."""

    exit_code = EXIT_INTERRUPTED


def from_aws(error: BotoCoreError | ClientError) -> CliError:
    """The operator's words for a failed AWS call."""
    if isinstance(error, ClientError):
        details = error.response.get("Error", {})
        code = str(details.get("Code", "unknown error"))
        remedy = _REMEDIES.get(code, "")
        return CliError(f"{error.operation_name} failed: {code}: {details.get('Message', '')}".strip(), remedy)
    if isinstance(error, NoCredentialsError | PartialCredentialsError | ProfileNotFound):
        return CliError(f"no usable AWS credentials: {error}", "log in, or set AWS_PROFILE to a profile that exists")
    if isinstance(error, NoRegionError):
        return CliError("no AWS region is set", "set AWS_REGION, or a region in your AWS profile")
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError | ReadTimeoutError):
        return CliError(f"AWS does not answer: {error}", "for the local stage: crossdock local status")
    return CliError(f"the AWS call failed: {error}")
