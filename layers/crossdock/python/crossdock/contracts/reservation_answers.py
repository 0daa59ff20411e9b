"""Answers about reservations (API v1)."""

from typing import Literal

from pydantic import Field

from crossdock.contracts.answered import Correlated, Day, Moment, Shortage, Told
from crossdock.contracts.fields import Contract

Status = Literal["held", "confirmed", "released", "expired", "cancelled", "refused", "deciding"]


class AnsweredHoldLine(Contract):
    """A line, and what of it is promised from supply."""

    line: str
    sku: str
    warehouse: str | None
    quantity: Told
    backordered: Told | None = None
    promised_on: Day | None = None


class HeldPlace(Contract):
    """Units that are taken from a place."""

    sku: str
    warehouse: str
    quantity: Told


class MissingFromHold(Contract):
    """What was asked for and is not held."""

    line: str
    sku: str
    missing: Told


class AnsweredReservation(Contract):
    """A reservation: its lines as they were asked, its places as the units are taken."""

    id: str
    status: Status
    channel: str
    expires_at: Moment
    lines: list[AnsweredHoldLine]
    places: list[HeldPlace]
    created_at: Moment
    reference: str | None = None
    shortages: list[Shortage] | None = None
    ended_at: Moment | None = None


class ReservationAfterwards(AnsweredReservation, Correlated):
    """A reservation as it is after the request."""

    missing: list[MissingFromHold] | None = Field(default=None, description="Of a partial hold: what is not held.")


class ReservationQueued(Correlated):
    """The request is kept and decided in a moment; the reservation can be read at its address then."""

    id: str
    status: Literal["queued"]


class ReservationDecided(Contract):
    """The data of the event `inventory.reservation.decided.v1`: what became of a request that was queued."""

    reservation: str
    partner: str
    channel: str
    outcome: str
    decision: AnsweredReservation | None = None
    missing: list[MissingFromHold] | None = None
