"""The reference of linear algebra against loops."""
