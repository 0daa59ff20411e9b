"""What answers have in common. The functions build them without a validation library; tests hold them to it."""

from typing import Annotated

from pydantic import Field, WithJsonSchema

from crossdock.contracts.fields import Contract

Told = Annotated[
    int | str,
    WithJsonSchema(
        {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]+$"}], "examples": [5, "2.5"]}
    ),
]
"""A quantity in base units: a whole number, or a fraction as a text."""

Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""An instant in UTC."""

Day = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
"""A business date, where the distributor is."""


class Correlated(Contract):
    """Every answer without an ETag names the request, for whoever asks us about it."""

    correlation_id: str = Field(description="The same as in the header X-Correlation-Id.")


class FieldProblem(Contract):
    """One field that cannot be used."""

    field: str = Field(description="A path such as movements[3].quantity, or the name of a header or parameter.")
    problem: str
    remedy: str


class Shortage(Contract):
    """What one place could not give."""

    sku: str
    warehouse: str
    asked: Told
    available: Told


class ProblemDocument(Contract):
    """A refusal (RFC 9457): `type` for programs, `detail` for people, and every field with what to do about it."""

    type: str = Field(pattern=r"^urn:crossdock:problem:[a-z0-9-]+$")
    title: str
    status: int
    detail: str
    correlation_id: str
    errors: list[FieldProblem] = Field(default_factory=list, description="At most 20.")
    errors_not_listed: int | None = Field(default=None, description="How many more there are.")
    reservation: str | None = Field(default=None, description="Of a refused reservation: its id.")
    reservation_status: str | None = Field(default=None, description="What the reservation is.")
    shortages: list[Shortage] | None = Field(default=None, description="Of a refused reservation: what is missing.")
    version: int | None = Field(default=None, description="Of a failed precondition: the version that there is.")
    owners: dict[str, str | None] | None = Field(
        default=None, description="Of attributes that are not the partner's to say: whose they are; null: nobody's."
    )
    customers: list[str] | None = Field(default=None, description="Of ids in conflict: the customers that they mean.")
    reason: str | None = Field(default=None, description="Of a refused credential: why, in a word for programs.")
    violated_policies: list[str] | None = Field(
        default=None, alias="violated-policies", description="Of too many requests: which of RateLimit-Policy."
    )


class Accepted(Correlated):
    """So many facts are kept, and none of them can get lost any more. What cannot be applied becomes an exception."""

    accepted: int
