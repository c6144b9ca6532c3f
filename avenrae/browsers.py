"""What a browser says of itself, in words, and without what changes with every update."""

import re

_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """Return a browser as people call it: `Firefox on Windows`."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "Some browser")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return f"{browser} on {system}" if system else browser


def without_versions(user_agent: str) -> str:
    """Return what stays the same when a browser or its system is updated."""
    return re.sub(r"[\d._]+", "", user_agent)
