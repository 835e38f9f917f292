"""Known mistakes with anchor boxes."""

import torch

from autograder.suite import misconception


def priors(data, kinds, centre=0.5, scale=None, transposed=False, shapes_first=False):
    """Anchors for pairs (width, height) measured in heights of the image."""
    H, W = data.shape[-2:]
    scale = H / W if scale is None else scale
    kinds = [(w * scale, h) for w, h in kinds]
    pixels = [((j + centre) / W, (i + centre) / H) for i in range(H) for j in range(W)]
    if transposed:
        pixels = [((j + centre) / W, (i + centre) / H) for j in range(W) for i in range(H)]
    pairs = [(p, k) for k in kinds for p in pixels] if shapes_first else [(p, k) for p in pixels for k in kinds]
    rows = [[x - w / 2, y - h / 2, x + w / 2, y + h / 2] for (x, y), (w, h) in pairs]
    return torch.tensor([rows], device=data.device)


def shapes_of(sizes, ratios):
    """(width, height) of the n + m - 1 kinds of anchor, in heights of the image."""
    kinds = [(s, ratios[0]) for s in sizes] + [(sizes[0], r) for r in ratios[1:]]
    return [(s * r**0.5, s / r**0.5) for s, r in kinds]


@misconception(
    "multibox_prior",
    "the width is not scaled by H / W",
    hint="Your anchors have the right ratio only on square images. The size is measured in heights of the "
    "image, but x is normalised by the width: what does a length of one image height become when it is "
    "divided by the width?",
)
def unscaled_width(data, sizes, ratios):
    return priors(data, shapes_of(sizes, ratios), scale=1.0)


@misconception(
    "multibox_prior",
    "every size with every ratio",
    hint="You make n m anchors for each pixel, which soon is far too many. Only the first ratio meets all "
    "sizes, and only the first size meets all ratios; count how many pairs that are.",
)
def all_combinations(data, sizes, ratios):
    return priors(data, [(s * r**0.5, s / r**0.5) for r in ratios for s in sizes])


@misconception(
    "multibox_prior",
    "centred on the corner of a pixel",
    hint="Your first anchor is centred at (0, 0), the corner of the image. Pixel j covers the stretch from j "
    "to j + 1; where is its middle?",
)
def corner_centred(data, sizes, ratios):
    return priors(data, shapes_of(sizes, ratios), centre=0.0)


@misconception(
    "multibox_prior",
    "pixels column by column",
    hint="The anchors are right, their order is not: you go down the first column before you come to the "
    "second. Pixels come row by row; look at the order in which your grid is flattened.",
)
def columns_first(data, sizes, ratios):
    return priors(data, shapes_of(sizes, ratios), transposed=True)


@misconception(
    "multibox_prior",
    "the anchors of a pixel are not neighbours",
    hint="You list all pixels for the first shape, then all pixels for the second. The shapes run fastest: "
    "first every anchor of the first pixel. Compare repeat with repeat_interleave.",
)
def shapes_slowest(data, sizes, ratios):
    return priors(data, shapes_of(sizes, ratios), shapes_first=True)


@misconception(
    "multibox_prior",
    "width and height swapped",
    hint="With a ratio of 4 your anchors are tall where they should be wide. The ratio is width over height, "
    "so its root makes the width grow and the height shrink.",
)
def inverted_ratio(data, sizes, ratios):
    return priors(data, [(h, w) for w, h in shapes_of(sizes, ratios)])


@misconception(
    "multibox_prior",
    "the anchors have the dtype of data",
    hint="For data that is not float32 your anchors are not float32 either, and from whole numbers hardly any anchor "
    "comes out right. Anchors tell nothing about what the image holds; which dtype does the text promise?",
)
def prior_with_the_dtype_of_data(data, sizes, ratios):
    return priors(data, shapes_of(sizes, ratios)).to(data.dtype)


@misconception(
    "multibox_prior",
    "the lists sizes and ratios are used up",
    hint="The caller's lists are shorter after the call, and the next call with them makes too few anchors. A list is "
    "passed as it is, not as a copy: read entries without taking them out.",
)
def used_up_lists(data, sizes, ratios):
    kinds = shapes_of(sizes, ratios)
    del ratios[1:]
    return priors(data, kinds)


@misconception(
    "multibox_prior",
    "centres counted in steps of a fraction",
    hint="For some numbers of pixels, 49 for instance, you make one centre too many. Steps of 1 / W are rounded, and "
    "where a range of such steps ends is a matter of luck. Count in whole numbers and divide afterwards.",
)
def fractional_steps(data, sizes, ratios):
    H, W = data.shape[-2:]
    x, y = torch.arange(0, 1, 1 / W) + 0.5 / W, torch.arange(0, 1, 1 / H) + 0.5 / H
    centres = torch.cartesian_prod(y, x).flip(1)[:, None]
    half = torch.tensor([(w * H / W, h) for w, h in shapes_of(sizes, ratios)]) / 2
    return torch.cat([centres - half, centres + half], dim=2).reshape(1, -1, 4).to(data.device)


@misconception(
    "multibox_prior",
    "the entries of the image enter, times 0",
    hint="For an image that holds inf or nan your anchors are nan: times 0 does not make every number 0. Besides its "
    "shape and its device, what do you need from the image?",
)
def entries_times_zero(data, sizes, ratios):
    return priors(data, shapes_of(sizes, ratios)) + 0 * data.sum()


def iou(boxes1, boxes2, floor=0.0, shared=1.0):
    w = torch.min(boxes1[:, None, 2], boxes2[:, 2]) - torch.max(boxes1[:, None, 0], boxes2[:, 0])
    h = torch.min(boxes1[:, None, 3], boxes2[:, 3]) - torch.max(boxes1[:, None, 1], boxes2[:, 1])
    both = w.clamp(min=floor) * h.clamp(min=floor)
    area1 = (boxes1[:, 2] - boxes1[:, 0]) * (boxes1[:, 3] - boxes1[:, 1])
    area2 = (boxes2[:, 2] - boxes2[:, 0]) * (boxes2[:, 3] - boxes2[:, 1])
    return both / (area1[:, None] + area2 - shared * both)


@misconception(
    "box_iou",
    "negative sides are not clamped",
    hint="For boxes that do not meet, the sides of the intersection come out negative, and two negative sides "
    "make a positive area. An intersection can be empty, but never smaller than that.",
)
def unclamped_iou(boxes1, boxes2):
    return iou(boxes1, boxes2, floor=-1e30)


@misconception(
    "box_iou",
    "the union counts the overlap twice",
    hint="Your IoU of a box with itself is not 1. The sum of both areas holds the part that they share twice over.",
)
def doubled_union(boxes1, boxes2):
    return iou(boxes1, boxes2, shared=0.0)


@misconception(
    "box_iou",
    "boxes are compared in pairs of rows",
    hint="You compare row i with row i only. Every box of the first set meets every box of the second, which "
    "makes a table of shape (N, M): give one of the sets an extra dimension.",
)
def rowwise_iou(boxes1, boxes2):
    sides = (torch.min(boxes1[:, 2:], boxes2[:, 2:]) - torch.max(boxes1[:, :2], boxes2[:, :2])).clamp(min=0)
    both = sides.prod(dim=1)
    areas = [(b[:, 2:] - b[:, :2]).prod(dim=1) for b in (boxes1, boxes2)]
    return both / (areas[0] + areas[1] - both)


def assigned(table, threshold, device, second=True):
    best, which = table.max(dim=1)
    out = torch.where(best >= threshold, which, -1).to(device)
    table = table.clone()
    for _ in range(table.shape[1] if second else 0):
        i, j = divmod(int(table.argmax()), table.shape[1])
        out[i] = j
        table[i], table[:, j] = -1, -1
    return out


@misconception(
    "assign_anchor_to_bbox",
    "the second stage is missing",
    hint="A box that no anchor overlaps well has nobody to learn it. After the threshold, each box in turn is "
    "given one anchor, however small their IoU.",
)
def threshold_only(ground_truth, anchors, device, iou_threshold=0.5):
    return assigned(box_iou(anchors, ground_truth), iou_threshold, device, second=False)


@misconception(
    "assign_anchor_to_bbox",
    "the threshold is forgotten",
    hint="Only one anchor per box is assigned. Besides it, every anchor whose best IoU reaches the threshold "
    "learns that box too.",
)
def greedy_only(ground_truth, anchors, device, iou_threshold=0.5):
    return assigned(box_iou(anchors, ground_truth), 2.0, device)


@misconception(
    "assign_anchor_to_bbox",
    "each box simply takes its own best anchor",
    hint="Two boxes can like the same anchor best, and then one of them ends up with none. Take the largest "
    "IoU of the whole table, cross out its row and its column, and look again.",
)
def best_anchor_each(ground_truth, anchors, device, iou_threshold=0.5):
    table = box_iou(anchors, ground_truth)
    out = assigned(table, iou_threshold, device, second=False)
    for j, i in enumerate(table.argmax(dim=0).tolist()):
        out[i] = j
    return out


@misconception(
    "assign_anchor_to_bbox",
    "the threshold overrules the second stage",
    hint="An anchor that was reserved for one box is handed to another one that it overlaps more. The second "
    "stage has the last word; look at which of the two you write last.",
)
def stages_reversed(ground_truth, anchors, device, iou_threshold=0.5):
    table = box_iou(anchors, ground_truth)
    first = assigned(table, iou_threshold, device, second=False)
    return torch.where(first >= 0, first, assigned(table, 2.0, device))


@misconception(
    "assign_anchor_to_bbox",
    "the last box above the threshold instead of the best",
    hint="An anchor that overlaps two boxes well is given the one that is listed later. Reaching the threshold is not "
    "enough: among the boxes that do, which one should the anchor learn?",
)
def last_box_above_the_threshold(ground_truth, anchors, device, iou_threshold=0.5):
    table = box_iou(anchors, ground_truth)
    order = torch.arange(1, table.shape[1] + 1)
    above = torch.where(table >= iou_threshold, order, 0).max(dim=1).values.to(device) - 1
    claimed = assigned(table, 2.0, device)
    return torch.where(claimed >= 0, claimed, above)


@misconception(
    "assign_anchor_to_bbox",
    "an IoU of 0 never reaches the threshold",
    hint="With a threshold of 0 an anchor that touches no box is given none, though its IoU of 0 is at the threshold. "
    "Do you ask for more than 0 somewhere, or does a search start with 0 as the best so far?",
)
def search_from_zero(ground_truth, anchors, device, iou_threshold=0.5):
    table, first = box_iou(anchors, ground_truth), []
    for row in table.tolist():
        best, which = 0.0, -1
        for j, overlap in enumerate(row):
            if overlap > best:
                best, which = overlap, j
        first.append(which if best >= iou_threshold else -1)
    claimed = assigned(table, 2.0, device)
    return torch.where(claimed >= 0, claimed, torch.tensor(first, device=device))


@misconception(
    "assign_anchor_to_bbox",
    "device is ignored",
    hint="The result lives wherever the anchors do. The caller says where it is wanted, and that can be another device; "
    "which of your arguments have you not used?",
)
def assignment_where_the_anchors_are(ground_truth, anchors, device, iou_threshold=0.5):
    return assigned(box_iou(anchors, ground_truth), iou_threshold, anchors.device)


def centred(boxes):
    return (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]


def offsets(anchors, boxes, eps, shift=10.0, growth=5.0):
    (a, size), (b, sides) = centred(anchors), centred(boxes)
    return torch.cat([shift * (b - a) / size, growth * torch.log(eps + sides / size)], dim=1)


@misconception(
    "offset_boxes",
    "without the factors 10 and 5",
    hint="Your offsets are smaller than they should be. The shift is multiplied by 10 and the logarithm by 5, "
    "so that the network sees numbers of about the same size.",
)
def plain_offsets(anchors, assigned_bb, eps=1e-6):
    return offsets(anchors, assigned_bb, eps, 1.0, 1.0)


@misconception(
    "offset_boxes",
    "eps is left out",
    hint="The logarithm of 0 is minus infinity, and infinity times a mask of 0 is nan. eps is added to the "
    "ratio before the logarithm is taken.",
)
def offsets_without_eps(anchors, assigned_bb, eps=1e-6):
    return offsets(anchors, assigned_bb, 0.0)


@misconception(
    "offset_boxes",
    "shifts between corners instead of centres",
    hint="You compare the upper left corners. They move as well when a box only grows around its centre; "
    "change both boxes to centre, width and height first.",
)
def corner_offsets(anchors, assigned_bb, eps=1e-6):
    right = offsets(anchors, assigned_bb, eps)
    shift = 10 * (assigned_bb[:, :2] - anchors[:, :2]) / (anchors[:, 2:] - anchors[:, :2])
    return torch.cat([shift, right[:, 2:]], dim=1)


@misconception(
    "offset_boxes",
    "anchor and box swapped",
    hint="Your offsets lead from the box to the anchor. The network starts at the anchor: differences are box "
    "minus anchor, and lengths are measured in those of the anchor.",
)
def swapped_offsets(anchors, assigned_bb, eps=1e-6):
    return offsets(assigned_bb, anchors, eps)


def targets(anchors, labels, step=1, masked=True, spread=4):
    columns = []
    for label in labels:
        owner = assign_anchor_to_bbox(label[:, 1:], anchors[0], anchors.device)
        hit = owner >= 0
        own = label[owner.clamp(min=0)]
        offset = offset_boxes(anchors[0], torch.where(hit[:, None], own[:, 1:], 0.0))
        offset = offset * hit[:, None] if masked else offset
        classes = torch.where(hit, own[:, 0].long() + step, 0)
        columns.append((offset.reshape(-1), hit.float()[:, None].repeat(1, spread).reshape(-1), classes))
    return tuple(torch.stack(column) for column in zip(*columns))


@misconception(
    "multibox_target",
    "classes are not shifted by 1",
    hint="Label 0 is taken: it means background. An object of class 0 must be told from it, so every class "
    "moves up by one.",
)
def unshifted_classes(anchors, labels):
    return targets(anchors, labels, step=0)


@misconception(
    "multibox_target",
    "offsets of the background are not masked",
    hint="Anchors without a box have offsets that mean nothing, and they would be trained on. They have to be 0.",
)
def unmasked_offsets(anchors, labels):
    return targets(anchors, labels, masked=False)


@misconception(
    "multibox_target",
    "one mask entry for each anchor",
    hint="The mask multiplies the offsets, of which each anchor has four. Repeat its entry for each of them.",
)
def short_mask(anchors, labels):
    return targets(anchors, labels, spread=1)


@misconception(
    "multibox_target",
    "every image gets the targets of the first",
    hint="All rows of your targets belong to the first image. Each image has objects of its own; look at which "
    "row of labels the loop reads.",
)
def first_image_targets(anchors, labels):
    return targets(anchors, labels[:1].expand(len(labels), -1, -1))


@misconception(
    "multibox_target",
    "the classes in labels are changed in place",
    hint="The caller's labels hold other classes after the call, and with each epoch they move on by one. A slice of "
    "a tensor is a view of it: what is added to the slice is added to the caller's tensor.",
)
def shifted_labels(anchors, labels):
    labels[..., 0] += 1
    return targets(anchors, labels, step=0)


def undone(anchors, offsets, shift=10.0, growth=5.0):
    centre, size = centred(anchors)
    return centre + offsets[:, :2] * size / shift, size * torch.exp(offsets[:, 2:] / growth)


@misconception(
    "offset_inverse",
    "without the factors 10 and 5",
    hint="Your boxes fly off much too far. The offsets were multiplied by 10 and by 5 when they were made, and "
    "this has to be undone.",
)
def plain_inverse(anchors, offset_preds):
    centre, size = undone(anchors, offset_preds, 1.0, 1.0)
    return torch.cat([centre - size / 2, centre + size / 2], dim=1)


@misconception(
    "offset_inverse",
    "centre, width and height instead of corners",
    hint="With offsets of zero the anchors themselves should come back, as corners. You return centres, widths "
    "and heights.",
)
def centred_inverse(anchors, offset_preds):
    return torch.cat(undone(anchors, offset_preds), dim=1)


@misconception(
    "offset_inverse",
    "the exponential is missing",
    hint="With offsets of zero your boxes have no size at all. The last two offsets are logarithms of ratios: "
    "which function undoes a logarithm?",
)
def inverse_without_exp(anchors, offset_preds):
    centre, size = centred(anchors)
    centre, size = centre + offset_preds[:, :2] * size / 10, size * offset_preds[:, 2:] / 5
    return torch.cat([centre - size / 2, centre + size / 2], dim=1)


def suppressed(boxes, order, threshold):
    kept = []
    for i in order.tolist():
        if all(float(box_iou(boxes[i][None], boxes[k][None])) <= threshold for k in kept):
            kept.append(i)
    return torch.tensor(kept)


@misconception(
    "nms",
    "the lowest score comes first",
    hint="You keep the worst box of each crowd: argsort sorts in ascending order unless it is told otherwise. "
    "The most certain box has the first say.",
)
def ascending_nms(boxes, scores, iou_threshold):
    return suppressed(boxes, scores.argsort(), iou_threshold)


@misconception(
    "nms",
    "removed boxes still remove others",
    hint="A box falls because of another one that had itself been removed before. Only kept boxes remove "
    "others: shorten the list of candidates after each step.",
)
def domino_nms(boxes, scores, iou_threshold):
    order = scores.argsort(descending=True)
    over = (box_iou(boxes, boxes) > iou_threshold)[order][:, order]
    return order[~over.tril(diagonal=-1).any(dim=1)]


def erased(boxes, scores, iou_threshold, mark):
    """nms that writes `mark` over the scores of boxes that are done with, until nothing else is left."""
    kept = []
    while scores.max() > mark:
        best = scores.argmax()
        kept.append(best)
        scores[box_iou(boxes[best][None], boxes)[0] > iou_threshold] = mark
        scores[best] = mark
    return torch.tensor(kept, dtype=torch.int64)


@misconception(
    "nms",
    "a score of 0 stands for removed",
    hint="Boxes with a score of 0 or below are never kept. Scores need not be probabilities; a mark for removed boxes "
    "must be a number that no score can have, or be kept apart from the scores.",
)
def removed_at_zero(boxes, scores, iou_threshold):
    return erased(boxes, scores.clone(), iou_threshold, 0.0)


@misconception(
    "nms",
    "the caller's scores are overwritten",
    hint="The indices are right, but the caller's scores are gone after the call, and with them the confidences of all "
    "detections. Mark what is done with in a tensor of your own.",
)
def overwritten_scores(boxes, scores, iou_threshold):
    return erased(boxes, scores, iou_threshold, float("-inf"))


@misconception(
    "nms",
    "a kept box leaves the line only because it overlaps itself",
    hint="With a threshold of 1 no box overlaps another by more, not even itself, so the best box is kept again and "
    "again. Take it out of the line because it has been kept, not because of what it overlaps.",
)
def kept_box_stays_in_line(boxes, scores, iou_threshold):
    line, kept = scores.argsort(descending=True), []
    while len(line) > 0 and len(kept) < len(scores):
        kept.append(line[0])
        line = line[box_iou(boxes[line[:1]], boxes[line])[0] <= iou_threshold]
    return torch.stack(kept)


def detections(probs, offset_preds, anchors, nms_threshold, pos_threshold, first=1, shift=0, invert=True):
    out = []
    for image, offset in zip(probs, offset_preds):
        score, kind = image[first:].max(dim=0)
        boxes = offset_inverse(anchors[0], offset.reshape(-1, 4))
        keep = nms(boxes, score, nms_threshold).tolist()
        rest = [k for k in range(len(boxes)) if k not in keep]
        kind = kind + shift
        kind[rest] = -1
        low = score < pos_threshold
        kind[low] = -1
        score = torch.where(low, 1 - score, score) if invert else score
        out.append(torch.cat([kind[:, None], score[:, None], boxes], dim=1)[keep + rest])
    return torch.stack(out)


@misconception(
    "multibox_detection",
    "the background takes part in the maximum",
    hint="Row 0 of the probabilities is the background, and where it is largest you detect nothing but "
    "background. Leave it out before you look for the most likely class.",
)
def background_detected(cls_probs, offset_preds, anchors, nms_threshold=0.5, pos_threshold=0.009999999):
    return detections(cls_probs, offset_preds, anchors, nms_threshold, pos_threshold, first=0, shift=-1)


@misconception(
    "multibox_detection",
    "classes counted with the background",
    hint="Your classes are all one too high. In what is returned, class 0 is the first real class, the one in "
    "row 1 of the probabilities.",
)
def shifted_detections(cls_probs, offset_preds, anchors, nms_threshold=0.5, pos_threshold=0.009999999):
    return detections(cls_probs, offset_preds, anchors, nms_threshold, pos_threshold, shift=1)


@misconception(
    "multibox_detection",
    "low confidences are not inverted",
    hint="The class of an unlikely detection becomes -1, that is background. Its confidence then has to say "
    "how sure we are of the background, not of the object.",
)
def uninverted_detections(cls_probs, offset_preds, anchors, nms_threshold=0.5, pos_threshold=0.009999999):
    return detections(cls_probs, offset_preds, anchors, nms_threshold, pos_threshold, invert=False)


@misconception(
    "multibox_detection",
    "removed anchors are dropped",
    hint="The images of a batch would have different numbers of rows. Every anchor stays in the result; those "
    "that nms removes only lose their class.",
)
def shortened_detections(cls_probs, offset_preds, anchors, nms_threshold=0.5, pos_threshold=0.009999999):
    every = detections(cls_probs, offset_preds, anchors, nms_threshold, pos_threshold)
    return torch.stack([rows[rows[:, 0] >= 0] for rows in every])


@misconception(
    "multibox_detection",
    "the background is erased from the caller's probabilities",
    hint="The detections are right, but the caller's row of background probabilities is gone after the call. Looping "
    "over a tensor or taking a row of it makes views, not copies; leave the row out instead of writing over it.",
)
def erased_background(cls_probs, offset_preds, anchors, nms_threshold=0.5, pos_threshold=0.009999999):
    cls_probs[:, 0] = -1
    return detections(cls_probs, offset_preds, anchors, nms_threshold, pos_threshold)
