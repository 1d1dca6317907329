"""Trade evidence, import of receivables, the financing path and the bank."""
