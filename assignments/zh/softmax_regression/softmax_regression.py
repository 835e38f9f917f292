# %% [markdown]
# # 从零开始实现softmax回归
#
# softmax回归是一个线性层，其输出被变成概率，每个类别一个。在这个单元里，
# 你将用基本的张量运算构建它的每一部分：softmax、交叉熵、精度，以及训练一轮的循环。
#
# **形状**：一个批量含有$n \geq 1$个样本、$d$个特征、$q$个类别。浮点数输入都是float32或float64。
# softmax之前的分数称为*logit*。凡是返回一个数的地方，Python的数或只含一个元素的张量都可以。
#
# **规则**：在`softmax`、`cross_entropy`和`net`中不能使用`torch.softmax`、`torch.logsumexp`、
# `F.cross_entropy`、`F.nll_loss`及其变体：你正是要构建它们。torch的其余一切都可以使用。
#
# 请填写每一处`YOUR CODE HERE`。你可以随时运行`autograder check softmax_regression`。

# %%
import torch
from torch import nn

# %% [markdown]
# ## 1. `softmax(X)`
#
# $$\operatorname{softmax}(X)_{ij} = \frac{\exp(X_{ij})}{\sum_k \exp(X_{ik})}$$
#
# - `X`：(n, q)，logit可以任意大：50 000既不能让结果也不能让梯度变成`nan`。
# - 返回：(n, q)，数据类型相同。每一行都为正（极小的元素可能被舍入为0），总和为1。
#
# 提示：从一行的每个元素中减去同一个数，结果不变。减去哪个数可以使每个指数都不大于零？
#
# 梯度能传到`X`。传入的一切保持不变，每次调用也不记得以前的调用。`X`可以是转置得到的，
# 也可以是从更大的张量中切片得到的。


# %%
def softmax(X):
    """把每一行logit变成概率。

    X: (n, q) -> (n, q)，数据类型相同，每行之和为1，对任意大小的logit都是有限的。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `cross_entropy(y_hat, y)`
#
# 样本$i$的损失是对其真实类别的惊异程度：$-\log \hat y_{i,\,y_i}$。
#
# - `y_hat`：(n, q)，概率（softmax的各行）。`y`：(n,)，类别索引，int64。
# - 返回：(n,)，每个样本一个损失，数据类型与`y_hat`相同。不求均值，也不求和：由训练循环决定。
#   小到$10^{-12}$的概率也按其自身的对数计算。其他类别的概率为0时，梯度仍是有限的。
#
# 梯度能传到`y_hat`。传入的一切保持不变，每次调用也不记得以前的调用。`y_hat`可以是转置得到的，
# 也可以是从更大的张量中切片得到的。


# %%
def cross_entropy(y_hat, y):
    """每个样本的真实类别的负对数概率。

    y_hat: (n, q)概率，y: (n,) int64 -> (n,)。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 3. `net(X, W, b)`
#
# 模型：把每个样本展平成一行$d$个数，应用线性层，再应用你的`softmax`。
#
# - `X`：(n, ...)，每个样本$d$个数，例如彩色图像为(n, 3, 28, 28)。`W`：(d, q)。`b`：(q,)。
#   三者的浮点数据类型相同。
# - 返回：(n, q)，概率，logit可以任意大。
#
# 梯度能传到`W`和`b`。传入的一切保持不变，每次调用也不记得以前的调用。`X`和`W`可以是转置得到的，
# 也可以是从更大的张量中切片得到的。


# %%
def net(X, W, b):
    """softmax回归。

    X: (n, ...)，每个样本d个数，W: (d, q)，b: (q,) -> (n, q)概率。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 4. `accuracy(y_hat, y)`
#
# 有多少个预测是正确的：这是**个数**，而不是比例，这样几个批量的个数可以相加。
#
# - `y_hat`：或者是(n, q)的分数（可能需要梯度），$q \geq 2$，一行中最大的即为预测；
#   或者是(n,)的预测类别。
# - `y`：(n,)，真实类别；类别都是int64。
# - 返回：一个数，对任何$n$都是精确的。
#
# 传入的一切保持不变，每次调用也不记得以前的调用。`y_hat`可以是转置得到的，
# 也可以是从更大的张量中切片得到的。


# %%
def accuracy(y_hat, y):
    """正确预测的个数。

    y_hat: (n, q)分数或(n,)类别，y: (n,) -> [0, n]中的一个数。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 5. `Accumulator(n)`
#
# 保存`n`个累加的总和。`metric = Accumulator(2)`，然后`metric.add(3, 10)`给第一个加3、给第二个加10；
# `metric[0]`读取第一个；`metric.reset()`使全部归零。
#
# - `add`接受`n`个数，可以是Python的数或只含一个元素的张量（可能需要梯度）。
#   只由Python的数累加的和具有其自身的（双）精度：计数超过$2^{24}$后仍能增长。


# %%
class Accumulator:
    """n个累加的总和：add(*amounts)、reset()、[i]。"""

    def __init__(self, n):
        # YOUR CODE HERE
        raise NotImplementedError()

    def add(self, *args):
        # YOUR CODE HERE
        raise NotImplementedError()

    def reset(self):
        # YOUR CODE HERE
        raise NotImplementedError()

    def __getitem__(self, idx):
        # YOUR CODE HERE
        raise NotImplementedError()


# %% [markdown]
# ## 6. `evaluate_accuracy(net, data_iter)`
#
# 模型在一个数据集上预测正确的比例。
#
# - `net`：函数或`nn.Module`，把任意形状(n, ...)的批量`X`原样映射为(n, q)。
# - `data_iter`：给出成对的`(X, y)`。最后一个批量可能比其他的小。
# - 返回：正确的预测数/样本数，对*所有*批量计算，是[0, 1]中的一个数。这里不需要梯度，
#   但如果torch之前在记录梯度，之后仍要继续记录。
#
# 传入的一切保持不变，每次调用也不记得以前的调用。模块连同内部所有模块都在评估模式下运行，
# 无论它们原来处于什么模式。


# %%
def evaluate_accuracy(net, data_iter):
    """net在data_iter的所有批量上的精度，是一个比例。模块切换到评估模式。"""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 7. `train_epoch_ch3(net, train_iter, loss, updater)`
#
# 遍历一次训练数据，每个批量更新一次。
#
# - `net`：函数或`nn.Module`，同上。`loss(y_hat, y)`返回(n,)。
# - `updater`是下面两者之一。一是任何一种`torch.optim.Optimizer`：清除梯度，
#   从批量的**平均**损失反向传播，走一步。二是批量大小的函数，
#   例如`lambda batch_size: sgd(params, lr, batch_size)`：从损失**之和**反向传播，
#   然后以这个批量的大小调用一次`updater(n)`（其参数可以叫任何名字）；它会除以`n`并清除梯度。
# - 返回：一对数，即每个样本的平均损失和精度（比例），两者都对整轮计算，
#   并且都取每次更新*之前*的预测。
#
# 除网络的参数外，传入的一切保持不变，每次调用也不记得以前的调用。以前遗留的梯度要先清零。
# 模块连同内部所有模块都在训练模式下运行，无论它们原来处于什么模式。


# %%
def train_epoch_ch3(net, train_iter, loss, updater):
    """训练一轮；返回（每个样本的平均损失, 精度）。"""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 8. `predict_labels(net, X)`
#
# - `net`：把(n, ...)映射为(n, q)的函数或`nn.Module`。`X`：一个批量。
# - 返回：(n,)，int64，每一行中最大分数的索引；有几个并列最大时，取其中任意一个。
#
# 传入的一切保持不变，每次调用也不记得以前的调用。模块连同内部所有模块都在评估模式下运行，
# 无论它们原来处于什么模式。


# %%
def predict_labels(net, X):
    """X的每个样本的预测类别：(n,) int64。"""
    # YOUR CODE HERE
    raise NotImplementedError()
