"""Adapters of the telemetry store."""
