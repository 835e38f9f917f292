"""The trusted side: collects the suites, holds the reference, asks workers, judges and writes results."""
