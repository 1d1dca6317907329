"""The demo of traceability: a battery pack plant with one bad coil, on a real node and database."""
