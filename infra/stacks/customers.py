"""The functions behind the customers API, and what each may do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from infra.constructs.function import Function
from infra.constructs.stack import Plan
from infra.stacks.data import CURSOR_KEY, QUOTE_KEY, DataStack
from infra.stacks.sync import COMPARING_MEMORY_MB, CUSTOMERS, EXCEPTIONS
from infra.stages import Size

Routes = tuple[tuple[str, str], ...]
"""(method, path) of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFunctions:
    """Makes them with the API's own `make`."""

    data: DataStack
    plan: Plan
    make: Callable[[str, dict[str, str], Size | None], Function]

    def routes(self) -> Iterator[tuple[Function, Routes]]:
        """Each function with what it serves."""
        one = "v1/customers/{id}"
        yield self._read(), (("GET", "v1/customers"), ("GET", one), ("GET", f"{one}/history"))
        yield self._change(), (("POST", "v1/customers"), ("PATCH", one))
        yield self._check(), (("POST", "v1/order-checks"),)

    def _read(self) -> Function:
        identity = self.data.identity
        prefix = self.plan.stage.secret_prefix("cursors")
        function = self.make("read_customers", {"IDENTITY_TABLE": identity.name, "CURSOR_SECRET_PREFIX": prefix}, None)
        function.allow_table(identity, "BatchGetItem", "Query")
        function.allow_secrets("cursors", [CURSOR_KEY], self.data.key_arn)
        return function

    def _change(self) -> Function:
        identity, exceptions = self.data.identity, self.data.exceptions
        function = self.make(
            "change_customers",
            {"EXCEPTIONS_TABLE": exceptions.name, "IDENTITY_TABLE": identity.name},
            Size(COMPARING_MEMORY_MB, self.plan.stage.api.timeout_seconds),
        )
        # What was asked for under an Idempotency-Key is one item.
        function.allow_table(identity, *CUSTOMERS, "GetItem")
        function.allow_table(exceptions, *EXCEPTIONS)
        return function

    def _check(self) -> Function:
        identity = self.data.identity
        prefix = self.plan.stage.secret_prefix("quotes")
        function = self.make("check_orders", {"IDENTITY_TABLE": identity.name, "QUOTE_SECRET_PREFIX": prefix}, None)
        function.allow_table(identity, "BatchGetItem", "Query")
        function.allow_secrets("quotes", [QUOTE_KEY], self.data.key_arn)
        return function
