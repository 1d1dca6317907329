"""What traceability speaks of: items, links, facts, trees, recalls. Pure; no I/O."""
