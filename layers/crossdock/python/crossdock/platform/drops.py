"""The bucket that outsiders fetch files from: an object is written whole, and how that went is an answer."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from crossdock.contracts.deliveries import HttpAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

_WRITTEN = 200


class Drops:
    """Writes objects; never raises for what S3 does."""

    def __init__(self, client: "Callable[[], S3Client]", bucket: str) -> None:
        """`client` makes the client when it is first needed. Without a `bucket` nothing can be written."""
        self._make = client
        self._bucket = bucket

    def write(self, name: str, body: bytes) -> HttpAnswer:
        """200 when the object is there, over one of the same name; S3's own status, or 0, and why, when it is not."""
        if not self._bucket:
            return HttpAnswer(0, detail="this stage has no bucket of drops: deploy the configuration with its channel")
        try:
            self._make().put_object(Bucket=self._bucket, Key=name, Body=body, ContentType="text/csv; charset=utf-8")
        except ClientError as exc:
            status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return HttpAnswer(status, detail=str(exc)[:300])
        except BotoCoreError as exc:
            return HttpAnswer(0, detail=f"{type(exc).__name__}: {exc}"[:300])
        return HttpAnswer(_WRITTEN)
