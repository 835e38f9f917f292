# %% [markdown]
# # 残差网络（ResNet）
#
# 更深的网络不应比浅的网络更差：多出的层可以学会原样传递输入。普通的层很难学会这一点。
# *残差块*使它变得容易：它把输入加到各层的计算结果上，于是这些层只需学习与恒等映射的差别。
#
# **形状**：特征图的形状为(N, C, H, W)：$N$个样本，$C$个通道，$H \times W$像素。
# $\lceil \cdot \rceil$表示向上取整：7 × 4的特征图减半后是4 × 2。
#
# **规则**：没有什么不能用：可以使用`nn.Conv2d`、`nn.BatchNorm2d`、汇聚层以及`torch.nn`的其余一切，
# 包括延后初始化的层。练习指定了属性名的地方，请使用该名字。除了批量规范化的运行统计量，
# 一次调用不留下任何痕迹：它的输入保持不变，模块的模式（训练或评估）也一样。
#
# 请填写每一处`YOUR CODE HERE`。你可以随时运行`autograder check resnet`。

# %%
import torch
from torch import nn
from torch.nn import functional as F

# %% [markdown]
# ## 1. `Residual(input_channels, num_channels, use_1x1conv=False, strides=1)`
#
# 残差块计算
#
# $$Y = \operatorname{ReLU}\Bigl(\mathrm{bn}_2\bigl(\mathrm{conv}_2(
# \operatorname{ReLU}(\mathrm{bn}_1(\mathrm{conv}_1(X))))\bigr) + S(X)\Bigr)$$
#
# 其中捷径为$S(X) = X$；如果`use_1x1conv`为真，则为$S(X) = \mathrm{conv}_3(X)$。
#
# | 属性 | 层 |
# |---|---|
# | `conv1` | 3 × 3卷积，填充1，从`input_channels`到`num_channels`，步幅`strides` |
# | `bn1` | 批量规范化 |
# | `conv2` | 3 × 3卷积，填充1，从`num_channels`到`num_channels`，步幅1 |
# | `bn2` | 批量规范化 |
# | `conv3` | 有`use_1x1conv`时：1 × 1卷积，从`input_channels`到`num_channels`，步幅`strides` |
# | | 没有时：`None` |
#
# - 这些层包含了残差块的全部参数。卷积带有偏置，批量规范化是默认的`nn.BatchNorm2d`，
#   在新的残差块中保持原样：权重为1，偏置为0，统计量中没有任何特征图。捷径上没有批量规范化。
# - `input_channels`、`num_channels`、`strides`：至少为1的整数。`use_1x1conv`：布尔值。不带1 ×
#   1卷积地使用残差块时，调用者会保证`input_channels == num_channels`且`strides == 1`。
# - `forward(X)`：
#   把(N, input_channels, H, W)变成(N, num_channels, $\lceil H / \text{strides} \rceil$, $\lceil W / \text{strides} \rceil$)，
#   数据类型与`X`和参数相同（float32或float64）。没有负的元素。`X`本身保持不变。
#
# 提示：在相加的那一刻，两个加数的形状必须相同。使一边变小或改变通道数的操作，也必须施加于另一边。


# %%
class Residual(nn.Module):
    """两个3x3卷积以及绕过它们的捷径。

    层：conv1、bn1、conv2、bn2和conv3（没有use_1x1conv时为None）。
    """

    def __init__(self, input_channels, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, X):
        """X: (N, input_channels, H, W) -> (N, num_channels, ceil(H / strides), ceil(W / strides))。"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% [markdown]
# ## 2. `resnet_block(input_channels, num_channels, num_residuals, first_block=False)`
#
# 网络由若干*阶段*组成：通道数相同的几个残差块依次相接。这个函数建立一个阶段，
# 并以**列表**返回它的各块：你的`Residual`的`num_residuals`个（至少1个）不同的实例，
# 按特征图经过的次序排列。每个都由一次参数合适的`Residual`调用得到。
#
# - 通常（`first_block`为假），阶段的第一个块把`input_channels`变成`num_channels`，并使高和宽减半，
#   所以它的捷径上需要1 × 1卷积。其余的块保持通道数和尺寸，没有1 × 1卷积。
# - 在网络的第一个阶段（`first_block`为真），特征图已经变小。这时**没有**块改变通道数或尺寸，
#   也没有块带1 × 1卷积。它只用于`input_channels == num_channels`的情形。
# - 所以不管名字怎么叫，`first_block`说的是*阶段*：它的意思是“这是网络的第一个阶段”，
#   而不是“这是所在阶段的第一个块”。每个阶段都有第一个块。
# - 每次调用都建立由新的块组成的新列表。
#
# 若`blocks = resnet_block(3, 8, 2)`，则网络`nn.Sequential(*blocks)`把(N, 3, 6, 6)变成(N, 8, 3, 3)。
#
# 提示：第二个块接收到多少个通道？


# %%
def resnet_block(input_channels, num_channels, num_residuals, first_block=False):
    """一个阶段的各块 -> 含有num_residuals个Residual的列表。

    合起来(N, input_channels, H, W) -> (N, num_channels, ceil(H / 2), ceil(W / 2))；
    first_block为真（即网络的第一个阶段）时形状不变。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 3. `make_resnet18(in_channels, num_classes)`
#
# 整个网络，是一个`nn.Sequential`，依次为：
#
# | 部分 | 层 | 96 × 96图像的特征图 |
# |---|---|---|
# | 起始 | 带偏置的7 × 7卷积，从`in_channels`到64，步幅2，填充3 | 64 × 48 × 48 |
# | | 批量规范化，ReLU | 64 × 48 × 48 |
# | | 3 × 3最大汇聚层，步幅2，填充1 | 64 × 24 × 24 |
# | 阶段1 | 2个残差块，64个通道，尺寸不变 | 64 × 24 × 24 |
# | 阶段2 | 2个残差块，128个通道，尺寸减半 | 128 × 12 × 12 |
# | 阶段3 | 2个残差块，256个通道，尺寸减半 | 256 × 6 × 6 |
# | 阶段4 | 2个残差块，512个通道，尺寸减半 | 512 × 3 × 3 |
# | 输出 | 对一个通道的所有像素取平均，展平 | 512 |
# | | 带偏置的全连接层（`nn.Linear`） | `num_classes` |
#
# - 请使用你的`resnet_block`或`Residual`；各部分在`nn.Sequential`中如何嵌套由你决定。
# - 网络接受一张或多张33 × 33以上任意尺寸的图像(N, in_channels, H, W)，返回分数(N, num_classes)：
#   实数，而不是概率，数据类型与图像和参数相同。它的批量规范化就是默认的`nn.BatchNorm2d`，
#   在新的网络中同样保持原样。其他权重如何初始化由你决定。
# - 每次调用都建立一个新的网络。
# - 若`in_channels=1`且`num_classes=10`，它有11 178 378个参数。
#
# 提示：让一幅你所预期尺寸的图像逐层通过，并在每一层之后打印形状。哪种平均不需要知道特征图有多大？


# %%
def make_resnet18(in_channels, num_classes):
    """以nn.Sequential实现的ResNet-18：(N, in_channels, H, W) -> (N, num_classes)。"""
    # YOUR CODE HERE
    raise NotImplementedError()
