"""A seeded economy that lives through the real contracts and services."""
