"""The reference agrees with torch's own transformer encoder and with loops over single entries, to 1e-10 in float64."""

import torch
from torch import nn

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("bert").reference)
generator = torch.Generator().manual_seed(0)
b, n, k, h, vocab = 3, 5, 2, 4, 7
tokens = torch.randint(vocab, (b, n), generator=generator)
segments = torch.randint(2, (b, n), generator=generator)
valid_lens = torch.tensor([5, 2, 3])
pred_positions = torch.tensor([[1, 4], [0, 0], [2, 1]])
X = torch.randn(b, n, h, dtype=torch.float64, generator=generator)


def same(own, wanted):
    torch.testing.assert_close(own, wanted, rtol=1e-10, atol=1e-10)


def torchs_layer(block):
    """nn.TransformerEncoderLayer with the weights of a block."""
    layer = nn.TransformerEncoderLayer(h, 2, 6, dropout=0.0, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        layer.self_attn.in_proj_weight.copy_(torch.cat([block.W_q.weight, block.W_k.weight, block.W_v.weight]))
        layer.self_attn.in_proj_bias.copy_(torch.cat([block.W_q.bias, block.W_k.bias, block.W_v.bias]))
    layer.self_attn.out_proj.load_state_dict(block.W_o.state_dict())
    layer.linear1.load_state_dict(block.ffn[0].state_dict())
    layer.linear2.load_state_dict(block.ffn[2].state_dict())
    layer.norm1.load_state_dict(block.norm1.state_dict())
    layer.norm2.load_state_dict(block.norm2.state_dict())
    return layer


def test_encoder_is_torchs_encoder_on_summed_embeddings():
    encoder = reference.BERTEncoder(vocab, h, 6, 2, 2, 0.0, max_len=6).double()
    summed = torch.zeros(b, n, h, dtype=torch.float64)
    for i in range(b):
        for t in range(n):
            summed[i, t] = encoder.token_embedding.weight[tokens[i, t]] + encoder.pos_embedding[0, t]
            summed[i, t] += encoder.segment_embedding.weight[segments[i, t]]
    for block in encoder.blks:
        summed = torchs_layer(block)(summed, src_key_padding_mask=torch.arange(n) >= valid_lens[:, None])
    same(encoder(tokens, segments, valid_lens), summed)


def test_position_embedding_passes_gradcheck():
    encoder = reference.BERTEncoder(vocab, h, 6, 2, 1, 0.0, max_len=5).double()

    def of_positions(positions):
        parameters = {"pos_embedding": positions}
        return torch.func.functional_call(encoder, parameters, (tokens, segments, valid_lens))

    assert torch.autograd.gradcheck(of_positions, encoder.pos_embedding.detach().requires_grad_())


def test_mask_lm_is_the_loop_over_predictions():
    mlm = reference.MaskLM(vocab, 6, h).double()
    rows = [[mlm.mlp(X[i, p]) for p in pred_positions[i]] for i in range(b)]
    same(mlm(X, pred_positions), torch.stack([torch.stack(row) for row in rows]))


def test_next_sentence_pred_is_its_linear_layer():
    nsp = reference.NextSentencePred(h).double()
    same(nsp(X[:, 1]), X[:, 1] @ nsp.output.weight.T + nsp.output.bias)


def test_model_is_its_parts():
    net = reference.BERTModel(vocab, h, 6, 2, 1, 0.0).double()
    encoded, predicted, follows = net(tokens, segments, valid_lens, pred_positions)
    same(encoded, net.encoder(tokens, segments, valid_lens))
    same(predicted, net.mlm(encoded, pred_positions))
    first = torch.stack([sequence[0] for sequence in encoded])
    same(follows, torch.tanh(first @ net.hidden[0].weight.T + net.hidden[0].bias) @ net.nsp.output.weight.T
         + net.nsp.output.bias)  # fmt: skip
    assert net(tokens, segments)[1] is None


def test_loss_is_torchs_mean_over_real_predictions():
    scores = torch.randn(b, k, vocab, dtype=torch.float64, generator=generator)
    pairs = torch.randn(b, 2, dtype=torch.float64, generator=generator)
    weights, labels = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]), torch.tensor([[3, 1], [0, 0], [0, 0]])
    nsp_y = torch.tensor([0, 1, 1])
    mlm_l, nsp_l, total = reference.bert_loss(
        lambda *_: (X, scores, pairs), nn.CrossEntropyLoss(reduction="none"), vocab,
        tokens, segments, valid_lens, pred_positions, weights, labels, nsp_y,
    )  # fmt: skip
    ignored = labels.masked_fill(weights == 0, -100)
    wanted = nn.CrossEntropyLoss()(scores.reshape(-1, vocab), ignored.reshape(-1))
    same(mlm_l, wanted)
    same(nsp_l, nn.CrossEntropyLoss()(pairs, nsp_y))
    same(total, mlm_l + nsp_l)


def test_framing_of_one_text_and_of_two():
    assert reference.get_tokens_and_segments(["a"]) == (["<cls>", "a", "<sep>"], [0, 0, 0])
    pair = reference.get_tokens_and_segments(["a"], ["b", "c"])
    assert pair == (["<cls>", "a", "<sep>", "b", "c", "<sep>"], [0, 0, 0, 1, 1, 1])
