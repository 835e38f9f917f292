"""A lecturer's tools: building assignments, translating, verifying, releasing."""
