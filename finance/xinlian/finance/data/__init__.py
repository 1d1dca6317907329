"""Dated data that ships with finance: the business-day calendar and the market rules."""
