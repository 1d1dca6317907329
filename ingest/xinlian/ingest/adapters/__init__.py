"""Drivers, segment log, stores, buses, files and papers."""
