"""DynamoDB as the stores use it: plain values in and out, statements in batches of 25, reads in batches of 100.

Costs are stated in write units (1 KB) and read units (4 KB). Sources: the DynamoDB developer guide on PartiQL batch
operations (25 statements, each failing alone) and on BatchGetItem (100 keys; UnprocessedKeys are to be asked again).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crossdock.platform import deadline
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.sequences import chunks
from crossdock.platform.writes import (
    AtomicWrite,
    Check,
    Delete,
    Insert,
    Key,
    Replace,
    Update,
    Write,
    condition,
    expression,
    partiql,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

STATEMENTS_PER_CALL = 25
KEYS_PER_CALL = 100

_PASSING = frozenset(
    {
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "InternalServerError",
        "TransactionConflict",
    }
)
_EXISTS = frozenset({"DuplicateItem", "ConditionalCheckFailed"})
_ATTEMPTS = 6

Item = dict[str, Any]


def to_attribute(value: Any) -> dict[str, Any]:
    """One plain value as DynamoDB writes it. Raises TypeError for a float: quantities and money are never floats."""
    match value:
        case bool():
            return {"BOOL": value}
        case None:
            return {"NULL": True}
        case str() | bytes():
            return {"S" if isinstance(value, str) else "B": value}
        case int() | Decimal():
            return {"N": str(value)}
        case list() | tuple():
            return {"L": [to_attribute(v) for v in value]}
        case dict():
            return {"M": {k: to_attribute(v) for k, v in value.items()}}
        case _:
            raise TypeError(f"{type(value).__name__} is not stored: use str, bytes, int, Decimal, bool, list or dict")


def from_attribute(attribute: Mapping[str, Any]) -> Any:
    """The plain value of a stored attribute; a number is an int when it is whole, else a Decimal."""
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "B" | "BOOL":
            return value
        case "N":
            number = Decimal(value)
            return int(number) if number == number.to_integral_value() else number
        case "L":
            return [from_attribute(v) for v in value]
        case "M":
            return from_item(value)
        case "NULL":
            return None
        case _:
            raise TypeError(f"attribute type {kind} is not used by crossdock")


def to_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """A plain mapping as an item; attributes that are None are left out."""
    return {k: to_attribute(v) for k, v in values.items() if v is not None}


def from_item(item: Mapping[str, Any]) -> Item:
    """An item as a plain mapping."""
    return {k: from_attribute(v) for k, v in item.items()}


@dataclass(frozen=True, slots=True)
class Statement:
    """One PartiQL statement on one item; `key` is the item's, so that a failure can be looked into."""

    text: str
    parameters: tuple[Any, ...]
    key: Key


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a statement: done, or refused because of the item that is (`existing`) or is not (None) there.

    `failed` is False for a write whose own condition held and that was not done because another one's did not.
    """

    done: bool
    existing: Item | None = None
    failed: bool = True


class Table:
    """One table by its name, with the operations our stores need and no others."""

    def __init__(self, client: "DynamoDBClient", name: str, *, metered: bool = False) -> None:
        """With `metered`, the read units of gets, queries and scans are added up in `read_units`."""
        self.client = client
        self.name = name
        self.read_units = 0.0
        self._metered: dict[str, Any] = {"ReturnConsumedCapacity": "TOTAL"} if metered else {}

    def _meter(self, response: Mapping[str, Any]) -> None:
        found = response.get("ConsumedCapacity", [])
        for consumed in found if isinstance(found, list) else [found]:
            self.read_units += consumed["CapacityUnits"]

    def insert(self, item: Mapping[str, Any]) -> Statement:
        """A statement that writes an item unless its key exists. 1 WCU a KB, also when it is refused."""
        present = {k: v for k, v in item.items() if v is not None}
        fields = ", ".join(f"'{name}': ?" for name in present)
        text = f'INSERT INTO "{self.name}" VALUE {{{fields}}}'
        return Statement(text, tuple(present.values()), (item["pk"], item["sk"]))

    def update(self, key: Key, changes: Sequence[tuple[str, Any]], conditions: Sequence[tuple[str, Any]]) -> Statement:
        """A statement that changes an item that exists and meets every condition.

        `changes` are `("oh = oh + ?", 5)`, `conditions` are `("seq < ?", "…")`: each with its one parameter.
        """
        sets = " ".join(f"SET {clause}" for clause, _ in changes)
        where = " AND ".join(["pk = ?", "sk = ?", *(clause for clause, _ in conditions)])
        parameters = (*(v for _, v in changes), *key, *(v for _, v in conditions))
        return Statement(f'UPDATE "{self.name}" {sets} WHERE {where}', parameters, key)

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """Carries the writes out, each failing alone, 25 to a round trip; see `run` for what is raised."""
        return self.run([Statement(*partiql(self.name, w), w.key) for w in writes])

    def atomically(self, writes: Sequence[AtomicWrite]) -> list[Outcome]:
        """Carries up to 100 writes out, all or none, at twice the write units; outcomes come in their order.

        Either all are done, or none is, and those whose condition failed carry the item that stands in the way; the
        others are `Outcome(done=False, failed=False)`. Writes that meet another transaction are tried again, within
        the invocation's deadline. Raises StoreUnavailableError when they keep meeting others.
        """
        failed = self.transact([self._transaction_item(w) for w in writes])
        if not failed:
            return [Outcome(done=True)] * len(writes)
        found = self.get_many([writes[n].key for n in sorted(failed)], consistent=True)
        return [Outcome(done=False, existing=found.get(w.key), failed=n in failed) for n, w in enumerate(writes)]

    def _transaction_item(self, write: AtomicWrite) -> "TransactWriteItemTypeDef":
        if isinstance(write, Insert):
            free = "attribute_not_exists(pk)"
            return {"Put": {"TableName": self.name, "Item": to_item(write.item), "ConditionExpression": free}}
        if isinstance(write, Replace):
            replacement: Any = {"TableName": self.name, "Item": to_item(write.item)}
            text, names, values = condition(write.when)
            if text:
                replacement |= {"ConditionExpression": text, "ExpressionAttributeNames": names}
            return {"Put": replacement | ({"ExpressionAttributeValues": to_item(values)} if values else {})}
        if isinstance(write, Check):
            _, text, names, values = expression(Update(write.key, when=write.when))
            check: Any = {
                "TableName": self.name,
                "Key": to_item({"pk": write.key[0], "sk": write.key[1]}),
                "ConditionExpression": text,
                "ExpressionAttributeNames": names,
            }
            return {"ConditionCheck": check | ({"ExpressionAttributeValues": to_item(values)} if values else {})}
        if isinstance(write, Delete):
            _, text, names, values = expression(Update(write.key, when=write.when))
            deletion: Any = {
                "TableName": self.name,
                "Key": to_item({"pk": write.key[0], "sk": write.key[1]}),
                "ConditionExpression": text,
                "ExpressionAttributeNames": names,
            }
            return {"Delete": deletion | ({"ExpressionAttributeValues": to_item(values)} if values else {})}
        change, text, names, values = expression(write)
        return {
            "Update": {
                "TableName": self.name,
                "Key": to_item({"pk": write.key[0], "sk": write.key[1]}),
                "UpdateExpression": change,
                "ConditionExpression": text,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": to_item(values),
            }
        }

    def run(self, statements: Sequence[Statement]) -> list[Outcome]:
        """Runs the statements, each failing alone, 25 to a round trip; outcomes come in the order of the statements.

        Each key may stand in one statement only. Throttled statements are tried again with backoff, within the
        invocation's deadline. Raises StoreUnavailableError when some stay undone: all of them may then be sent again.
        """
        outcomes: dict[int, Outcome] = {}
        waiting = list(range(len(statements)))
        for attempt in range(_ATTEMPTS):
            if attempt:
                deadline.pause(attempt)
            failed: list[int] = []
            for part in chunks(waiting, STATEMENTS_PER_CALL):
                failed += self._run_once(part, statements, outcomes)
            if not failed:
                return [outcomes[i] for i in range(len(statements))]
            waiting = failed
        raise StoreUnavailableError(f"{self.name}: {len(waiting)} of {len(statements)} statements were not carried out")

    def _run_once(
        self, part: Sequence[int], statements: Sequence[Statement], outcomes: dict[int, Outcome]
    ) -> list[int]:
        """One round trip; fills `outcomes` and gives back what is to be tried again."""
        response = self.client.batch_execute_statement(
            Statements=[
                {
                    "Statement": statements[i].text,
                    "Parameters": [to_attribute(p) for p in statements[i].parameters],
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
                for i in part
            ]
        )
        again: list[int] = []
        unseen: list[int] = []
        for i, answer in zip(part, response["Responses"], strict=True):
            error = answer.get("Error")
            if error is None:
                outcomes[i] = Outcome(done=True)
            elif error.get("Code") in _EXISTS and error.get("Item"):
                outcomes[i] = Outcome(done=False, existing=from_item(error["Item"]))
            elif error.get("Code") in _EXISTS:
                unseen.append(i)
            elif error.get("Code") in _PASSING:
                again.append(i)
            else:
                raise StatementError(
                    f"{self.name}: {error.get('Code')}: {error.get('Message')} in {statements[i].text}"
                )
        # Not every engine returns the item that stood in the way; then it is read, 100 to a round trip.
        found = self.get_many([statements[i].key for i in unseen], consistent=True) if unseen else {}
        for i in unseen:
            outcomes[i] = Outcome(done=False, existing=found.get(statements[i].key))
        return again

    def get_many(
        self, keys: Iterable[Key], *, consistent: bool = False, attributes: Sequence[str] = ()
    ) -> dict[Key, Item]:
        """The items that exist, by key, 100 to a round trip; 0.5 RCU per 4 KB, twice that when `consistent`.

        Raises StoreUnavailableError when the table keeps refusing some of them.
        """
        wanted = list(dict.fromkeys(keys))
        found: dict[Key, Item] = {}
        names = {f"#a{n}": a for n, a in enumerate(dict.fromkeys(("pk", "sk", *attributes)))} if attributes else {}
        for part in chunks(wanted, KEYS_PER_CALL):
            request: Any = {"Keys": [to_item({"pk": pk, "sk": sk}) for pk, sk in part], "ConsistentRead": consistent}
            if names:
                request |= {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
            for attempt in range(_ATTEMPTS):
                if attempt:
                    deadline.pause(attempt)
                response = self.client.batch_get_item(RequestItems={self.name: request}, **self._metered)
                self._meter(response)
                for raw in response["Responses"].get(self.name, []):
                    item = from_item(raw)
                    found[item["pk"], item["sk"]] = item
                request = response.get("UnprocessedKeys", {}).get(self.name)
                if not request:
                    break
            else:
                raise StoreUnavailableError(f"{self.name}: {len(request['Keys'])} keys were not read")
        return found

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        """One item, or None. 0.5 RCU per 4 KB, twice that when `consistent`."""
        response = self.client.get_item(
            TableName=self.name, Key=to_item({"pk": key[0], "sk": key[1]}), ConsistentRead=consistent
        )
        return from_item(response["Item"]) if "Item" in response else None

    def snapshot(self, keys: Sequence[Key]) -> list[Item]:
        """The items that exist of up to 100 keys, all as they were at one moment. 2 RCU per 4 KB, one round trip.

        Asked again when a transaction is under way on one of them, within the invocation's deadline. Raises
        StoreUnavailableError when there always is.
        """
        reads: Any = [{"Get": {"TableName": self.name, "Key": to_item({"pk": pk, "sk": sk})}} for pk, sk in keys]
        for attempt in range(_ATTEMPTS):
            if attempt:
                deadline.pause(attempt)
            try:
                responses = self.client.transact_get_items(TransactItems=reads)["Responses"]
            except self.client.exceptions.TransactionCanceledException as exc:
                codes = {reason.get("Code") or "None" for reason in exc.response["CancellationReasons"]}
                if not _PASSING.intersection(codes):
                    raise
            else:
                return [from_item(r["Item"]) for r in responses if r.get("Item")]
        raise StoreUnavailableError(f"{self.name}: transactions kept standing in the way of a snapshot")

    def query(
        self,
        pk: str,
        *,
        prefix: str = "",
        consistent: bool = False,
        after: str | None = None,
        page: int | None = None,
    ) -> Iterator[Item]:
        """The items of one partition whose sort key begins with `prefix`, in order, page by page, behind `after`.

        `page` is how many a call reads: for whoever may stop early; None: 1 MB.
        """
        condition, values = "pk = :pk", {":pk": pk}
        if prefix:
            condition, values = "pk = :pk AND begins_with(sk, :prefix)", {":pk": pk, ":prefix": prefix}
        request: Any = {
            "TableName": self.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": to_item(values),
            "ConsistentRead": consistent,
            **self._metered,
        }
        if page is not None:
            request["Limit"] = page
        if after is not None:
            request["ExclusiveStartKey"] = to_item({"pk": pk, "sk": after})
        while True:
            response = self.client.query(**request)
            self._meter(response)
            yield from (from_item(raw) for raw in response["Items"])
            if "LastEvaluatedKey" not in response:
                return
            request["ExclusiveStartKey"] = response["LastEvaluatedKey"]

    def pages(self, start: Key | None, *, attributes: Sequence[str] = ()) -> Iterator[tuple[list[Item], Key | None]]:
        """The whole table page by page (1 MB), each with the key to go on from, None at the end; 0.5 RCU per 4 KB.

        Without `attributes` whole items; what is left out of them is read all the same, and costs as much.
        """
        names = {f"#a{n}": a for n, a in enumerate(attributes)}
        request: Any = {"TableName": self.name, **self._metered}
        if names:
            request |= {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
        while True:
            if start is not None:
                request["ExclusiveStartKey"] = to_item({"pk": start[0], "sk": start[1]})
            response = self.client.scan(**request)
            self._meter(response)
            last = from_item(response["LastEvaluatedKey"]) if "LastEvaluatedKey" in response else None
            start = (last["pk"], last["sk"]) if last else None
            yield [from_item(raw) for raw in response["Items"]], start
            if start is None:
                return

    def put(self, item: Mapping[str, Any]) -> None:
        """Writes an item, whatever stands there. 1 WCU a KB."""
        self.client.put_item(TableName=self.name, Item=to_item(item))

    def delete(self, key: Key) -> None:
        """Removes an item, if it is there."""
        self.client.delete_item(TableName=self.name, Key=to_item({"pk": key[0], "sk": key[1]}))

    def put_new(self, item: Mapping[str, Any]) -> Item | None:
        """Writes an item unless its key exists; gives back the one that was there already, or None when written."""
        try:
            self.client.put_item(
                TableName=self.name,
                Item=to_item(item),
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.client.exceptions.ConditionalCheckFailedException as exc:
            old: Any = exc.response.get("Item")  # type: ignore[attr-defined,unused-ignore]  # modelled, not typed
            if old:
                return from_item(old)
            return self.get((item["pk"], item["sk"]), consistent=True)
        return None

    def transact(self, writes: "Sequence[TransactWriteItemTypeDef]") -> frozenset[int]:
        """Carries the writes out, all or none; gives back which conditions failed: none of them when it was done.

        Costs twice the write units. Writes that meet another transaction on one of their items are tried again, within
        the invocation's deadline. Raises StoreUnavailableError when they keep meeting others.
        """
        for attempt in range(_ATTEMPTS):
            if attempt:
                deadline.pause(attempt)
            try:
                self.client.transact_write_items(TransactItems=writes)
            except self.client.exceptions.TransactionCanceledException as exc:
                codes = [reason.get("Code") for reason in exc.response["CancellationReasons"]]
                failed = frozenset(n for n, code in enumerate(codes) if code == "ConditionalCheckFailed")
                if failed:
                    return failed
                if not _PASSING.intersection(code for code in codes if code):
                    raise
            else:
                return frozenset()
        raise StoreUnavailableError(f"{self.name}: other transactions kept standing in the way")


class StatementError(RuntimeError):
    """DynamoDB refused a statement for a reason that trying again cannot mend: a defect of ours."""
