"""Other correct ways to write BERT."""

from collections import OrderedDict, namedtuple

import torch
import torch.nn.functional as F
from torch import nn

from autograder.suite import accepted

# get_tokens_and_segments


@accepted("get_tokens_and_segments", "explicit loops over the tokens")
def framed_by_loops(tokens_a, tokens_b=None):
    tokens, segments = [], []
    for segment, text in enumerate([tokens_a, tokens_b]):
        if text is None:
            continue
        if segment == 0:
            tokens.append("<cls>")
            segments.append(0)
        for token in [*text, "<sep>"]:
            tokens.append(token)
            segments.append(segment)
    return [tokens, segments]


@accepted("get_tokens_and_segments", "unpacking")
def framed_by_unpacking(tokens_a, tokens_b=None):
    first = ["<cls>", *tokens_a, "<sep>"]
    if tokens_b is None:
        return first, [0 for _ in first]
    second = [*tokens_b, "<sep>"]
    return [*first, *second], [0] * len(first) + [1] * len(second)


@accepted("get_tokens_and_segments", "segments counted from the separators")
def framed_by_counting(tokens_a, tokens_b=None):
    tokens = ["<cls>"] + list(tokens_a) + ["<sep>"]
    border = len(tokens)
    if tokens_b is not None:
        tokens.extend(tokens_b)
        tokens.append("<sep>")
    return tokens, [int(i >= border) for i in range(len(tokens))]


# BERTEncoder


@accepted("BERTEncoder", "a list of blocks and three steps")
class EncoderWithModuleList(nn.Module):
    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super(BERTEncoder, self).__init__()
        self.blks = nn.ModuleList()
        while len(self.blks) < num_blks:
            self.blks.append(TransformerEncoderBlock(num_hiddens, ffn_num_hiddens, num_heads, dropout))
        self.segment_embedding = nn.Embedding(num_embeddings=2, embedding_dim=num_hiddens)
        self.token_embedding = nn.Embedding(num_embeddings=vocab_size, embedding_dim=num_hiddens)
        self.pos_embedding = nn.Parameter(torch.randn(1, max_len, num_hiddens))

    def forward(self, tokens, segments, valid_lens):
        output = self.pos_embedding.narrow(1, 0, tokens.size(1)).expand(tokens.size(0), -1, -1)
        output = output + self.token_embedding(tokens)
        output = output + self.segment_embedding(segments)
        for i in range(len(self.blks)):
            output = self.blks[i](output, valid_lens)
        return output


@accepted("BERTEncoder", "positions looked up by number, segments by a product with one-hot vectors")
class EncoderWithLookups(nn.Module):
    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.empty(1, max_len, num_hiddens))
        nn.init.normal_(self.pos_embedding)
        self.token_embedding, self.segment_embedding = (nn.Embedding(q, num_hiddens) for q in (vocab_size, 2))
        blocks = [
            (str(i), TransformerEncoderBlock(num_hiddens, ffn_num_hiddens, num_heads, dropout)) for i in range(num_blks)
        ]
        self.blks = nn.Sequential(OrderedDict(blocks))

    def forward(self, tokens, segments, valid_lens):
        n = tokens.shape[1]
        which = F.one_hot(segments, 2).to(self.pos_embedding.dtype)
        positions = self.pos_embedding.squeeze(0)[torch.arange(n, device=tokens.device)]
        X = self.token_embedding.weight[tokens] + which @ self.segment_embedding.weight + positions[None]
        for blk in self.blks.children():
            X = blk(X, valid_lens)
        return X


@accepted("BERTEncoder", "an explicit loop over the sequences")
class EncoderBySequence(nn.Module):
    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, num_hiddens)
        self.segment_embedding = nn.Embedding(2, num_hiddens)
        self.register_parameter("pos_embedding", nn.Parameter(torch.randn((1, max_len, num_hiddens))))
        blks = [TransformerEncoderBlock(num_hiddens, ffn_num_hiddens, num_heads, dropout) for _ in range(num_blks)]
        self.blks = nn.Sequential(*blks)

    def forward(self, tokens, segments, valid_lens):
        rows = []
        for i, (token, segment) in enumerate(zip(tokens, segments)):
            x = self.token_embedding(token) + self.segment_embedding(segment) + self.pos_embedding[0, : len(token)]
            row = x.unsqueeze(0)
            for blk in self.blks:
                row = blk(row, None if valid_lens is None else valid_lens[i : i + 1])
            rows.append(row)
        return torch.cat(rows)


# MaskLM


@accepted("MaskLM", "paired indices with an extra axis")
class MaskLMByBroadcasting(nn.Module):
    def __init__(self, vocab_size, num_hiddens, num_inputs):
        super().__init__()
        layers = [nn.Linear(num_inputs, num_hiddens), nn.ReLU(inplace=True), nn.LayerNorm([num_hiddens])]
        self.mlp = nn.Sequential(*layers, nn.Linear(num_hiddens, vocab_size))

    def forward(self, X, pred_positions):
        return self.mlp(X[torch.arange(len(X))[:, None], pred_positions])


@accepted("MaskLM", "gather")
class MaskLMByGather(nn.Module):
    def __init__(self, vocab_size, num_hiddens, num_inputs=768):
        super().__init__()
        self.mlp = nn.Sequential()
        self.mlp.add_module("0", nn.Linear(num_inputs, num_hiddens))
        self.mlp.add_module("1", nn.ReLU())
        self.mlp.add_module("2", nn.LayerNorm(num_hiddens))
        self.mlp.add_module("3", nn.Linear(num_hiddens, vocab_size))

    def forward(self, X, pred_positions):
        index = pred_positions.unsqueeze(-1).expand(-1, -1, X.shape[-1])
        return self.mlp(torch.gather(X, 1, index))


@accepted("MaskLM", "a prediction for every token, picked by a loop")
class MaskLMByLoop(nn.Module):
    def __init__(self, vocab_size, num_hiddens, num_inputs):
        super().__init__()
        first, last = nn.Linear(num_inputs, num_hiddens), nn.Linear(num_hiddens, vocab_size)
        self.mlp = nn.Sequential(first, nn.ReLU(), nn.LayerNorm(num_hiddens), last)

    def forward(self, X, pred_positions):
        predictions = self.mlp(X)
        rows = []
        for i, positions in enumerate(pred_positions.tolist()):
            rows.append(torch.stack([predictions[i, p] for p in positions]))
        return torch.stack(rows, dim=0)


@accepted("MaskLM", "a product with one-hot vectors")
class MaskLMByProduct(nn.Module):
    def __init__(self, vocab_size, num_hiddens, num_inputs):
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(num_inputs, num_hiddens), nn.ReLU(), nn.LayerNorm(num_hiddens), nn.Linear(num_hiddens, vocab_size)
        )

    def forward(self, X, pred_positions):
        chosen = F.one_hot(pred_positions, X.shape[1]).type_as(X)
        return self.mlp(torch.bmm(chosen, X))


@accepted("MaskLM", "lazy layers, as in newer editions of the book")
class MaskLMLazy(nn.Module):
    def __init__(self, vocab_size, num_hiddens, num_inputs):
        super().__init__()
        self.mlp = nn.Sequential(
            nn.LazyLinear(num_hiddens), nn.ReLU(), nn.LayerNorm(num_hiddens), nn.LazyLinear(vocab_size)
        )

    def forward(self, X, pred_positions):
        rows = torch.arange(X.shape[0]).unsqueeze(1).expand_as(pred_positions)
        return self.mlp(X[rows, pred_positions])


# NextSentencePred


@accepted("NextSentencePred", "a lazy layer, as in newer editions of the book")
class NextSentenceLazy(nn.Module):
    def __init__(self, num_inputs):
        super().__init__()
        self.output = nn.LazyLinear(2)

    def forward(self, X):
        return self.output(X)


@accepted("NextSentencePred", "lecture style, width by keyword")
class NextSentenceByKeyword(nn.Module):
    def __init__(self, num_inputs=768, **kwargs):
        super().__init__(**kwargs)
        self.output = nn.Linear(in_features=num_inputs, out_features=2)

    def forward(self, X):
        logits = self.output(X)
        return logits


@accepted("NextSentencePred", "matrix product with the layer's weight")
class NextSentenceByProduct(nn.Module):
    def __init__(self, num_inputs):
        super().__init__()
        self.output = nn.Linear(num_inputs, 2)

    def forward(self, X):
        return X @ self.output.weight.t() + self.output.bias[None, :]


@accepted("NextSentencePred", "einsum")
class NextSentenceByEinsum(nn.Module):
    def __init__(self, num_inputs):
        super().__init__()
        self.output = nn.Linear(num_inputs, 2, bias=True)

    def forward(self, X):
        return torch.einsum("bi,oi->bo", X, self.output.weight).add(self.output.bias)


# BERTModel


@accepted("BERTModel", "lecture style")
class ModelOfTheLecture(nn.Module):
    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super(BERTModel, self).__init__()
        self.encoder = BERTEncoder(
            vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=max_len
        )
        self.mlm, self.nsp = MaskLM(vocab_size, num_hiddens, num_hiddens), NextSentencePred(num_hiddens)
        self.hidden = nn.Sequential(nn.Linear(num_hiddens, num_hiddens), nn.Tanh())

    def forward(self, tokens, segments, valid_lens=None, pred_positions=None):
        encoded = self.encoder(tokens, segments, valid_lens)
        predicted = self.mlm(encoded, pred_positions) if pred_positions is not None else None
        return (encoded, predicted, self.nsp(self.hidden(encoded[:, 0])))


@accepted("BERTModel", "everything by keyword, results in a list")
class ModelByKeyword(nn.Module):
    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super().__init__()
        self.nsp = NextSentencePred(num_inputs=num_hiddens)
        self.mlm = MaskLM(num_inputs=num_hiddens, num_hiddens=num_hiddens, vocab_size=vocab_size)
        self.hidden = nn.Sequential(OrderedDict([("0", nn.Linear(num_hiddens, num_hiddens)), ("1", nn.Tanh())]))
        self.encoder = BERTEncoder(
            vocab_size=vocab_size,
            num_hiddens=num_hiddens,
            ffn_num_hiddens=ffn_num_hiddens,
            num_heads=num_heads,
            num_blks=num_blks,
            dropout=dropout,
            max_len=max_len,
        )

    def forward(self, tokens, segments, valid_lens=None, pred_positions=None):
        results = [self.encoder(tokens=tokens, segments=segments, valid_lens=valid_lens), None]
        cls = results[0].select(dim=1, index=0)
        if pred_positions is not None:
            results[1] = self.mlm(X=results[0], pred_positions=pred_positions)
        return [*results, self.nsp(X=self.hidden(cls))]


@accepted("BERTModel", "hidden applied to every token, then cut")
class ModelWithHiddenEverywhere(nn.Module):
    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super().__init__()
        h = num_hiddens
        self.encoder = BERTEncoder(vocab_size, h, ffn_num_hiddens, num_heads, num_blks, dropout, max_len)
        self.hidden = nn.Sequential()
        self.hidden.append(nn.Linear(h, h))
        self.hidden.append(nn.Tanh())
        self.mlm = MaskLM(vocab_size, h, h)
        self.nsp = NextSentencePred(h)

    def forward(self, tokens, segments, valid_lens=None, pred_positions=None):
        X = self.encoder(tokens, segments, valid_lens)
        follows = self.nsp(self.hidden(X)[:, 0, :])
        if pred_positions is None:
            return X, None, follows
        return X, self.mlm(X, pred_positions), follows


@accepted("BERTModel", "a lazy layer, results in a named tuple")
class ModelLazy(nn.Module):
    Results = namedtuple("Results", "encoded_X mlm_Y_hat nsp_Y_hat")

    def __init__(self, vocab_size, num_hiddens, *sizes, **options):
        super().__init__()
        self.encoder = BERTEncoder(vocab_size, num_hiddens, *sizes, **options)
        self.hidden = nn.Sequential(nn.LazyLinear(num_hiddens), nn.Tanh())
        self.mlm = MaskLM(vocab_size, num_hiddens, num_hiddens)
        self.nsp = NextSentencePred(num_hiddens)

    def forward(self, tokens, segments, valid_lens=None, pred_positions=None):
        encoded_X = self.encoder(tokens, segments, valid_lens)
        mlm_Y_hat = None if pred_positions is None else self.mlm(encoded_X, pred_positions)
        return self.Results(encoded_X, mlm_Y_hat, self.nsp(self.hidden(encoded_X[:, 0])))


# bert_loss


@accepted("bert_loss", "only the real predictions are judged")
def loss_of_real_predictions(
    net, loss, vocab_size, tokens_X, segments_X, valid_lens_x, pred_positions_X, mlm_weights_X, mlm_Y, nsp_y
):
    _, mlm_Y_hat, nsp_Y_hat = net(tokens_X, segments_X, valid_lens_x, pred_positions_X)
    real = mlm_weights_X > 0
    nsp_l = torch.mean(loss(nsp_Y_hat, nsp_y))
    mlm_l = loss(mlm_Y_hat[real], mlm_Y[real]).sum() / real.sum().clamp(min=1)
    return [mlm_l, nsp_l, nsp_l + mlm_l]


@accepted("bert_loss", "columns on both sides, arguments by keyword")
def loss_by_columns(
    net, loss, vocab_size, tokens_X, segments_X, valid_lens_x, pred_positions_X, mlm_weights_X, mlm_Y, nsp_y
):
    outputs = net(tokens=tokens_X, segments=segments_X, valid_lens=valid_lens_x, pred_positions=pred_positions_X)
    each = loss(outputs[1].flatten(0, 1), mlm_Y.flatten()).reshape(-1, 1) * mlm_weights_X.reshape(-1, 1)
    mlm_l = each.sum() / (mlm_weights_X.sum() + 1e-8)
    pairs = loss(outputs[2], nsp_y)
    nsp_l = pairs.sum() / pairs.numel()
    return mlm_l, nsp_l, mlm_l + nsp_l


@accepted("bert_loss", "an explicit loop over the sequences")
def loss_by_loop(
    net, loss, vocab_size, tokens_X, segments_X, valid_lens_x, pred_positions_X, mlm_weights_X, mlm_Y, nsp_y
):
    _, mlm_Y_hat, nsp_Y_hat = net(tokens_X, segments_X, valid_lens_x, pred_positions_X)
    total = torch.zeros((), dtype=mlm_Y_hat.dtype)
    for scores, labels, weights in zip(mlm_Y_hat, mlm_Y, mlm_weights_X):
        total = total + (loss(scores, labels) * weights).sum()
    mlm_l = total / max(float(mlm_weights_X.sum()), 1e-8)
    nsp_l = sum(loss(nsp_Y_hat, nsp_y)) / len(nsp_y)
    return mlm_l, nsp_l, mlm_l + nsp_l


@accepted("bert_loss", "dot product of losses and weights")
def loss_by_dot_product(
    net, loss, vocab_size, tokens_X, segments_X, valid_lens_x, pred_positions_X, mlm_weights_X, mlm_Y, nsp_y
):
    _, mlm_Y_hat, nsp_Y_hat = net(tokens_X, segments_X, valid_lens_x, pred_positions_X)
    each = loss(mlm_Y_hat.contiguous().view(-1, vocab_size), mlm_Y.contiguous().view(-1))
    weights = mlm_weights_X.reshape(-1).to(each.dtype)
    mlm_l = torch.dot(each, weights) / (1e-8 + weights.sum())
    nsp_l = loss(nsp_Y_hat, nsp_y).mean()
    return mlm_l, nsp_l, torch.stack([mlm_l, nsp_l]).sum()


@accepted("bert_loss", "weights normalised first, the sum of their entries at least 1")
def loss_by_normalised_weights(
    net, loss, vocab_size, tokens_X, segments_X, valid_lens_x, pred_positions_X, mlm_weights_X, mlm_Y, nsp_y
):
    _, mlm_Y_hat, nsp_Y_hat = net(tokens_X, segments_X, valid_lens_x, pred_positions_X)
    shares = mlm_weights_X / mlm_weights_X.sum().clamp(min=1)
    each = loss(mlm_Y_hat.flatten(0, 1), mlm_Y.flatten()).unflatten(0, mlm_Y.shape)
    mlm_l, nsp_l = torch.einsum("ij,ij->", shares, each), loss(nsp_Y_hat, nsp_y).mean()
    return mlm_l, nsp_l, mlm_l + nsp_l
