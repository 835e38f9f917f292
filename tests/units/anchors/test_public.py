"""Public checks: anchor boxes."""

import math

import torch

from autograder.suite import check, close, hints, items_of


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


# Help in steps: `autograder hint EXERCISE`. A question, the idea, the formula; never code.

hints(
    "multibox_prior",
    question="Pixel j covers the stretch from j to j + 1. Where is its middle, and what is that in widths of "
    "the image?",
    idea="Make the centres of all pixels, row by row, and the shapes: all sizes with the first ratio, then "
    "the first size with the other ratios. Pair every centre with every shape, shapes running "
    "fastest, and go half a width and half a height to either side.",
    formula="c = ((j + 0.5)/W, (i + 0.5)/H),  w = s √r · H/W,  h = s/√r,  box = (c_x − w/2, c_y − h/2, c_x + "
    "w/2, c_y + h/2)",
)

hints(
    "box_iou",
    question="Where does the common part of two boxes begin, where does it end, and what comes out if they do "
    "not meet?",
    idea="Let every box of the first set meet every box of the second by an extra axis. The intersection "
    "runs from the larger of the beginnings to the smaller of the ends; a negative length means that "
    "it is empty. The union counts the common part once.",
    formula="|A ∩ B| = max(0, min x₂ − max x₁) · max(0, min y₂ − max y₁),  IoU = |A ∩ B| / (|A| + |B| − |A ∩ B|)",
)

hints(
    "assign_anchor_to_bbox",
    question="Can a box end up with no anchor at all if only a threshold decides? And if two boxes like the "
    "same anchor best?",
    idea="First the threshold: each anchor takes its best box if that is good enough. Then every box must "
    "be served: take the largest entry of the whole table, assign it, cross out its row and its "
    "column, and repeat once per box. What the second stage says stands.",
    formula="stage 1: aᵢ = argmaxⱼ Xᵢⱼ if maxⱼ Xᵢⱼ ≥ t, else −1;  stage 2, m times: (i, j) = argmax X, aᵢ ← "
    "j, row i and column j out",
)

hints(
    "offset_boxes",
    question="How would you describe the way from an anchor to its box so that it does not depend on where the "
    "anchor lies or how large it is?",
    idea="Change both to centre, width and height. Measure the shift of the centre in widths and heights "
    "of the anchor, and the growth as the logarithm of a ratio, with a tiny number added to the ratio "
    "so that an empty box is no trouble.",
    formula="(10 (x_b − x_a)/w_a, 10 (y_b − y_a)/h_a, 5 log(ε + w_b/w_a), 5 log(ε + h_b/h_a))",
)

hints(
    "multibox_target",
    question="Which label is free for background if the classes are numbered from 0? And how many offsets does "
    "one anchor have?",
    idea="Image by image: assign anchors to boxes, then fill three results. Anchors with a box get its "
    "class plus one, their four offsets, and a mask of four ones; all others stay zero.",
    formula="label = c + 1, mask = (1, 1, 1, 1), offset = offset(anchor, box) where aᵢ ≥ 0;  label = 0, mask "
    "= offset = 0 elsewhere",
)

hints(
    "offset_inverse",
    question="If all four offsets are 0, which box should come back?",
    idea="Solve the formulas of offset_boxes for the box, with ε = 0: the centre moves by a tenth of the "
    "offset, in sides of the anchor, and the sides are multiplied by the exponential of a fifth of "
    "it. Return corners.",
    formula="x_b = x_a + w_a δ₁/10,  y_b = y_a + h_a δ₂/10,  w_b = w_a exp(δ₃/5),  h_b = h_a exp(δ₄/5)",
)

hints(
    "nms",
    question="May a box that was itself removed still remove others?",
    idea="Line the boxes up by score, best first. Keep the first, strike out of the line all that overlap "
    "it by more than the threshold, and go on with what is left of the line.",
    formula="keep k = argmax score over the line L;  L ← {l ∈ L, l ≠ k : IoU(k, l) ≤ t};  until L is empty",
)

hints(
    "multibox_detection",
    question="Row 0 of the probabilities is the background. Which row holds class 0, and how sure are we of "
    "the background if the best class has probability p?",
    idea="For each image: best class and its probability without row 0, boxes from the offsets, then "
    "suppression over all of them. Put the kept anchors first. The others become background, and so "
    "does every anchor below the threshold, whose confidence is turned round.",
    formula="confᵢ = max_{c ≥ 1} pᶜᵢ, classᵢ = argmax_{c ≥ 1} pᶜᵢ − 1;  not kept: class −1;  confᵢ < pos: "
    "class −1 and conf 1 − confᵢ",
)
