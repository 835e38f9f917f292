"""Known mistakes in linear algebra."""

from autograder.suite import wrong
