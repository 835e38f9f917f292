"""The reference agrees with other ways to differentiate."""
