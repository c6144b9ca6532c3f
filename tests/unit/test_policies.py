"""What a cancellation gives back."""

from datetime import timedelta

import pytest

from avenrae.enums import CancellationPolicy as Policy
from avenrae.scheduling.policies import SENTENCES, refund_share

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("policy", "notice", "bps"),
    [
        (Policy.FLEXIBLE, 24 * HOUR, 10_000),
        (Policy.FLEXIBLE, 24 * HOUR - SECOND, 0),
        (Policy.MODERATE, 48 * HOUR, 10_000),
        (Policy.MODERATE, 48 * HOUR - SECOND, 5_000),
        (Policy.MODERATE, 24 * HOUR, 5_000),
        (Policy.MODERATE, 24 * HOUR - SECOND, 0),
        (Policy.STRICT, 7 * 24 * HOUR, 5_000),
        (Policy.STRICT, 7 * 24 * HOUR - SECOND, 0),
    ],
)
def test_refund_by_notice(policy: Policy, notice: timedelta, bps: int) -> None:
    """R-BOOK-11: boundaries count."""
    assert refund_share(policy, notice) == bps


def test_every_policy_is_explained() -> None:
    assert set(SENTENCES) == set(Policy)
