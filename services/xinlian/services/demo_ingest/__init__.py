"""The demo of telemetry: from simulated machines to a proof that verifies offline."""
