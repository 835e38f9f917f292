# %% [markdown]
# # 从零开始实现门控循环单元（GRU）
#
# 普通的循环神经网络在每一步都覆盖整个状态。
# 门控循环单元（GRU）则逐元素地决定保留多少旧状态（*更新门*$Z$），
# 以及在提出新状态时看多少旧状态（*重置门*$R$）。在这个单元里，你将构建它的状态、参数、一步的计算，
# 以及沿序列的前进。
#
# **形状**：一个批量含有$n$个序列，每一步为每个序列带来$d$个数（例如$d$个词的词表上的独热向量），
# 状态为每个序列保存$h$个数。在代码中它们是`batch_size`、`vocab_size`、`num_hiddens`。
# 它们都至少为1，时间步数也是。一次调用中的张量具有相同的浮点数据类型，位于相同的设备上。
#
# **规则**：在`gru_cell`和`gru`中不能使用`nn.GRU`、`nn.GRUCell`及其背后的函数：你正是要构建它们。
# torch的其余一切都可以使用，包括`torch.sigmoid`和`torch.tanh`。任何函数都不在各次调用之间记住什么，
# 也不改变torch的设置（梯度模式、默认数据类型）。
#
# 请填写每一处`YOUR CODE HERE`。你可以随时运行`autograder check gru`。

# %%
import torch

# %% [markdown]
# ## 1. `init_gru_state(batch_size, num_hiddens, device)`
#
# 第一步之前的状态：全为零。
#
# - 返回：含有**一个**张量的元组，张量形状为(batch_size, num_hiddens)，
#   float32（torch的默认数据类型），位于`device`上，每次调用都是新的。
#
# 提示：LSTM的状态有两个张量，GRU的有一个。两种情形都返回元组，同一个训练循环就能用于两者。
# Python怎样写只有一项的元组？


# %%
def init_gru_state(batch_size, num_hiddens, device):
    """第一步之前的状态。

    返回：(H,)，H: (batch_size, num_hiddens)，零，float32，位于device上。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `get_gru_params(vocab_size, num_hiddens, device)`
#
# 该层与输出的十一个参数，按以下次序组成列表，其中$d$ = `vocab_size`，$h$ = `num_hiddens`：
#
# | 位置 | 名称 | 用途 | 形状 |
# |---|---|---|---|
# | 0, 1, 2 | `W_xz, W_hz, b_z` | 更新门 | 三个：$(d, h)$、$(h, h)$、$(h,)$ |
# | 3, 4, 5 | `W_xr, W_hr, b_r` | 重置门 | 同上 |
# | 6, 7, 8 | `W_xh, W_hh, b_h` | 候选状态 | 同上 |
# | 9, 10 | `W_hq, b_q` | 输出 | 两个：$(h, d)$、$(d,)$ |
#
# - 权重（`W_...`）：独立地取自均值为0、标准差为0.01的正态分布，每次调用重新抽取。偏置（`b_...`）：
#   零。
# - 全部为float32（torch的默认数据类型），位于`device`上，各自是独立的张量并设置了`requires_grad`。
#   不论在什么设备上，每个都必须是*叶节点*（`p.is_leaf`）：直接建立的张量，
#   而不是由另一个需要梯度的张量算出的。只有叶节点才会得到`.grad`。
#
# 提示：先缩放，最后才要求梯度。


# %%
def get_gru_params(vocab_size, num_hiddens, device):
    """新的参数[W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h, W_hq, b_q]。

    W_xz, W_xr, W_xh: (vocab_size, num_hiddens)，W_hz, W_hr, W_hh: (num_hiddens, num_hiddens)，b_z,
    b_r, b_h: (num_hiddens,)，W_hq: (num_hiddens, vocab_size)，b_q: (vocab_size,)；
    权重N(0, 0.01^2)，偏置0；需要梯度的叶节点。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 3. `gru_cell(X, H, params)`
#
# 一步。以$\sigma$表示sigmoid，以$\odot$表示逐元素相乘：
#
# $$Z = \sigma(X W_{xz} + H W_{hz} + b_z), \qquad R = \sigma(X W_{xr} + H W_{hr} + b_r),$$
#
# $$\tilde H = \tanh(X W_{xh} + (R \odot H) W_{hh} + b_h), \qquad
# H_\text{new} = Z \odot H + (1 - Z) \odot \tilde H.$$
#
# - `X`：(n, d)，这一步的输入。`H`：(n, h)，迄今的状态。
# - `params`：`get_gru_params`的**前九个**参数，次序相同。输出的`W_hq`和`b_q`不在其中。
# - 返回：(n, h)，新的状态，数据类型和设备相同。`X`、`H`和`params`保持不变；梯度传到它们每一个。
#   不论`X`和`H`中的数有多大，新状态都是有限的：50 000的sigmoid是1，而不是`nan`。
#
# 有两个约定必须遵守，因为各种教材和库的做法不同：$Z$接近1时**保留**旧状态；
# 重置门在与$W_{hh}$相乘**之前**作用于$H$。
#
# 提示：把每个公式写成一行，并留意`@`和`*`：哪里是矩阵乘法，哪里不是？


# %%
def gru_cell(X, H, params):
    """门控循环单元的一步。

    X: (n, d)，H: (n, h)，params: [W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h] -> 新的H:
    (n, h)。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 4. `gru(inputs, state, params)`
#
# 整个序列：每一步由单元从旧状态得到新状态，再由输出层读取它，$Y_t = H_t W_{hq} + b_q$。
# （没有softmax：由损失函数负责。）
#
# - `inputs`：(num_steps, n, d)，时间步沿第一个维度。`state`：`(H,)`，其中`H`为(n, h)。
# - `params`：全部十一个参数，次序与`get_gru_params`相同。
# - 返回：一对`(outputs, (H,))`。`outputs`：(num_steps · n, d)，先是第0步所有序列的输出，
#   再是第1步的，依此类推。`H`：(n, h)，最后一步之后的状态，仍放在只有一项的元组里。
# - 数据类型和设备与输入相同；很大的数在这里同样不成问题；
#   梯度贯穿所有时间步（想切断的人在外部切断）；`inputs`、`state`和`params`保持不变。
#
# 提示：对张量做迭代是沿它的第一个维度进行的。


# %%
def gru(inputs, state, params):
    """让门控循环单元及其输出层沿序列运行。

    inputs: (num_steps, n, d)，state: (H,)，H: (n, h)，params: get_gru_params的十一个参数 ->
    (outputs: (num_steps * n, d), (H,))。
    """
    # YOUR CODE HERE
    raise NotImplementedError()
