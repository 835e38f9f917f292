# %% [markdown]
# # 注意力评分函数
#
# 注意力机制把一个*查询*与若干个*键*比较，把比较的结果变成总和为1的权重，
# 再返回与这些键对应的*值*的加权平均。做比较的函数就是*评分函数*。在这个单元里，你将编写其中的两个，
# 以及把填充排除在平均之外的softmax。
#
# **形状**：一个批量含有$b$个样本，每个样本有$n$个查询和$m$个键值对：`queries` (b, n, 查询大小)、
# `keys` (b, m, 键大小)、`values` (b, m, v)，全为float32或全为float64，没有大小为0的轴。
# 任何一个参数，包括长度，都可能是另一个张量的转置或切片视图，并且保持不变。元素都是有限的，
# 填充也是；只有`sequence_mask`会遇到别的。
#
# **有效长度**：长度不同的序列可以放在同一个批量里，因为短的序列在末尾做了填充。
# 有效长度说明从头数起有多少个位置是真实的；其余的是填充，不能被注意到。
#
# **规则**：
# 在`DotProductAttention`和`AdditiveAttention`中不能使用`nn.functional.scaled_dot_product_attention`、
# `nn.MultiheadAttention`以及建立在它们之上的东西：你正是要构建它们。`nn.functional.softmax`、
# `nn.Linear`、`nn.Dropout`以及torch的其余一切都可以使用。
#
# 请填写每一处`YOUR CODE HERE`。你可以随时运行`autograder check attention_scoring`。

# %%
import math

import torch
from torch import nn

# %% [markdown]
# ## 1. `sequence_mask(X, valid_len, value=0)`
#
# 覆盖每一行末尾的填充：
#
# $$\operatorname{mask}(X)_{ij} = \begin{cases} X_{ij} & j < \text{valid\_len}_i \\ \text{value} &
# \text{otherwise} \end{cases} \qquad j = 0, 1, \dots, m - 1$$
#
# - `X`：(n, m)，float32、float64或int64。`valid_len`：(n,)，int64，每行一个长度，
#   从0到m（两端都包括）。`value`：一个`X`的数据类型能够表示的数。
# - 返回：一个**新的**张量，(n, m)，数据类型与`X`相同，即使没有什么要覆盖也是新的。
#   `X`和`valid_len`保持不变。
# - 填充会被*覆盖*，无论其中是什么，包括`nan`和无穷大。梯度只传到`X`的有效元素。
#
# 提示：给一行的位置从0到m − 1编号，并与该行的长度比较。位置和长度需要什么形状，
# 才能用一次比较得到一张(n, m)的表？


# %%
def sequence_mask(X, valid_len, value=0):
    """覆盖每一行从有效长度开始的元素。

    X: (n, m)，valid_len: (n,) int64，在[0, m]中，value: 一个数 -> (n, m)，新张量，数据类型相同。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `masked_softmax(X, valid_lens)`
#
# 在最后一个轴上的softmax，它知道每一行真正有多长。对于有效长度为$\ell$的一行分数$\mathbf x$：
#
# $$\operatorname{masked\_softmax}(\mathbf x)_j = \begin{cases} \exp(x_j) \,/\, \sum_{k < \ell} \exp(x_k) & j
# < \ell \\ 0 & \text{otherwise} \end{cases} \qquad j = 0, 1, \dots, m - 1$$
#
# - `X`：(b, n, m)，float32或float64：n个查询对m个键的分数。分数是有限的，可以大到±1000，
#   填充处的分数也是如此。
# - `valid_lens`：`None`（每个键都算数）；或(b,) int64，每个样本一个长度，由它的n个查询共用；
#   或(b, n) int64，每个查询一个长度。每个长度都在1到m之间：一行总有可以注意的东西。
# - 返回：一个新的张量，(b, n, m)，数据类型相同；每行之和为1（舍入误差除外），
#   填充的权重为0（误差不超过$10^{-12}$）。`X`和`valid_lens`保持不变，没有梯度传到填充。
#
# 提示：`sequence_mask`处理的是行。把`X`看成矩阵时，它有多少行？每一行的长度是哪个？
# 什么样的分数使指数函数消失？


# %%
def masked_softmax(X, valid_lens):
    """在最后一个轴上的softmax，不计填充。

    X: (b, n, m)，valid_lens: None、(b,)或(b, n) int64，在[1, m]中 -> (b, n, m)，数据类型相同，
    每行之和为1。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 3. `AdditiveAttention(key_size, query_size, num_hiddens, dropout)`
#
# 大小不同的查询和键由一个小网络来比较：
#
# $$a(\mathbf q, \mathbf k) = \mathbf w_v^\top \tanh(\mathbf W_q \mathbf q + \mathbf W_k \mathbf k)$$
#
# - 子模块：`W_q`（查询大小到`num_hiddens`）、
#   `W_k`（键大小到`num_hiddens`）和`w_v`（`num_hiddens`到1），都是**不带偏置**的`nn.Linear`。
#   所以`state_dict()`中有`W_q.weight`、`W_k.weight`、`w_v.weight`，没有别的，调用之后也是如此。
# - `layer(queries, keys, values, valid_lens)`：每个查询与每个键的分数，(b, n, m)；
#   由`masked_softmax`（或用其他方式做同样的计算）变成权重；结果是值的加权平均，(b, n, v)。
#   `valid_lens`与`masked_softmax`中的相同。梯度传到查询、键、值和所有参数。
# - 概率为`dropout`（小于1）的暂退法作用于**权重**（每个权重独立地置零或乘以$1/(1-p)$），
#   仅在训练模式下。
# - 属性`attention_weights`：(b, n, m)，最近一次调用中`masked_softmax`返回的权重，**在暂退之前**；
#   是否与计算图分离由你决定。第一次调用之前可以没有这个属性。
# - 一个层可以调用任意多次，大小和长度可以不同，可以在`torch.no_grad()`下调用，
#   也可以在一步训练改变了权重之后调用：先前的调用不影响后来的调用，它的结果也保持不变。
#
# 提示：经过线性层之后，你有(b, n, h)和(b, m, h)，并希望得到每一对之和，(b, n, m, h)。
# 两者各在哪里需要一个大小为1的轴？


# %%
class AdditiveAttention(nn.Module):
    """以单层网络为评分函数的注意力。

    queries: (b, n, query_size)，keys: (b, m, key_size)，values: (b, m, v)，valid_lens: None、
    (b,)或(b, n) -> (b, n, v)。attention_weights: (b, n, m)，在暂退之前。
    """

    def __init__(self, key_size, query_size, num_hiddens, dropout):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, queries, keys, values, valid_lens=None):
        # YOUR CODE HERE
        raise NotImplementedError()


# %% [markdown]
# ## 4. `DotProductAttention(dropout)`
#
# 大小都为$d$的查询和键不需要网络。两个元素独立、方差为1的向量的点积的方差是$d$；
# 除以$\sqrt d$使它回到1：
#
# $$a(\mathbf q, \mathbf k) = \frac{\mathbf q^\top \mathbf k}{\sqrt d}$$
#
# - `layer(queries, keys, values, valid_lens)`，其中`queries` (b, n, d)、`keys` (b, m, d)、`values`
#   (b, m, v)；返回(b, n, v)。`valid_lens`与`masked_softmax`中的相同。
# - 没有参数：`state_dict()`为空，调用之后也是如此。训练模式下对权重做暂退，属性`attention_weights`
#   (b, n, m)是暂退之前的权重，梯度能够回传，可以再次调用，这些都与`AdditiveAttention`相同。
#
# 提示：(b, n, d)与什么形状做批量矩阵乘法可以得到(b, n, m)？`keys`的哪两个轴要交换位置？


# %%
class DotProductAttention(nn.Module):
    """以缩放点积为评分函数的注意力。

    queries: (b, n, d)，keys: (b, m, d)，values: (b, m, v)，valid_lens: None、(b,)或(b, n) ->
    (b, n, v)。
    attention_weights: (b, n, m)，在暂退之前。
    """

    def __init__(self, dropout):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, queries, keys, values, valid_lens=None):
        # YOUR CODE HERE
        raise NotImplementedError()
