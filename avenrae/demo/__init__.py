"""The demo world: eighteen months of a believable marketplace for an empty development database."""

PASSWORD = "demo-avenrae-2026"  # noqa: S105
"""What the four demo accounts sign in with; production never has them."""
