"""REST API, workers, CLI, settings and wiring: the outermost layer."""
