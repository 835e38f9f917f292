# %% [markdown]
# # Anchor boxes
#
# A detector does not invent boxes from nothing: it lays a grid of *anchor boxes* over the image, asks of each whether
# there is an object in it, and corrects its place and size a little. In this unit you write all that surrounds the
# network: making the anchors, comparing boxes, giving each anchor its target for training, and turning predictions
# into detections.
#
# **Boxes.** Unless said otherwise a box is four numbers $(x_1, y_1, x_2, y_2)$, the upper left and the lower right
# corner, with $x_1 < x_2$ and $y_1 < y_2$; $x$ runs to the right and $y$ downwards. Anchors are *normalised*: $x$ is
# divided by the width of the image and $y$ by its height, so that $(0, 0, 1, 1)$ is the whole image.
#
# **Rules.** `torchvision.ops` is ruled out in `box_iou` and in `nms` (`torchvision.ops.box_iou`, `torchvision.ops.nms`
# and all their relatives): you are building it. Everything else is yours, and later exercises may call earlier ones.
# No function changes what it is given, neither tensors nor lists, not even for the time of the call.
#
# Fill in each place that says `YOUR CODE HERE`. Run `autograder check anchors` whenever you like.

# %%
import torch

# %% [markdown]
# The next two functions are given. They change between corners $(x_1, y_1, x_2, y_2)$ and centre, width and height
# $(c_x, c_y, w, h)$, for boxes of shape (n, 4).


# %%
def box_corner_to_center(boxes):
    """(n, 4) corners -> (n, 4) centre x, centre y, width, height."""
    low, high = boxes[:, :2], boxes[:, 2:]
    return torch.cat([(low + high) / 2, high - low], dim=1)


def box_center_to_corner(boxes):
    """(n, 4) centre x, centre y, width, height -> (n, 4) corners."""
    centre, half = boxes[:, :2], boxes[:, 2:] / 2
    return torch.cat([centre - half, centre + half], dim=1)


# %% [markdown]
# ## 1. `multibox_prior(data, sizes, ratios)`
#
# Anchors centred on every pixel. An anchor of size $s$ and ratio $r$ is $s\sqrt r$ wide and $s/\sqrt r$ high, both
# measured in **heights of the image**. In normalised coordinates, where $x$ is divided by the width $W$ and $y$ by the
# height $H$, this is
#
# $$w = s\sqrt{r}\cdot\frac{H}{W}, \qquad h = \frac{s}{\sqrt{r}}.$$
#
# So $r$ is the width of the anchor in pixels divided by its height in pixels.
#
# - `data`: (..., H, W), an image or a feature map. Only its last two sizes and its device matter, never its entries
#   or its dtype.
# - `sizes`: $n$ numbers $s_1, \dots, s_n$. `ratios`: $m$ numbers $r_1, \dots, r_m$. Both are lists, neither is empty.
# - Not every size meets every ratio. Each pixel has $n + m - 1$ anchors, in this order:
#   $(s_1, r_1), (s_2, r_1), \dots, (s_n, r_1)$, then $(s_1, r_2), \dots, (s_1, r_m)$.
# - The anchors of the pixel in row $i$ and column $j$ (counted from 0) are centred at
#   $\left(\frac{j + 0.5}{W}, \frac{i + 0.5}{H}\right)$.
# - Pixels come row by row, from left to right; the anchors of one pixel are neighbours.
# - returns: (1, H·W·(n+m-1), 4), float32, normalised corners, on the device of `data`. Anchors may stick out of the
#   image.
#
# Hint: make the centres and the shapes on their own. How do you pair each centre with every shape, shapes running
# fastest?


# %%
def multibox_prior(data, sizes, ratios):
    """Anchor boxes centred on each pixel.

    data: (..., H, W), sizes: n numbers, ratios: m numbers -> (1, H*W*(n+m-1), 4) float32, normalised corners.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `box_iou(boxes1, boxes2)`
#
# *Intersection over union*: the area that two boxes share, divided by the area that they cover together,
#
# $$J(A, B) = \frac{|A \cap B|}{|A \cup B|}, \qquad |A \cup B| = |A| + |B| - |A \cap B|.$$
#
# - `boxes1`: (N, 4), `boxes2`: (M, 4), corners, floating point, every box with an area above 0. Not always normalised,
#   and negative coordinates occur.
# - returns: (N, M), same dtype. Entry $(i, j)$ is the IoU of `boxes1[i]` and `boxes2[j]`, between 0 and 1; boxes that
#   do not overlap, or share only an edge, have IoU 0.
# - Do without `torchvision.ops` here, without its `box_iou` as well as its `box_area`.
#
# Hint: the intersection begins at the larger of the two upper left corners. What does its width come out as for boxes
# that do not meet?


# %%
def box_iou(boxes1, boxes2):
    """Pairwise intersection over union.

    boxes1: (N, 4), boxes2: (M, 4), corners -> (N, M) in [0, 1], same dtype.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 3. `assign_anchor_to_bbox(ground_truth, anchors, device, iou_threshold=0.5)`
#
# Decide for each anchor which object it should learn to find. Let $X_{ij}$ be the IoU of anchor $i$ and ground-truth
# box $j$.
#
# 1. **By threshold.** An anchor whose best box has an IoU **at or above** `iou_threshold` is given that box. Every
#    other anchor is given none, written $-1$.
# 2. **One anchor for each box.** Find the largest $X_{ij}$ of all and give anchor $i$ the box $j$, whatever the first
#    stage said and however small the IoU. Cross out row $i$ and column $j$. Take the largest of what is left, and so
#    on until every box has had its turn. So no two boxes claim the same anchor here, and no box goes without.
#
# - `ground_truth`: (m, 4), `anchors`: (n, 4), corners, $1 \le m \le n$. There are no ties: wherever a largest IoU
#   decides, it is the only one of its size.
# - `device`: where the result is to live, for instance `anchors.device`, but it may be another one.
# - `iou_threshold`: 0 or above.
# - returns: (n,), int64, the index of each anchor's box, or $-1$.
#
# Hint: the second stage must win over the first. What can you write into a row and a column so that it is never the
# maximum again?


# %%
def assign_anchor_to_bbox(ground_truth, anchors, device, iou_threshold=0.5):
    """Index of the ground-truth box that each anchor is to learn, -1 for none.

    ground_truth: (m, 4), anchors: (n, 4), corners, m <= n -> (n,) int64 on device.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 4. `offset_boxes(anchors, assigned_bb, eps=1e-6)`
#
# What the network has to predict: how to get from an anchor to its box. Write the anchor with centre $(x_a, y_a)$,
# width $w_a$ and height $h_a$, the assigned box with $(x_b, y_b)$, $w_b$ and $h_b$. The offset is
#
# $$\left( 10\,\frac{x_b - x_a}{w_a},\quad 10\,\frac{y_b - y_a}{h_a},\quad
# 5\,\log\!\left(\varepsilon + \frac{w_b}{w_a}\right),\quad
# 5\,\log\!\left(\varepsilon + \frac{h_b}{h_a}\right) \right).$$
#
# The factors 10 and 5 make all four numbers about equally large. $\varepsilon$ is added to the ratio, inside the
# logarithm.
#
# - `anchors`: (n, 4), `assigned_bb`: (n, 4), both as **corners**; row $i$ belongs to row $i$. Anchors have positive
#   width and height; an assigned box may be empty (all zeros), and its offset must still be finite.
# - returns: (n, 4), same dtype. Gradients flow to both arguments.


# %%
def offset_boxes(anchors, assigned_bb, eps=1e-6):
    """Offsets from anchors to their boxes.

    anchors: (n, 4), assigned_bb: (n, 4), corners -> (n, 4): 10 dx, 10 dy, 5 log w, 5 log h.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 5. `multibox_target(anchors, labels)`
#
# The training targets of all anchors, for each image of a batch on its own. Use your `assign_anchor_to_bbox` (with its
# default threshold) and `offset_boxes` (with its default `eps`).
#
# - `anchors`: (1, n, 4), float32, shared by all images. `labels`: (b, m, 5), float32; row $j$ of image $i$ is an
#   object: its class (0, 1, 2, ...) followed by its box as corners. Every row is a real object (there is no padding),
#   and $1 \le m \le n$.
# - returns three tensors, in this order:
#   - `bbox_offset`: (b, 4n), float32, the four offsets of anchor 0, then those of anchor 1, and so on; **0** for
#     anchors without a box.
#   - `bbox_mask`: (b, 4n), float32, in the same order: 1 for each of the four offsets of an anchor with a box, 0
#     otherwise.
#   - `class_labels`: (b, n), int64: **0 means background**, so an anchor without a box has 0, and an anchor whose
#     object has class $c$ has $c + 1$.


# %%
def multibox_target(anchors, labels):
    """Offsets, mask and classes that the anchors are trained on.

    anchors: (1, n, 4), labels: (b, m, 5) -> bbox_offset (b, 4n), bbox_mask (b, 4n), class_labels (b, n) int64.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 6. `offset_inverse(anchors, offset_preds)`
#
# The way back: from anchors and predicted offsets to boxes. It undoes `offset_boxes` with $\varepsilon = 0$.
#
# - `anchors`: (n, 4), corners. `offset_preds`: (n, 4), one offset per anchor, any numbers between -40 and 40.
# - returns: (n, 4), same dtype, **corners**. Nothing is clipped to the image. Gradients flow to both arguments.
#
# Hint: solve each of the four formulas of exercise 4 for the box.


# %%
def offset_inverse(anchors, offset_preds):
    """Boxes that predicted offsets lead to.

    anchors: (n, 4) corners, offset_preds: (n, 4) -> (n, 4) corners.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 7. `nms(boxes, scores, iou_threshold)`
#
# *Non-maximum suppression* removes boxes that say the same thing. Take the box with the highest score and keep it.
# Remove every remaining box whose IoU with it is **above** `iou_threshold` (at the threshold it stays). Take the
# highest score of what is left, and so on until nothing is left. A box that was removed no longer removes others.
#
# - `boxes`: (n, 4), corners, $n \ge 1$. `scores`: (n,), any numbers (also 0 and below), all different, in any order.
#   `iou_threshold`: from 0 to 1.
# - returns: (k,), int64, the indices of the kept boxes, **highest score first**.
# - Do without `torchvision.ops` here, without its `nms` as well as its `batched_nms`. Your own `box_iou` is welcome.


# %%
def nms(boxes, scores, iou_threshold):
    """Indices of the boxes kept by non-maximum suppression.

    boxes: (n, 4) corners, scores: (n,) -> (k,) int64, in descending order of score.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 8. `multibox_detection(cls_probs, offset_preds, anchors, nms_threshold=0.5, pos_threshold=0.009999999)`
#
# From the outputs of the network to detections, for each image on its own:
#
# 1. The *confidence* of an anchor is the largest of its probabilities **without the background** (row 0 of
#    `cls_probs`), and its class is where that stands, counted without the background: class 0 is row 1.
# 2. Its box is the anchor moved by its offsets (`offset_inverse`).
# 3. `nms` over all anchors of the image at once, whatever their classes, with the confidences as scores and
#    `nms_threshold`. Anchors that are not kept get class $-1$; their confidence and box stay.
# 4. Every anchor, kept or not, whose confidence is **below** `pos_threshold` gets class $-1$, and its confidence $p$
#    becomes $1 - p$ (how sure we are that it is background).
#
# - `cls_probs`: (b, c+1, n), probabilities; row 0 is the background. `offset_preds`: (b, 4n), the four offsets of
#   anchor 0, then of anchor 1, and so on. `anchors`: (1, n, 4), corners, shared by all images. All three have the same
#   dtype, and $c \ge 1$. The confidences of an image are all different.
# - returns: (b, n, 6), dtype of `cls_probs`. No anchor is dropped: each row is a class, a confidence and a box,
#   $(x_1, y_1, x_2, y_2)$. First come the anchors kept by `nms`, in its order (descending confidence, as it was before
#   step 4); then the others, in ascending order of their index.


# %%
def multibox_detection(cls_probs, offset_preds, anchors, nms_threshold=0.5, pos_threshold=0.009999999):
    """Detections of each image: class (-1: none), confidence and box of every anchor.

    cls_probs: (b, c+1, n), offset_preds: (b, 4n), anchors: (1, n, 4) -> (b, n, 6), kept anchors first.
    """
    # YOUR CODE HERE
    raise NotImplementedError()
