# %% [markdown]
# # 多头注意力
#
# 单个注意力对每个查询只有一组权重：无论看什么，都只用一种方式看。
# 多头注意力让若干个小的注意力（即各个*头*）通过各自的线性映射来看同样的查询、键和值，
# 再把它们的所得混合起来。所有的头大小相同，所以可以放在一个批量里一起计算。在这个单元里，
# 你将编写使之成为可能的两个形状变换，以及这一层。
#
# **形状**：$b$个样本，每个样本有$n$个查询和$m$个键值对，`num_heads`个头。`num_hiddens`即$h$，
# 是所有头合起来的宽度；它总是`num_heads`的倍数，$d = h\,/\,$`num_heads`是一个头的宽度。
# 没有大小为0的轴。
#
# **规则**：在`MultiHeadAttention`中不能使用`nn.functional.scaled_dot_product_attention`、
# `nn.MultiheadAttention`以及建立在它们之上的东西：你正是要构建它。
# `nn.Linear`以及torch的其余一切都可以使用。
#
# 请填写每一处`YOUR CODE HERE`。你可以随时运行`autograder check multi_head_attention`。

# %%
import math

import torch
from torch import nn

# %% [markdown]
# ## 已给出：`DotProductAttention(dropout)`
#
# 这一个已经完整：带掩蔽的缩放点积注意力，是前面一个单元的内容。请把它用于你的各个头，或者自己计算；
# 这里没有什么要改。它把分数除以**它所得到的查询**的宽度的平方根，
# 并为其中每个矩阵取`valid_lens`的一行：
#
# - `attention(queries, keys, values, valid_lens)`，其中`queries` (B, n, d)、`keys` (B, m, d)、
#   `values` (B, m, v)，返回(B, n, v)。
# - `valid_lens`：`None`（每个键都算数）、(B,) int64（每个查询矩阵一个长度）或(B, n)
#   int64（每个查询一个长度）。其他行数会抛出`ValueError`。
# - 在训练模式下，每个注意力权重以概率`dropout`被丢弃。


# %%
class DotProductAttention(nn.Module):
    """已给出：带掩蔽的缩放点积注意力。

    queries: (B, n, d)，keys: (B, m, d)，values: (B, m, v)，valid_lens: None、(B,)或(B, n) ->
    (B, n, v)。
    attention_weights: (B, n, m)，在暂退之前。
    """

    def __init__(self, dropout):
        super().__init__()
        self.dropout = nn.Dropout(dropout)

    def forward(self, queries, keys, values, valid_lens=None):
        scores = torch.bmm(queries, keys.transpose(1, 2)) / math.sqrt(queries.shape[-1])
        if valid_lens is not None:
            if len(valid_lens) != len(queries):
                raise ValueError(f"valid_lens is of length {len(valid_lens)}, but queries of length {len(queries)}")
            if valid_lens.dim() == 1:
                valid_lens = valid_lens.unsqueeze(1)
            positions = torch.arange(scores.shape[-1], device=scores.device)
            scores = scores.masked_fill(positions >= valid_lens.unsqueeze(2), float("-inf"))
        self.attention_weights = torch.softmax(scores, dim=-1)
        return torch.bmm(self.dropout(self.attention_weights), values)


# %% [markdown]
# ## 1. `transpose_qkv(X, num_heads)`
#
# 把每个头变成一个单独的样本，使一个批量注意力能计算全部。样本$i$的头$j$拥有$d$个相邻的特征，
# 成为第$i \cdot \text{num\_heads} + j$个矩阵：
#
# $$\operatorname{transpose\_qkv}(X)_{\,i \cdot \text{num\_heads} + j,\; t,\; c} = X_{\,i,\; t,\; j d + c}
# \qquad c = 0, \dots, d - 1$$
#
# - `X`：(b, n, h)，任意数据类型。`num_heads`：整除h的整数。
# - 返回：(b · num_heads, n, h / num_heads)，数据类型相同，同一个样本的各个头**相邻**。
#   无论是什么数，都只是改变位置。结果可以是`X`的视图。
#
# 提示：`reshape`从不移动数：它按顺序读取，只是在别处换行。所以先给头一个自己的轴，
# 再把这个轴移到它应在的位置，然后才合并轴。最后一步要求哪两个轴相邻？
#
# 梯度能传到`X`。传入的一切保持不变，每次调用也不记得以前的调用。`X`可以是转置得到的，
# 也可以是从更大的张量中切片得到的。


# %%
def transpose_qkv(X, num_heads):
    """把每个头变成一个样本。

    X: (b, n, h) -> (b * num_heads, n, h / num_heads)，同一个样本的各个头相邻，数据类型相同。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `transpose_output(X, num_heads)`
#
# 反过来：把每个样本的各个头重新并排，头0在最前。
#
# $$\operatorname{transpose\_output}(X)_{\,i,\; t,\; j d + c} = X_{\,i \cdot \text{num\_heads} + j,\; t,\; c}$$
#
# - `X`：(b · num_heads, n, d)，任意数据类型，次序与`transpose_qkv`的结果相同。`num_heads`：
#   整除第一个轴的长度的整数。
# - 返回：(b, n, num_heads · d)，数据类型相同。这里的数也只是改变位置：
#   `transpose_output(transpose_qkv(X, num_heads), num_heads)`等于`X`。结果可以是`X`的视图。
#
# 提示：还原`transpose_qkv`的各步，最后一步最先。permute之后的张量在内存中不连续；
# `view`和`reshape`中哪一个会介意？
#
# 梯度能传到`X`。传入的一切保持不变，每次调用也不记得以前的调用。`X`可以是转置得到的，
# 也可以是从更大的张量中切片得到的。


# %%
def transpose_output(X, num_heads):
    """把每个样本的各个头并排；transpose_qkv的逆。

    X: (b * num_heads, n, d) -> (b, n, num_heads * d)，数据类型相同。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 3. `MultiHeadAttention(key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias=False)`
#
# 以$\mathbf Q$、$\mathbf K$、$\mathbf V$表示一个样本的查询、键和值（每行一个），
# 这一层把它们各自投影为$h$个特征，并把每个投影的特征$jd, \dots, jd + d - 1$给头$j$：
#
# $$\mathbf H_j = \operatorname{softmax}\!\left(\frac{[W_q \mathbf Q]_j\, [W_k \mathbf K]_j^\top}{\sqrt d}\right)
# [W_v \mathbf V]_j \qquad \text{output} = W_o\,[\mathbf H_0, \mathbf H_1, \dots]$$
#
# 这里$W \mathbf X$表示把线性层$W$应用于每一行，$[\cdot]_j$表示头$j$的特征，softmax不计填充。
#
# - 子模块：`W_q`（查询大小到h）、`W_k`（键大小到h）、`W_v`（值大小到h）和`W_o`（h到h），
#   都是`nn.Linear`。`bias=True`时四者都有偏置，`bias=False`时都没有。此外没有别的参数。
#   如何初始化由你决定。
# - `layer(queries, keys, values, valid_lens)`，其中`queries` (b, n, 查询大小)、`keys`
#   (b, m, 键大小)、`values` (b, m, 值大小)，返回(b, n, h)，数据类型相同。
# - `valid_lens`：`None`（每个键都算数）；(b,) int64，每个样本一个长度，由它的各个查询共用；或(b, n)
#   int64，每个查询一个长度；取值从1到m。**一个样本的所有头共用它的长度。**
# - 暂退法只作用于每个头的注意力权重：每个权重以概率$p$（即参数`dropout`，小于1）置零，
#   与其他权重无关，否则除以$1 - p$。
#
# 提示：在`transpose_qkv`之后有b · num_heads个查询矩阵，而`valid_lens`仍只有b行。
# 各个头以什么次序相接？因此长度要以什么次序重复？
# （请比较`Tensor.repeat`与`torch.repeat_interleave`，并注意轴。）
#
# 输入全为float32或全为float64，元素都是有限的，填充也是。分数无论正负，都可以大到数千。
#
# 梯度能传到`queries`、`keys`、`values`和它的参数。传入的一切保持不变，每次调用也不记得以前的调用。
# `queries`、`keys`和`values`可以是转置得到的，也可以是从更大的张量中切片得到的。
# 只在训练模式下丢弃。每个样本单独处理，与批量中的其他样本无关。


# %%
class MultiHeadAttention(nn.Module):
    """若干个注意力并排，各自作用于自己的特征，再由一个线性映射把它们混合。

    queries: (b, n, query_size)，keys: (b, m, key_size)，values: (b, m, value_size)，valid_lens:
    None、(b,)或(b, n) int64，在[1, m]中 -> (b, n, num_hiddens)，数据类型相同。
    """

    def __init__(self, key_size, query_size, value_size, num_hiddens, num_heads, dropout, bias=False):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, queries, keys, values, valid_lens):
        # YOUR CODE HERE
        raise NotImplementedError()
