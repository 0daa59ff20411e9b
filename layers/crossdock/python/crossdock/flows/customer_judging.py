"""Putting together what customers are judged with, from the configuration and the identity table."""

from crossdock.config import BusinessConfig
from crossdock.identity.comparing import Comparing, sound
from crossdock.identity.customer_store import CustomerStore
from crossdock.identity.customers import Judging
from crossdock.identity.merging import Merging
from crossdock.identity.reporting import Reporting
from crossdock.identity.suspecting import Suspecting
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.clock import Clock
from crossdock.platform.dynamo import Table


def judging(business: BusinessConfig) -> Judging:
    """By what customers are judged: the ownership matrix and the terms that the configuration has today."""
    return Judging(business.ownership, business.customers, sound)


def reporting(identity: Table, business: BusinessConfig, clock: Clock) -> Reporting:
    """What takes reports in."""
    return Reporting(CustomerStore(identity), CrossReferences(identity, clock), Comparing(identity), judging(business))


def merging(identity: Table, business: BusinessConfig) -> Merging:
    """What merges customers and takes that back."""
    return Merging(CustomerStore(identity), Comparing(identity), judging(business))


def suspecting(identity: Table, business: BusinessConfig) -> Suspecting:
    """What compares customers and keeps what was decided of a pair."""
    return Suspecting(CustomerStore(identity), Comparing(identity), judging(business))
