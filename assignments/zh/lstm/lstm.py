# %% [markdown]
# # 从零开始实现长短期记忆网络（LSTM）
#
# 长短期记忆网络（LSTM）有两个状态。*记忆元*$C$是它所记住的内容：
# 一步会忘记其中一部分（*遗忘门*$F$），并写入新的内容（*输入门*$I$）。
# *隐状态*$H$是它从记忆中显示的内容（*输出门*$O$）：显示给输出层，也显示给下一步。在这个单元里，
# 你将构建这些状态、参数、一步的计算，以及沿序列的前进。
#
# **形状**：一个批量含有$n$个序列，每一步为每个序列带来$d$个数（例如$d$个词的词表上的独热向量），
# 两个状态各为每个序列保存$h$个数。在代码中它们是`batch_size`、`vocab_size`、`num_hiddens`。
# 它们都至少为1，时间步数也是。一次调用中的张量具有相同的浮点数据类型，位于相同的设备上。
#
# **规则**：在`lstm_cell`和`lstm`中不能使用`nn.LSTM`、`nn.LSTMCell`及其背后的函数：
# 你正是要构建它们。torch的其余一切都可以使用，包括`torch.sigmoid`和`torch.tanh`。
# 任何函数都不在各次调用之间记住什么，也不改变torch的设置（梯度模式、默认数据类型）。
#
# 请填写每一处`YOUR CODE HERE`。你可以随时运行`autograder check lstm`。

# %%
import torch

# %% [markdown]
# ## 1. `init_lstm_state(batch_size, num_hiddens, device)`
#
# 第一步之前的状态：全为零。
#
# - 返回：含有**两个**张量的元组`(H, C)`，形状为(batch_size, num_hiddens)，
#   float32（torch的默认数据类型），位于`device`上，每次调用都是新的。它们不能是同一个张量：
#   写入一个时，另一个不受影响。
#
# 提示：把元组乘以2会复制其中的内容吗？


# %%
def init_lstm_state(batch_size, num_hiddens, device):
    """第一步之前的状态。

    返回：(H, C)，各为(batch_size, num_hiddens)，零，float32，位于device上。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `get_lstm_params(vocab_size, num_hiddens, device)`
#
# 该层与输出的十四个参数，按以下次序组成列表，其中$d$ = `vocab_size`，$h$ = `num_hiddens`：
#
# | 位置 | 名称 | 用途 | 形状 |
# |---|---|---|---|
# | 0, 1, 2 | `W_xi, W_hi, b_i` | 输入门 | 三个：$(d, h)$、$(h, h)$、$(h,)$ |
# | 3, 4, 5 | `W_xf, W_hf, b_f` | 遗忘门 | 同上 |
# | 6, 7, 8 | `W_xo, W_ho, b_o` | 输出门 | 同上 |
# | 9, 10, 11 | `W_xc, W_hc, b_c` | 候选记忆元 | 同上 |
# | 12, 13 | `W_hq, b_q` | 输出 | 两个：$(h, d)$、$(d,)$ |
#
# - 权重（`W_...`）：独立地取自均值为0、标准差为0.01的正态分布，每次调用重新抽取。偏置（`b_...`）：
#   零，遗忘门的也是。
# - 全部为float32（torch的默认数据类型），位于`device`上，各自是独立的张量并设置了`requires_grad`。
#   不论在什么设备上，每个都必须是*叶节点*（`p.is_leaf`）：直接建立的张量，
#   而不是由另一个需要梯度的张量算出的。只有叶节点才会得到`.grad`。
#
# 提示：先缩放，最后才要求梯度。注意各个门的次序：torch自带的LSTM次序不同，
# 候选记忆元排在输出门之前。


# %%
def get_lstm_params(vocab_size, num_hiddens, device):
    """新的参数[W_xi, W_hi, b_i, W_xf, W_hf, b_f, W_xo, W_ho, b_o, W_xc, W_hc, b_c, W_hq, b_q]。

    W_xi, W_xf, W_xo, W_xc: (vocab_size, num_hiddens)，W_hi, W_hf, W_ho, W_hc:
    (num_hiddens, num_hiddens)，b_i, b_f, b_o, b_c: (num_hiddens,)，W_hq:
    (num_hiddens, vocab_size)，b_q: (vocab_size,)；权重N(0, 0.01^2)，偏置0；需要梯度的叶节点。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 3. `lstm_cell(X, H, C, params)`
#
# 一步。以$\sigma$表示sigmoid，以$\odot$表示逐元素相乘：
#
# $$I = \sigma(X W_{xi} + H W_{hi} + b_i), \quad F = \sigma(X W_{xf} + H W_{hf} + b_f), \quad
# O = \sigma(X W_{xo} + H W_{ho} + b_o),$$
#
# $$\tilde C = \tanh(X W_{xc} + H W_{hc} + b_c),$$
#
# $$C_\text{new} = F \odot C + I \odot \tilde C, \qquad H_\text{new} = O \odot \tanh(C_\text{new}).$$
#
# - `X`：(n, d)，这一步的输入。`H`、`C`：(n, h)，迄今的隐状态和记忆元。
# - `params`：`get_lstm_params`的**前十二个**参数，次序相同。输出的`W_hq`和`b_q`不在其中。
# - 返回：一对`(H, C)`，即新的隐状态和新的记忆元，各为(n, h)，数据类型和设备相同。`X`、`H`、
#   `C`和`params`保持不变；梯度传到它们每一个。不论`X`、`H`和`C`中的数有多大，新的状态都是有限的：50
#   000的sigmoid是1，而不是`nan`。
#
# 提示：记忆本身可以超过1，从中显示的内容则不可以。显示的是旧的记忆还是新的记忆？


# %%
def lstm_cell(X, H, C, params):
    """长短期记忆网络的一步。

    X: (n, d)，H, C: (n, h)，params: [W_xi, W_hi, b_i, W_xf, W_hf, b_f, W_xo, W_ho, b_o, W_xc, W_hc,
    b_c] -> 新的(H, C)，各为(n, h)。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 4. `lstm(inputs, state, params)`
#
# 整个序列：每一步由单元从旧状态得到新状态，再由输出层读取隐状态，$Y_t = H_t W_{hq} + b_q$。
# （没有softmax：由损失函数负责。）
#
# - `inputs`：(num_steps, n, d)，时间步沿第一个维度。`state`：`(H, C)`，各为(n, h)。
# - `params`：全部十四个参数，次序与`get_lstm_params`相同。
# - 返回：一对`(outputs, (H, C))`。`outputs`：(num_steps · n, d)，先是第0步所有序列的输出，
#   再是第1步的，依此类推。`H`、`C`：(n, h)，最后一步之后的状态。
# - 数据类型和设备与输入相同；很大的数在这里同样不成问题；
#   梯度贯穿所有时间步（想切断的人在外部切断）；`inputs`、`state`和`params`保持不变。
#
# 提示：每一步有两样东西要交给下一步。


# %%
def lstm(inputs, state, params):
    """让长短期记忆网络及其输出层沿序列运行。

    inputs: (num_steps, n, d)，state: (H, C)，各为(n, h)，params: get_lstm_params的十四个参数 ->
    (outputs: (num_steps * n, d), (H, C))。
    """
    # YOUR CODE HERE
    raise NotImplementedError()
