"""Energy on paper: the report of a year as PDF."""
