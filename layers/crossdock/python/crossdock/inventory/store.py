"""The inventory table: everything in this domain that knows DynamoDB, by the question that it answers.

journal_store   what came in: the movements
header_store    what is there and may be promised: the balances
count_store     what others say is there: counts, and differences
"""

from crossdock.inventory.count_store import CountStore, Sighting
from crossdock.inventory.header_store import HeaderStore, changed_header
from crossdock.inventory.journal_store import JournalStore, record_of

__all__ = ["InventoryStore", "Sighting", "changed_header", "record_of"]


class InventoryStore(JournalStore, HeaderStore, CountStore):
    """Journal, headers and counts of one distributor: for whoever asks more than one of them."""
