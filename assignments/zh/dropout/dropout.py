# %% [markdown]
# # 暂退法（dropout）
#
# 在训练过程中，暂退法（dropout）随机关闭一层的一部分单元，每个样本、每一遍关闭的都不同，
# 使得没有哪个单元能依赖另一个单元的存在。留下的单元被放大，使每个单元的期望值保持不变。
# 在这个单元里，你将编写这个操作本身，把它放进有两个隐藏层的网络，
# 再用torch现成的模块构建同样的网络。
#
# **形状**：一个批量含有$n$个样本。$p$（代码中称为`dropout`）是一个元素被*丢弃*的概率；
# 它以概率$1-p$保留。
#
# **规则**：在`dropout_layer`和`Net`中不能使用`nn.Dropout`、
# `F.dropout`以及torch中名称含有dropout的其他所有运算：你正是要构建它们。torch的其余一切都可以使用，
# 包括随机数。`make_dropout_net`才是使用`nn.Dropout`的地方。
#
# 请填写每一处`YOUR CODE HERE`。你可以随时运行`autograder check dropout`。

# %%
import torch
from torch import nn

# %% [markdown]
# ## 1. `dropout_layer(X, dropout)`
#
# $$\operatorname{dropout}(x) = \begin{cases}
# 0 & \text{with probability } p \\
# \dfrac{x}{1-p} & \text{otherwise}
# \end{cases}$$
#
# `X`的每个元素各自决定，每次调用重新决定：批量中不同的样本得到不同的掩码，
# 丢弃多少个元素也由随机性决定。
#
# - `X`：float32或float64，至少有一个元素的任意形状，任意步幅；`X`本身保持不变。`dropout`：[0,
#   1]中的浮点数。
# - 返回：形状和数据类型与`X`相同。梯度传到保留的元素。无论是否在记录梯度，都会丢弃。
# - `dropout = 0.0`返回`X`的值（也可以返回`X`本身）；`dropout = 1.0`返回零，绝不返回`nan`。
#   这些零可以与`X`断开；如果没有断开，它们的梯度也是零。
# - `dropout`在[0, 1]之外时，抛出`AssertionError`或`ValueError`。
#
# 提示：在[0, 1)上均匀抽取的数以概率$p$小于$p$。哪个$p$的值会使公式除以零？


# %%
def dropout_layer(X, dropout):
    """以概率dropout丢弃X的每个元素，其余的除以1 - dropout。

    X: 任意形状，浮点数；dropout: [0, 1]中的浮点数 -> 形状和数据类型与X相同。
    dropout在[0, 1]之外时抛出AssertionError或ValueError。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `Net(num_inputs, num_outputs, num_hiddens1, num_hiddens2, is_training=True, ...)`
#
# 有两个隐藏层的多层感知机。在训练模式下，暂退法作用于每个隐藏层，在激活函数之后，各有自己的概率：
#
# $$H_1 = \operatorname{dropout}_{p_1}(\operatorname{relu}(\mathtt{lin1}(X))), \qquad
# H_2 = \operatorname{dropout}_{p_2}(\operatorname{relu}(\mathtt{lin2}(H_1))), \qquad
# O = \mathtt{lin3}(H_2)$$
#
# 其中$p_1$和$p_2$是构造函数的最后两个参数，即`dropout1=0.2`和`dropout2=0.5`。
# 在评估模式下完全没有暂退法。
#
# - 检查所依赖的属性：`lin1`、`lin2`、`lin3`，都是带偏置的`nn.Linear`。
#   除这三层的参数外没有别的参数。你还保存什么、用什么名字，由你决定。
# - `training`是每个`nn.Module`都有的属性，由`net.train()`和`net.eval()`设定：只由它决定，
#   与是否在记录梯度无关。`is_training`说明新建的网络*开始时*处于哪种模式。
# - `net(X)`：`X`为(n, ...)，n至少为1，每个样本有`num_inputs`个数，至少有两个维度，
#   例如图像为(n, 1, 28, 28)，步幅任意；请先展平。返回(n, `num_outputs`)，数据类型与`X`和参数相同。
#   `X`保持不变。无论哪种模式，梯度都传到`X`和所有参数，除非被概率为1的暂退法截断。
#
# 提示：`super().__init__()`在最前面；它把`training`设为`True`。


# %%
class Net(nn.Module):
    """有两个隐藏层的多层感知机，训练模式下两个隐藏层都有暂退法。

    X: (n, ...)，每个样本num_inputs个数 -> (n, num_outputs)。
    """

    def __init__(
        self,
        num_inputs,
        num_outputs,
        num_hiddens1,
        num_hiddens2,
        is_training=True,
        dropout1=0.2,
        dropout2=0.5,
    ):
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, X):
        # YOUR CODE HERE
        raise NotImplementedError()


# %% [markdown]
# ## 3. `make_dropout_net(p1, p2)`
#
# 用torch的模块构建同样的网络，用于28 × 28像素的图像和十个类别。它是一个`nn.Sequential`，
# 嵌套与否均可，依次为：
#
# 1. 展平，线性层784 → 256，ReLU，概率为`p1`的暂退层，
# 2. 线性层256 → 256，ReLU，概率为`p2`的暂退层，
# 3. 线性层256 → 10。
#
# - 三个线性层的*权重*都取自均值为0、**标准差为0.01**的正态分布。偏置可以保持torch的初始值。
# - 返回：每次调用都是一个新的网络，处于训练模式。它把(n, 1, 28, 28)映射为(n, 10)，
#   梯度传到它的所有参数。这里允许使用`nn.Dropout`，它自己会跟随`net.train()`和`net.eval()`。
#
# 提示：`net.apply(f)`对`net`中的每个模块调用`f`。


# %%
def make_dropout_net(p1, p2):
    """带暂退法的多层感知机的简洁实现：(n, 1, 28, 28) -> (n, 10)。

    p1, p2: 丢弃第一个和第二个隐藏层的单元的概率。
    """
    # YOUR CODE HERE
    raise NotImplementedError()
