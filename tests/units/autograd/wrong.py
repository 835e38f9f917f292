"""Known mistakes in automatic differentiation."""

from autograder.suite import misconception, wrong
