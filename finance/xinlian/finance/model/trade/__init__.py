"""Trade evidence: documents, their match, imports."""
