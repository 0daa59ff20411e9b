"""How long a delivery waits before it is tried again."""

import random

_BASE_S = 1.0


def delay_seconds(receive_count: int, cap_s: int) -> int:
    """Doubling from 1 s to the cap, the upper half by chance: a channel that comes back is not stormed."""
    ceiling: float = min(float(cap_s), _BASE_S * 2.0 ** min(receive_count - 1, 20))
    return max(1, round(ceiling / 2 + random.uniform(0, ceiling / 2)))  # noqa: S311 - jitter, not a secret
