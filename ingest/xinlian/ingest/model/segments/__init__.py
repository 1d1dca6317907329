"""Segments: readings of a device group as bytes, and the tree over their columns."""
