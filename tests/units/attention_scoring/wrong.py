"""Known mistakes in attention scoring functions."""

import math

import torch
from torch import nn

from autograder.suite import misconception


def valid_table(X, valid_lens):
    """(b, n, m) bool. valid_lens: (b,) or (b, n)."""
    return torch.arange(X.shape[2]) < valid_lens.reshape(X.shape[0], -1, 1).expand(-1, X.shape[1], 1)


class AdditiveParts(nn.Module):
    def __init__(self, key_size, query_size, num_hiddens, dropout):
        super().__init__()
        self.W_q = nn.Linear(query_size, num_hiddens, bias=False)
        self.W_k = nn.Linear(key_size, num_hiddens, bias=False)
        self.w_v = nn.Linear(num_hiddens, 1, bias=False)
        self.dropout = nn.Dropout(dropout)

    def scores(self, queries, keys):
        pairs = self.W_q(queries).unsqueeze(2) + self.W_k(keys).unsqueeze(1)
        return self.w_v(torch.tanh(pairs)).squeeze(-1)

    def attend(self, scores, values, valid_lens):
        self.attention_weights = masked_softmax(scores, valid_lens)
        return torch.bmm(self.dropout(self.attention_weights), values)


class DotProductParts(nn.Module):
    def __init__(self, dropout):
        super().__init__()
        self.dropout = nn.Dropout(dropout)

    def scores(self, queries, keys):
        return torch.bmm(queries, keys.transpose(1, 2)) / math.sqrt(queries.shape[-1])

    def attend(self, scores, values, valid_lens):
        self.attention_weights = masked_softmax(scores, valid_lens)
        return torch.bmm(self.dropout(self.attention_weights), values)


# sequence_mask


@misconception(
    "sequence_mask",
    "the input is changed in place",
    hint="The caller's X is different after the call. Assigning to X[...] and methods that end in an "
    "underscore write into the tensor they are given; a new tensor has to be made first.",
)
def mask_in_place(X, valid_len, value=0):
    past = torch.arange(X.shape[1])[None] >= valid_len[:, None]
    X[past] = value
    return X


@misconception(
    "sequence_mask",
    "nothing is returned",
    hint="The function ends without a return, so the caller gets None. The masked tensor has to be handed back.",
)
def mask_without_return(X, valid_len, value=0):
    masked = X.clone()
    masked[torch.arange(X.shape[1])[None] >= valid_len[:, None]] = value


@misconception(
    "sequence_mask",
    "the valid entries are overwritten instead of the padding",
    hint="Your result keeps the end of each row and overwrites its beginning. A table that is true where a "
    "position is valid has to be turned around before it selects what to overwrite.",
)
def mask_inverted(X, valid_len, value=0):
    return X.masked_fill(torch.arange(X.shape[1])[None] < valid_len[:, None], value)


@misconception(
    "sequence_mask",
    "one position too many is kept",
    hint="Positions are counted from 0, so a row of valid length 2 keeps positions 0 and 1. Position 2 is "
    "equal to the length: on which side of your comparison does it fall?",
)
def mask_off_by_one(X, valid_len, value=0):
    return X.masked_fill(torch.arange(X.shape[1])[None] > valid_len[:, None], value)


@misconception(
    "sequence_mask",
    "one position too few is kept",
    hint="Positions are counted from 0. If they are numbered from 1 and compared with a strict <, the last "
    "valid entry of each row is lost.",
)
def mask_counting_from_one(X, valid_len, value=0):
    return X.masked_fill(torch.arange(1, X.shape[1] + 1)[None] >= valid_len[:, None], value)


@misconception(
    "sequence_mask",
    "as many positions as rows",
    hint="You number the rows (axis 0), but a valid length counts positions along a row, and those lie on "
    "axis 1. It only fits where X happens to be square.",
)
def mask_of_wrong_axis(X, valid_len, value=0):
    return X.masked_fill(torch.arange(X.shape[0])[None] >= valid_len[:, None], value)


@misconception(
    "sequence_mask",
    "the lengths are lined up with the columns",
    hint="A tensor of shape (n,) beside one of shape (m,) is compared entry by entry: length 0 with "
    "position 0, length 1 with position 1. Each length belongs to a whole row, so it needs an axis of size "
    "1 after it.",
)
def mask_without_new_axis(X, valid_len, value=0):
    return X.masked_fill(torch.arange(X.shape[1]) >= valid_len, value)


@misconception(
    "sequence_mask",
    "value is not used",
    hint="The padding of your result is 0 whatever value the caller asks for. The softmax will need a very "
    "negative number there, not a zero.",
)
def mask_with_zero(X, valid_len, value=0):
    return X.masked_fill(torch.arange(X.shape[1])[None] >= valid_len[:, None], 0)


@misconception(
    "sequence_mask",
    "multiplied by the mask instead of overwritten",
    hint="Zero times nan is nan, and so is zero times infinity: multiplying by a mask does not get rid of "
    "them. Choose between X and value entry by entry instead of calculating with both.",
)
def mask_by_product(X, valid_len, value=0):
    valid = (torch.arange(X.shape[1])[None] < valid_len[:, None]).to(X.dtype)
    return X * valid + value * (1 - valid)


@misconception(
    "sequence_mask",
    "the result is cut off from the gradient",
    hint="Your result holds the right numbers, but no gradient flows back to X: something on the way "
    "(detach, .data, a new tensor made from plain numbers, no_grad) cuts the graph. The scores could then "
    "not be learnt from.",
)
def mask_detached(X, valid_len, value=0):
    return X.detach().masked_fill(torch.arange(X.shape[1])[None] >= valid_len[:, None], value)


@misconception(
    "sequence_mask",
    "X itself is returned when there is nothing to overwrite",
    hint="Where every row is of full length, your result is X, under a second name: whoever writes into the one "
    "changes the other. A new tensor is promised in every case; look at the shortcut for rows without padding.",
)
def mask_with_shortcut(X, valid_len, value=0):
    past = torch.arange(X.shape[1])[None] >= valid_len[:, None]
    return X.masked_fill(past, value) if past.any() else X


@misconception(
    "sequence_mask",
    "the lengths are counted down in place",
    hint="The result is right, but the caller's valid_len holds other numbers after the call, so the next call with "
    "it goes wrong. Short forms of assignment such as += write into the tensor; make a new one to calculate with.",
)
def mask_changing_lengths(X, valid_len, value=0):
    valid_len -= 1
    return X.masked_fill(torch.arange(X.shape[1])[None] > valid_len[:, None], value)


@misconception(
    "sequence_mask",
    "value is rounded to float32",
    hint="The dtype of the result is right, but in a float64 X the value is off from the eighth digit on: a tensor made "
    "of a plain number is float32 unless it is told otherwise, and the digits lost there do not come back. Which dtype "
    "should the value have from the start?",
)
def mask_with_rounded_value(X, valid_len, value=0):
    return torch.where(torch.arange(X.shape[1]) < valid_len[:, None], X, torch.tensor(value))


# masked_softmax


@misconception(
    "masked_softmax",
    "padding gets a tiny score instead of a very negative one",
    hint="Your padding takes as much weight as a key with a score close to 0. 1e-6 and -1e-6 are nearly 0, "
    "and exp(0) is 1. For exp to vanish, the score must be negative and huge: mind the sign of the exponent "
    "in 1e6.",
)
def softmax_of_tiny_padding(X, valid_lens):
    if valid_lens is not None:
        X = X.masked_fill(~valid_table(X, valid_lens), 1e-6)
    return nn.functional.softmax(X, dim=-1)


@misconception(
    "masked_softmax",
    "padding gets the score 0",
    hint="A score of 0 is no small score: exp(0) is 1, more than a valid key with a negative score gets. "
    "Which score makes the exponential vanish? Look at the third argument of sequence_mask.",
)
def softmax_of_zero_padding(X, valid_lens):
    if valid_lens is not None:
        X = X.masked_fill(~valid_table(X, valid_lens), 0)
    return nn.functional.softmax(X, dim=-1)


@misconception(
    "masked_softmax",
    "padding gets a huge positive score",
    hint="All the weight goes to the padding and none to the valid keys. A score of +1e6 beats every other; "
    "the sign is the wrong way round.",
)
def softmax_of_huge_padding(X, valid_lens):
    if valid_lens is not None:
        X = X.masked_fill(~valid_table(X, valid_lens), 1e6)
    return nn.functional.softmax(X, dim=-1)


@misconception(
    "masked_softmax",
    "the result is not reshaped back",
    hint="You return one long matrix of rows, shape (b * n, m). The weights have to come back in the shape "
    "of X, (b, n, m), or no batched product will fit them.",
)
def softmax_not_reshaped(X, valid_lens):
    if valid_lens is None:
        return nn.functional.softmax(X, dim=-1)
    rows = X.masked_fill(~valid_table(X, valid_lens), -1e6).reshape(-1, X.shape[-1])
    return nn.functional.softmax(rows, dim=-1)


@misconception(
    "masked_softmax",
    "the lengths are repeated in the wrong order",
    hint="The n rows of the first example come first, so the lengths (2, 3) are needed as 2, 2, 3, 3 for "
    "two queries each. Repeating the tensor as a whole gives 2, 3, 2, 3 and hands rows the length of "
    "another example.",
)
def softmax_with_tiled_lengths(X, valid_lens):
    if valid_lens is None:
        return nn.functional.softmax(X, dim=-1)
    if valid_lens.dim() == 1:
        valid_lens = valid_lens.repeat(X.shape[1]).reshape(X.shape[:2])
    return nn.functional.softmax(X.masked_fill(~valid_table(X, valid_lens), -1e6), dim=-1)


@misconception(
    "masked_softmax",
    "weights of padding are zeroed after the softmax",
    hint="The padding took part in the softmax and lost its weight only afterwards, so the rest no longer "
    "sums to 1. The padding must be out of the way before the softmax is taken.",
)
def softmax_then_mask(X, valid_lens):
    weights = nn.functional.softmax(X, dim=-1)
    return weights if valid_lens is None else weights * valid_table(X, valid_lens)


@misconception(
    "masked_softmax",
    "weights are zeroed and rescaled after the softmax",
    hint="This is right on paper. But where a score at the padding is far larger than the valid ones, the "
    "softmax leaves nothing for those, and rescaling divides 0 by 0. Mask the scores first.",
)
def softmax_then_mask_and_rescale(X, valid_lens):
    weights = nn.functional.softmax(X, dim=-1)
    if valid_lens is None:
        return weights
    weights = weights * valid_table(X, valid_lens)
    return weights / weights.sum(dim=-1, keepdim=True)


@misconception(
    "masked_softmax",
    "normalised over the queries instead of the keys",
    hint="Your weights sum to 1 along axis 1. Each query shares a weight of 1 among its keys, and the keys "
    "lie along the last axis.",
)
def softmax_over_queries(X, valid_lens):
    if valid_lens is not None:
        X = X.masked_fill(~valid_table(X, valid_lens), -1e6)
    return nn.functional.softmax(X, dim=1)


@misconception(
    "masked_softmax",
    "lengths per query are read in the wrong order",
    hint="Row i of valid_lens holds the lengths of example i, query by query, in the same order as the rows "
    "of X seen as a matrix. Transposed first, the lengths end up at other examples' queries.",
)
def softmax_with_transposed_lengths(X, valid_lens):
    if valid_lens is None:
        return nn.functional.softmax(X, dim=-1)
    if valid_lens.dim() == 2:
        valid_lens = valid_lens.T.reshape(X.shape[:2])
    return nn.functional.softmax(X.masked_fill(~valid_table(X, valid_lens), -1e6), dim=-1)


@misconception(
    "masked_softmax",
    "lengths per query are not provided for",
    hint="Lengths of shape (b, n) already hold one number for every row of X. They must not be repeated "
    "again; look at the number of axes of valid_lens before you repeat.",
)
def softmax_repeats_always(X, valid_lens):
    if valid_lens is None:
        return nn.functional.softmax(X, dim=-1)
    rows = X.reshape(-1, X.shape[-1])
    row_lens = torch.repeat_interleave(valid_lens, X.shape[1])
    past = torch.arange(X.shape[2]) >= row_lens[:, None]
    return nn.functional.softmax(rows.masked_fill(past, -1e6).reshape(X.shape), dim=-1)


@misconception(
    "masked_softmax",
    "None is not provided for",
    hint="valid_lens may be None, which has neither a shape nor a number of axes. In that case every key "
    "counts and a plain softmax will do.",
)
def softmax_without_none(X, valid_lens):
    return nn.functional.softmax(X.masked_fill(~valid_table(X, valid_lens), -1e6), dim=-1)


@misconception(
    "masked_softmax",
    "the scores are changed in place",
    hint="The caller's X holds your mask value after the call. A reshaped tensor usually shares its memory "
    "with the original, so writing into it writes into X.",
)
def softmax_in_place(X, valid_lens):
    if valid_lens is not None:
        X[~valid_table(X, valid_lens)] = -1e6
    return nn.functional.softmax(X, dim=-1)


@misconception(
    "masked_softmax",
    "lengths are ignored",
    hint="Your result does not depend on valid_lens: this is the plain softmax, and padding gets a share of "
    "the weight.",
)
def softmax_unmasked(X, valid_lens):
    return nn.functional.softmax(X, dim=-1)


@misconception(
    "masked_softmax",
    "exponentials of padding are taken and thrown away afterwards",
    hint="The weights are right, but the gradient holds nan. A large score at the padding has an infinite "
    "exponential; choosing 0 instead of it comes too late, because the gradient still passes through it, and 0 times "
    "infinity is nan. Put the padding out of the way before anything is exponentiated.",
)
def softmax_choosing_late(X, valid_lens):
    valid = torch.ones_like(X, dtype=torch.bool) if valid_lens is None else valid_table(X, valid_lens)
    largest = X.masked_fill(~valid, -torch.inf).amax(dim=-1, keepdim=True)
    E = torch.where(valid, torch.exp(X - largest), 0.0).to(X.dtype)
    return E / E.sum(dim=-1, keepdim=True)


results = {}


@misconception(
    "masked_softmax",
    "the tensor of the last result is used again",
    hint="A first call is right, but the next one of the same size writes its weights into the same memory, and the "
    "caller's first result changes. Keep nothing between calls: each result is a tensor of its own.",
)
def softmax_into_the_last_result(X, valid_lens):
    if valid_lens is not None:
        X = X.masked_fill(~valid_table(X, valid_lens), -1e6)
    kept = results.setdefault((X.shape, X.dtype), torch.empty(X.shape, dtype=X.dtype))
    return kept.detach().copy_(nn.functional.softmax(X, dim=-1))


@misconception(
    "masked_softmax",
    "lengths per query are flattened with view",
    hint="valid_lens may be a transposed or sliced view of another tensor. view only relabels memory and refuses "
    "where the numbers do not lie there in that order; which method copies them when it has to?",
)
def softmax_viewing_lengths(X, valid_lens):
    if valid_lens is None:
        return nn.functional.softmax(X, dim=-1)
    rows = valid_lens.repeat_interleave(X.shape[1]) if valid_lens.dim() == 1 else valid_lens.view(-1)
    past = torch.arange(X.shape[2]) >= rows[:, None]
    return nn.functional.softmax(X.masked_fill(past.reshape(X.shape), -1e6), dim=-1)


# AdditiveAttention


@misconception(
    "AdditiveAttention",
    "query size and key size are mixed up",
    hint="W_q must take vectors of the size of a query, W_k those of the size of a key. Look at the order "
    "of the constructor's arguments: the key size comes first.",
)
class AdditiveSizesSwapped(AdditiveParts):
    def __init__(self, key_size, query_size, num_hiddens, dropout):
        super().__init__(query_size, key_size, num_hiddens, dropout)

    def forward(self, queries, keys, values, valid_lens=None):
        return self.attend(self.scores(queries, keys), values, valid_lens)


@misconception(
    "AdditiveAttention",
    "linear layers with a bias",
    hint="nn.Linear adds a bias unless it is told not to. The formula has none: three weights are all this "
    "layer learns.",
)
class AdditiveWithBias(AdditiveParts):
    def __init__(self, key_size, query_size, num_hiddens, dropout):
        super().__init__(key_size, query_size, num_hiddens, dropout)
        self.W_q = nn.Linear(query_size, num_hiddens)
        self.W_k = nn.Linear(key_size, num_hiddens)
        self.w_v = nn.Linear(num_hiddens, 1)

    def forward(self, queries, keys, values, valid_lens=None):
        return self.attend(self.scores(queries, keys), values, valid_lens)


@misconception(
    "AdditiveAttention",
    "tanh is missing",
    hint="Without the tanh the score is a number for the query plus a number for the key. The softmax "
    "cancels the first, so every query gets the same weights, whatever it asks.",
)
class AdditiveWithoutTanh(AdditiveParts):
    def forward(self, queries, keys, values, valid_lens=None):
        pairs = self.W_q(queries).unsqueeze(2) + self.W_k(keys).unsqueeze(1)
        return self.attend(self.w_v(pairs).squeeze(-1), values, valid_lens)


@misconception(
    "AdditiveAttention",
    "tanh before the sum",
    hint="tanh is taken of the sum of query and key, not of each by itself: only then does the score of a "
    "pair depend on how the two fit together.",
)
class AdditiveTanhApart(AdditiveParts):
    def forward(self, queries, keys, values, valid_lens=None):
        pairs = torch.tanh(self.W_q(queries)).unsqueeze(2) + torch.tanh(self.W_k(keys)).unsqueeze(1)
        return self.attend(self.w_v(pairs).squeeze(-1), values, valid_lens)


@misconception(
    "AdditiveAttention",
    "queries and keys change places in the table of pairs",
    hint="Your table of scores has a row for every key and a column for every query. Which of the two axes "
    "of size 1 belongs to the queries, and which to the keys?",
)
class AdditiveTableTransposed(AdditiveParts):
    def forward(self, queries, keys, values, valid_lens=None):
        pairs = self.W_q(queries).unsqueeze(1) + self.W_k(keys).unsqueeze(2)
        return self.attend(self.w_v(torch.tanh(pairs)).squeeze(-1), values, valid_lens)


@misconception(
    "AdditiveAttention",
    "queries and keys are added one to one",
    hint="Query i is added to key i only, which needs as many queries as keys. Every query is to be "
    "compared with every key: give each of the two an axis of size 1 so that the sum is taken for all "
    "pairs.",
)
class AdditivePairwise(AdditiveParts):
    def forward(self, queries, keys, values, valid_lens=None):
        pairs = torch.tanh(self.W_q(queries) + self.W_k(keys))
        scores = self.w_v(pairs).transpose(1, 2).expand(-1, queries.shape[1], -1)
        return self.attend(scores, values, valid_lens)


@misconception(
    "AdditiveAttention",
    "every axis of size 1 is squeezed away",
    hint="squeeze without an axis removes all axes of size 1: also the batch when it holds one example, and "
    "the queries when there is one. Name the axis that w_v left behind.",
)
class AdditiveSqueezesAll(AdditiveParts):
    def forward(self, queries, keys, values, valid_lens=None):
        pairs = self.W_q(queries).unsqueeze(2) + self.W_k(keys).unsqueeze(1)
        return self.attend(self.w_v(torch.tanh(pairs)).squeeze(), values, valid_lens)


@misconception(
    "AdditiveAttention",
    "scaled like a dot product",
    hint="The division by a square root belongs to the dot product, whose size grows with d. The additive "
    "score has no such factor: w_v learns its own scale.",
)
class AdditiveScaled(AdditiveParts):
    def forward(self, queries, keys, values, valid_lens=None):
        scores = self.scores(queries, keys) / math.sqrt(self.W_q.weight.shape[0])
        return self.attend(scores, values, valid_lens)


@misconception(
    "AdditiveAttention",
    "valid_lens is not passed on",
    hint="Your result does not depend on valid_lens, so padding is attended to. The function that makes "
    "weights of scores wants to know the lengths.",
)
class AdditiveUnmasked(AdditiveParts):
    def forward(self, queries, keys, values, valid_lens=None):
        return self.attend(self.scores(queries, keys), values, None)


@misconception(
    "AdditiveAttention",
    "dropout on the scores",
    hint="A dropped score of 0 still gets weight, because exp(0) is 1: nothing is really dropped. Dropout "
    "belongs after the softmax, on the weights.",
)
class AdditiveScoresDropped(AdditiveParts):
    def forward(self, queries, keys, values, valid_lens=None):
        scores = self.dropout(self.scores(queries, keys))
        self.attention_weights = masked_softmax(scores, valid_lens)
        return torch.bmm(self.attention_weights, values)


@misconception(
    "AdditiveAttention",
    "dropout on the result",
    hint="Single entries of the weighted mean are dropped. A dropped weight takes a value out of the mean "
    "as a whole: apply dropout to the weights before they meet the values.",
)
class AdditiveResultDropped(AdditiveParts):
    def forward(self, queries, keys, values, valid_lens=None):
        self.attention_weights = masked_softmax(self.scores(queries, keys), valid_lens)
        return self.dropout(torch.bmm(self.attention_weights, values))


@misconception(
    "AdditiveAttention",
    "no dropout at all",
    hint="In training mode all the weights come through whole. Making a dropout layer is not enough: it has "
    "to be applied to the weights.",
)
class AdditiveNeverDropped(AdditiveParts):
    def forward(self, queries, keys, values, valid_lens=None):
        self.attention_weights = masked_softmax(self.scores(queries, keys), valid_lens)
        return torch.bmm(self.attention_weights, values)


@misconception(
    "AdditiveAttention",
    "attention_weights are kept after dropout",
    hint="In training mode the rows of attention_weights no longer sum to 1: dropout has been at them. Keep "
    "the weights first and drop afterwards.",
)
class AdditiveKeepsDropped(AdditiveParts):
    def forward(self, queries, keys, values, valid_lens=None):
        self.attention_weights = self.dropout(masked_softmax(self.scores(queries, keys), valid_lens))
        return torch.bmm(self.attention_weights, values)


@misconception(
    "AdditiveAttention",
    "attention_weights become part of the state",
    hint="After a call state_dict() holds the attention weights as well, so they are saved with the model, and cannot "
    "be loaded for a batch of another size. They belong to one batch, not to the layer: a plain attribute will do.",
)
class AdditiveStoresWeights(AdditiveParts):
    def __init__(self, key_size, query_size, num_hiddens, dropout):
        super().__init__(key_size, query_size, num_hiddens, dropout)
        self.register_buffer("attention_weights", None)

    def forward(self, queries, keys, values, valid_lens=None):
        return self.attend(self.scores(queries, keys), values, valid_lens)


@misconception(
    "AdditiveAttention",
    "values of padding are zeroed in place",
    hint="The caller's values hold zeros at the padding after the call. Padding has no weight, so its values need "
    "no treatment; and what a layer is given it only reads.",
)
class AdditiveZeroesValues(AdditiveParts):
    def forward(self, queries, keys, values, valid_lens=None):
        if valid_lens is not None:
            longest = valid_lens.reshape(len(values), -1).amax(dim=1, keepdim=True)
            values[torch.arange(values.shape[1]) >= longest] = 0
        return self.attend(self.scores(queries, keys), values, valid_lens)


@misconception(
    "AdditiveAttention",
    "projected keys are kept for the next call",
    hint="What W_k made of the keys is stored on self and used again as long as the same tensor is passed. But a training "
    "step changes W_k, and then the stored projection is that of the old weights. The same tensor does not mean the "
    "same result: which parts of a call depend on weights?",
)
class AdditiveKeepsKeys(AdditiveParts):
    keys = None

    def forward(self, queries, keys, values, valid_lens=None):
        if keys is not self.keys:
            self.keys, self.projected = keys, self.W_k(keys).unsqueeze(1)
        pairs = self.W_q(queries).unsqueeze(2) + self.projected
        return self.attend(self.w_v(torch.tanh(pairs)).squeeze(-1), values, valid_lens)


# DotProductAttention


@misconception(
    "DotProductAttention",
    "the scores are not divided by the square root of d",
    hint="Dot products grow with the number of features, and the softmax of large scores gives nearly all "
    "weight to one key. One factor of the formula is missing.",
)
class DotUnscaled(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        return self.attend(torch.bmm(queries, keys.transpose(1, 2)), values, valid_lens)


@misconception(
    "DotProductAttention",
    "divided by d instead of its square root",
    hint="The variance of the dot product is d, so its standard deviation is √d. Dividing by d makes the "
    "scores too small, and the weights too even.",
)
class DotDividedByD(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        scores = torch.bmm(queries, keys.transpose(1, 2)) / queries.shape[-1]
        return self.attend(scores, values, valid_lens)


@misconception(
    "DotProductAttention",
    "multiplied by the square root of d",
    hint="Scaling is meant to undo the growth of the dot product with d. Yours makes the scores grow even faster.",
)
class DotMultiplied(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        scores = torch.bmm(queries, keys.transpose(1, 2)) * math.sqrt(queries.shape[-1])
        return self.attend(scores, values, valid_lens)


@misconception(
    "DotProductAttention",
    "scaled by the number of queries",
    hint="d is the number of features of a query, its last axis. You divide by the square root of how many "
    "queries there are.",
)
class DotScaledByQueries(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        scores = torch.bmm(queries, keys.transpose(1, 2)) / math.sqrt(queries.shape[1])
        return self.attend(scores, values, valid_lens)


@misconception(
    "DotProductAttention",
    "scaled by the size of the values",
    hint="d is the size of queries and keys. The values may be of another size, and have no part in the scores.",
)
class DotScaledByValues(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        scores = torch.bmm(queries, keys.transpose(1, 2)) / math.sqrt(values.shape[-1])
        return self.attend(scores, values, valid_lens)


@misconception(
    "DotProductAttention",
    "keys are reshaped instead of transposed",
    hint="The shape fits, but the features of different keys are mixed: reshape keeps the order of the "
    "numbers in memory. Two axes have to change places.",
)
class DotReshapedKeys(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        b, m, d = keys.shape
        scores = torch.bmm(queries, keys.reshape(b, d, m)) / math.sqrt(d)
        return self.attend(scores, values, valid_lens)


@misconception(
    "DotProductAttention",
    "keys are not transposed",
    hint="(b, n, d) times (b, m, d) does not fit: the features have to meet. Which two axes of the keys change places?",
)
class DotUntransposedKeys(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        scores = torch.bmm(queries, keys) / math.sqrt(queries.shape[-1])
        return self.attend(scores, values, valid_lens)


@misconception(
    "DotProductAttention",
    "valid_lens is not passed on",
    hint="Your result does not depend on valid_lens, so padding is attended to. The function that makes "
    "weights of scores wants to know the lengths.",
)
class DotUnmasked(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        return self.attend(self.scores(queries, keys), values, None)


@misconception(
    "DotProductAttention",
    "dropout on the scores",
    hint="A dropped score of 0 still gets weight, because exp(0) is 1: nothing is really dropped. Dropout "
    "belongs after the softmax, on the weights.",
)
class DotScoresDropped(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        scores = self.dropout(self.scores(queries, keys))
        self.attention_weights = masked_softmax(scores, valid_lens)
        return torch.bmm(self.attention_weights, values)


@misconception(
    "DotProductAttention",
    "dropout on the values",
    hint="Single entries of the values are dropped, the same ones for every query. Dropout acts on the "
    "weights: each query loses keys of its own, as a whole.",
)
class DotValuesDropped(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        return torch.bmm(self.weigh(queries, keys, valid_lens), self.dropout(values))

    def weigh(self, queries, keys, valid_lens):
        self.attention_weights = masked_softmax(self.scores(queries, keys), valid_lens)
        return self.attention_weights


@misconception(
    "DotProductAttention",
    "dropout on the result",
    hint="Single entries of the weighted mean are dropped. A dropped weight takes a value out of the mean "
    "as a whole: apply dropout to the weights before they meet the values.",
)
class DotResultDropped(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        self.attention_weights = masked_softmax(self.scores(queries, keys), valid_lens)
        return self.dropout(torch.bmm(self.attention_weights, values))


@misconception(
    "DotProductAttention",
    "dropout is active in evaluation mode",
    hint="Weights are dropped even after eval(). A function call has to be told whether the layer is "
    "training; a dropout layer knows it by itself.",
)
class DotAlwaysDropped(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        self.attention_weights = masked_softmax(self.scores(queries, keys), valid_lens)
        return torch.bmm(nn.functional.dropout(self.attention_weights, self.dropout.p), values)


@misconception(
    "DotProductAttention",
    "no dropout at all",
    hint="In training mode all the weights come through whole. Making a dropout layer is not enough: it has "
    "to be applied to the weights.",
)
class DotNeverDropped(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        self.attention_weights = masked_softmax(self.scores(queries, keys), valid_lens)
        return torch.bmm(self.attention_weights, values)


@misconception(
    "DotProductAttention",
    "the dropout probability is taken for the share that stays",
    hint="dropout is the probability that a weight is dropped. Yours keeps that share and drops the rest; "
    "with p = 1/2 the two look the same, with p = 1/4 they do not.",
)
class DotKeepsP(DotProductParts):
    def __init__(self, dropout):
        super().__init__(1 - dropout)

    def forward(self, queries, keys, values, valid_lens=None):
        return self.attend(self.scores(queries, keys), values, valid_lens)


@misconception(
    "DotProductAttention",
    "attention_weights are kept after dropout",
    hint="In training mode the rows of attention_weights no longer sum to 1: dropout has been at them. Keep "
    "the weights first and drop afterwards.",
)
class DotKeepsDropped(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        self.attention_weights = self.dropout(masked_softmax(self.scores(queries, keys), valid_lens))
        return torch.bmm(self.attention_weights, values)


@misconception(
    "DotProductAttention",
    "attention_weights holds the scores",
    hint="What you keep as attention_weights are the scores. Their rows do not sum to 1; the weights are "
    "what masked_softmax makes of them.",
)
class DotKeepsScores(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        self.attention_weights = self.scores(queries, keys)
        weights = masked_softmax(self.attention_weights, valid_lens)
        return torch.bmm(self.dropout(weights), values)


@misconception(
    "DotProductAttention",
    "attention_weights are not kept",
    hint="After a call the attribute attention_weights still holds what the constructor put there: the "
    "weights only live in a local variable of forward. Store them on self.",
)
class DotForgetsWeights(DotProductParts):
    def __init__(self, dropout):
        super().__init__(dropout)
        self.attention_weights = None

    def forward(self, queries, keys, values, valid_lens=None):
        weights = masked_softmax(self.scores(queries, keys), valid_lens)
        return torch.bmm(self.dropout(weights), values)


@misconception(
    "DotProductAttention",
    "queries are scaled in place",
    hint="The caller's queries are smaller after the call: /= and its like write into the tensor that the caller "
    "holds, and a second call scales them once more. Calculate with a new tensor.",
)
class DotScalesInPlace(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        queries.detach().div_(math.sqrt(queries.shape[-1]))
        return self.attend(torch.bmm(queries, keys.transpose(1, 2)), values, valid_lens)


@misconception(
    "DotProductAttention",
    "the lengths of the first call are kept",
    hint="A second call with other lengths is masked like the first. Something made from valid_lens is stored on self "
    "and used again as long as the shapes fit. Only attention_weights is to be kept, for the caller to look at.",
)
class DotKeepsLengths(DotProductParts):
    def forward(self, queries, keys, values, valid_lens=None):
        shape = None if valid_lens is None else (valid_lens.shape, keys.shape)
        if getattr(self, "shape", ()) != shape:
            self.shape, self.valid_lens = shape, valid_lens
        return self.attend(self.scores(queries, keys), values, self.valid_lens)
