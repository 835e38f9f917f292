# %% [markdown]
# # 锚框
#
# 检测器并不凭空产生框：它在图像上铺设由*锚框*组成的网格，对每个锚框询问其中是否有物体，
# 再稍微修正它的位置和大小。在这个单元里，你将编写网络周围的一切：建立锚框，比较框，
# 为训练给每个锚框指定目标，以及把预测变成检测结果。
#
# **框**：除非另有说明，框是四个数$(x_1, y_1, x_2, y_2)$，即左上角和右下角，
# 其中$x_1 < x_2$且$y_1 < y_2$；$x$向右，$y$向下。锚框是*归一化*的：$x$除以图像的宽，
# $y$除以图像的高，所以$(0, 0, 1, 1)$是整幅图像。
#
# **规则**：在`box_iou`和`nms`中不能使用`torchvision.ops`（`torchvision.ops.box_iou`、
# `torchvision.ops.nms`及其同类）：你正是要构建它们。其余一切都可以使用，后面的练习可以调用前面的。
# 函数不得修改传入的任何东西，无论是张量还是列表，即使只在调用期间也不行。
#
# 请填写每一处`YOUR CODE HERE`。你可以随时运行`autograder check anchors`。

# %%
import torch

# %% [markdown]
# 下面两个函数已经给出。它们在角点$(x_1, y_1, x_2, y_2)$与中心、宽和高$(c_x, c_y, w, h)$之间转换，
# 框的形状为(n, 4)。


# %%
def box_corner_to_center(boxes):
    """(n, 4)角点 -> (n, 4)中心x、中心y、宽、高。"""
    low, high = boxes[:, :2], boxes[:, 2:]
    return torch.cat([(low + high) / 2, high - low], dim=1)


def box_center_to_corner(boxes):
    """(n, 4)中心x、中心y、宽、高 -> (n, 4)角点。"""
    centre, half = boxes[:, :2], boxes[:, 2:] / 2
    return torch.cat([centre - half, centre + half], dim=1)


# %% [markdown]
# ## 1. `multibox_prior(data, sizes, ratios)`
#
# 以每个像素为中心的锚框。大小为$s$、宽高比为$r$的锚框的宽是$s\sqrt r$、高是$s/\sqrt r$，
# 两者都以**图像的高**为单位。在归一化坐标中，$x$除以宽$W$，$y$除以高$H$，于是
#
# $$w = s\sqrt{r}\cdot\frac{H}{W}, \qquad h = \frac{s}{\sqrt{r}}.$$
#
# 所以$r$是锚框以像素计的宽除以以像素计的高。
#
# - `data`：(..., H, W)，图像或特征图。只有它的最后两个大小和它的设备起作用，
#   元素和数据类型从不起作用。
# - `sizes`：$n$个数$s_1, \dots, s_n$。`ratios`：$m$个数$r_1, \dots, r_m$。两者都是列表，都不为空。
# - 并非每个大小都与每个宽高比组合。每个像素有$n + m - 1$个锚框，次序为：
#   $(s_1, r_1), (s_2, r_1), \dots, (s_n, r_1)$，然后是$(s_1, r_2), \dots, (s_1, r_m)$。
# - 第$i$行、
#   第$j$列（从0数起）像素的锚框以$\left(\frac{j + 0.5}{W}, \frac{i + 0.5}{H}\right)$为中心。
# - 像素逐行排列，从左到右；同一个像素的锚框相邻。
# - 返回：(1, H·W·(n+m-1), 4)，float32，归一化的角点，位于`data`的设备上。锚框可以超出图像。
#
# 提示：分别建立中心和形状。怎样把每个中心与每种形状配对，并使形状变化得最快？


# %%
def multibox_prior(data, sizes, ratios):
    """以每个像素为中心的锚框。

    data: (..., H, W)，sizes: n个数，ratios: m个数 -> (1, H*W*(n+m-1), 4) float32，归一化的角点。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `box_iou(boxes1, boxes2)`
#
# *交并比*（IoU）：两个框的公共面积除以两者共同覆盖的面积，
#
# $$J(A, B) = \frac{|A \cap B|}{|A \cup B|}, \qquad |A \cup B| = |A| + |B| - |A \cap B|.$$
#
# - `boxes1`：(N, 4)，`boxes2`：(M, 4)，角点，浮点数，每个框的面积都大于0。不一定是归一化的，
#   坐标也可能为负。
# - 返回：(N, M)，数据类型相同。元素$(i, j)$是`boxes1[i]`与`boxes2[j]`的IoU，在0与1之间；
#   不重叠或只共有一条边的框IoU为0。
# - 这里不能使用`torchvision.ops`，包括其中的`box_iou`和`box_area`。
#
# 提示：交集从两个左上角中较大的那个开始。对于不相遇的框，交集的宽会是多少？


# %%
def box_iou(boxes1, boxes2):
    """两两的交并比。

    boxes1: (N, 4)，boxes2: (M, 4)，角点 -> (N, M)，在[0, 1]中，数据类型相同。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 3. `assign_anchor_to_bbox(ground_truth, anchors, device, iou_threshold=0.5)`
#
# 决定每个锚框要学习寻找哪个物体。以$X_{ij}$表示锚框$i$与真实边界框$j$的IoU。
#
# 1. **按阈值**：如果一个锚框最好的框的IoU**不小于**`iou_threshold`，它就得到那个框。
#    其余的锚框什么也得不到，记为$-1$。
# 2. **每个框一个锚框**：找出所有$X_{ij}$中最大的，把框$j$给锚框$i$，不论第一阶段的结果是什么，
#    也不论IoU多小。划去第$i$行和第$j$列。再取余下的最大的，依此类推，直到每个框都轮到。这样，
#    不会有两个框要求同一个锚框，也不会有框落空。
#
# - `ground_truth`：(m, 4)，`anchors`：(n, 4)，角点，$1 \le m \le n$。没有并列的情形：
#   凡由最大的IoU决定时，最大值只有一个。
# - `device`：结果所在的设备，例如`anchors.device`，但也可以是另一个设备。
# - `iou_threshold`：0或更大。
# - 返回：(n,)，int64，每个锚框的框的索引，或$-1$。
#
# 提示：第二阶段必须胜过第一阶段。在一行和一列中写入什么，才能使它们不会再成为最大值？


# %%
def assign_anchor_to_bbox(ground_truth, anchors, device, iou_threshold=0.5):
    """每个锚框要学习的真实边界框的索引，没有则为-1。

    ground_truth: (m, 4)，anchors: (n, 4)，角点，m <= n -> (n,) int64，位于device上。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 4. `offset_boxes(anchors, assigned_bb, eps=1e-6)`
#
# 网络要预测的是：怎样从锚框到达它的框。设锚框的中心为$(x_a, y_a)$、宽为$w_a$、高为$h_a$，
# 分配给它的框为$(x_b, y_b)$、$w_b$和$h_b$。偏移量为
#
# $$\left( 10\,\frac{x_b - x_a}{w_a},\quad 10\,\frac{y_b - y_a}{h_a},\quad
# 5\,\log\!\left(\varepsilon + \frac{w_b}{w_a}\right),\quad
# 5\,\log\!\left(\varepsilon + \frac{h_b}{h_a}\right) \right).$$
#
# 因子10和5使四个数的大小相近。$\varepsilon$加在对数里面的比值上。
#
# - `anchors`：(n, 4)，`assigned_bb`：(n, 4)，两者都是**角点**；第$i$行对应第$i$行。
#   锚框的宽和高为正；分配的框可能为空（全为零），它的偏移量仍必须是有限的。
# - 返回：(n, 4)，数据类型相同。梯度传到两个参数。


# %%
def offset_boxes(anchors, assigned_bb, eps=1e-6):
    """从锚框到它们的框的偏移量。

    anchors: (n, 4)，assigned_bb: (n, 4)，角点 -> (n, 4)：10 dx、10 dy、5 log w、5 log h。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 5. `multibox_target(anchors, labels)`
#
# 所有锚框的训练目标，对批量中的每幅图像分别计算。
# 请使用你的`assign_anchor_to_bbox`（用默认的阈值）和`offset_boxes`（用默认的`eps`）。
#
# - `anchors`：(1, n, 4)，float32，由所有图像共用。`labels`：(b, m, 5)，float32；
#   图像$i$的第$j$行是一个物体：先是类别(0, 1, 2, ...)，然后是以角点表示的框。
#   每一行都是真实的物体（没有填充），且$1 \le m \le n$。
# - 依次返回三个张量：
#   - `bbox_offset`：(b, 4n)，float32，先是锚框0的四个偏移量，再是锚框1的，依此类推；
#     没有框的锚框为**0**。
#   - `bbox_mask`：(b, 4n)，float32，次序相同：有框的锚框的四个偏移量各为1，否则为0。
#   - `class_labels`：(b, n)，int64：**0表示背景**，所以没有框的锚框为0，
#     物体类别为$c$的锚框为$c + 1$。


# %%
def multibox_target(anchors, labels):
    """训练锚框所用的偏移量、掩码和类别。

    anchors: (1, n, 4)，labels: (b, m, 5) -> bbox_offset (b, 4n)，bbox_mask (b, 4n)，class_labels
    (b, n) int64。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 6. `offset_inverse(anchors, offset_preds)`
#
# 反过来：从锚框和预测的偏移量得到框。它是$\varepsilon = 0$时`offset_boxes`的逆。
#
# - `anchors`：(n, 4)，角点。`offset_preds`：(n, 4)，每个锚框一组偏移量，是-40与40之间的任意数。
# - 返回：(n, 4)，数据类型相同，**角点**。不裁剪到图像之内。梯度传到两个参数。
#
# 提示：从练习4的四个公式中分别解出框。


# %%
def offset_inverse(anchors, offset_preds):
    """预测的偏移量所到达的框。

    anchors: (n, 4)角点，offset_preds: (n, 4) -> (n, 4)角点。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 7. `nms(boxes, scores, iou_threshold)`
#
# *非极大值抑制*去掉表示同一个物体的框。取分数最高的框并保留它。
# 去掉余下的框中与它的IoU**大于**`iou_threshold`的每一个（等于阈值的留下）。再取余下的最高分数，
# 依此类推，直到一个不剩。已被去掉的框不再去掉别的框。
#
# - `boxes`：(n, 4)，角点，$n \ge 1$。`scores`：(n,)，任意数（也可以是0或负数），各不相同，
#   次序任意。`iou_threshold`：从0到1。
# - 返回：(k,)，int64，保留的框的索引，**分数最高的在最前**。
# - 这里不能使用`torchvision.ops`，包括其中的`nms`和`batched_nms`。可以使用你自己的`box_iou`。


# %%
def nms(boxes, scores, iou_threshold):
    """非极大值抑制所保留的框的索引。

    boxes: (n, 4)角点，scores: (n,) -> (k,) int64，按分数从高到低。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 8. `multibox_detection(cls_probs, offset_preds, anchors, nms_threshold=0.5, pos_threshold=0.009999999)`
#
# 从网络的输出得到检测结果，对每幅图像分别进行：
#
# 1. 锚框的*置信度*是它**不计背景**（`cls_probs`的第0行）的最大概率，它的类别是该最大值所在之处，
#    不计背景地数：类别0是第1行。
# 2. 它的框是锚框按其偏移量移动后的结果（`offset_inverse`）。
# 3. 对图像的所有锚框一起做`nms`，不论类别，以置信度为分数，阈值为`nms_threshold`。
#    没有保留的锚框类别为$-1$；它们的置信度和框不变。
# 4. 每个置信度**低于**`pos_threshold`的锚框，不论是否保留，类别都为$-1$，
#    置信度$p$变成$1 - p$（我们对它是背景有多确定）。
#
# - `cls_probs`：(b, c+1, n)，概率；第0行是背景。`offset_preds`：(b, 4n)，先是锚框0的四个偏移量，
#   再是锚框1的，依此类推。`anchors`：(1, n, 4)，角点，由所有图像共用。三者的数据类型相同，
#   且$c \ge 1$。一幅图像的置信度各不相同。
# - 返回：(b, n, 6)，数据类型与`cls_probs`相同。不丢弃任何锚框：每一行是类别、
#   置信度和框$(x_1, y_1, x_2, y_2)$。先是`nms`保留的锚框，按它的次序（置信度从高到低，
#   取第4步之前的值）；然后是其余的，按索引从小到大。


# %%
def multibox_detection(cls_probs, offset_preds, anchors, nms_threshold=0.5, pos_threshold=0.009999999):
    """每幅图像的检测结果：每个锚框的类别（-1：没有）、置信度和框。

    cls_probs: (b, c+1, n)，offset_preds: (b, 4n)，anchors: (1, n, 4) -> (b, n, 6)，保留的锚框在前。
    """
    # YOUR CODE HERE
    raise NotImplementedError()
