"""Objects in one bucket: bodies that are too large for a row."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Bucket:
    """Puts and gets whole objects; the bucket encrypts them and forgets them after its time."""

    def __init__(self, client: Callable[[], "S3Client"], name: str) -> None:
        """`client` makes the client when it is first needed: most functions that may need one never do."""
        self._make = client
        self._name = name

    @property
    def _client(self) -> "S3Client":
        return self._make()

    def put(self, name: str, body: bytes) -> None:
        """Writes the object, over one of the same name."""
        self._client.put_object(Bucket=self._name, Key=name, Body=body)

    def get(self, name: str) -> bytes | None:
        """The object, or None when there is none (any more)."""
        try:
            return self._client.get_object(Bucket=self._name, Key=name)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None

    def delete(self, name: str) -> None:
        """Removes the object, if it is there."""
        self._client.delete_object(Bucket=self._name, Key=name)

    def names(self) -> Iterator[str]:
        """The names of all objects, 1,000 to a call."""
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name):
            yield from (found["Key"] for found in page.get("Contents", []) if "Key" in found)
