"""The REST API under /api/v1: endpoints parse, the services of ``app`` decide."""
