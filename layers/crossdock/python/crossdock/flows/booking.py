"""Booking with the stores it plans from, put together for the functions that hold stock."""

from crossdock.config import BusinessConfig
from crossdock.flows import expected_supply, free_stock
from crossdock.inventory.booking import Booking
from crossdock.inventory.reserving import Reservations
from crossdock.inventory.standing_store import StandingStore
from crossdock.inventory.supply_store import SupplyStore
from crossdock.platform.clock import Clock


def over(
    reservations: Reservations, standings: StandingStore, supply: SupplyStore, business: BusinessConfig, clock: Clock
) -> Booking:
    """A booking whose plans are made of the headers and of expected supply."""
    find_supply = expected_supply.finder(standings, supply, business, clock)
    return Booking(reservations, free_stock.reader(standings, clock), find_supply)
