"""Public checks: anchor boxes."""

import math

import torch

from autograder.suite import check, close, items_of


def boxes(*rows):
    """(n, 4), float32."""
    return torch.tensor(rows, dtype=torch.float32)


@check("multibox_prior", points=1)
def test_multibox_prior_of_one_row_of_pixels(submission):
    """On an image of 1 x 2 pixels, an anchor of size 1 and ratio 1 is one pixel, half the width of the image."""
    right = boxes([0, 0, 0.5, 1], [0.5, 0, 1, 1]).unsqueeze(0)
    close(
        submission.multibox_prior(torch.zeros(1, 3, 1, 2), [1.0], [1.0]), right, what="multibox_prior(data, [1], [1])"
    )


@check("multibox_prior", points=1)
def test_multibox_prior_of_one_pixel(submission):
    """Sizes 1 and 0.5 with ratios 1 and 4 make three anchors: (1, 1), (0.5, 1) and (1, 4)."""
    right = boxes([0, 0, 1, 1], [0.25, 0.25, 0.75, 0.75], [-0.5, 0.25, 1.5, 0.75]).unsqueeze(0)
    got = submission.multibox_prior(torch.zeros(1, 1), [1.0, 0.5], [1.0, 4.0])
    close(got, right, what="multibox_prior(data, [1, 0.5], [1, 4])")


@check("box_iou", points=1)
def test_box_iou_of_small_examples(submission):
    """Two squares of side 2 that share one unit square have IoU 1/7; squares apart have IoU 0."""
    boxes1 = boxes([0, 0, 2, 2])
    boxes2 = boxes([1, 1, 3, 3], [0, 0, 2, 2], [5, 5, 6, 6])
    close(submission.box_iou(boxes1, boxes2), torch.tensor([[1 / 7, 1.0, 0.0]]), what="box_iou(boxes1, boxes2)")


@check("assign_anchor_to_bbox", points=1)
def test_assignment_of_three_anchors(submission):
    """IoU 0.75 is enough, 0.25 is not, and a box that no anchor is near takes the best one there is."""
    ground_truth = boxes([0, 0, 1, 1], [3, 3, 4, 4])
    anchors = boxes([0, 0, 1, 0.75], [0, 0, 1, 0.25], [0, 0, 1, 0.875], [3, 3, 4, 3.125])
    got = submission.assign_anchor_to_bbox(ground_truth, anchors, anchors.device, 0.5)
    right = torch.tensor([0, -1, 0, 1])
    close(got, right, what="assign_anchor_to_bbox(ground_truth, anchors, device, 0.5)")


@check("offset_boxes", points=1)
def test_offset_boxes_of_one_anchor(submission):
    """A box half a width to the right and twice as high has the offset (5, 0, 0, 5 log 2)."""
    got = submission.offset_boxes(boxes([0, 1, 2, 3]), boxes([1, 0, 3, 4]))
    close(got, boxes([5, 0, 0, 5 * math.log(2)]), what="offset_boxes(anchors, assigned_bb)")


@check("multibox_target", points=1)
def test_multibox_target_of_two_anchors(submission):
    """An anchor that sits on an object of class 2 has label 3, mask 1 and offset 0; one far away is background."""
    anchors = boxes([0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]).unsqueeze(0)
    labels = torch.tensor([[[2, 0, 0, 0.5, 0.5]]])
    offset, mask, classes = items_of(submission.multibox_target(anchors, labels), 3)
    close(classes, torch.tensor([[3, 0]]), what="class_labels")
    close(mask, torch.tensor([[1.0] * 4 + [0.0] * 4]), what="bbox_mask")
    close(offset, torch.zeros(1, 8), what="bbox_offset")


@check("offset_inverse", points=1)
def test_offset_inverse_of_one_offset(submission):
    """The offset (5, 0, 0, 5 log 2) moves an anchor half a width to the right and makes it twice as high."""
    got = submission.offset_inverse(boxes([0, 1, 2, 3]), boxes([5, 0, 0, 5 * math.log(2)]))
    close(got, boxes([1, 0, 3, 4]), what="offset_inverse(anchors, offset_preds)")


@check("nms", points=1)
def test_nms_of_three_boxes(submission):
    """The worse of two boxes with IoU 0.75 goes, a box elsewhere stays, and the best comes first."""
    kept = submission.nms(boxes([3, 3, 4, 4], [0, 0, 1, 0.75], [0, 0, 1, 1]), torch.tensor([0.5, 0.7, 0.9]), 0.5)
    close(kept, torch.tensor([2, 0]), what="nms(boxes, scores, 0.5)")


@check("multibox_detection", points=1)
def test_multibox_detection_of_three_anchors(submission):
    """The anchor kept comes first, a low confidence is inverted, and the anchor removed comes last."""
    cls_probs = torch.tensor([[[0.25, 0.0, 0.9375], [0.75, 0.125, 0.0625], [0.0, 0.875, 0.0]]])
    anchors = boxes([0, 0, 1, 0.75], [0, 0, 1, 1], [2, 2, 3, 3])
    got = submission.multibox_detection(cls_probs, torch.zeros(1, 12), anchors.unsqueeze(0), pos_threshold=0.125)
    right = torch.tensor([[1, 0.875, 0, 0, 1, 1], [-1, 0.9375, 2, 2, 3, 3], [-1, 0.75, 0, 0, 1, 0.75]])
    close(got, right.unsqueeze(0), what="multibox_detection(cls_probs, offset_preds, anchors, pos_threshold=0.125)")
