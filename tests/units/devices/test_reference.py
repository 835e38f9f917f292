"""The reference agrees with plain loops, and with moves done by hand, to 1e-10 in float64."""

import pytest
import torch
from torch import nn

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("devices").reference)
CPU, META = torch.device("cpu"), torch.device("meta")
X = torch.randn(7, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("count", "wanted"), [(0, ["cpu"]), (1, ["cuda:0"]), (3, ["cuda:0", "cuda:1", "cuda:2"])])
def test_gpus_are_counted(monkeypatch, count, wanted):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    assert list(map(str, reference.try_all_gpus())) == wanted
    assert [str(reference.try_gpu(i)) for i in range(count)] == [f"cuda:{i}" for i in range(count)]
    assert str(reference.try_gpu(count)) == "cpu"
    assert str(reference.try_gpu()) == wanted[0]


def test_nested_batches_are_moved():
    batch = ([X, {"a": X[0], "b": (X, 5)}], "name", None)
    (first, inner), name, nothing = reference.to_device(batch, META)
    assert [first.device, inner["a"].device, inner["b"][0].device] == [META] * 3
    assert (type(inner["b"]), inner["b"][1], name, nothing) == (tuple, 5, "name", None)
    assert batch[0][0].device == CPU


@pytest.mark.parametrize("device", [None, CPU])
def test_accuracy_is_the_loop(device):
    net = nn.Linear(3, 4, dtype=torch.float64)
    y = torch.arange(7) % 4
    scores = net(X).tolist()
    right = sum(max(range(4), key=row.__getitem__) == i % 4 for i, row in enumerate(scores))
    accuracy = reference.evaluate_accuracy_gpu(net, zip(X.split(3), y.split(3), strict=True), device)
    assert abs(accuracy - right / 7) < 1e-10


def test_running_mean_is_the_loop():
    layer = reference.DeviceAwareBuffer(3).double()
    seen = []
    for start, valid_len in ((0, 2), (2, 3), (4, 0)):
        batch = X[start : start + 3]
        seen += batch[:valid_len].tolist()
        mean = [sum(row[j] for row in seen) / len(seen) for j in range(3)]
        wanted = [[row[j] - mean[j] for j in range(3)] for row in batch[:valid_len].tolist()]
        wanted += [[0.0] * 3] * (3 - valid_len)
        torch.testing.assert_close(
            layer(batch, valid_len), torch.tensor(wanted, dtype=torch.float64), rtol=1e-10, atol=1e-10
        )
