"""The reference agrees with loops over single numbers and with torchvision's coder, to 1e-10 in float64."""

import math

import torch
from torchvision import ops
from torchvision.models.detection._utils import BoxCoder

from autograder.course import find_course
from autograder.grader.trusted import load_module

reference = load_module(find_course().unit("anchors").reference)
CODER = BoxCoder((10.0, 10.0, 5.0, 5.0))


def some_boxes(count, seed, area=1.0):
    """(count, 4), float64, upper left corners in an area of this side; all overlap where it is 0.1 or less."""
    low = torch.rand(count, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * area
    sides = torch.rand(count, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed + 1)) + 0.1
    return torch.cat([low, low + sides], dim=1)


def agree(own, right):
    torch.testing.assert_close(own, right, rtol=1e-10, atol=1e-10)


def iou_of(a, b):
    wide = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    high = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = wide * high
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def test_multibox_prior_is_the_formula():
    got = reference.multibox_prior(torch.zeros(1, 3, 2, 3), [0.5, 0.25], [1, 2, 0.5])
    assert got.shape == (1, 24, 4)
    assert got.dtype == torch.float32
    # Row 1, column 2, the last of its four anchors: size 0.5, ratio 0.5.
    w, h = 0.5 * math.sqrt(0.5) * 2 / 3, 0.5 / math.sqrt(0.5)
    x, y = 2.5 / 3, 1.5 / 2
    right = torch.tensor([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    torch.testing.assert_close(got[0, (1 * 3 + 2) * 4 + 3], right)


def test_box_iou_is_the_loop_and_torchvisions():
    one, two = some_boxes(6, 0), some_boxes(5, 10)
    right = [[iou_of(a, b) for b in two.tolist()] for a in one.tolist()]
    agree(reference.box_iou(one, two), torch.tensor(right, dtype=torch.float64))
    agree(reference.box_iou(one, two), ops.box_iou(one, two))


def test_assignment_is_the_greedy_loop():
    for seed in range(20):
        truth, anchors = some_boxes(3, seed, 0.1), some_boxes(8, 100 + seed, 0.1)
        table = {(i, j): iou_of(anchors[i].tolist(), truth[j].tolist()) for i in range(8) for j in range(3)}
        right = []
        for i in range(8):
            j = max(range(3), key=lambda j, i=i: table[i, j])
            right.append(j if table[i, j] >= 0.4 else -1)
        while table:
            anchor, box = max(table, key=table.get)
            right[anchor] = box
            table = {pair: iou for pair, iou in table.items() if pair[0] != anchor and pair[1] != box}
        assert reference.assign_anchor_to_bbox(truth, anchors, "cpu", 0.4).tolist() == right


def test_offsets_are_those_of_torchvisions_coder():
    anchors, boxes = some_boxes(9, 3), some_boxes(9, 5)
    agree(reference.offset_boxes(anchors, boxes, 0.0), CODER.encode_single(boxes, anchors))
    offsets = torch.randn(9, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    agree(reference.offset_inverse(anchors, offsets), CODER.decode_single(offsets, anchors))
    ratio = torch.tensor([[0, 0, 2, 3]], dtype=torch.float64)
    unit = torch.tensor([[0, 0, 1, 1]], dtype=torch.float64)
    right = torch.tensor([5 * math.log(2.5), 5 * math.log(3.5)], dtype=torch.float64)
    agree(reference.offset_boxes(unit, ratio, 0.5)[0, 2:], right)


def test_targets_are_the_loop():
    anchors, labels = some_boxes(7, 20).float(), torch.zeros(2, 2, 5)
    labels[0, :, 1:], labels[1, :, 1:] = some_boxes(2, 30), some_boxes(2, 40)
    labels[:, :, 0] = torch.tensor([[0, 2], [1, 0]])
    offset, mask, classes = reference.multibox_target(anchors[None], labels)
    for image in range(2):
        assigned = reference.assign_anchor_to_bbox(labels[image, :, 1:], anchors, "cpu")
        for anchor, box in enumerate(assigned.tolist()):
            four = slice(4 * anchor, 4 * anchor + 4)
            assert mask[image, four].tolist() == [float(box >= 0)] * 4
            assert classes[image, anchor] == (labels[image, box, 0] + 1 if box >= 0 else 0)
            pair = anchors[anchor : anchor + 1], labels[image, box : box + 1, 1:]
            right = reference.offset_boxes(*pair)[0] if box >= 0 else torch.zeros(4)
            agree(offset[image, four], right)


def kept_by_loop(boxes, scores, threshold):
    left = sorted(range(len(boxes)), key=lambda i: -scores[i])
    kept = []
    while left:
        kept.append(left.pop(0))
        left = [i for i in left if iou_of(boxes[kept[-1]], boxes[i]) <= threshold]
    return kept


def test_nms_is_the_loop():
    boxes = some_boxes(12, 50)
    scores = torch.rand(12, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for threshold in (0.1, 0.3, 0.6):
        assert reference.nms(boxes, scores, threshold).tolist() == kept_by_loop(
            boxes.tolist(), scores.tolist(), threshold
        )


def test_detection_is_the_loop():
    generator = torch.Generator().manual_seed(2)
    probs = torch.rand(2, 4, 8, dtype=torch.float64, generator=generator).softmax(dim=1)
    offsets = torch.randn(2, 32, dtype=torch.float64, generator=generator)
    anchors = some_boxes(8, 60)
    got = reference.multibox_detection(probs, offsets, anchors[None], 0.3, 0.28)
    for image in range(2):
        boxes = CODER.decode_single(offsets[image].reshape(8, 4), anchors)
        scores = [max(probs[image, 1:, i].tolist()) for i in range(8)]
        kept = kept_by_loop(boxes.tolist(), scores, 0.3)
        rows = []
        for i in kept + [i for i in range(8) if i not in kept]:
            kind = probs[image, 1:, i].tolist().index(scores[i])
            low = scores[i] < 0.28
            rows.append([-1 if low or i not in kept else kind, 1 - scores[i] if low else scores[i], *boxes[i].tolist()])
        agree(got[image], torch.tensor(rows, dtype=torch.float64))


def test_nms_agrees_with_torchvision_on_one_class():
    boxes, scores = some_boxes(10, 70), torch.arange(10, dtype=torch.float64)
    groups = torch.zeros(10, dtype=torch.int64)
    assert torch.equal(reference.nms(boxes, scores, 0.4), ops.batched_nms(boxes, scores, groups, 0.4))
