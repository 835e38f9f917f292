"""Other correct ways to write loss functions."""

import torch
from torch import nn

from autograder.suite import accepted


@accepted("l2_loss", "lecture style")
def l2_loss_of_the_lecture(y_hat, y):
    return (y_hat - y.reshape(y_hat.shape)) ** 2 / 2


@accepted("l2_loss", "torch's functions")
def l2_loss_by_functions(y_hat, y):
    return torch.mul(torch.pow(torch.sub(y_hat, y), 2), 0.5)


@accepted("l2_loss", "multiplied out")
def l2_loss_multiplied_out(y_hat, y):
    return 0.5 * y_hat * y_hat - y_hat * y + y * y / 2


@accepted("l1_loss", "lecture style")
def l1_loss_of_the_lecture(y_hat, y):
    return torch.abs(y_hat - y.reshape(y_hat.shape))


@accepted("l1_loss", "the larger minus the smaller")
def l1_loss_by_maximum(y_hat, y):
    return torch.maximum(y_hat, y) - torch.minimum(y_hat, y)


@accepted("l1_loss", "the error or its opposite")
def l1_loss_by_where(y_hat, y):
    return torch.where(y_hat > y, y_hat - y, y - y_hat)


@accepted("l1_loss", "a loop over single entries")
def l1_loss_by_loop(y_hat, y):
    losses = [a - b if a > b else b - a for a, b in zip(y_hat.reshape(-1), y.reshape(-1))]
    return torch.stack(losses).reshape(y_hat.shape)


@accepted("huber_loss", "lecture style")
def huber_loss_of_the_lecture(y_hat, y, delta=1.0):
    residual = torch.abs(y_hat - y)
    condition = residual < delta
    return torch.where(condition, 0.5 * residual**2, delta * residual - 0.5 * delta**2)


@accepted("huber_loss", "the clipped error")
def huber_loss_by_clamp(y_hat, y, delta=1.0):
    size = (y_hat - y).abs()
    clipped = size.clamp(max=delta)
    return clipped * (size - clipped / 2)


@accepted("huber_loss", "masks")
def huber_loss_by_masks(y_hat, y, delta=1.0):
    e = y_hat - y
    small = (e.abs() <= delta).to(e.dtype)
    return small * e**2 / 2 + (1 - small) * delta * (e.abs() - delta / 2)


@accepted("huber_loss", "written into by index")
def huber_loss_by_index(y_hat, y, delta=1.0):
    e = (y_hat - y).abs()
    loss = 0.5 * e**2
    large = e > delta
    loss[large] = delta * (e[large] - 0.5 * delta)
    return loss


@accepted("huber_loss", "a loop over single entries")
def huber_loss_by_loop(y_hat, y, delta=1.0):
    losses = []
    for a, b in zip(y_hat.flatten(), y.flatten()):
        e = abs(a - b)
        losses.append(e**2 / 2 if e <= delta else delta * (e - delta / 2))
    return torch.stack(losses).view(y_hat.shape)


@accepted("l2_grad", "lecture style")
def l2_grad_of_the_lecture(y_hat, y):
    return y_hat - y.reshape(y_hat.shape)


@accepted("l2_grad", "the opposite turned round")
def l2_grad_turned(y_hat, y):
    return -(y - y_hat)


@accepted("l2_grad", "the square's derivative halved")
def l2_grad_halved(y_hat, y):
    return 2 * (y_hat - y) / 2


@accepted("l1_grad", "lecture style")
def l1_grad_of_the_lecture(y_hat, y):
    e = y_hat - y
    grad = torch.zeros_like(y_hat)
    grad[e > 0] = 1
    grad[e < 0] = -1
    return grad


@accepted("l1_grad", "two comparisons")
def l1_grad_by_comparisons(y_hat, y):
    return (y_hat > y).to(y_hat.dtype) - (y_hat < y).to(y_hat.dtype)


@accepted("l1_grad", "nested choices")
def l1_grad_by_where(y_hat, y):
    one = torch.ones_like(y_hat)
    return torch.where(y_hat > y, one, torch.where(y_hat < y, -one, 0 * one))


@accepted("huber_grad", "lecture style")
def huber_grad_of_the_lecture(y_hat, y, delta=1.0):
    return torch.clamp(y_hat - y, min=-delta, max=delta)


@accepted("huber_grad", "three pieces by index")
def huber_grad_by_index(y_hat, y, delta=1.0):
    grad = y_hat - y
    grad[grad > delta] = delta
    grad[grad < -delta] = -delta
    return grad


@accepted("huber_grad", "a loop over single entries")
def huber_grad_by_loop(y_hat, y, delta=1.0):
    pulls = [max(-delta, min(delta, float(a - b))) for a, b in zip(y_hat.reshape(-1), y.reshape(-1))]
    return torch.tensor(pulls, dtype=y_hat.dtype).reshape(y_hat.shape)


@accepted("huber_grad", "the l1 gradient in the linear part")
def huber_grad_by_neighbours(y_hat, y, delta=1.0):
    return torch.where(l1_loss(y_hat, y) > delta, delta * l1_grad(y_hat, y), l2_grad(y_hat, y))


@accepted("has_margin", "lecture style, example by example")
def has_margin_by_rows(o, y, delta):
    result = []
    for i in range(len(o)):
        others = [o[i, y[i]] - o[i, j] >= delta for j in range(o.shape[1]) if j != y[i]]
        result.append(all(others))
    return torch.tensor(result)


@accepted("has_margin", "the best of the others")
def has_margin_by_best_other(o, y, delta):
    mask = nn.functional.one_hot(y, o.shape[1]).bool()
    best = o.masked_fill(mask, float("-inf")).max(dim=1).values
    return o[mask] - best >= delta


@accepted("has_margin", "the two largest scores")
def has_margin_by_topk(o, y, delta):
    scores, classes = o.topk(2, dim=1)
    return (classes[:, 0] == y) & (scores[:, 0] - scores[:, 1] >= delta)


@accepted("has_margin", "all but one of the leads")
def has_margin_by_count(o, y, delta):
    own = o.gather(1, y.unsqueeze(1))
    return (own - o >= delta).sum(dim=1) == o.shape[1] - 1
