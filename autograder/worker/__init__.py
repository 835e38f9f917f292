"""The untrusted side: everything in this package runs in, or forks, the process that runs student code."""
