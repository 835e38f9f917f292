"""What students handed in: finding it, unpacking it, reading it."""
