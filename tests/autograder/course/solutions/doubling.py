# %% [markdown]
# # Doubling

# %%
import torch
from torch import nn


# %%
def double(X):
    """X: (n, m) -> (n, m), twice X."""
    ### BEGIN SOLUTION
    return 2 * X
    ### END SOLUTION


# %%
class Scale(nn.Module):
    """Multiplies by a learnable factor."""

    def __init__(self, factor):
        super().__init__()
        ### BEGIN SOLUTION
        self.factor = nn.Parameter(torch.tensor(float(factor), dtype=torch.float64))
        ### END SOLUTION

    def forward(self, X):
        ### BEGIN SOLUTION
        return self.factor * X
        ### END SOLUTION


# %%
def softmax(X):
    """X: (n, m) -> (n, m)."""
    ### BEGIN SOLUTION
    E = torch.exp(X - X.max(dim=1, keepdim=True).values)
    return E / E.sum(dim=1, keepdim=True)
    ### END SOLUTION


# %%
def noise(n):
    """n draws from U(0, 1)."""
    ### BEGIN SOLUTION
    return torch.rand(n)
    ### END SOLUTION
