"""The properties bite: each of these small changes to the library makes one of them fail.

A mutant replaces one function by what a hurried change could leave of it. It is tried on the same examples as the
property; if no example shows it, this test fails, and the property is worth less than it seems.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.exchange import digest_store
from crossdock.exchange.delivery import Teller
from crossdock.exchange.digests import Delta as Digested
from crossdock.exchange.publication import Publication
from crossdock.exchange.shadow import FREE, ShadowStore
from crossdock.inventory import balances, journal_store
from crossdock.inventory.journal import Journaled
from crossdock.inventory.store import InventoryStore
from crossdock.platform.dynamo import Table
from crossdock.platform.writes import When
from crossdock.pricing.ledger import Ledger
from crossdock.pricing.placing import Placing
from crossdock.pricing.sheet import Sheet
from crossdock.pricing.slots import target
from crossdock.pricing.store import PricingStore
from tests.property import balance_mutants as damage
from tests.property import balances as all_kinds
from tests.property import digests, price_rows, publication, sequences
from tests.property import properties as p
from tests.support.examples import unshrunk
from tests.support.memory import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    Mutation = Callable[[pytest.MonkeyPatch], None]

pytestmark = pytest.mark.property


def tried(count: int, strategy: st.SearchStrategy[Any], check: Callable[..., None]) -> Callable[[], None]:
    """A property over its examples, to be called."""

    def run() -> None:
        def body(example: Any) -> None:
            check(*example) if isinstance(example, tuple) else check(example)

        given(strategy)(unshrunk(count)(body))()

    return run


def check_delivery(random: Random) -> None:
    p.check_delivery(random, overtaking=False)


def check_overtaking(random: Random) -> None:
    p.check_delivery(random, overtaking=True)


journal = tried(300, p.SEEDS, p.check_some_journal)
projection = tried(1000, p.SEEDS, p.check_projection)
every_kind = tried(600, p.SEEDS, all_kinds.check_every_kind)
delivery = tried(1000, p.SEEDS, check_delivery)
overtaking = tried(1000, p.SEEDS, check_overtaking)
publishing = tried(1500, p.SEEDS, publication.check_publication)
there_and_back = tried(100, p.SEEDS, publication.check_there_and_back)
digesting = tried(600, p.SEEDS, digests.check_digests)
numbered = tried(600, p.SEEDS, sequences.check_sequences)
kept = tried(500, p.SEEDS, lambda random: price_rows.check_kept(MemoryTable(), random))
keeping = tried(600, p.SEEDS, price_rows.check_keeping)


def without_conditions(*clauses: str) -> Mutation:
    """Drops conditions from every update that has them."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        original = Table.update

        def update(self: Table, key: Any, changes: Any, conditions: Any) -> Any:
            return original(self, key, changes, [c for c in conditions if c[0] not in clauses])

        patch.setattr(Table, "update", update)

    return mutate


def conflict_is_duplicate(patch: pytest.MonkeyPatch) -> None:
    judge = InventoryStore._judge

    def lenient(entry: Any, first: Any, outcome: Any) -> Journaled:
        found = judge(entry, first, outcome)
        return Journaled.DUPLICATE if found is Journaled.CONFLICT else found

    patch.setattr(InventoryStore, "_judge", staticmethod(lenient))


def last_of_batch_wins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(journal_store, "unique", lambda entries: {e.key: e for e in entries})


def unpadded_sequences(patch: pytest.MonkeyPatch) -> None:
    """Compares sequence numbers as texts of different lengths."""
    patch.setattr(journal_store, "padded", lambda number: number)


def unordered_batch(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(balances, "_in_order", lambda records: tuple(reversed(records)))


def truth_before_row(patch: pytest.MonkeyPatch) -> None:
    """Reads what is true first and the row after it, and looks no second time."""
    looks_once(patch)
    wanted = Teller._wanted

    def early(self: Teller, channel: str, kind: str, keys: Any, above: Any, told: Any) -> Any:
        known = self._read_current(keys)
        proxy = Teller(self._shadow, lambda _: known, self._deliver, self._clock)
        return wanted(proxy, channel, kind, keys, above, told)

    patch.setattr(Teller, "_wanted", early)


def no_lease(patch: pytest.MonkeyPatch) -> None:
    """Claims versions as ever, and lets two workers send at once."""
    patch.setattr(ShadowStore, "lease", lambda _: ("~", FREE))


def acknowledges_before_sending(patch: pytest.MonkeyPatch) -> None:
    send = Teller._send

    def hasty(self: Teller, channel: str, kind: str, claims: Any, causes: Any, told: Any) -> None:
        self._shadow.acknowledge(channel, kind, claims)
        send(self, channel, kind, claims, causes, told)

    patch.setattr(Teller, "_send", hasty)


def new_version_without_new_value(patch: pytest.MonkeyPatch) -> None:
    """Sends another value under the version that is there."""
    claim = ShadowStore.claim

    def reuse(self: ShadowStore, channel: str, kind: str, claims: Any) -> Any:
        same = [(type(c)(c.key, s.version if s else 1, c.value, c.leased_until), s) for c, s in claims]
        return claim(self, channel, kind, same)

    patch.setattr(ShadowStore, "claim", reuse)


def looks_once(patch: pytest.MonkeyPatch) -> None:
    """Sends what was true before the claim, without a second look."""
    patch.setattr(Teller, "_still_true", lambda _, taken, __: list(taken))


def holds_back_in_doubt(patch: pytest.MonkeyPatch) -> None:
    """Keeps a change back although a version is on its way and nobody knows what the channel holds."""
    original = Teller._nothing_to_tell

    def confident(self: Teller, state: Any, value: str, shown: Any, told: Any) -> bool:
        known = state and state.acknowledged and replace(state, version=state.acknowledged)
        return original(self, known or state, value, shown, told)

    patch.setattr(Teller, "_nothing_to_tell", confident)


def small_is_small(patch: pytest.MonkeyPatch) -> None:
    """Keeps every small change back, also the one to nothing."""

    def holds_back(self: Publication, told: Any, shown: Any) -> bool:
        return told is not None and abs(shown["available"] - told["available"]) < self.threshold

    patch.setattr(Publication, "holds_back", holds_back)


def never_exact(patch: pytest.MonkeyPatch) -> None:
    original = Publication.holds_back
    patch.setattr(Publication, "holds_back", lambda s, *values: original(replace(s, exact_below=0), *values))


def never_comes_back(patch: pytest.MonkeyPatch) -> None:
    """Leaves at 0 what is far above the mark."""
    patch.setattr(Publication, "shown", lambda _, told, true: told if told and told["available"] == 0 else true)


def adds_without_looking(patch: pytest.MonkeyPatch) -> None:
    """Adds to a digest whatever it has counted already."""
    original = digest_store._add
    patch.setattr(digest_store, "_add", lambda delta: replace(original(delta), when=()))


def forgets_the_old_value(patch: pytest.MonkeyPatch) -> None:
    """Adds the new value's hash and leaves the old one's in."""
    original = digest_store.change_of

    def change_of(record: Any) -> Any:
        change = {name: image for name, image in record["dynamodb"].items() if name != "OldImage"}
        return original({**record, "dynamodb": change})

    patch.setattr(digests, "change_of", change_of)


def whole_batch_again(patch: pytest.MonkeyPatch) -> None:
    """Does not cut the counted prefix off."""
    patch.setattr(Digested, "after", lambda self, sequence: self if self.last > sequence else None)
    patch.setattr(
        digest_store, "_add", lambda d, add=digest_store._add: replace(add(d), when=(When("seq", "<", d.last),))
    )


def whatever_comes_last_stands(patch: pytest.MonkeyPatch) -> None:
    """Puts a version into a row that is older than what stands there."""
    patch.setattr(Sheet, "version_of", lambda self, name: 0)


def duplicates_are_done(patch: pytest.MonkeyPatch) -> None:
    """Takes a version that the ledger has for one that its row has."""
    put, ledger = Placing.put, Ledger.put
    new: set[tuple[str, int]] = set()

    def note(self: Ledger, rules: Any, *others: Any) -> Any:
        outcomes = ledger(self, rules, *others)
        new.clear()
        new.update(at for at, outcome in outcomes.items() if outcome.done)
        return outcomes

    def hasty(self: Placing, rules: Any, correlation_id: str) -> None:
        put(self, [r for r in rules if (r.name, r.version) in new], correlation_id)

    patch.setattr(Ledger, "put", note)
    patch.setattr(Placing, "put", hasty)


def rows_before_the_ledger(patch: pytest.MonkeyPatch) -> None:
    """Writes the rows first: of two contents of one version, the one that stands may not be the one that is kept."""
    ledger = Ledger.put

    def late(self: Ledger, rules: Any, status: Any, correlation_id: str, by: Any) -> Any:
        Placing(self._table, self._clock).put(rules, correlation_id)
        return ledger(self, rules, status, correlation_id, by)

    patch.setattr(Ledger, "put", late)


def rules_move_between_targets(patch: pytest.MonkeyPatch) -> None:
    """Takes what comes for what the rule is about."""
    patch.setattr(PricingStore, "_targets", lambda self, rules, _: {r.name: target(r.scope) for r in rules})


def the_sheet_before_the_rows_below(patch: pytest.MonkeyPatch) -> None:
    """Says that rows below count before they are written."""
    settle = Placing._settle

    def upside_down(self: Placing, offered: Any, correlation_id: str) -> None:
        later: list[Any] = []
        with pytest.MonkeyPatch.context() as here:
            here.setattr(self, "_settle", lambda below, _: later.append(below), raising=False)
            settle(self, offered, correlation_id)
        for below in later:
            upside_down(self, below, correlation_id)

    patch.setattr(Placing, "_settle", upside_down)


def leftovers_go_at_once(patch: pytest.MonkeyPatch) -> None:
    """Takes away what was given away in the very write that says so: a reader between two rows misses it."""
    from crossdock.pricing import sheet

    giving = sheet._giving_away

    def clean(*args: Any) -> Any:
        step = giving(*args)
        kept = {n: t for n, t in step.sheet.entries.items() if step.sheet.below(step.sheet.rule(n)) is None}
        return replace(step, sheet=replace(step.sheet, entries=kept))

    patch.setattr(sheet, "_giving_away", clean)


MUTANTS: list[tuple[str, Callable[[], None], Mutation]] = [
    ("counts a record again", projection, damage.without_tests("seq")),
    ("moves a position back", projection, damage.without_tests("pos")),
    ("does not cut the counted prefix off", projection, damage.no_cut),
    ("compares sequence numbers as texts", projection, unpadded_sequences),
    ("takes a batch in any order", projection, unordered_batch),
    ("counts a record of any kind again", every_kind, damage.without_tests("seq")),
    ("forgets the pool", every_kind, damage.without_the_pool),
    ("writes what is sent off by itself", every_kind, damage.sent_off_by_itself),
    ("leaves out what a hold used up", every_kind, damage.nothing_used_up),
    ("counts details with the header's place in the stream", every_kind, damage.details_of_what_is_left),
    ("skips details that add up to nothing", every_kind, damage.no_empty_details),
    ("puts a first amount in place of a second one", every_kind, damage.first_amounts_stay_first),
    ("takes a conflict for a duplicate", journal, conflict_is_duplicate),
    ("keeps the last of two equal ids", journal, last_of_batch_wins),
    ("reads the truth before the row", overtaking, truth_before_row),
    ("claims a version that somebody else has claimed", overtaking, without_conditions("ver = ?", "lease = ?")),
    ("sends without a lease", delivery, no_lease),
    ("acknowledges before it sends", delivery, acknowledges_before_sending),
    ("gives one version two values", delivery, new_version_without_new_value),
    ("tells what was true before its claim", there_and_back, looks_once),
    ("keeps a change back in doubt", publishing, holds_back_in_doubt),
    ("keeps a change to nothing back", publishing, small_is_small),
    ("keeps a change back near the end", publishing, never_exact),
    ("never says that an item is back", publishing, never_comes_back),
    ("adds a change to a digest again", digesting, adds_without_looking),
    ("adds a counted prefix to a digest again", digesting, whole_batch_again),
    ("leaves the old value in the digest", digesting, forgets_the_old_value),
    ("writes a sequence that another has changed", numbered, damage.without_tests("n")),
    ("misses what was refused or known", numbered, sequences.forgets_what_is_not_new),
    ("takes what is refused for what has arrived", numbered, sequences.covers_what_is_not_new),
    ("writes a row of rules that another has changed", keeping, damage.without_tests("ver")),
    ("puts an older version into a row", kept, whatever_comes_last_stands),
    ("takes a version in the ledger for one that stands", keeping, duplicates_are_done),
    ("writes rows before the ledger", keeping, rows_before_the_ledger),
    ("says that rows below count before they are written", keeping, the_sheet_before_the_rows_below),
    ("takes leftovers away at once", keeping, leftovers_go_at_once),
    ("lets a rule move between targets", kept, rules_move_between_targets),
]


@pytest.mark.parametrize(("property_", "mutation"), [m[1:] for m in MUTANTS], ids=[m[0] for m in MUTANTS])
def test_a_mutant_is_seen(property_: Callable[[], None], mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation(monkeypatch)

    with pytest.raises(AssertionError):
        property_()


@pytest.mark.parametrize("property_", [every_kind, journal, numbered, kept, keeping])
def test_without_a_mutant_the_same_properties_hold(property_: Callable[[], None]) -> None:
    property_()
