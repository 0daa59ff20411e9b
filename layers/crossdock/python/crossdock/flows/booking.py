"""Booking with the stores it plans from, put together for the functions that hold stock."""

from crossdock.config import BusinessConfig
from crossdock.flows import expected_supply, free_stock
from crossdock.inventory.booking import Booking
from crossdock.inventory.reserving import Reservations
from crossdock.inventory.standing_store import StandingStore
from crossdock.inventory.supply_store import SupplyStore
from crossdock.platform.clock import Clock
from crossdock.platform.dynamo import Table


def over(table: Table, business: BusinessConfig, clock: Clock) -> Booking:
    """A booking in the inventory table, whose plans are made of the headers and of expected supply."""
    standings = StandingStore(table)
    find_supply = expected_supply.finder(standings, SupplyStore(table, clock), business, clock)
    return Booking(Reservations(table, clock), free_stock.reader(standings, clock), find_supply)
