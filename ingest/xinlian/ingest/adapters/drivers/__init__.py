"""Industrial protocols: one folder each, with its driver, its codec and its simulator."""
