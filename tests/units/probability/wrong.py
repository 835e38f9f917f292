"""Known mistakes in probability."""

from autograder.suite import wrong

# fmt: off

wrong("empirical_frequencies", "the probabilities are returned",
      {"torch.bincount(draws, minlength=len(p)) / n": "p / p.sum()"},
      hint="You give the probabilities themselves, as if chance always kept to them exactly. Asked for is what came up in n real "
      "draws. What do you do with the draws?")

wrong("empirical_frequencies", "the draws are counted, not their shares", {"minlength=len(p)) / n": "minlength=len(p)) * 1.0"},
      hint="You give how often each outcome came up. A share says which part of all draws that was. What has a count to be "
      "divided by?")

wrong("empirical_frequencies", "the generator is not used", {", generator=generator": ""},
      hint="Your draws come from torch's own generator. With the one that is handed in, the same draws can be had again. Where do "
      "you pass it on?")

wrong("empirical_frequencies", "outcomes that never came up are missing", {"draws, minlength=len(p)": "draws"},
      hint="If the last outcomes are not among the draws, your result is too short. There are always k shares, some of them 0. "
      "How does your count know how many outcomes there are?")

wrong("empirical_frequencies", "all outcomes are equally likely", {"torch.multinomial(p, n": "torch.multinomial(torch.ones_like(p), n"},
      hint="You draw without looking at p, so that impossible outcomes come up, too. Which argument of your function says how "
      "likely each outcome is?")

wrong("empirical_frequencies", "what was drawn is not put back", {"replacement=True, ": ""},
      hint="An outcome that was drawn cannot come up again in your draws, and soon none is left. A die can show a six twice. Which "
      "argument says that outcomes are put back?")

wrong("empirical_frequencies", "the shares are divided by the number of outcomes", {"minlength=len(p)) / n": "minlength=len(p)) / len(p)"},
      hint="Your shares do not sum to 1: you divide by the number of outcomes. Of how many draws is each count a part?")

wrong("expectation", "the plain mean is taken", {"(p * values).sum()": "values.mean()"},
      hint="You take the mean of the values, as if all were equally likely. What is p for?")

wrong("expectation", "the mean of the products is taken", {"(p * values).sum()": "(p * values).mean()"},
      hint="You divide by the number of outcomes. The probabilities sum to 1, so they divide already. What does the formula do with "
      "the products?")

wrong("expectation", "the products are not added up", {"(p * values).sum()": "p * values"},
      hint="You give one number for each outcome. The expectation is a single number. What is left to be done with the products?")

wrong("expectation", "the most likely value is taken", {"(p * values).sum()": "values[p.argmax()]"},
      hint="You give the value that comes up most often. The expectation is what the mean of many draws comes near to, and all "
      "values play their part. With which weight?")

wrong("variance", "the expectation of the square is taken", {"(values - mean) ** 2": "values ** 2"},
      hint="You forgot to subtract the expectation. A variable that is always 7 would have the variance 49. What should be "
      "squared?")

wrong("variance", "two large numbers are subtracted",
      {"(p * (values - mean) ** 2).sum()": "(p * values**2).sum() - mean**2"},
      hint="On paper your formula is right. For values near 100 million their squares have more digits than a computer keeps, and "
      "the difference is what is left of them. What can be subtracted before squaring?")

wrong("variance", "the probabilities are ignored", {"(p * (values - mean) ** 2).sum()": "values.var()"},
      hint="You take the variance of the values as a list, as if all were equally likely. What is p for?")

wrong("variance", "the plain mean is subtracted", {"(p * values).sum()": "values.mean()"},
      hint="You measure distances from the mean of the list. They should be measured from the expectation, in which likely values "
      "count more. How is it computed?")

wrong("variance", "the standard deviation is returned", {"(p * (values - mean) ** 2).sum()": "(p * (values - mean) ** 2).sum().sqrt()"},
      hint="You take a root at the end. That is the standard deviation; the variance is its square. What does the formula end "
      "with?")

wrong("variance", "distances are not squared", {"(values - mean) ** 2": "(values - mean).abs()"},
      hint="You average the distances themselves. The variance averages their squares, so that far values count more. Which power "
      "is missing?")

wrong("variance", "the squares are averaged once more", {"(p * (values - mean) ** 2).sum()": "(p * (values - mean) ** 2).mean()"},
      hint="You divide by the number of outcomes. The probabilities sum to 1, so they divide already. What does the formula do with "
      "the squares?")

wrong("marginals", "rows and columns are exchanged", {"P.sum(dim=1), P.sum(dim=0)": "P.sum(dim=0), P.sum(dim=1)"},
      hint="You give the distribution of B first. A counts the rows: how likely is row 0 as a whole? Over which axis do you sum "
      "for that?")

wrong("marginals", "means are taken", {"P.sum(dim=1), P.sum(dim=0)": "P.mean(dim=1), P.mean(dim=0)"},
      hint="Your two results do not sum to 1. The ways in which A can be 0 are added up, not averaged. What does the formula say?")

wrong("marginals", "the shape of P is kept", {"P.sum(dim=1), P.sum(dim=0)": "P.sum(dim=1, keepdim=True), P.sum(dim=0, keepdim=True)"},
      hint="Your results are still matrices, with one column or one row. A distribution over a values has the shape of a vector. "
      "Which setting keeps the axis?")

wrong("marginals", "the largest entries are taken", {"P.sum(dim=1), P.sum(dim=0)": "P.amax(dim=1), P.amax(dim=0)"},
      hint="You take the most likely pair of each row and column. A can be 0 in several ways, one for each value of B. What "
      "happens to the probabilities of these ways?")

wrong("conditional", "the column is not made to sum to 1", {"P[:, j] / P[:, j].sum()": "P[:, j]"},
      hint="These are the probabilities of A and B together. Once you know B, they have to sum to 1. What are they divided by?")

wrong("conditional", "rows and columns are exchanged", {"P[:, j] / P[:, j].sum()": "P[j] / P[j].sum()"},
      hint="You look into row j, where A is j. It is B that you know, and B counts the columns. Which index comes second?")

wrong("conditional", "each entry is divided by the sum of its row", {"P[:, j].sum()": "P.sum(dim=1)"},
      hint="You divide by the probabilities of A: that gives the probability of B for each A. Which of the two do you know here, "
      "and how likely was it?")

wrong("conditional", "the distribution of A alone is returned", {"P[:, j] / P[:, j].sum()": "P.sum(dim=1)"},
      hint="You never look at j. What is known about B should change what you believe about A. Which part of the table is left "
      "when B is j?")

wrong("bayes", "the posterior is not made to sum to 1", {"return joint / joint.sum()": "return joint"},
      hint="Prior times likelihood has the right proportions, but does not sum to 1. By what is it divided in the formula?")

wrong("bayes", "the prior is ignored", {"prior * likelihood": "likelihood"},
      hint="You judge by the observation alone. A rare disease stays rather rare even after a positive test, because there are so "
      "many healthy people. What did you believe before?")

wrong("bayes", "the prior is returned", {"return joint / joint.sum()": "return prior / prior.sum()"},
      hint="What you saw changes nothing in your result. How well does each hypothesis explain it, and what is that multiplied "
      "with?")

wrong("bayes", "the likelihoods are divided by their own sum", {"joint / joint.sum()": "joint / likelihood.sum()"},
      hint="You divide by the sum of the likelihoods. The result has to sum to 1, so divide by what is summed in the formula. "
      "Which products are that?")

wrong("bayes", "prior and likelihood are added", {"prior * likelihood": "prior + likelihood"},
      hint="You add the two. A hypothesis that cannot explain what was seen should end at 0, however likely it was before. Which "
      "operation does that?")

wrong("is_distribution", "entries below 0 are not noticed", {"bool((p >= 0).all()) and ": ""},
      hint="You look at the sum alone. Numbers like 1.5 and −0.5 sum to 1, but nothing can happen with a probability below 0. Which "
      "condition is missing?")

wrong("is_distribution", "the sum is not looked at", {"bool((p >= 0).all()) and abs(float(p.sum()) - 1) <= tol": "bool((p >= 0).all())"},
      hint="You look at single entries alone. Something has to happen, so all probabilities together make a certain number. Which "
      "one, and where do you check it?")

wrong("is_distribution", "a sum below 1 passes", {"abs(float(p.sum()) - 1)": "float(p.sum()) - 1"},
      hint="A sum that is too small passes in your function, because the difference is then below 0. How far a sum is away from 1 "
      "has no sign. What turns a difference into a distance?")

wrong("is_distribution", "the tolerance is not used", {"<= tol": "<= 1e-6"},
      hint="You always compare with the same small number, whatever the caller asks for. Where does the argument tol come in?")

wrong("is_distribution", "the sum must be exactly 1", {"abs(float(p.sum()) - 1) <= tol": "float(p.sum()) == 1"},
      hint="Computers round: ten times a tenth need not be exactly 1. How far may a sum be away, and which argument says so?")

wrong("is_distribution", "a zero is refused", {"(p >= 0)": "(p > 0)"},
      hint="You refuse an outcome with probability 0. What never happens may well stand in the list. Which comparison does the axiom "
      "use?")
