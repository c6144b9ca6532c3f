"""Pure functions of time and agreement: no database, no clock."""
