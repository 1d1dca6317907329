"""Device drivers, telemetry store, evidence segments, energy and carbon."""
