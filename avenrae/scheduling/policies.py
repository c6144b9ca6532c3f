"""What a client gets back when he cancels: the policy of the booking, by how long before the start."""

from datetime import timedelta

from avenrae.enums import CancellationPolicy

_STEPS: dict[CancellationPolicy, list[tuple[timedelta, int]]] = {
    CancellationPolicy.FLEXIBLE: [(timedelta(hours=24), 10_000)],
    CancellationPolicy.MODERATE: [(timedelta(hours=48), 10_000), (timedelta(hours=24), 5_000)],
    CancellationPolicy.STRICT: [(timedelta(days=7), 5_000)],
}
SENTENCES = {
    CancellationPolicy.FLEXIBLE: "Flexible: all back until 24 hours before",
    CancellationPolicy.MODERATE: "Moderate: all back until 48 hours before, half until 24 hours",
    CancellationPolicy.STRICT: "Strict: half back until 7 days before",
}


def refund_share(policy: CancellationPolicy, notice: timedelta) -> int:
    """Return the part that goes back, in basis points, for this much notice; boundaries count (R-BOOK-11)."""
    return next((bps for least, bps in _STEPS[policy] if notice >= least), 0)
