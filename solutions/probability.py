# %% [markdown]
# # Probability
#
# Models are seldom certain, and neither is the world. This unit is about numbers that say how likely things are: what you
# expect on average, how far reality strays from it, and how an observation changes what you believe.
#
# **Shapes.** A distribution over k outcomes is a tensor `p`: (k,), with entries of at least 0 that sum to 1. `values`: (k,),
# the number that belongs to each outcome. All tensors of a call have one dtype.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check probability` whenever you like.

# %%
import torch

# %% [markdown]
# ## 1. `empirical_frequencies(p, n, generator)`
#
# Throw a loaded die n times and note how often each face came up, as a share of all throws. The more throws, the closer these
# shares come to the probabilities: that is the law of large numbers.
#
# - `p`: (k,), the probability of each outcome. `n`: how many draws. `generator`: a `torch.Generator`; all chance comes from
#   it. Functions of torch that draw take it as an argument of this name.
# - returns: (k,), the number of draws of each outcome, divided by n. Outcomes that never came up have 0.


# %%
def empirical_frequencies(p, n, generator):
    """Draw n times from p; the share of each outcome among the draws.

    p: (k,) -> (k,).
    """
    ### BEGIN SOLUTION
    draws = torch.multinomial(p, n, replacement=True, generator=generator)
    return torch.bincount(draws, minlength=len(p)) / n
    ### END SOLUTION


# %% [markdown]
# ## 2. `expectation(values, p)`
#
# The mean that you expect in the long run: each value counts as much as it is likely.
#
# $$E[X] = \sum_i p_i\, x_i$$
#
# - returns: (), a tensor with one number.


# %%
def expectation(values, p):
    """E[X] of a random variable that is values[i] with probability p[i]. values, p: (k,) -> ()."""
    ### BEGIN SOLUTION
    return (p * values).sum()
    ### END SOLUTION


# %% [markdown]
# ## 3. `variance(values, p)`
#
# How far values lie from their mean, squared, on average:
#
# $$\operatorname{Var}[X] = E\big[(X - E[X])^2\big]$$
#
# Books also have $E[X^2] - E[X]^2$, which is the same on paper. On a computer it subtracts two huge numbers where values are
# large, and loses all digits. So subtract the mean first.
#
# - returns: (), a tensor with one number.


# %%
def variance(values, p):
    """Var[X] of a random variable that is values[i] with probability p[i]. values, p: (k,) -> ()."""
    ### BEGIN SOLUTION
    mean = (p * values).sum()
    return (p * (values - mean) ** 2).sum()
    ### END SOLUTION


# %% [markdown]
# ## 4. `marginals(P)`
#
# Two random variables at once: $P_{ij}$ is the probability that $A$ is $i$ *and* $B$ is $j$. How likely is each value of $A$
# alone, whatever $B$ is? And the other way round?
#
# - `P`: (a, b), entries of at least 0 that sum to 1.
# - returns: a pair: the distribution of A, (a,), and that of B, (b,).
#
# {promises of marginals}


# %%
def marginals(P):
    """Distributions of A and of B alone. P: (a, b), P[i, j] the probability of A = i and B = j -> (a,), (b,)."""
    ### BEGIN SOLUTION
    return P.sum(dim=1), P.sum(dim=0)
    ### END SOLUTION


# %% [markdown]
# ## 5. `conditional(P, j)`
#
# Now you are told that $B$ is $j$. How likely is each value of $A$, knowing that?
#
# $$P(A = i \mid B = j) = \frac{P(A = i, B = j)}{P(B = j)}$$
#
# - `P`: (a, b), as above. `j`: a whole number, with $P(B = j) > 0$.
# - returns: (a,), a distribution.
#
# {promises of conditional}


# %%
def conditional(P, j):
    """Distribution of A given that B = j. P: (a, b) -> (a,)."""
    ### BEGIN SOLUTION
    return P[:, j] / P[:, j].sum()
    ### END SOLUTION


# %% [markdown]
# ## 6. `bayes(prior, likelihood)`
#
# A rare disease, and a test that is positive for every sick person, but also for 1 % of the healthy. Your test is positive: how
# likely are you sick? Bayes' rule turns what the test says about people into what it says about you. What you believed before,
# times how well it explains what you saw, made to sum to 1:
#
# $$P(H_i \mid D) = \frac{P(D \mid H_i)\, P(H_i)}{\sum_k P(D \mid H_k)\, P(H_k)}$$
#
# - `prior`: (k,), the probability of each hypothesis before. `likelihood`: (k,), the probability of what was observed under each
#   hypothesis. It need not sum to 1.
# - returns: (k,), the probability of each hypothesis afterwards.
#
# {promises of bayes}


# %%
def bayes(prior, likelihood):
    """Posterior of each hypothesis. prior, likelihood: (k,) -> (k,)."""
    ### BEGIN SOLUTION
    joint = prior * likelihood
    return joint / joint.sum()
    ### END SOLUTION


# %% [markdown]
# ## 7. `is_distribution(p, tol=1e-6)`
#
# Kolmogorov's axioms for finitely many outcomes: no probability is below 0, and together they are 1. Computers round, so a sum
# counts as 1 if it is no farther away than `tol`.
#
# - `p`: (k,). `tol`: a Python number above 0.
# - returns: `True` or `False`. A tensor with a `nan` in it is no distribution.
#
# {promises of is_distribution}


# %%
def is_distribution(p, tol=1e-6):
    """Whether no entry of p is below 0 and their sum is 1, up to tol. p: (k,) -> bool."""
    ### BEGIN SOLUTION
    return bool((p >= 0).all()) and abs(float(p.sum()) - 1) <= tol
    ### END SOLUTION
