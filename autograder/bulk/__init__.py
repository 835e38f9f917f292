"""Grading many submissions: what is to do, who does it (this process, several, a cluster), and how it is shown."""
