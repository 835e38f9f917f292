"""What crosses the wall between grader and worker: frames, questions, answers, and their limits."""
