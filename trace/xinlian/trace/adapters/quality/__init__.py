"""What the analysis of quality keeps, and the library it predicts with."""
