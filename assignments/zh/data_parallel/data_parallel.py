# %% [markdown]
# # 数据并行训练
#
# 一个批量，多个设备：每个设备保存全部参数的一份副本，计算批量中自己那部分的梯度，
# 然后各设备把梯度相加。之后每个设备走同样的一步，于是各副本保持相等。做得正确时，
# 从数值上看不出有不止一个设备在工作：**数据并行的一步就是单个设备在整个批量上的一步**。
#
# **设备**：`devices`是`torch.device`对象的列表。在没有GPU的机器上，
# 它可以多次含有`torch.device("cpu")`；要做的安排是相同的，大部分评分也是这样进行的。
# 有些检查模拟GPU：这时张量报告`cuda:0`、`cuda:1`……为自己的设备，并且与真实的硬件一样，
# 对两个设备上的张量做运算会抛出异常，除非先移动其中一个。模拟支持`.to`、`.cuda`、`.cpu`、
# `device=`、`copy_`以及对切片赋值；它不支持`torch.cuda`的函数。
#
# **规则**：torch的一切都可以使用。但`nn.parallel`和`torch.distributed`帮不上忙：前者只在GPU上工作，
# 后者需要多个进程。函数只改变说明中要它改变的东西，并且在它之后梯度仍是打开的。
#
# 请填写每一处`YOUR CODE HERE`。你可以随时运行`autograder check data_parallel`。

# %%
import torch
from torch import nn

# %% [markdown]
# ## 模型
#
# 这个模型和它的损失已经给出，请保持原样。损失是**每个样本一个数**：不求均值，也不求和。
#
# `params`是列表`[W1, b1, W2, b2]`，形状为(d, h)、(h,)、(h, q)、(q,)。


# %%
def loss_of(X, y, params):
    """有一个隐藏层的网络的损失。X: (n, d)，y: (n,) int64，params: [W1, b1, W2, b2] -> (n,)。"""
    W1, b1, W2, b2 = params
    hidden = torch.relu(X @ W1 + b1)
    return nn.functional.cross_entropy(hidden @ W2 + b2, y, reduction="none")


# %% [markdown]
# ## 1. `get_params(params, device)`
#
# 全部参数的副本，将在`device`上训练。
#
# - `params`：任意形状的浮点张量的列表。其中有些可能需要梯度，有些不需要。
# - 返回：同样多个张量的列表，次序、形状、数据类型和数值都相同，全部在`device`上。
# - 每个副本都需要梯度，并且是还没有`.grad`的叶节点：`backward()`之后，
#   它自己的`.grad`只保存它的梯度。
# - 副本与原参数不共享任何东西。写入其中一个，另一个保持不变；没有梯度从副本传到原参数；
#   原参数的`requires_grad`也保持不变。
#
# 提示：如果张量已经在`device`上，`.to(device)`返回什么？


# %%
def get_params(params, device):
    """位于device上的参数的独立副本，每个都是需要梯度的叶节点。

    params: 张量的列表 -> 张量的列表，形状和数据类型相同。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `allreduce(data)`
#
# $$\text{data}_k \leftarrow \sum_{j} \text{data}_j \qquad \text{for every } k$$
#
# - `data`：一个或多个张量的列表，形状（至少一维）和数据类型（浮点数或整数）相同，每个设备一个，
#   在内存中不一定连续。它们都不需要梯度。
# - **就地**修改张量：之后列表中的每个张量都是全部之和，达到其数据类型所允许的精度，相加的顺序不限，
#   并且仍位于自己设备上自己的内存中。有无穷大的元素时，该处的和也是无穷大。
#   把别的张量放进列表是不够的，因为调用者可能在别处也持有这些张量。什么也不返回。
#
# 提示：两个设备上的张量要先移动其中一个才能相加。当你写入第一个结果时，
# 第二个结果所需要的数还都在吗？


# %%
def allreduce(data):
    """用总和覆盖每个张量。data: 形状相同的张量的列表，每个设备一个。"""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 3. `split_batch(X, y, devices)`
#
# 把一个批量分给各设备：最前面的行给第一个设备，接下来的行给第二个，依此类推。
#
# - `X`：(n, ...)，`y`：(n, ...)，n至少为1。`devices`：$k$个设备的列表。
# - 返回：一对列表`(X_shards, y_shards)`，各有**恰好$k$个张量**。第$i$个分片在`devices[i]`上，
#   `X_shards[i]`的第$j$行对应`y_shards[i]`的第$j$行。
# - 没有丢失、重复或改变次序：无论$k$是否整除$n$，各分片依次相接就是原来的批量。
# - 分配是均匀的：任意两个分片的行数至多相差一；哪些分片较大由你决定。设备比样本多时，
#   有些分片有0行。分片可以是批量的视图。
# - 如果`X`和`y`的行数不同，就抛出`ValueError`（或`AssertionError`）。
#
# 提示：把7行分给3个设备是3 + 2 + 2。看看你的划分方法怎样把4行分给3个设备。


# %%
def split_batch(X, y, devices):
    """把一个批量分成每个设备一个分片。

    X: (n, ...)，y: (n, ...)，devices: k个设备 -> 两个各含k个张量的列表，大小至多相差一。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 4. `train_batch(X, y, device_params, devices, lr)`
#
# 随机梯度下降的一步，由各设备分担。以$n$表示**整个**批量的样本数，以$\ell_i$表示样本$i$的损失，
# 每个参数$p$的每个副本变为
#
# $$p \leftarrow p - \text{lr} \cdot \frac1n \sum_{i=1}^{n} \frac{\partial \ell_i}{\partial p}$$
#
# - `X`：(n, d)，`y`：(n,)，位于任何地方。`devices`：$k$个设备的列表。`device_params`：
#   $k$个列表的列表，即`get_params`为每个设备返回的结果；所有副本的数值相同。`lr`：一个数。
# - **每个设备调用一次**`loss_of`：对该设备的分片，用该设备的参数副本（`device_params`中的张量，
#   或位于同一内存中的东西，例如`torch.func`由它们得到的）。分片为空的设备可以不调用。
# - 参数**就地**更新：改变的正是`device_params`中的那些张量，在所有设备上都一样，
#   它们仍是需要梯度的叶节点，并且不共用内存。什么也不返回。
# - 再次调用就走下一步。一步的梯度不能混入另一步；第一步之前每个`.grad`都是`None`，
#   所以在之前还是之后清除梯度由你决定。
#
# 提示：各分片的大小可能不同。谁的均值或谁的总和加起来才是正确的？


# %%
def train_batch(X, y, device_params, devices, lr):
    """在所有设备上的一步SGD，等于单个设备用整个批量的平均损失走的一步。

    X: (n, d)，y: (n,)，device_params: 每个设备一个参数列表，就地更新。
    """
    # YOUR CODE HERE
    raise NotImplementedError()
