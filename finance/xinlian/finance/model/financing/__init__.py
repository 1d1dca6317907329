"""Quotes and the life of a financing."""
