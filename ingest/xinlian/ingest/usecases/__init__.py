"""What the collector does, and the ports it needs."""
