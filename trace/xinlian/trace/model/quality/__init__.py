"""Statistics of quality: charts, capability, gauges, sampling, causes, recognition. Pure."""
