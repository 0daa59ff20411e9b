"""What is done with customers, put together over the identity table for whoever does it: a function or a command."""

from dataclasses import dataclass

from crossdock.contracts.customer_terms import CustomerTerms
from crossdock.contracts.ownership import Matrix
from crossdock.identity.comparing import Comparing, sound
from crossdock.identity.customer_store import CustomerStore
from crossdock.identity.customers import Judging
from crossdock.identity.forgetting import Forgetting
from crossdock.identity.merging import Merging
from crossdock.identity.rejudging import Rejudging
from crossdock.identity.reporting import Reporting
from crossdock.identity.suspecting import Suspecting
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.clock import Clock
from crossdock.platform.dynamo import Table


@dataclass(frozen=True, slots=True)
class CustomerUseCases:
    """Customers by their store and ids, and all that is done with them."""

    store: CustomerStore
    xrefs: CrossReferences
    judging: Judging
    reporting: Reporting
    suspecting: Suspecting
    merging: Merging
    rejudging: Rejudging
    forgetting: Forgetting


def customer_use_cases(identity: Table, matrix: Matrix, terms: CustomerTerms, clock: Clock) -> CustomerUseCases:
    """All of them, judging by the ownership matrix and the terms of today's configuration."""
    store, xrefs, comparing = CustomerStore(identity), CrossReferences(identity, clock), Comparing(identity)
    judging = Judging(matrix, terms, sound)
    return CustomerUseCases(
        store,
        xrefs,
        judging,
        Reporting(store, xrefs, comparing, judging),
        Suspecting(store, comparing, judging),
        Merging(store, comparing, judging),
        Rejudging(store, comparing, judging),
        Forgetting(store, comparing, judging),
    )
