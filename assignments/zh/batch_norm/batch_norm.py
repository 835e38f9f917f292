# %% [markdown]
# # 批量规范化
#
# 批量规范化层平移并缩放输入的每个通道，使该通道在批量内的均值为0、方差为1，
# 然后由两个学习得到的参数选择另一个均值和另一个尺度。训练时它使用手头的批量。
# 预测时可能只有一个样本，所以它使用途中收集的统计量。
#
# **形状**：$N$个样本，$C$个特征或通道，$H \times W$像素的图像。一个*通道*是输入(N, C)的第$c$列，
# 或输入(N, C, H, W)的`X[:, c]`：在图像中，一个通道的所有像素共用一个均值和一个方差。
#
# **规则**：不能使用torch自己的规范化：`nn.BatchNorm1d`、`nn.BatchNorm2d`、`F.batch_norm`，
# 以及torch中名称含有`batch_norm`、`layer_norm`、`instance_norm`或`group_norm`的其他一切，
# 或者会调用它们的东西。torch的其余一切都可以使用，包括`mean`和`var`。
#
# 请填写每一处`YOUR CODE HERE`。你可以随时运行`autograder check batch_norm`。

# %%
import torch
from torch import nn

# %% [markdown]
# ## 1. `batch_norm(X, gamma, beta, moving_mean, moving_var, eps, momentum, training)`
#
# **训练时**（`training`为真），以$m$表示通道$c$的元素个数，即$N$或$N \cdot H \cdot W$：
#
# $$\mu_c = \frac1m \sum_{i \in c} x_i \qquad \sigma_c^2 = \frac1m \sum_{i \in c} (x_i - \mu_c)^2 \qquad
# y_i = \gamma_c \, \frac{x_i - \mu_c}{\sqrt{\sigma_c^2 + \epsilon}} + \beta_c$$
#
# $$\text{moving mean}_c \leftarrow \text{momentum} \cdot \text{moving mean}_c
# + (1 - \text{momentum}) \cdot \mu_c$$
#
# $$\text{moving var}_c \leftarrow \text{momentum} \cdot \text{moving var}_c
# + (1 - \text{momentum}) \cdot \sigma_c^2$$
#
# **评估时**（`training`为假），`moving_mean`和`moving_var`取代$\mu$和$\sigma^2$，
# 并且两者都原样返回；返回传入的张量本身也可以。
#
# 注意以下约定：
#
# - 方差是*有偏*的，除以$m$而不是$m - 1$，在$y$中和在移动方差中都是如此。
# - $\epsilon$在根号里面。
# - momentum是**旧**值的权重。（torch自己的层指的是新值的权重。）
#
# 输入与结果：
#
# - `X`：(N, C)或(N, C, H, W)，float32或float64。
# - `gamma`、`beta`、`moving_mean`、`moving_var`：`X`为(N, C)时是(1, C)，
#   为(N, C, H, W)时是(1, C, 1, 1)，数据类型与`X`相同。`eps`、`momentum`：数，`eps`大于0。
#   `training`：布尔值。
# - 返回：三个张量`(Y, moving_mean, moving_var)`。`Y`的形状与`X`相同；统计量的形状与传入的相同，
#   并已更新。它们是纯数值，没有梯度历史：`requires_grad`为假。
#
# 提示：对于(N, C)和(N, C, H, W)，一个通道的均值要在哪些维度上求？结果必须是什么形状，
# 才能从`X`中减去？
#
# 训练时一个通道至少有两个元素，因此只有一张图像也可能足够；评估时一个元素就够。100 000
# 000附近的float64数据也必须得到正确的结果，精确到五位数字：
# $\frac1m \sum x_i^2 - \mu^2$在纸面上等于方差，但它是用两个巨大的数相减来求一个小的数。
#
# 训练时，梯度也经过$\mu$和$\sigma^2$；即使一个通道的所有元素都相等，梯度也是有限的。
#
# 梯度能传到`X`、`gamma`和`beta`。传入的一切保持不变，每次调用也不记得以前的调用。
# `X`可以是转置得到的，也可以是从更大的张量中切片得到的。它在`X`所在的设备上运行，GPU也可以。
# 是否记录梯度，对数值没有影响。


# %%
def batch_norm(X, gamma, beta, moving_mean, moving_var, eps, momentum, training):
    """规范化每个通道：训练时用批量的统计量，评估时用移动统计量。

    X: (N, C)或(N, C, H, W)；gamma, beta, moving_mean, moving_var: (1, C)或(1, C, 1, 1) -> Y:
    形状与X相同；moving_mean, moving_var: 形状与传入的相同，训练时已更新，没有梯度历史。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `BatchNorm(num_features, num_dims)`
#
# 这一层拥有参数和统计量，并以`eps=1e-5`和`momentum=0.9`调用你的`batch_norm`。
#
# - `num_features`：$C$。`num_dims`：输入为(N, C)时是2，为(N, C, H, W)时是4。
# - 可训练的参数`gamma`（起初为一）和`beta`（零）：只有这两个，没有别的。
# - 统计量`moving_mean`（起初为零）和`moving_var`（一）。四者的形状都是(1, C)或(1, C, 1, 1)。
# - `forward(X)`：返回`Y`，形状与`X`相同。在训练模式下，它用批量来规范化并更新统计量；在评估模式下，
#   它使用统计量而不改变它们。模式是模块自己的，由`layer.train()`和`layer.eval()`设定。
# - 统计量是**缓冲区**。它们不是参数，却是这一层的一部分：它们以自己的名字出现在`state_dict()`里，
#   并在`layer.double()`或`layer.to(device)`时随层移动。要不要别的缓冲区，由你决定。
# - 它们从不保留一个批量的计算图：前向传播之后，`layer.moving_mean.requires_grad`为假。
#
# 提示：仅仅作为属性保存的张量，`state_dict`和`to`都看不到。模块怎样得知一个不是参数的张量？
#
# 每一层都有自己的统计量。`X`的数据类型和设备与层相同。
#
# 梯度能传到`X`和它的参数。除`moving_mean`和`moving_var`外，传入的一切保持不变，
# 每次调用也不记得以前的调用。`X`可以是转置得到的，也可以是从更大的张量中切片得到的。
# 它在`X`所在的设备上运行，GPU也可以。是否记录梯度，对数值没有影响。
# 新的`BatchNorm`载入用过的那个的`state_dict()`之后，结果与它相同。


# %%
class BatchNorm(nn.Module):
    """批量规范化层，num_dims为2时输入为(N, C)，为4时输入为(N, C, H, W)。

    参数gamma、beta和缓冲区moving_mean、moving_var: (1, C)或(1, C, 1, 1)。
    """

    def __init__(self, num_features, num_dims):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, X):
        """X: (N, C)或(N, C, H, W) -> 形状相同。训练模式下更新统计量。"""
        # YOUR CODE HERE
        raise NotImplementedError()
