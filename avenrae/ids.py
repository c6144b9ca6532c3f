"""Keys: UUID version 7, sorted by creation within a process."""

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def uuid7() -> uuid.UUID:
    """Return a new time-ordered key (RFC 9562, 48 bits of milliseconds and 12 of sub-milliseconds).

    It shows when it was made, so it names rows and is never used as a secret.
    """
    global _last
    ns = time.time_ns()
    ticks = (ns // 1_000_000 << 12) | ((ns % 1_000_000) * 4096 // 1_000_000)
    with _lock:
        _last = ticks = max(ticks, _last + 1)
    random = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return uuid.UUID(int=((ticks >> 12) << 80) | (7 << 76) | ((ticks & 0xFFF) << 64) | (2 << 62) | random)
