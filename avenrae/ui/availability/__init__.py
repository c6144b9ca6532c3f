"""The parts of the availability page, each a tab or a dialog of it."""
