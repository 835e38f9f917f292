"""Known mistakes in BERT."""

import torch
from torch import nn

from autograder.suite import misconception


class EncoderParts(nn.Module):
    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, num_hiddens)
        self.segment_embedding = nn.Embedding(2, num_hiddens)
        self.pos_embedding = nn.Parameter(torch.randn(1, max_len, num_hiddens))
        sizes = num_hiddens, ffn_num_hiddens, num_heads, dropout
        self.blks = nn.ModuleList([TransformerEncoderBlock(*sizes) for _ in range(num_blks)])

    def through_blocks(self, X, valid_lens):
        for blk in self.blks:
            X = blk(X, valid_lens)
        return X

    def words(self, tokens, segments):
        return self.token_embedding(tokens) + self.segment_embedding(segments)

    def forward(self, tokens, segments, valid_lens):
        X = self.words(tokens, segments) + self.pos_embedding[:, : tokens.shape[1]]
        return self.through_blocks(X, valid_lens)


class MaskLMParts(nn.Module):
    def __init__(self, vocab_size, num_hiddens, num_inputs):
        super().__init__()
        ends = nn.Linear(num_inputs, num_hiddens), nn.Linear(num_hiddens, vocab_size)
        self.mlp = nn.Sequential(ends[0], nn.ReLU(), nn.LayerNorm(num_hiddens), ends[1])


class ModelParts(nn.Module):
    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super().__init__()
        self.encoder = BERTEncoder(vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len)
        self.hidden = nn.Sequential(nn.Linear(num_hiddens, num_hiddens), nn.Tanh())
        self.mlm = MaskLM(vocab_size, num_hiddens, num_hiddens)
        self.nsp = NextSentencePred(num_hiddens)

    def masked(self, X, pred_positions):
        return None if pred_positions is None else self.mlm(X, pred_positions)


def losses(net, loss, vocab_size, tokens, segments, lens, positions, mlm_Y, nsp_y):
    """One loss per prediction, (b * k,), and one per sequence, (b,)."""
    _, mlm_Y_hat, nsp_Y_hat = net(tokens, segments, lens, positions)
    return loss(mlm_Y_hat.reshape(-1, vocab_size), mlm_Y.reshape(-1)), loss(nsp_Y_hat, nsp_y)


# get_tokens_and_segments


@misconception(
    "get_tokens_and_segments",
    "segment 1 starts one token early",
    hint="Your first <sep> is counted to segment 1. A <sep> belongs to the text that it ends, so the first one is "
    "still in segment 0. How many tokens come before the second text, both special tokens included?",
)
def segment_one_early(tokens_a, tokens_b=None):
    tokens, segments = ["<cls>"] + tokens_a + ["<sep>"], [0] * (len(tokens_a) + 2)
    if tokens_b is not None:
        tokens = tokens + tokens_b + ["<sep>"]
        segments = [0] * (len(tokens_a) + 1) + [1] * (len(tokens_b) + 2)
    return tokens, segments


@misconception(
    "get_tokens_and_segments",
    "the second text has no <sep>",
    hint="<sep> does not only stand between the texts: it ends each of them. Look at what comes last when there are "
    "two.",
)
def final_separator_missing(tokens_a, tokens_b=None):
    second = [] if tokens_b is None else tokens_b
    return ["<cls>"] + tokens_a + ["<sep>"] + second, [0] * (len(tokens_a) + 2) + [1] * len(second)


@misconception(
    "get_tokens_and_segments",
    "the special tokens have no segment",
    hint="You return fewer segments than tokens. <cls> and <sep> are tokens like any other and need a segment, too: "
    "the two lists are looked up position by position.",
)
def special_tokens_without_segment(tokens_a, tokens_b=None):
    tokens, segments = ["<cls>"] + tokens_a + ["<sep>"], [0] * len(tokens_a)
    if tokens_b is not None:
        tokens, segments = tokens + tokens_b + ["<sep>"], segments + [1] * len(tokens_b)
    return tokens, segments


@misconception(
    "get_tokens_and_segments",
    "an empty second text is taken for none",
    hint="An empty list counts as false in an if, just as None does. Whether there is a second text is a question "
    "about None, not about length.",
)
def empty_text_as_none(tokens_a, tokens_b=None):
    tokens, segments = ["<cls>"] + tokens_a + ["<sep>"], [0] * (len(tokens_a) + 2)
    if tokens_b:
        tokens, segments = tokens + tokens_b + ["<sep>"], segments + [1] * (len(tokens_b) + 1)
    return tokens, segments


@misconception(
    "get_tokens_and_segments",
    "the lists passed in are changed",
    hint="The caller's list holds special tokens after the call. insert, append, extend and += write into the list "
    "they are used on; begin with a new list.",
)
def framing_in_place(tokens_a, tokens_b=None):
    segments = [0] * (len(tokens_a) + 2)
    tokens = tokens_a
    tokens.insert(0, "<cls>")
    tokens.append("<sep>")
    if tokens_b is not None:
        segments += [1] * (len(tokens_b) + 1)
        tokens += tokens_b
        tokens.append("<sep>")
    return tokens, segments


@misconception(
    "get_tokens_and_segments",
    "the segments change at the first <sep> that is found",
    hint="You look for <sep> in the finished list. A text may hold that very word, and then segment 1 begins in the "
    "middle of it. Which words a text has does not matter for the segments; what does?",
)
def segments_from_the_mark(tokens_a, tokens_b=None):
    tokens = ["<cls>", *tokens_a, "<sep>"] + ([] if tokens_b is None else [*tokens_b, "<sep>"])
    first = tokens.index("<sep>") + 1
    return tokens, [0] * first + [1] * (len(tokens) - first)


FRAMED = {}


@misconception(
    "get_tokens_and_segments",
    "the lists of an earlier call are handed out again",
    hint="Two calls with the same texts return the same list objects, so whoever writes into the first result changes the "
    "second. Look at what your function keeps between calls: a default value that is a list, a cache.",
)
def framed_once(tokens_a, tokens_b=None):
    key = tuple(tokens_a), None if tokens_b is None else tuple(tokens_b)
    if key not in FRAMED:
        second = [] if tokens_b is None else [*tokens_b, "<sep>"]
        FRAMED[key] = ["<cls>", *tokens_a, "<sep>", *second], [0] * (len(tokens_a) + 2) + [1] * len(second)
    return FRAMED[key]


# BERTEncoder


@misconception(
    "BERTEncoder",
    "the position embedding is read through .data",
    hint="The numbers are right, but no gradient reaches pos_embedding: .data (and detach) hands out the values "
    "without their history. The positions would keep their random start for ever. Use the parameter itself.",
)
class PositionsThroughData(EncoderParts):
    def forward(self, tokens, segments, valid_lens):
        X = self.words(tokens, segments) + self.pos_embedding.data[:, : tokens.shape[1], :]
        return self.through_blocks(X, valid_lens)


@misconception(
    "BERTEncoder",
    "the position embedding is a plain tensor",
    hint="A tensor stored as an attribute is no parameter: no optimiser finds it, state_dict() does not save it and "
    ".to() leaves it behind. Wrap it so that the module takes it for a parameter.",
)
class PositionsAsPlainTensor(EncoderParts):
    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super().__init__(vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len)
        del self.pos_embedding
        self.pos_embedding = torch.randn(1, max_len, num_hiddens)


@misconception(
    "BERTEncoder",
    "the blocks are kept in a plain list",
    hint="A module does not look into Python lists, so the weights of your blocks are not among its parameters and "
    "would never be trained. torch.nn has containers that register what they hold.",
)
class BlocksInPlainList(EncoderParts):
    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super().__init__(vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len)
        blks = list(self.blks)
        del self.blks
        self.blks = blks


@misconception(
    "BERTEncoder",
    "one block is used several times",
    hint="Your blocks share their weights: multiplying a list, or adding the same object again, repeats one block "
    "instead of making several. Each layer needs a new object.",
)
class OneBlockRepeated(EncoderParts):
    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super().__init__(vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len)
        blk = TransformerEncoderBlock(num_hiddens, ffn_num_hiddens, num_heads, dropout)
        self.blks = nn.Sequential(*[blk] * num_blks)


@misconception(
    "BERTEncoder",
    "the segment embedding is left out",
    hint="Your result does not depend on the segments, so the encoder cannot tell the first text from the second. The "
    "input of the first block is a sum of three vectors.",
)
class NoSegments(EncoderParts):
    def forward(self, tokens, segments, valid_lens):
        X = self.token_embedding(tokens) + self.pos_embedding[:, : tokens.shape[1]]
        return self.through_blocks(X, valid_lens)


@misconception(
    "BERTEncoder",
    "the position embedding is not cut to the length of the sequences",
    hint="pos_embedding holds max_len positions, the sequences have fewer tokens, and the two do not fit into one sum. "
    "Take as many positions, from the first on, as there are tokens.",
)
class AllPositions(EncoderParts):
    def forward(self, tokens, segments, valid_lens):
        return self.through_blocks(self.words(tokens, segments) + self.pos_embedding, valid_lens)


@misconception(
    "BERTEncoder",
    "valid_lens does not reach the blocks",
    hint="Your tokens attend to the padding as if it were text. Each block masks what lies beyond the valid length, if "
    "it is told that length: look at what you pass to the blocks.",
)
class NoValidLens(EncoderParts):
    def forward(self, tokens, segments, valid_lens):
        return super().forward(tokens, segments, None)


@misconception(
    "BERTEncoder",
    "the positions of the first call are kept",
    hint="The first result is right, but later ones add the position vectors of the first call, although the parameter "
    "has changed by then: after an optimiser's step, or when weights were loaded. Read the parameter in every call.",
)
class PositionsKept(EncoderParts):
    def forward(self, tokens, segments, valid_lens):
        n = tokens.shape[1]
        positions = self.pos_embedding[:, :n]
        if getattr(self, "kept", None) is None or self.kept.shape[1] != n:
            self.kept = positions.detach().clone()
        else:
            positions = self.kept
        return self.through_blocks(self.words(tokens, segments) + positions, valid_lens)


@misconception(
    "BERTEncoder",
    "the numbers of the positions are a buffer",
    hint="Your encoder registers the numbers 0, 1, 2, ... as a buffer. Even one that no state dict holds is a part of "
    "the module that the exercise does not name, and none is needed: the positions wanted are the first ones.",
)
class PositionNumbers(EncoderParts):
    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super().__init__(vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len)
        self.register_buffer("numbers", torch.arange(max_len), persistent=False)


# MaskLM


@misconception(
    "MaskLM",
    "positions are looked up in the wrong sequence",
    hint="Flattened, the positions of the first sequence come first: for two sequences with three predictions each, "
    "the sequence numbers must run 0, 0, 0, 1, 1, 1. Repeating the whole range gives 0, 1, 0, 1, 0, 1.",
)
class TiledExamples(MaskLMParts):
    def forward(self, X, pred_positions):
        b, k = pred_positions.shape
        return self.mlp(X[torch.arange(b).repeat(k), pred_positions.reshape(-1)].reshape(b, k, -1))


@misconception(
    "MaskLM",
    "every sequence uses the positions of the first",
    hint="Only the first row of pred_positions plays a part. Each sequence was masked at other places: row i of the "
    "positions belongs to sequence i.",
)
class PositionsOfFirst(MaskLMParts):
    def forward(self, X, pred_positions):
        return self.mlp(X[:, pred_positions[0]])


@misconception(
    "MaskLM",
    "all tokens are predicted",
    hint="You return a prediction for each of the n tokens. Only the k positions asked for are wanted, in the order in "
    "which they are asked for.",
)
class PredictsEverything(MaskLMParts):
    def forward(self, X, pred_positions):
        return self.mlp(X)


@misconception(
    "MaskLM",
    "the activation is missing",
    hint="The weights fit, but the values differ: something without weights is missing between the layers that have "
    "some. What stands between the first linear layer and the normalisation?",
)
class NoActivation(MaskLMParts):
    def __init__(self, vocab_size, num_hiddens, num_inputs):
        super().__init__(vocab_size, num_hiddens, num_inputs)
        self.mlp[1] = nn.Identity()

    def forward(self, X, pred_positions):
        return self.mlp(torch.stack([x[p] for x, p in zip(X, pred_positions)]))


@misconception(
    "MaskLM",
    "the positions passed in are changed",
    hint="The result is right, but the caller's pred_positions hold other numbers afterwards, and the next call with them "
    "looks somewhere else. += on a tensor and methods that end in an underscore write into the tensor they are used on.",
)
class PositionsShifted(MaskLMParts):
    def forward(self, X, pred_positions):
        b, n, h = X.shape
        pred_positions += n * torch.arange(b)[:, None]
        return self.mlp(X.reshape(b * n, h)[pred_positions])


@misconception(
    "MaskLM",
    "the sequence numbers of the first call are kept",
    hint="The first call is right, but a later one with more or fewer sequences or predictions picks by the sequence "
    "numbers of the first, which do not fit it. They depend on the sizes of a batch, which differ from call to call.",
)
class SequenceNumbersKept(MaskLMParts):
    def forward(self, X, pred_positions):
        b, k = pred_positions.shape
        if not hasattr(self, "examples"):
            self.examples = torch.arange(b).repeat_interleave(k)
        return self.mlp(X[self.examples, pred_positions.reshape(-1)].reshape(b, k, -1))


# NextSentencePred


@misconception(
    "NextSentencePred",
    "one logit instead of two",
    hint="Yes and no are two classes here, with one logit each, because the loss is the cross-entropy. A single logit "
    "would call for a sigmoid and another loss.",
)
class OneLogit(nn.Module):
    def __init__(self, num_inputs):
        super().__init__()
        self.output = nn.Linear(num_inputs, 1)

    def forward(self, X):
        return self.output(X)


@misconception(
    "NextSentencePred",
    "probabilities instead of logits",
    hint="Your rows sum to 1: a softmax was taken. The cross-entropy takes the softmax itself, and taking it twice "
    "flattens the gradients.",
)
class ProbabilitiesOfPairs(nn.Module):
    def __init__(self, num_inputs):
        super().__init__()
        self.output = nn.Linear(num_inputs, 2)

    def forward(self, X):
        return torch.softmax(self.output(X), dim=1)


@misconception(
    "NextSentencePred",
    "an activation after the last layer",
    hint="Your results are never negative. A logit may be any number, and a ReLU stops the gradient wherever it is "
    "negative. After the last layer there is no activation.",
)
class RectifiedLogits(nn.Module):
    def __init__(self, num_inputs):
        super().__init__()
        self.output = nn.Linear(num_inputs, 2)

    def forward(self, X):
        return torch.relu(self.output(X))


@misconception(
    "NextSentencePred",
    "the weights of the first call are kept",
    hint="The first result is right, later ones still use a copy of the weights as they were then. Training and "
    "load_state_dict change the layer, not the copy: go through the layer in every call.",
)
class WeightsKept(nn.Module):
    def __init__(self, num_inputs):
        super().__init__()
        self.output = nn.Linear(num_inputs, 2)
        self.kept = None

    def forward(self, X):
        if self.kept is None:
            self.kept = [p.detach().clone() for p in self.output.parameters()]
            return self.output(X)
        weight, bias = (p.to(X.dtype) for p in self.kept)
        return X @ weight.T + bias


# BERTModel


@misconception(
    "BERTModel",
    "the next sentence is judged from the mean of all tokens",
    hint="You average over the tokens, padding included. The vector of <cls>, which stands first, is there to gather "
    "what concerns the whole sequence: the head sees that one only.",
)
class NextSentenceFromMean(ModelParts):
    def forward(self, tokens, segments, valid_lens=None, pred_positions=None):
        X = self.encoder(tokens, segments, valid_lens)
        return X, self.masked(X, pred_positions), self.nsp(self.hidden(X.mean(dim=1)))


@misconception(
    "BERTModel",
    "hidden is left out",
    hint="The vector of <cls> goes straight into the next-sentence head. There is a layer on the way that your model "
    "holds but never uses, so it would never be trained.",
)
class NextSentenceWithoutHidden(ModelParts):
    def forward(self, tokens, segments, valid_lens=None, pred_positions=None):
        X = self.encoder(tokens, segments, valid_lens)
        return X, self.masked(X, pred_positions), self.nsp(X[:, 0])


@misconception(
    "BERTModel",
    "hidden has no tanh",
    hint="Two linear layers in a row are no more than one. What makes hidden worth having is the function that follows "
    "its linear layer.",
)
class HiddenWithoutTanh(ModelParts):
    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super().__init__(vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len)
        self.hidden = nn.Sequential(nn.Linear(num_hiddens, num_hiddens))

    def forward(self, tokens, segments, valid_lens=None, pred_positions=None):
        X = self.encoder(tokens, segments, valid_lens)
        return X, self.masked(X, pred_positions), self.nsp(self.hidden(X[:, 0]))


@misconception(
    "BERTModel",
    "masked tokens are predicted without positions, too",
    hint="pred_positions is None when nothing was masked, for instance after pretraining. There is nothing to look up "
    "then, and mlm must not be called.",
)
class AlwaysMasked(ModelParts):
    def forward(self, tokens, segments, valid_lens=None, pred_positions=None):
        X = self.encoder(tokens, segments, valid_lens)
        return X, self.mlm(X, pred_positions), self.nsp(self.hidden(X[:, 0]))


@misconception(
    "BERTModel",
    "valid_lens does not reach the encoder",
    hint="The encoder never learns how long the sequences are and attends to their padding. Look at the arguments with "
    "which you call it.",
)
class ModelWithoutValidLens(ModelParts):
    def forward(self, tokens, segments, valid_lens=None, pred_positions=None):
        X = self.encoder(tokens, segments, None)
        return X, self.masked(X, pred_positions), self.nsp(self.hidden(X[:, 0]))


@misconception(
    "BERTModel",
    "valid_lens counts only where positions are given",
    hint="Without pred_positions your encoder is not told the valid lengths. Padding must be masked whether or not masked "
    "tokens are to be predicted: the two arguments have nothing to do with each other.",
)
class ValidLensOnlyWithPositions(ModelParts):
    def forward(self, tokens, segments, valid_lens=None, pred_positions=None):
        X = self.encoder(tokens, segments, None if pred_positions is None else valid_lens)
        return X, self.masked(X, pred_positions), self.nsp(self.hidden(X[:, 0]))


@misconception(
    "BERTModel",
    "a call without positions ends the training mode",
    hint="After a call without pred_positions your model is in evaluation mode, and from then on trains without dropout. "
    "The mode belongs to the caller; a forward pass only goes by it.",
)
class ModelEndsTraining(ModelParts):
    def forward(self, tokens, segments, valid_lens=None, pred_positions=None):
        if pred_positions is None:
            self.eval()
        X = self.encoder(tokens, segments, valid_lens)
        return X, self.masked(X, pred_positions), self.nsp(self.hidden(X[:, 0]))


# bert_loss


@misconception(
    "bert_loss",
    "padded predictions count in the loss",
    hint="You average over all predictions, so the padded ones, whose labels mean nothing, are learnt as well. A loss "
    "averaged first cannot be weighted afterwards: weight each prediction's own loss.",
)
def loss_over_padding(
    net, loss, vocab_size, tokens_X, segments_X, valid_lens_x, pred_positions_X, mlm_weights_X, mlm_Y, nsp_y
):
    batch = tokens_X, segments_X, valid_lens_x, pred_positions_X
    each, pairs = losses(net, loss, vocab_size, *batch, mlm_Y, nsp_y)
    weights = mlm_weights_X.reshape(-1)
    mlm_l, nsp_l = (each.mean() * weights).sum() / (weights.sum() + 1e-8), pairs.mean()
    return mlm_l, nsp_l, mlm_l + nsp_l


@misconception(
    "bert_loss",
    "losses and weights are multiplied into a table",
    hint="Losses of shape (m,) times weights of shape (m, 1) make an (m, m) table in which every loss meets every "
    "weight; its sum counts the padding in full. Give both the same shape first.",
)
def loss_times_column(
    net, loss, vocab_size, tokens_X, segments_X, valid_lens_x, pred_positions_X, mlm_weights_X, mlm_Y, nsp_y
):
    batch = tokens_X, segments_X, valid_lens_x, pred_positions_X
    each, pairs = losses(net, loss, vocab_size, *batch, mlm_Y, nsp_y)
    table = each * mlm_weights_X.reshape(-1, 1)
    mlm_l, nsp_l = table.sum() / (mlm_weights_X.sum() + 1e-8), pairs.mean()
    return mlm_l, nsp_l, mlm_l + nsp_l


@misconception(
    "bert_loss",
    "divided by the number of all predictions",
    hint="Padded predictions add nothing to your sum, but you still count them when you divide, so a batch of short "
    "texts seems to have a small loss. How many predictions are real?",
)
def loss_divided_by_all(
    net, loss, vocab_size, tokens_X, segments_X, valid_lens_x, pred_positions_X, mlm_weights_X, mlm_Y, nsp_y
):
    batch = tokens_X, segments_X, valid_lens_x, pred_positions_X
    each, pairs = losses(net, loss, vocab_size, *batch, mlm_Y, nsp_y)
    mlm_l, nsp_l = (each * mlm_weights_X.reshape(-1)).mean(), pairs.mean()
    return mlm_l, nsp_l, mlm_l + nsp_l


@misconception(
    "bert_loss",
    "the mean of the sequences' means",
    hint="You average within each sequence first, so a prediction in a sequence with few of them weighs more than one "
    "in a sequence with many. Sum over the whole batch, and divide once.",
)
def loss_as_mean_of_means(
    net, loss, vocab_size, tokens_X, segments_X, valid_lens_x, pred_positions_X, mlm_weights_X, mlm_Y, nsp_y
):
    batch = tokens_X, segments_X, valid_lens_x, pred_positions_X
    each, pairs = losses(net, loss, vocab_size, *batch, mlm_Y, nsp_y)
    rows = (each.reshape(mlm_Y.shape) * mlm_weights_X).sum(dim=1) / (mlm_weights_X.sum(dim=1) + 1e-8)
    mlm_l, nsp_l = rows.mean(), pairs.mean()
    return mlm_l, nsp_l, mlm_l + nsp_l


@misconception(
    "bert_loss",
    "the next-sentence losses are summed",
    hint="Your nsp_l grows with the batch, while mlm_l is a mean, so their balance depends on the batch size. Average "
    "over the sequences.",
)
def next_sentence_loss_summed(
    net, loss, vocab_size, tokens_X, segments_X, valid_lens_x, pred_positions_X, mlm_weights_X, mlm_Y, nsp_y
):
    batch = tokens_X, segments_X, valid_lens_x, pred_positions_X
    each, pairs = losses(net, loss, vocab_size, *batch, mlm_Y, nsp_y)
    weights = mlm_weights_X.reshape(-1)
    mlm_l, nsp_l = (each * weights).sum() / (weights.sum() + 1e-8), pairs.sum()
    return mlm_l, nsp_l, mlm_l + nsp_l


@misconception(
    "bert_loss",
    "the result is cut off from the gradient",
    hint="The numbers are right, but the net cannot learn from them: something on the way (item, float, detach, a new "
    "tensor made from numbers) cuts the graph that leads back to its parameters.",
)
def loss_detached(
    net, loss, vocab_size, tokens_X, segments_X, valid_lens_x, pred_positions_X, mlm_weights_X, mlm_Y, nsp_y
):
    batch = tokens_X, segments_X, valid_lens_x, pred_positions_X
    each, pairs = losses(net, loss, vocab_size, *batch, mlm_Y, nsp_y)
    weights = mlm_weights_X.reshape(-1)
    mlm_l, nsp_l = (each * weights).sum() / (weights.sum() + 1e-8), pairs.mean()
    return mlm_l.detach(), nsp_l.detach(), (mlm_l + nsp_l).detach()


@misconception(
    "bert_loss",
    "a constant where no prediction is real",
    hint="With all weights 0 your mlm_l has the right value, but it is a new tensor that has nothing to do with the net: a "
    "training loop that differentiates it stops with an error at such a batch. The formula, with the tiny number in it, "
    "needs no case of its own.",
)
def loss_constant_without_predictions(
    net, loss, vocab_size, tokens_X, segments_X, valid_lens_x, pred_positions_X, mlm_weights_X, mlm_Y, nsp_y
):
    batch = tokens_X, segments_X, valid_lens_x, pred_positions_X
    each, pairs = losses(net, loss, vocab_size, *batch, mlm_Y, nsp_y)
    weights = mlm_weights_X.reshape(-1)
    nsp_l = pairs.mean()
    mlm_l = (each * weights).sum() / weights.sum() if weights.any() else nsp_l.new_zeros(())
    return mlm_l, nsp_l, mlm_l + nsp_l


@misconception(
    "bert_loss",
    "the loss passed in is changed",
    hint="After your call the caller's loss averages by itself, so the next call gets one number where it needs one loss "
    "per row. Leave the object as it is, and average what it returns.",
)
def loss_object_changed(
    net, loss, vocab_size, tokens_X, segments_X, valid_lens_x, pred_positions_X, mlm_weights_X, mlm_Y, nsp_y
):
    _, mlm_Y_hat, nsp_Y_hat = net(tokens_X, segments_X, valid_lens_x, pred_positions_X)
    each, weights = loss(mlm_Y_hat.reshape(-1, vocab_size), mlm_Y.reshape(-1)), mlm_weights_X.reshape(-1)
    loss.reduction = "mean"
    mlm_l, nsp_l = (each * weights).sum() / (weights.sum() + 1e-8), loss(nsp_Y_hat, nsp_y)
    return mlm_l, nsp_l, mlm_l + nsp_l


@misconception(
    "bert_loss",
    "the weights passed in are changed",
    hint="The caller's mlm_weights_X holds other numbers after your call: a tensor that was only reshaped is still the "
    "caller's, and what is written into it in place is written into the batch.",
)
def loss_weights_changed(
    net, loss, vocab_size, tokens_X, segments_X, valid_lens_x, pred_positions_X, mlm_weights_X, mlm_Y, nsp_y
):
    batch = tokens_X, segments_X, valid_lens_x, pred_positions_X
    each, pairs = losses(net, loss, vocab_size, *batch, mlm_Y, nsp_y)
    weights = mlm_weights_X
    weights /= weights.sum() + 1e-8
    mlm_l, nsp_l = (each * weights.reshape(-1)).sum(), pairs.mean()
    return mlm_l, nsp_l, mlm_l + nsp_l
