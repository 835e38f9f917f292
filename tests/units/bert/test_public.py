"""Public checks: BERT."""

import math

import torch
from torch import nn

from autograder.suite import check, close, hints, items_of, probe


@check("get_tokens_and_segments", points=1)
def test_two_short_texts(submission):
    """["i", "like"] and ["it"] make <cls> i like <sep> it <sep>, with segments 0 0 0 0 1 1."""
    tokens, segments = items_of(submission.get_tokens_and_segments(["i", "like"], ["it"]), 2)
    close(tokens, ["<cls>", "i", "like", "<sep>", "it", "<sep>"], what="tokens")
    close(segments, [0, 0, 0, 0, 1, 1], what="segments")


@probe
def sums_of_embeddings(names):
    """encoder(tokens, segments, None) without blocks"""
    encoder = names.BERTEncoder(
        vocab_size=3, num_hiddens=2, ffn_num_hiddens=4, num_heads=1, num_blks=0, dropout=0.0, max_len=4
    )
    with torch.no_grad():
        encoder.token_embedding.weight.copy_(torch.tensor([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]]))
        encoder.segment_embedding.weight.copy_(torch.tensor([[10.0, 0.0], [20.0, 0.0]]))
        encoder.pos_embedding.copy_(torch.tensor([[[0.0, 0.0], [0.0, 5.0], [0.0, 6.0], [0.0, 7.0]]]))
    output = encoder(torch.tensor([[0, 2, 1]]), torch.tensor([[0, 0, 1]]), None)
    output.sum().backward()
    return [output, encoder.pos_embedding.grad]


@check("BERTEncoder", points=1)
def test_encoder_of_three_tokens(submission):
    """Without blocks, the encoder adds up token, segment and position vectors, and the positions get a gradient."""
    output, gradient = submission.run(sums_of_embeddings)
    close(output, torch.tensor([[[11.0, 0.0], [13.0, 5.0], [22.0, 6.0]]]), what="encoder(tokens, segments, None)")
    used = torch.tensor([[[1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [0.0, 0.0]]])
    close(gradient, used, what="encoder.pos_embedding.grad after encoder(...).sum().backward()")


@probe
def encoded_shape(names):
    """encoder(tokens, segments, valid_lens) with two blocks"""
    encoder = names.BERTEncoder(
        vocab_size=9, num_hiddens=4, ffn_num_hiddens=3, num_heads=2, num_blks=2, dropout=0.1, max_len=8
    )
    tokens = torch.arange(6).reshape(2, 3)
    return list(encoder(tokens, torch.zeros_like(tokens), torch.tensor([3, 2])).shape)


@check("BERTEncoder", points=1)
def test_encoder_gives_one_vector_per_token(submission):
    """Two sequences of three tokens give a result of shape (2, 3, num_hiddens)."""
    close(submission.run(encoded_shape), [2, 3, 4], what="the shape of encoder(tokens, segments, valid_lens)")


@probe
def copied_positions(names):
    """mlm(X, pred_positions)"""
    mlm = names.MaskLM(vocab_size=2, num_hiddens=2, num_inputs=1)
    X = torch.tensor([[[1.0], [20.0], [10.0]], [[30.0], [10.0], [-3.0]]])
    mlm(X.clone(), torch.tensor([[0], [0]]))  # lazy layers have no weights before
    with torch.no_grad():
        mlm.mlp[0].weight.copy_(torch.tensor([[1.0], [0.0]]))
        mlm.mlp[0].bias.copy_(torch.tensor([0.0, 10.0]))
        mlm.mlp[3].weight.copy_(torch.eye(2))
        mlm.mlp[3].bias.zero_()
    return torch.sign(mlm(X, torch.tensor([[1, 0], [2, 0]])).round(decimals=3))


@check("MaskLM", points=1)
def test_mask_lm_of_two_sequences(submission):
    """Positions 1 and 0 are read from the first sequence, positions 2 and 0 from the second."""
    wanted = torch.tensor([[[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]])
    close(submission.run(copied_positions), wanted, what="the signs of mlm(X, pred_positions)")


@probe
def two_logits(names):
    """nsp(X)"""
    nsp = names.NextSentencePred(3)
    nsp(torch.zeros(1, 3))  # a lazy layer has no weights before
    with torch.no_grad():
        nsp.output.weight.copy_(torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]))
        nsp.output.bias.copy_(torch.tensor([0.0, 0.5]))
    return nsp(torch.tensor([[1.0, 2.0, 3.0]]))


@check("NextSentencePred", points=1)
def test_next_sentence_pred_of_one_sequence(submission):
    """Each sequence gives two logits, those of the layer output."""
    close(submission.run(two_logits), torch.tensor([[1.0, 5.5]]), what="nsp(X)")


@probe
def model_shapes(names):
    """net(tokens, segments, valid_lens, pred_positions)"""
    net = names.BERTModel(
        vocab_size=9, num_hiddens=4, ffn_num_hiddens=3, num_heads=2, num_blks=1, dropout=0.1, max_len=8
    )
    tokens = torch.arange(6).reshape(2, 3)
    encoded, mlm, nsp = net(tokens, torch.zeros_like(tokens), torch.tensor([3, 2]), torch.tensor([[1, 2], [0, 1]]))
    return [list(encoded.shape), list(mlm.shape), list(nsp.shape), net(tokens, torch.zeros_like(tokens))[1]]


@check("BERTModel", points=1)
def test_model_returns_three_things(submission):
    """The model returns the encoded tokens, the masked-token logits (None without positions) and the pair logits."""
    encoded, mlm, nsp, nothing = items_of(submission.run(model_shapes), 4)
    close(encoded, [2, 3, 4], what="the shape of encoded_X")
    close(mlm, [2, 2, 9], what="the shape of mlm_Y_hat")
    close(nsp, [2, 2], what="the shape of nsp_Y_hat")
    close(nothing, None, what="mlm_Y_hat of net(tokens, segments)")


@probe
def loss_of_one_padded_prediction(names):
    """bert_loss(net, loss, vocab_size, ...)"""

    def net(tokens, segments, valid_lens=None, pred_positions=None):
        return torch.zeros(1, 2, 4), torch.tensor([[[0.0, 0.0], [0.0, 50.0]]]), torch.zeros(1, 2)

    tokens, lens, labels = torch.zeros(1, 2, dtype=torch.int64), torch.tensor([2]), torch.tensor([[1, 0]])
    loss = nn.CrossEntropyLoss(reduction="none")
    weights, nsp_y = torch.tensor([[1.0, 0.0]]), torch.tensor([1])
    return list(names.bert_loss(net, loss, 2, tokens, tokens, lens, torch.tensor([[1, 0]]), weights, labels, nsp_y))


@check("bert_loss", points=1)
def test_loss_leaves_a_padded_prediction_out(submission):
    """A prediction of weight 0 does not count: with logits 0 elsewhere, both losses are log 2."""
    wanted = torch.tensor([math.log(2), math.log(2), 2 * math.log(2)])
    for label, got, number in zip(
        ("mlm_l", "nsp_l", "l"), items_of(submission.run(loss_of_one_padded_prediction), 3), wanted
    ):
        close(got, number, what=label)


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "get_tokens_and_segments",
    question="To which text does the separator between the two texts belong?",
    idea="Begin with the class token, and end every text with a separator that still belongs to it. A "
    "second text is there unless it is None; an empty one counts.",
    formula="tokens: <cls> A <sep> [B <sep>];  segments: |A| + 2 zeros, then |B| + 1 ones",
)

hints(
    "BERTEncoder",
    question="The sequences have n tokens, the position embedding has max_len. Which part of it is needed, and "
    "how does it stay trainable?",
    idea="Look up a vector for each token and one for each segment number, add the vectors of the first n "
    "positions, and send the sum through the blocks in turn, each with the valid lengths. The blocks "
    "must be registered, each with weights of its own.",
    formula="xᵢₜ = E_token[tokensᵢₜ] + E_segment[segmentsᵢₜ] + Pₜ,  X ← block_l(X, valid_lens) for l = 1, …, L",
)

hints(
    "MaskLM",
    question="Position 3 of which sequence? How do you say that for all b · k predictions at once?",
    idea="Pair every position with the number of its sequence, pick one vector per pair, and let the small "
    "network turn each into a logit per word of the vocabulary.",
    formula="Ŷᵢⱼ = mlp(Xᵢ,pᵢⱼ), with p the positions to be predicted;  (b, n, h) → (b, k, h) → (b, k, V)",
)

hints(
    "NextSentencePred",
    question="How many answers are there to the question whether the second text follows the first, and what "
    "does the cross-entropy do with logits by itself?",
    idea="One linear layer gives a logit for each answer. Nothing comes after it.",
    formula="Ŷ = X Wᵀ + b ∈ ℝᵇˣ²",
)

hints(
    "BERTModel",
    question="Which token stands first in every sequence, and what is it there for?",
    idea="Encode once. The masked-word head reads the encoded tokens at the given positions, if positions "
    "are given. The next-sentence head reads the vector of the first token, after one more layer with "
    "a tanh.",
    formula="E = encoder(tokens, segments);  Ŷ_mlm = mlm(E, p) or None;  Ŷ_nsp = nsp(tanh(W E_·,0 + b))",
)

hints(
    "bert_loss",
    question="A padded prediction has weight 0. Where must it not count: in the sum, in the number you divide "
    "by, or in both?",
    idea="Ask for one loss per prediction, in one long row, and multiply it by the weights in the same "
    "shape. Divide the sum by the sum of the weights, with a tiny number added. Add the mean of the "
    "next-sentence losses.",
    formula="ℓ_mlm = Σ wᵢⱼ ℓᵢⱼ / (Σ wᵢⱼ + 10⁻⁸),  ℓ_nsp = (1/b) Σ ℓᵢ,  ℓ = ℓ_mlm + ℓ_nsp",
)
