"""Money: integer minor units with a currency; text only at the edge."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from avenrae.errors import InvalidInput

SYMBOLS = {"ZAR": "R", "GBP": "£", "EUR": "€", "USD": "$", "KES": "KSh", "NGN": "₦", "BWP": "P", "NAD": "N$"}
_EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_SPACE = "\u00a0"


def exponent(currency: str) -> int:
    """Return how many digits follow the point in this ISO 4217 currency."""
    return _EXPONENTS.get(currency, 2)


def to_minor(amount: Decimal, currency: str) -> int:
    """Return an amount in minor units, rounded half to even."""
    return int(amount.scaleb(exponent(currency)).quantize(Decimal(1), ROUND_HALF_EVEN))


def parse(text: str, currency: str) -> int:
    """Return what a person typed (`1 250,50`, `1,250.50`, `R 99`) in minor units.

    Raises:
        InvalidInput: It is not an amount, or has more digits than the currency.
    """
    plain = text.strip().removeprefix(SYMBOLS.get(currency, currency)).replace(_SPACE, "").replace(" ", "")
    if "," in plain and "." in plain:
        plain = plain.replace(",", "")
    if not plain:
        raise InvalidInput("Enter an amount, such as 1250.50.")
    try:
        amount = Decimal(plain.replace(",", "."))
    except InvalidOperation:
        raise InvalidInput(f"“{text}” is not an amount; write it like 1250.50.") from None
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** 13:
        raise InvalidInput(f"“{text}” is not an amount that can be booked.")
    if amount != round(amount, exponent(currency)):
        raise InvalidInput(f"“{text}” has more digits after the point than {currency} has.")
    return to_minor(amount, currency)


def show(minor: int | None, currency: str) -> str:
    """Return an amount for a screen, such as `R 1 250.50`; nothing known shows as `–`."""
    if minor is None:
        return "–"
    digits = exponent(currency)
    whole, cents = divmod(abs(minor), 10**digits)
    number = f"{whole:,}".replace(",", _SPACE) + (f".{cents:0{digits}d}" if digits else "")
    return f"{'−' if minor < 0 else ''}{SYMBOLS.get(currency, currency)}{_SPACE}{number}"


def plain(minor: int, currency: str) -> str:
    """Return an amount for a file, such as `1250.50`: no symbol and no grouping."""
    return str(Decimal(minor).scaleb(-exponent(currency)))


def share(minor: int, bps: int) -> int:
    """Return a share of an amount in basis points, rounded half to even."""
    return int((Decimal(minor) * bps / 10_000).quantize(Decimal(1), ROUND_HALF_EVEN))


def split(minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount over weights so that the parts sum to it exactly (largest remainder).

    Raises:
        ValueError: There is nothing to split over.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be positive")
    parts = [minor * w // total for w in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(minor * weights[i] % total), i))
    for i in order[: minor - sum(parts)]:
        parts[i] += 1
    return parts
