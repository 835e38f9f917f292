"""Other correct ways to write anchor boxes."""

import math

import numpy as np
import torch
from torchvision import ops

from autograder.suite import accepted


@accepted("multibox_prior", "loops over pixels and shapes")
def prior_by_loops(data, sizes, ratios):
    H, W = data.shape[-2:]
    rows = []
    for i in range(H):
        for j in range(W):
            for s, r in [*((s, ratios[0]) for s in sizes), *((sizes[0], r) for r in ratios[1:])]:
                w, h = s * math.sqrt(r) * H / W, s / math.sqrt(r)
                x, y = (j + 0.5) / W, (i + 0.5) / H
                rows.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return torch.tensor([rows], device=data.device)


@accepted("multibox_prior", "lecture style: a grid of centres and half shapes")
def prior_by_grid(data, sizes, ratios):
    H, W = data.shape[-2:]
    s, r = torch.tensor(sizes, device=data.device), torch.tensor(ratios, device=data.device)
    y, x = torch.meshgrid(
        (torch.arange(H, device=data.device) + 0.5) / H, (torch.arange(W, device=data.device) + 0.5) / W, indexing="ij"
    )
    w = torch.cat((s * r[0].sqrt(), sizes[0] * r[1:].sqrt())) * H / W
    h = torch.cat((s / r[0].sqrt(), sizes[0] / r[1:].sqrt()))
    grid = torch.stack((x.reshape(-1), y.reshape(-1), x.reshape(-1), y.reshape(-1)), dim=1)
    out = grid[:, None, :] + torch.stack((-w, -h, w, h), dim=1)[None] / 2
    return out.reshape(1, -1, 4)


@accepted("multibox_prior", "numpy in double precision, cast at the end")
def prior_by_numpy(data, sizes, ratios):
    H, W = data.shape[-2:]
    s = np.array(list(sizes) + [sizes[0]] * (len(ratios) - 1))
    r = np.array([ratios[0]] * len(sizes) + list(ratios[1:]))
    out = np.empty((H, W, len(s), 4))
    x = ((np.arange(W) + 0.5) / W)[None, :, None]
    y = ((np.arange(H) + 0.5) / H)[:, None, None]
    out[..., 0], out[..., 2] = x - s * np.sqrt(r) * H / W / 2, x + s * np.sqrt(r) * H / W / 2
    out[..., 1], out[..., 3] = y - s / np.sqrt(r) / 2, y + s / np.sqrt(r) / 2
    return torch.from_numpy(out.reshape(1, -1, 4)).float().to(data.device)


@accepted("multibox_prior", "outer products of all sizes and ratios, of which one row and one column are taken")
def prior_by_outer_products(data, sizes, ratios):
    H, W = data.shape[-2:]
    s, r = torch.Tensor(sizes), torch.Tensor(ratios)
    w, h = (torch.outer(s, root) for root in (r.sqrt() * H / W, r.rsqrt()))
    half = torch.stack([torch.cat([side[:, 0], side[0, 1:]]) for side in (w, h)], dim=1) / 2
    out = torch.zeros(H, W, len(half), 4)
    out[..., 0::2] += torch.linspace(0.5 / W, 1 - 0.5 / W, W)[None, :, None, None]
    out[..., 1::2] += torch.linspace(0.5 / H, 1 - 0.5 / H, H)[:, None, None, None]
    return (out + torch.cat([-half, half], dim=1)).flatten(0, 2)[None].to(data.device)


@accepted("box_iou", "loops over pairs of numbers")
def iou_by_loops(boxes1, boxes2):
    out = boxes1.new_zeros(len(boxes1), len(boxes2))
    for i, (ax, ay, az, aw) in enumerate(boxes1.tolist()):
        for j, (bx, by, bz, bw) in enumerate(boxes2.tolist()):
            w, h = min(az, bz) - max(ax, bx), min(aw, bw) - max(ay, by)
            if w > 0 and h > 0:
                out[i, j] = w * h / ((az - ax) * (aw - ay) + (bz - bx) * (bw - by) - w * h)
    return out


@accepted("box_iou", "one coordinate after the other, with relu")
def iou_by_coordinates(boxes1, boxes2):
    x1, y1, x2, y2 = boxes1.T[:, :, None]
    u1, v1, u2, v2 = boxes2.T[:, None, :]
    both = torch.relu(x2.minimum(u2) - x1.maximum(u1)) * torch.relu(y2.minimum(v2) - y1.maximum(v1))
    return both / ((x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - both)


@accepted("box_iou", "lecture style: an area function and broadcasting")
def iou_of_the_lecture(boxes1, boxes2):
    def areas(boxes):
        return (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)

    start = torch.max(boxes1[:, None, :2], boxes2[None, :, :2])
    end = torch.min(boxes1[:, None, 2:], boxes2[None, :, 2:])
    inter = (end - start).clamp(min=0).prod(dim=2)
    return inter / (areas(boxes1).unsqueeze(1) + areas(boxes2).unsqueeze(0) - inter)


@accepted("assign_anchor_to_bbox", "lecture style: all on device, flat argmax, rows and columns set to -1")
def assignment_by_argmax(ground_truth, anchors, device, iou_threshold=0.5):
    n, m = anchors.shape[0], ground_truth.shape[0]
    table = box_iou(anchors.to(device), ground_truth.to(device))
    result = torch.full((n,), -1, dtype=torch.long, device=device)
    best, where = table.max(dim=1)
    rows = torch.nonzero(best >= iou_threshold).reshape(-1)
    result[rows] = where[rows]
    for _ in range(m):
        at = torch.argmax(table)
        i, j = torch.div(at, m, rounding_mode="floor"), at % m
        result[i] = j
        table[:, j] = torch.full((n,), -1.0)
        table[i, :] = torch.full((m,), -1.0)
    return result


@accepted("assign_anchor_to_bbox", "plain lists, second stage first")
def assignment_by_lists(ground_truth, anchors, device, iou_threshold=0.5):
    table = ops.box_iou(anchors, ground_truth).tolist()
    taken = {}
    pairs = sorted(((v, i, j) for i, row in enumerate(table) for j, v in enumerate(row)), reverse=True)
    for _, i, j in pairs:
        if i not in taken and j not in taken.values():
            taken[i] = j
    out = []
    for i, row in enumerate(table):
        top = max(row)
        out.append(taken.get(i, row.index(top) if top >= iou_threshold else -1))
    return torch.tensor(out, device=device)


@accepted("assign_anchor_to_bbox", "masked table with minus infinity")
def assignment_by_masking(ground_truth, anchors, device, iou_threshold=0.5):
    table = ops.box_iou(anchors, ground_truth)
    top, result = table.max(1)
    result[top < iou_threshold] = -1
    for _ in ground_truth:
        i, j = np.unravel_index(table.argmax().item(), table.shape)
        result[i] = int(j)
        table[i] = -math.inf
        table[:, j] = -math.inf
    return result.to(device)


@accepted("offset_boxes", "torchvision's conversion")
def offsets_by_conversion(anchors, assigned_bb, eps=1e-6):
    a = ops.box_convert(anchors, "xyxy", "cxcywh")
    b = ops.box_convert(assigned_bb, "xyxy", "cxcywh")
    return torch.cat(((b[:, :2] - a[:, :2]) / a[:, 2:] * 10, (b[:, 2:] / a[:, 2:] + eps).log() * 5), dim=-1)


@accepted("offset_boxes", "one coordinate after the other")
def offsets_by_coordinates(anchors, assigned_bb, eps=1e-6):
    x1, y1, x2, y2 = anchors.unbind(dim=1)
    u1, v1, u2, v2 = assigned_bb.unbind(dim=1)
    w, h = x2 - x1, y2 - y1
    dx = 5 * (u1 + u2 - x1 - x2) / w
    dy = 5 * (v1 + v2 - y1 - y2) / h
    return torch.stack([dx, dy, 5 * torch.log((u2 - u1) / w + eps), 5 * torch.log((v2 - v1) / h + eps)], -1)


@accepted("offset_boxes", "a loop over boxes")
def offsets_by_loop(anchors, assigned_bb, eps=1e-6):
    rows = []
    for a, b in zip(anchors, assigned_bb):
        size = a[2:] - a[:2]
        shift = ((b[2:] + b[:2]) / 2 - (a[2:] + a[:2]) / 2) / size
        rows.append(torch.cat([10 * shift, 5 * torch.log(eps + (b[2:] - b[:2]) / size)]))
    return torch.stack(rows)


@accepted("multibox_target", "lecture style: zeros filled where an anchor has a box")
def target_by_filling(anchors, labels):
    anchors = anchors[0]
    n = anchors.shape[0]
    results = []
    for i in range(labels.shape[0]):
        owner = assign_anchor_to_bbox(labels[i, :, 1:], anchors, anchors.device)
        mask = (owner >= 0).float().unsqueeze(-1).repeat(1, 4)
        classes = torch.zeros(n, dtype=torch.long)
        boxes = torch.zeros((n, 4), dtype=torch.float32)
        rows = torch.nonzero(owner >= 0).reshape(-1)
        classes[rows] = labels[i, owner[rows], 0].long() + 1
        boxes[rows] = labels[i, owner[rows], 1:]
        results.append(((offset_boxes(anchors, boxes) * mask).reshape(-1), mask.reshape(-1), classes))
    return tuple(torch.stack(column) for column in zip(*results))


@accepted("multibox_target", "a loop over anchors, returned as a list")
def target_by_loop(anchors, labels):
    b, n = len(labels), anchors.shape[1]
    offset, mask, classes = torch.zeros(b, n, 4), torch.zeros(b, n, 4), torch.zeros(b, n).long()
    for i in range(b):
        owner = assign_anchor_to_bbox(labels[i][:, 1:], anchors[0], "cpu", iou_threshold=0.5)
        for k, j in enumerate(owner.tolist()):
            if j >= 0:
                offset[i, k] = offset_boxes(anchors[0, k : k + 1], labels[i, j : j + 1, 1:])[0]
                mask[i, k] = 1
                classes[i, k] = int(labels[i, j, 0]) + 1
    return [offset.reshape(b, -1), mask.reshape(b, -1), classes]


@accepted("multibox_target", "a background row in front of the labels, all images at once")
def target_by_background_row(anchors, labels):
    b, n = len(labels), anchors.shape[1]
    owner = torch.stack([assign_anchor_to_bbox(t[:, 1:], anchors[0], "cpu") for t in labels]) + 1
    background = torch.tensor([-1.0, 0, 0, 1, 1]).expand(b, 1, 5)
    rows = torch.cat([background, labels], dim=1)[torch.arange(b)[:, None], owner]
    everyone = anchors.expand(b, n, 4).reshape(-1, 4)
    offset = offset_boxes(everyone, rows[..., 1:].reshape(-1, 4)).reshape(b, n, 4)
    hit = (owner > 0)[..., None].expand(b, n, 4)
    return offset.masked_fill(~hit, 0.0).reshape(b, -1), hit.float().reshape(b, -1), rows[..., 0].long() + 1


@accepted("offset_inverse", "torchvision's conversion")
def inverse_by_conversion(anchors, offset_preds):
    a = ops.box_convert(anchors, "xyxy", "cxcywh")
    xy = a[:, :2] + a[:, 2:] * offset_preds[:, :2] * 0.1
    wh = a[:, 2:] * (0.2 * offset_preds[:, 2:]).exp()
    return torch.cat([xy - wh / 2, xy + wh / 2], dim=1)


@accepted("offset_inverse", "one coordinate after the other")
def inverse_by_coordinates(anchors, offset_preds):
    x1, y1, x2, y2 = anchors.unbind(dim=1)
    dx, dy, dw, dh = offset_preds.unbind(dim=1)
    w, h = x2 - x1, y2 - y1
    x, y = (x1 + x2) / 2 + dx * w / 10, (y1 + y2) / 2 + dy * h / 10
    w, h = w * torch.exp(dw / 5), h * torch.exp(dh / 5)
    return torch.stack((x - w / 2, y - h / 2, x + w / 2, y + h / 2), dim=1)


@accepted("offset_inverse", "a loop over boxes")
def inverse_by_loop(anchors, offset_preds):
    rows = []
    for a, t in zip(anchors, offset_preds):
        size = a[2:] - a[:2]
        middle = a[:2] + size / 2 + t[:2] / 10 * size
        half = size * torch.exp(t[2:] / 5) / 2
        rows.append(torch.cat([middle - half, middle + half]))
    return torch.stack(rows)


@accepted("offset_inverse", "a function with a backward of its own")
def inverse_by_autograd_function(anchors, offset_preds):
    class Decode(torch.autograd.Function):
        @staticmethod
        def forward(ctx, anchors, offsets):
            size, growth = anchors[:, 2:] - anchors[:, :2], torch.exp(offsets[:, 2:] / 5)
            ctx.save_for_backward(size, growth, offsets[:, :2])
            centre, half = (anchors[:, 2:] + anchors[:, :2]) / 2 + offsets[:, :2] * size / 10, size * growth / 2
            return torch.hstack([centre - half, centre + half])

        @staticmethod
        def backward(ctx, grad):
            size, growth, shift = ctx.saved_tensors
            centre, half = grad[:, :2] + grad[:, 2:], grad[:, 2:] - grad[:, :2]
            side = centre * shift / 10 + half * growth / 2
            return (
                torch.hstack([centre / 2 - side, centre / 2 + side]),
                torch.hstack([centre * size / 10, half * size * growth / 10]),
            )

    return Decode.apply(anchors, offset_preds)


@accepted("nms", "a table of IoUs and a list of survivors")
def nms_by_table(boxes, scores, iou_threshold):
    table = box_iou(boxes, boxes)
    kept = []
    for i in sorted(range(len(boxes)), key=lambda k: float(scores[k]), reverse=True):
        if all(float(table[i, k]) <= iou_threshold for k in kept):
            kept.append(i)
    return torch.tensor(kept)


@accepted("nms", "repeated until nothing changes: kept is what no better kept box overlaps too much")
def nms_by_fixed_point(boxes, scores, iou_threshold):
    removes = (box_iou(boxes, boxes) > iou_threshold) & (scores[:, None] > scores)
    keep, before = torch.ones(len(boxes), dtype=torch.bool), None
    while before is None or not torch.equal(keep, before):
        keep, before = ~removes[keep].any(dim=0), keep
    indices = keep.nonzero().flatten()
    return indices[scores[indices].argsort(descending=True)]


@accepted("nms", "lecture style: nonzero over the boxes left")
def nms_by_nonzero(boxes, scores, iou_threshold):
    left = torch.argsort(scores, dim=-1, descending=True)
    kept = []
    while left.numel() > 0:
        i = left[0]
        kept.append(i)
        if left.numel() == 1:
            break
        rest = boxes[left[1:], :].reshape(-1, 4)
        iou = box_iou(boxes[i, :].reshape(-1, 4), rest).reshape(-1)
        left = left[torch.nonzero(iou <= iou_threshold).reshape(-1) + 1]
    return torch.tensor(kept, device=boxes.device)


@accepted("nms", "scores of removed boxes set to minus infinity")
def nms_by_erasing(boxes, scores, iou_threshold):
    scores = scores.clone()
    kept = []
    while scores.max() > -math.inf:
        best = scores.argmax()
        kept.append(best.item())
        scores[box_iou(boxes[best][None], boxes)[0] > iou_threshold] = -math.inf
        scores[best] = -math.inf
    return torch.as_tensor(kept, dtype=torch.long)


@accepted("multibox_detection", "lecture style: indices that occur once were not kept")
def detection_by_unique(cls_probs, offset_preds, anchors, nms_threshold=0.5, pos_threshold=0.009999999):
    anchors = anchors.squeeze(0)
    out = []
    for i in range(cls_probs.shape[0]):
        prob, offset = cls_probs[i], offset_preds[i].reshape(-1, 4)
        score, kind = torch.max(prob[1:], 0)
        boxes = offset_inverse(anchors, offset)
        keep = nms(boxes, score, nms_threshold)
        seen, times = torch.cat((keep, torch.arange(len(score)))).unique(return_counts=True)
        order = torch.cat((keep, seen[times == 1]))
        kind[seen[times == 1]] = -1
        kind, score, boxes = kind[order], score[order], boxes[order]
        low = score < pos_threshold
        kind[low] = -1
        score[low] = 1 - score[low]
        out.append(torch.cat((kind.unsqueeze(1), score.unsqueeze(1), boxes), dim=1))
    return torch.stack(out)


@accepted("multibox_detection", "torchvision's nms and plain lists")
def detection_by_lists(cls_probs, offset_preds, anchors, nms_threshold=0.5, pos_threshold=0.009999999):
    out = []
    for probs, offsets in zip(cls_probs, offset_preds):
        boxes = offset_inverse(anchors[0], offsets.reshape(-1, 4))
        scores = probs[1:].max(dim=0).values
        keep = ops.nms(boxes, scores, nms_threshold).tolist()
        rows = []
        for i in keep + [i for i in range(len(boxes)) if i not in keep]:
            p, kind = scores[i].item(), probs[1:, i].argmax().item()
            kind = kind if i in keep and p >= pos_threshold else -1
            rows.append([kind, p if p >= pos_threshold else 1 - p, *boxes[i].tolist()])
        out.append(rows)
    return torch.tensor(out, dtype=cls_probs.dtype)


@accepted("multibox_detection", "a result filled row by row with where")
def detection_by_where(cls_probs, offset_preds, anchors, nms_threshold=0.5, pos_threshold=0.009999999):
    b, n = len(cls_probs), anchors.shape[1]
    out = cls_probs.new_full((b, n, 6), -1.0)
    scores, kinds = cls_probs[:, 1:, :].max(dim=1)
    for i in range(b):
        boxes = offset_inverse(anchors[0], offset_preds[i].view(n, 4))
        keep = nms(boxes, scores[i], nms_threshold)
        rest = torch.tensor([k for k in range(n) if k not in keep.tolist()], dtype=torch.long)
        out[i, : len(keep), 0] = kinds[i, keep].to(out.dtype)
        order = torch.cat([keep, rest])
        low = scores[i, order] < pos_threshold
        out[i, low, 0] = -1
        out[i, :, 1] = torch.where(low, 1 - scores[i, order], scores[i, order])
        out[i, :, 2:] = boxes[order]
    return out
