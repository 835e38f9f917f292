"""Other correct ways to differentiate automatically."""

import torch

from autograder.suite import accepted
