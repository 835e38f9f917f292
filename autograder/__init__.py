"""An auto-graded exercise package for a deep-learning course.

Student code runs in walled-off worker processes; suites, answers and grades stay in the grader.
"""

__version__ = "0.1.0"
