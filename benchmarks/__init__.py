"""Figures of the engine, measured on the machine at hand. Nothing in the tests depends on them."""
