"""nbgrader with this engine: writing its course, mending what students hand in, grading, and grading ahead."""
