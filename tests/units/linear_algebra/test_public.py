"""Public checks: linear algebra."""
