"""What grading yields: the document, and everything that is read out of it."""
