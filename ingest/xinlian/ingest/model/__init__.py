"""Pure: tags and devices, readings in columns, segments, energy. No I/O."""
