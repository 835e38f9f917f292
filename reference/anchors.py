"""Oracle for anchor boxes (lecture 13.4), on torchvision's operators."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision import ops


def multibox_prior(data: Tensor, sizes: Sequence[float], ratios: Sequence[float]) -> Tensor:
    """data: (..., H, W) -> (1, H*W*(n+m-1), 4) float32, normalised corners."""
    height, width = data.shape[-2:]
    kinds = [(s, ratios[0]) for s in sizes] + [(sizes[0], r) for r in ratios[1:]]
    anchors = [
        [(j + 0.5) / width, (i + 0.5) / height, s * math.sqrt(r) * height / width, s / math.sqrt(r)]
        for i in range(height)
        for j in range(width)
        for s, r in kinds
    ]
    corners = ops.box_convert(torch.tensor(anchors, dtype=torch.float64), "cxcywh", "xyxy")
    return corners.to(data.device, torch.float32)[None]


def box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """(N, 4), (M, 4) -> (N, M)."""
    (x1, y1, x2, y2), (u1, v1, u2, v2) = boxes1.T[..., None], boxes2.T[:, None]
    shared = (x2.minimum(u2) - x1.maximum(u1)).relu() * (y2.minimum(v2) - y1.maximum(v1)).relu()
    return shared / ((x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - shared)


def assign_anchor_to_bbox(
    ground_truth: Tensor, anchors: Tensor, device: torch.device | str, iou_threshold: float = 0.5
) -> Tensor:
    """(m, 4), (n, 4) -> (n,) int64, -1 for none."""
    iou = ops.box_iou(anchors, ground_truth)
    best, which = iou.max(dim=1)
    assigned = which.where(best >= iou_threshold, -1)
    claimed: dict[int, int] = {}
    for pair in iou.flatten().argsort(descending=True).tolist():
        anchor, box = divmod(pair, len(ground_truth))
        if anchor not in claimed and box not in claimed.values():
            claimed[anchor] = box
    for anchor, box in claimed.items():
        assigned[anchor] = box
    return assigned.to(device)


def offset_boxes(anchors: Tensor, assigned_bb: Tensor, eps: float = 1e-6) -> Tensor:
    """(n, 4), (n, 4) -> (n, 4)."""
    xa, ya, wa, ha = ops.box_convert(anchors, "xyxy", "cxcywh").unbind(1)
    xb, yb, wb, hb = ops.box_convert(assigned_bb, "xyxy", "cxcywh").unbind(1)
    return torch.stack(
        [10 * (xb - xa) / wa, 10 * (yb - ya) / ha, 5 * (wb / wa + eps).log(), 5 * (hb / ha + eps).log()], dim=1
    )


def multibox_target(anchors: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(1, n, 4), (b, m, 5) -> (b, 4n), (b, 4n), (b, n) int64."""
    assigned = torch.stack([assign_anchor_to_bbox(label[:, 1:], anchors[0], anchors.device) for label in labels])
    own = labels.gather(1, assigned.clamp(min=0)[..., None].expand(-1, -1, 5))
    offsets = torch.stack([offset_boxes(anchors[0], boxes) for boxes in own[..., 1:]])
    hit = assigned >= 0
    masked = offsets.where(hit[..., None], 0)
    return masked.flatten(1), hit.float().repeat_interleave(4, dim=1), (own[..., 0].long() + 1).where(hit, 0)


def offset_inverse(anchors: Tensor, offset_preds: Tensor) -> Tensor:
    """(n, 4), (n, 4) -> (n, 4) corners."""
    xa, ya, wa, ha = ops.box_convert(anchors, "xyxy", "cxcywh").unbind(1)
    dx, dy, dw, dh = offset_preds.unbind(1)
    moved = [xa + dx / 10 * wa, ya + dy / 10 * ha, wa * (dw / 5).exp(), ha * (dh / 5).exp()]
    return ops.box_convert(torch.stack(moved, dim=1), "cxcywh", "xyxy")


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """(n, 4), (n,) -> (k,) int64."""
    return ops.nms(boxes.contiguous(), scores.contiguous(), iou_threshold)


def multibox_detection(
    cls_probs: Tensor,
    offset_preds: Tensor,
    anchors: Tensor,
    nms_threshold: float = 0.5,
    pos_threshold: float = 0.009999999,
) -> Tensor:
    """(b, c+1, n), (b, 4n), (1, n, 4) -> (b, n, 6)."""
    images = []
    for score, kind, offsets in zip(*cls_probs[:, 1:].max(dim=1), offset_preds, strict=True):
        boxes = offset_inverse(anchors[0], offsets.reshape(-1, 4))
        keep = nms(boxes, score, nms_threshold)
        kept = torch.isin(torch.arange(len(score)), keep)
        sure = score >= pos_threshold
        rows = [kind.where(kept & sure, -1)[:, None], score.where(sure, 1 - score)[:, None], boxes]
        images.append(torch.cat(rows, dim=1)[torch.cat([keep, (~kept).nonzero().flatten()])])
    return torch.stack(images)
