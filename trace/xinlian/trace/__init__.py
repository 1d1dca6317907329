"""Parts, batches, VINs, inspections, genealogy and recall."""
