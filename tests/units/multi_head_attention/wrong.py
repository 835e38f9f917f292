"""Known mistakes in multi-head attention."""

from autograder.suite import wrong


def cut(X, num_heads):
    return X.reshape(-1, X.shape[1], X.shape[2] // num_heads)


def merged(X, num_heads):
    return X.reshape(-1, X.shape[1], X.shape[2] * num_heads)


def copied(X, num_heads):
    return X.repeat_interleave(num_heads, dim=0)


# transpose_qkv

wrong(
    "transpose_qkv",
    "reshape without permute",
    {"X = X.permute(0, 2, 1, 3)": "pass"},
    hint="The shape is right, but the numbers were never moved: reshape reads them in memory order, so a head gets "
    "pieces of several positions instead of a group of features of every position. Give the heads an axis of their own "
    "and move that axis before you merge it with the examples.",
)

wrong(
    "transpose_qkv",
    "heads first, examples second",
    {"permute(0, 2, 1, 3)": "permute(2, 0, 1, 3)"},
    hint="All first heads come first, then all second heads. The heads of one example must be adjacent: when two axes "
    "are merged, the one on the left varies slowest. Which of examples and heads should that be?",
)

wrong(
    "transpose_qkv",
    "a head gets every num_heads-th feature",
    {"num_heads, hiddens // num_heads)\n    X": "hiddens // num_heads, num_heads)\n    X", "0, 2, 1, 3": "0, 3, 1, 2"},
    hint="Each head receives features that lie num_heads apart, as cards are dealt to players. A head owns a block of "
    "neighbouring features: look at the order of the two sizes that you split the last axis into.",
)

wrong(
    "transpose_qkv",
    "examples and heads are not merged",
    {"return X.reshape(batch * num_heads, steps, hiddens // num_heads)": "return X"},
    hint="The heads have an axis of their own, and it is in the right place, but the result has four axes. A batched "
    "attention takes three: to it, every head of every example is an example. One more change of shape is needed.",
)

wrong(
    "transpose_qkv",
    "positions and features change places",
    {"0, 2, 1, 3": "0, 2, 3, 1", "batch * num_heads, steps, hiddens // num_heads": "batch * num_heads, -1, steps"},
    hint="The heads are where they belong, but each of their matrices is transposed: features in rows, positions in "
    "columns. Positions stay on the last axis but one, features on the last; check the order of your axes.",
)

wrong(
    "transpose_qkv",
    "num_heads taken for the width of a head",
    {"hiddens = X.shape": "hiddens = X.shape\n    num_heads = hiddens // num_heads"},
    hint="Every piece has num_heads features, and there are as many pieces as a head should have features. num_heads "
    "says how many pieces there are; the width of each follows from it.",
)

wrong(
    "transpose_qkv",
    "view where the numbers do not lie in that order",
    {"return X.reshape(": "return X.view("},
    hint="view only relabels memory, and refuses where the numbers do not lie there in the order that it needs: for "
    "instance after a permutation. Which method copies them when it has to?",
)

# transpose_output

wrong(
    "transpose_output",
    "reshape without permute",
    {"X = X.permute(0, 2, 1, 3)": "pass"},
    hint="The shape is right, but the numbers were never moved: several positions of one head stand side by side where "
    "the heads of one position should. Give heads and positions an axis each, let these two change places, and merge "
    "axes only then.",
)

wrong(
    "transpose_output",
    "view after a permutation",
    {"return X.reshape(": "return X.view("},
    hint="view only relabels memory, and a permuted tensor does not lie in memory in its new order, so view refuses. "
    "Which method copies the numbers when it has to?",
)

wrong(
    "transpose_output",
    "heads first, examples second",
    {
        "rows // num_heads, num_heads, steps, width": "num_heads, rows // num_heads, steps, width",
        "0, 2, 1, 3": "1, 2, 0, 3",
    },
    hint="You read the first axis as if all first heads came first. transpose_qkv keeps the heads of one example "
    "adjacent, so on the first axis the head varies fastest: which size comes last when you split it?",
)

wrong(
    "transpose_output",
    "features of the heads interleaved",
    {"0, 2, 1, 3": "0, 2, 3, 1"},
    hint="The first feature of every head comes first, then the second of every head. Each head's features stay "
    "together, head 0 first: look at the order of the two axes that you merge at the end.",
)

wrong(
    "transpose_output",
    "heads are added up",
    {"X = X.permute(0, 2, 1, 3)": "return X.sum(dim=1)"},
    hint="The heads of an example are summed, so the result is only one head wide. Nothing is computed here: each head "
    "keeps its features, and the result is as wide as all heads together.",
)

# MultiHeadAttention: lengths

wrong(
    "MultiHeadAttention",
    "the lengths of the first call are kept",
    {
        "dim=0)": "dim=0)\n            kept = self.__dict__.setdefault('kept', {})\n"
        "            valid_lens = kept.setdefault(valid_lens.shape, valid_lens)"
    },
    hint="A second call with other lengths is masked like the first: what was made from valid_lens is stored on self "
    "and used again as long as its shape fits. The lengths belong to one batch; work them out in every call.",
)

wrong(
    "MultiHeadAttention",
    "valid_lens tiled instead of interleaved",
    {"torch.repeat_interleave(valid_lens, self.num_heads, dim=0)": "torch.cat([valid_lens] * self.num_heads)"},
    hint="The lengths were repeated as a whole, one copy after the other, so heads are masked with the lengths of "
    "other examples. The heads of one example are adjacent: its length must be repeated right there, before the next "
    "example's comes.",
)

wrong(
    "MultiHeadAttention",
    "lengths per query repeated entry by entry",
    {", dim=0": ""},
    hint="repeat_interleave flattens a tensor unless it is told along which axis to repeat. With lengths of shape (b, "
    "n) whole rows must be repeated, so that there is one row for each head.",
)

wrong(
    "MultiHeadAttention",
    "valid_lens not repeated for the heads",
    {"torch.repeat_interleave(valid_lens, self.num_heads, dim=0)": "valid_lens + 0"},
    hint="The attention sees b · num_heads matrices of queries, but valid_lens still has b rows. Every head needs the "
    "lengths of its example.",
)

wrong(
    "MultiHeadAttention",
    "valid_lens ignored",
    {"self.attention(queries, keys, values, valid_lens)": "self.attention(queries, keys, values, None)"},
    hint="Results are right only where every key is valid: the lengths never reach the attention, so padding is "
    "attended to. Hand them on, one row for each head.",
)

wrong(
    "MultiHeadAttention",
    "the score of padding is not low enough",
    {
        "heads = self.attention(queries, keys, values, valid_lens)": "scores = queries @ keys.mT\n"
        "        if valid_lens is not None:\n"
        "            padding = torch.arange(keys.shape[1]) >= valid_lens.reshape(len(keys), -1, 1)\n"
        "            scores = scores.masked_fill(padding, -1000.0 * keys.shape[2] ** 0.5)\n"
        "        heads = self.attention.dropout((scores / keys.shape[2] ** 0.5).softmax(dim=2)) @ values"
    },
    hint="Your padding gets a score that is low beside usual ones. But scores may run into the thousands, below zero "
    "too, and where every valid key scores lower than the padding, the padding takes all the weight. Which score is "
    "lower than any that can occur?",
)

# MultiHeadAttention: heads

wrong(
    "MultiHeadAttention",
    "scores divided by the square root of num_hiddens",
    {"self.W_q(queries)": "self.W_q(queries) / math.sqrt(self.num_heads)"},
    hint="Results are right with one head only: the scores of every head are divided by the root of the width of all "
    "heads together. A head's dot product has as many terms as the head is wide, and that is the number whose root "
    "matters.",
)

wrong(
    "MultiHeadAttention",
    "a single head as wide as all",
    {"self.num_heads = num_heads": "self.num_heads = 1"},
    hint="Queries, keys and values are never cut into heads: one attention sees all features, so every feature is "
    "averaged with the same weights. Each head compares, and averages, only features of its own.",
)

wrong(
    "MultiHeadAttention",
    "heads cut by reshape alone",
    {
        "transpose_qkv(self.W_q": "cut(self.W_q", "transpose_qkv(self.W_k": "cut(self.W_k",
        "transpose_qkv(self.W_v": "cut(self.W_v", "transpose_output": "merged",
    },
    hint="The projections were reshaped into heads, and back, without moving any number. So a head mixes features of "
    "different positions. Between giving the heads an axis and merging it with the examples, that axis has to move.",
)  # fmt: skip

wrong(
    "MultiHeadAttention",
    "heads put together by reshape alone",
    {"transpose_output": "merged"},
    hint="The heads are computed rightly but put together wrongly: a reshape puts several positions of one head side "
    "by side. The heads of one position belong side by side, which is what transpose_output is for.",
)

# MultiHeadAttention: linear layers

wrong(
    "MultiHeadAttention",
    "W_o left out",
    {"self.W_o = nn.Linear(num_hiddens, num_hiddens, bias=bias)": "pass", "return self.W_o(": "return ("},
    hint="The heads are put side by side and returned as they are; there is no W_o. Without a last linear layer the "
    "heads never meet.",
)

wrong(
    "MultiHeadAttention",
    "W_o is made but never applied",
    {"return self.W_o(": "return ("},
    hint="The layer has a W_o, but the result is what the heads found, side by side. W_o has to map that once more "
    "before it is returned.",
)

wrong(
    "MultiHeadAttention",
    "sizes of queries and keys swapped",
    {"nn.Linear(query_size": "nn.Linear(key_size", "nn.Linear(key_size": "nn.Linear(query_size"},
    hint="W_q has as many columns as a key has features, and W_k as many as a query. Look at the order of the "
    "constructor's arguments: key_size comes first.",
)

wrong(
    "MultiHeadAttention",
    "projections only as wide as one head",
    {
        "(query_size, num_hiddens": "(query_size, num_hiddens // num_heads",
        "(key_size, num_hiddens": "(key_size, num_hiddens // num_heads",
        "(value_size, num_hiddens": "(value_size, num_hiddens // num_heads",
        "transpose_qkv(self.W_q": "copied(self.W_q", "transpose_qkv(self.W_k": "copied(self.W_k",
        "transpose_qkv(self.W_v": "copied(self.W_v",
    },
    hint="W_q, W_k and W_v lead to the width of a single head. They serve all heads at once: their results have "
    "num_hiddens features, which are then shared out among the heads.",
)  # fmt: skip

wrong(
    "MultiHeadAttention",
    "the argument bias is ignored",
    {"super().__init__()": "super().__init__()\n        bias = True"},
    hint="The linear layers have a bias although bias is False. nn.Linear has one unless it is told otherwise: what "
    "you are asked for in the constructor has to be handed on.",
)

wrong(
    "MultiHeadAttention",
    "W_o has no bias",
    {"num_hiddens, num_hiddens, bias=bias": "num_hiddens, num_hiddens, bias=False"},
    hint="With bias=True, W_q, W_k and W_v have a bias, but W_o has none. The argument is about all four.",
)

# MultiHeadAttention: dropout

wrong(
    "MultiHeadAttention",
    "dropout never happens",
    {"DotProductAttention(dropout)": "DotProductAttention(0.0)"},
    hint="Training mode gives the results of evaluation mode: the argument dropout is not handed on to the attention, "
    "which is where weights are dropped.",
)

wrong(
    "MultiHeadAttention",
    "dropout taken for the share that is kept",
    {"DotProductAttention(dropout)": "DotProductAttention(1 - dropout)"},
    hint="Too many weights are dropped, or too few: dropout is the probability that a weight goes, not that it stays. "
    "The attention means the same by its argument as the layer does.",
)

wrong(
    "MultiHeadAttention",
    "dropout on the result",
    {
        "DotProductAttention(dropout)": "DotProductAttention(0.0)\n        self.dropout = nn.Dropout(dropout)",
        "return self.W_o(": "return nn.Sequential(self.W_o, self.dropout)(",
    },
    hint="Features of the result are dropped. Here dropout acts on the attention weights: a dropped weight takes a key "
    "away from one head of one query, for all features of that head alike.",
)
