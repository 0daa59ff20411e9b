"""What a reconciliation says of itself."""

from __future__ import annotations

import json

from crossdock.inventory.reconciliation import DRIFTS_LISTED, Drift, Report

LAMBDAS_ANSWER = 6 * 1024 * 1024


def test_a_report_of_any_drift_fits_into_an_answer_and_counts_it_all() -> None:
    evidence = {"source": "s" * 31, "id": "i" * 100, "type": "transfer_out", "quantity": -(10**12), "position": 10**18}
    drift = Drift("S" * 64, "W" * 30, 10**12, -(10**12), 10**18, 2, "raised", (evidence,) * 5)

    document = Report("wms", compared=20_000, drifts=[drift] * 20_000).document()

    assert (document["drifted"], len(document["drifts"])) == (20_000, DRIFTS_LISTED)
    assert len(json.dumps(document)) < LAMBDAS_ANSWER
