# %% [markdown]
# # BERT
#
# BERT由Transformer编码器块堆叠而成，它从两个方向一次性地读取整段文本。
# 它用两个不需要标签的任务来预训练：猜出被掩蔽的词，
# 以及判断两个句子中的第二个是否真的接在第一个之后。在这个单元里，你将编写使编码器成为BERT的部分：
# 输入、三种嵌入、两个预测头和损失。编码器块本身已经给出。
#
# **形状**：一个批量含有$b$个序列，每个序列$n$个词元，每个词元有$h$（`num_hiddens`）个特征；
# 每个序列有$k$个位置要预测。词表有$V$（`vocab_size`）个词元。这些数都至少为1。
#
# **名称**：检查会用`load_state_dict`把权重载入你的模块。
# 所以参数和子模块的名字必须与这里所写的完全相同（在`nn.Sequential`里是0、1、……），
# 模块也不能有别的参数或缓冲区，无论缓冲区是否持久。线性层是带偏置的`nn.Linear`；
# 延后初始化的层也可以。
#
# **调用**：传入的东西保持不变，模块的模式也一样；张量可以是在内存中不连续的视图。
# 一次调用不依赖于之前的任何调用，其尺寸也可以不同。模块的结果与其参数的数据类型相同。
#
# **规则**：torch的一切都可以使用。给出的块保持原样。
#
# 请填写每一处`YOUR CODE HERE`。你可以随时运行`autograder check bert`。

# %%
import math

import torch
from torch import nn

# %% [markdown]
# ## 已给出：Transformer编码器块
#
# 先是多头自注意力，再是前馈网络，各自之后有暂退法、残差连接和层规范化。
# `blk(X, valid_lens)`把(b, n, h)映射为(b, n, h)。`valid_lens`是`None`或(b,)，取值从1到n：
# 没有词元会注意到自己的序列中从有效长度开始的位置。`num_heads`整除`num_hiddens`。


# %%
class TransformerEncoderBlock(nn.Module):
    """一个编码器块。X: (b, n, num_hiddens)，valid_lens: None或(b,) -> (b, n, num_hiddens)。"""

    def __init__(self, num_hiddens, ffn_num_hiddens, num_heads, dropout):
        super().__init__()
        self.num_heads = num_heads
        self.W_q = nn.Linear(num_hiddens, num_hiddens)
        self.W_k = nn.Linear(num_hiddens, num_hiddens)
        self.W_v = nn.Linear(num_hiddens, num_hiddens)
        self.W_o = nn.Linear(num_hiddens, num_hiddens)
        self.norm1 = nn.LayerNorm(num_hiddens)
        self.ffn = nn.Sequential(
            nn.Linear(num_hiddens, ffn_num_hiddens), nn.ReLU(), nn.Linear(ffn_num_hiddens, num_hiddens)
        )
        self.norm2 = nn.LayerNorm(num_hiddens)
        self.dropout = nn.Dropout(dropout)

    def attend(self, X, valid_lens):
        b, n, h = X.shape
        heads = (b, n, self.num_heads, h // self.num_heads)
        Q, K, V = (W(X).reshape(heads).transpose(1, 2) for W in (self.W_q, self.W_k, self.W_v))
        scores = Q @ K.transpose(2, 3) / math.sqrt(heads[-1])
        if valid_lens is not None:
            padding = torch.arange(n, device=X.device) >= valid_lens[:, None]
            scores = scores.masked_fill(padding[:, None, None, :], -1e6)
        weights = self.dropout(torch.softmax(scores, dim=-1))
        return self.W_o((weights @ V).transpose(1, 2).reshape(b, n, h))

    def forward(self, X, valid_lens):
        Y = self.norm1(X + self.dropout(self.attend(X, valid_lens)))
        return self.norm2(Y + self.dropout(self.ffn(Y)))


# %% [markdown]
# ## 1. `get_tokens_and_segments(tokens_a, tokens_b=None)`
#
# BERT读取一段文本或一对文本，由两种特殊词元框起来：
#
# | | | | | | |
# |---|---|---|---|---|---|
# | 词元 | `<cls>` | 第一段文本 | `<sep>` | 第二段文本 | `<sep>` |
# | 片段 | 0 | 0 … 0 | 0 | 1 … 1 | 1 |
#
# 每个`<sep>`属于它所结束的文本。没有第二段文本时，只有前两列和第一个`<sep>`。
#
# - `tokens_a`：字符串的列表。`tokens_b`：字符串的列表，或表示“没有第二段文本”的`None`。
#   文本中的词可以是任意字符串：可以含有空格，可以为空，也可以就是`<sep>`，它在文本中并不结束什么。
#   列表可以为空；空的`tokens_b`仍是第二段文本，并有自己的`<sep>`。
# - 返回：一对`(tokens, segments)`，即长度相同的字符串列表和整数列表。传入的列表保持不变；
#   每次调用返回新的列表。
#
# 提示：算上特殊词元，片段0的部分有多长？片段1的部分呢？


# %%
def get_tokens_and_segments(tokens_a, tokens_b=None):
    """把一段或两段文本组成BERT的输入。

    tokens_a, tokens_b: 字符串的列表，tokens_b可以是None -> (tokens, segments)，长度相同的列表。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `BERTEncoder(vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000)`
#
# 序列$i$的词元$t$的向量是三个嵌入之和，三者都是学习得到的：
#
# $$\mathbf x_{it} = \mathbf E^{\text{token}}_{\text{tokens}_{it}} + \mathbf E^{\text{segment}}_{\text{segments}_{it}} +
# \mathbf P_{t} \qquad t = 0, 1, \dots, n - 1$$
#
# 这个和依次通过各块。除此之外不做任何处理：在块之外没有缩放、暂退法或规范化。
#
# - `token_embedding`：有`vocab_size`个向量的`nn.Embedding`；`segment_embedding`：
#   有2个向量的`nn.Embedding`。
# - `pos_embedding`：形状为(1, `max_len`, h)的`nn.Parameter`，以`torch.randn`初始化。
#   它必须**学习**：要有梯度传到它。
# - `blks`：由`num_blks`个块组成的`nn.Sequential`或`nn.ModuleList`，
#   每个块是有自己权重的`TransformerEncoderBlock(num_hiddens, ffn_num_hiddens, num_heads, dropout)`。
#   `num_blks=0`时，和就是结果。
# - `encoder(tokens, segments, valid_lens)`，其中`tokens`、`segments`：(b, n) int64，
#   n至多为`max_len`；`valid_lens`：`None`或(b,) int64，传给每个块。返回(b, n, h)。
#
# 提示：序列比`max_len`短。需要`pos_embedding`的哪一部分，要沿哪个轴截取？
# 通过`.data`读取参数会失去什么？


# %%
class BERTEncoder(nn.Module):
    """词元嵌入、片段嵌入和位置嵌入，然后是编码器块。

    tokens, segments: (b, n) int64，valid_lens: None或(b,) -> (b, n, num_hiddens)。
    """

    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, tokens, segments, valid_lens):
        # YOUR CODE HERE
        raise NotImplementedError()


# %% [markdown]
# ## 3. `MaskLM(vocab_size, num_hiddens, num_inputs)`
#
# 掩蔽语言模型：由编码器在每个被掩蔽位置的向量预测该位置的词元。
# 设$p = \text{pred\_positions}_{ij}$，则
#
# $$\hat{\mathbf y}_{ij} = \operatorname{mlp}(\mathbf x_{ip}) \qquad i = 0, \dots, b - 1, \quad j = 0, \dots, k - 1$$
#
# - `mlp`：四层的`nn.Sequential`：从`num_inputs`到`num_hiddens`的线性层、ReLU、`nn.LayerNorm`、
#   到`vocab_size`的线性层。
# - `mlm(X, pred_positions)`，其中`X`：(b, n, num_inputs)；`pred_positions`：(b, k) int64，在[0,
#   n)中，第$i$行是序列$i$的位置，次序任意；同一个位置可以出现两次。
# - 返回：(b, k, vocab_size)，logit：没有softmax。
#
# 提示：两个形状相同的索引张量成对地取出元素，如`X[rows, columns]`。
# `pred_positions[i, j]`对应哪一行？


# %%
class MaskLM(nn.Module):
    """预测位置上的词元的logit。

    X: (b, n, num_inputs)，pred_positions: (b, k) int64 -> (b, k, vocab_size)。
    """

    def __init__(self, vocab_size, num_hiddens, num_inputs):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, X, pred_positions):
        # YOUR CODE HERE
        raise NotImplementedError()


# %% [markdown]
# ## 4. `NextSentencePred(num_inputs)`
#
# 第二段文本是否接在第一段之后？每个序列由一个向量得到两个logit来回答。
#
# - `output`：从`num_inputs`到2的线性层。
# - `nsp(X)`，其中`X`：(b, num_inputs)。返回(b, 2)，logit：没有softmax。


# %%
class NextSentencePred(nn.Module):
    """每个序列两个logit。X: (b, num_inputs) -> (b, 2)。"""

    def __init__(self, num_inputs):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, X):
        # YOUR CODE HERE
        raise NotImplementedError()


# %% [markdown]
# ## 5. `BERTModel(vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000)`
#
# 编码器和两个预测头。请用你自己的类建立各部分，使用下列名字，并在`forward`中调用它们；
# 有些检查会用参数相同的替身取代它们。
#
# - `encoder`：一个`BERTEncoder`；`mlm`：一个`MaskLM`；`nsp`：一个`NextSentencePred`，
#   所有宽度都是`num_hiddens`。
# - `hidden`：由从`num_hiddens`到`num_hiddens`的线性层和`nn.Tanh`组成的`nn.Sequential`。
#   下一句预测头看到的是编码器对词元`<cls>`（每个序列的第一个）的向量，
#   **在**它经过`hidden`**之后**。
# - `net(tokens, segments, valid_lens=None, pred_positions=None)`返回三项`(encoded_X, mlm_Y_hat, nsp_Y_hat)`：
#   编码器的输出(b, n, h)；`mlm`的logit (b, k, vocab_size)，当`pred_positions`为`None`时是`None`；
#   以及`nsp`的logit (b, 2)。可以只给出`valid_lens`而没有`pred_positions`，反之亦然。


# %%
class BERTModel(nn.Module):
    """带两个预训练预测头的BERT。

    tokens, segments: (b, n)，valid_lens: None或(b,)，pred_positions: None或(b, k) -> encoded_X
    (b, n, num_hiddens)，mlm_Y_hat (b, k, vocab_size)或None，nsp_Y_hat (b, 2)。
    """

    def __init__(self, vocab_size, num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout, max_len=1000):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, tokens, segments, valid_lens=None, pred_positions=None):
        # YOUR CODE HERE
        raise NotImplementedError()


# %% [markdown]
# ## 6. `bert_loss(net, loss, vocab_size, ...)`
#
# 其余的参数是一个批量的七个部分：`tokens_X`、`segments_X`、`valid_lens_x`、`pred_positions_X`、
# `mlm_weights_X`、`mlm_Y`、`nsp_y`。
#
# 一个批量的预训练损失。短的文本被掩蔽的词元较少，所以`pred_positions_X`做了填充；
# `mlm_weights_X`在真实的预测处为1，在填充的预测处为0，后者在**任何地方**都不能计入。
# 以$\ell_{ij}$表示序列$i$的第$j$个预测的损失，以$w_{ij}$表示它的权重，则
#
# $$\ell_{\text{mlm}} = \frac{\sum_{ij} w_{ij}\,\ell_{ij}}{\sum_{ij} w_{ij}} \qquad \ell_{\text{nsp}} = \frac{1}{b}
# \sum_i \ell^{\text{nsp}}_i \qquad \ell = \ell_{\text{mlm}} + \ell_{\text{nsp}}$$
#
# - `net`：以`net(tokens_X, segments_X, valid_lens_x, pred_positions_X)`调用，
#   返回`BERTModel`所返回的。
# - `loss`：如`nn.CrossEntropyLoss(reduction="none")`：logit (m, q)和标签(m,)得到(m,)，
#   **每行一个损失**。（若用默认的reduction，填充的预测在权重能排除它们之前就被平均进去了。）
# - `tokens_X`、`segments_X`：(b, n)；`valid_lens_x`：(b,)；`pred_positions_X`、`mlm_weights_X`、
#   `mlm_Y`：(b, k)，权重与logit的数据类型相同，标签是[0, V)内的int64，填充的预测处也一样；`nsp_y`：
#   (b,) int64。
# - 返回：`(mlm_l, nsp_l, l)`，三个形状为()的张量；三者的梯度都能传到`net`的参数。
#   如果所有权重都是0，`mlm_l`为0，而不是`nan`，并且仍可求导：给分母加上一个很小的数（$10^{-8}$）。
#
# 提示：相乘时损失和权重是什么形状？(m,)乘以(m, 1)是一张表。


# %%
def bert_loss(net, loss, vocab_size, tokens_X, segments_X, valid_lens_x, pred_positions_X, mlm_weights_X, mlm_Y, nsp_y):
    """真实预测上的掩蔽语言模型损失、下一句预测损失，以及两者之和。

    tokens_X, segments_X: (b, n)，valid_lens_x: (b,)，pred_positions_X, mlm_weights_X, mlm_Y:
    (b, k)，nsp_y: (b,) -> (mlm_l, nsp_l, l)，各自形状为()。
    """
    # YOUR CODE HERE
    raise NotImplementedError()
