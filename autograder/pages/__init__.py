"""Results as pages: an exercise as a fragment of HTML, and a whole class as a static site."""

from autograder.pages.exercise import exercise_html

__all__ = ["exercise_html"]
