# %% [markdown]
# # 计算设备
#
# 张量位于某个设备上：CPU，或机器的某个GPU。运算在操作数所在的设备上进行，
# 并且所有操作数必须在同一个设备上。这个单元的内容是选择设备、把批量移到那里、
# 让模块自己的张量跟着它，以及在不混淆设备的情况下计算精度。
#
# **没有GPU**：你不需要GPU。有些检查会替换`torch.cuda.is_available`和`torch.cuda.device_count`，
# 使你的代码以为机器有0、1或4个GPU；有些检查使用torch的设备`meta`，其中的张量只有形状、没有数值；
# 还有些检查模拟GPU：张量报告`cuda:1`为自己的设备，而对两个设备上的张量做运算会抛出异常，
# 与真实的硬件一样；用`.to`、`.cuda`、`.cpu`、`device=`、`copy_`以及对切片赋值，可以使它们到一起。
# 有GPU的地方，会在GPU上做同样的检验。
#
# **规则**：torch的一切都可以使用。
# 请用`torch.cuda.is_available()`和`torch.cuda.device_count()`查询GPU，照此书写，每次都重新调用，
# 使检查能够替换它们；两者总是一致的。函数只改变说明中要它改变的东西，并且在它之后梯度仍是打开的。
#
# 请填写每一处`YOUR CODE HERE`。你可以随时运行`autograder check devices`。

# %%
import torch
from torch import nn

# %% [markdown]
# ## 1. `try_gpu(i=0)`
#
# - `i`：整数，0或更大。
# - 返回：一个`torch.device`：如果机器有`i`号GPU，就返回它，写上编号，如`torch.device("cuda:2")`；
#   否则返回CPU，`torch.device("cpu")`。
#
# 提示：GPU从0开始编号。必须有多少个GPU，编号`i`才存在？


# %%
def try_gpu(i=0):
    """存在时为i号GPU，否则为CPU：一个torch.device。"""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 2. `try_all_gpus()`
#
# - 返回：`torch.device`的列表：按编号次序列出所有GPU，并写上编号；如果没有GPU，就是只含CPU的列表。
#   列表永不为空，每次调用都是新的列表。


# %%
def try_all_gpus():
    """按次序列出所有GPU，没有时为[CPU]：torch.device的列表。"""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 3. `to_device(batch, device)`
#
# 数据加载器给出的可能不止一个张量：一对张量、张量的字典、它们的列表……
#
# - `batch`：一个张量（`nn.Parameter`也是张量），或一个普通的列表、元组、字典，
#   其中各项又是这样的东西，可以嵌套任意深，也可以为空。其中还可以有别的东西：数、字符串、`None`。
#   `device`：一个`torch.device`。
# - 返回：同样的结构。列表仍是列表，元组仍是元组，字典保持它的键及其次序。
#   其中每个张量都在`device`上，值和数据类型不变；其余的一切保持原样。梯度能否穿过这次移动传回来，
#   不作要求。
# - `batch`本身不变：其中的列表或字典，即使是空的，也以新的返回。（已经在`device`上的张量不必复制。
#   ）
#
# 提示：一次处理一种东西。列表的每一项所需要的处理，正是你现在要写的。


# %%
def to_device(batch, device):
    """把嵌套批量中的每个张量移到device；结构相同，不是张量的保持不变。"""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 4. `evaluate_accuracy_gpu(net, data_iter, device=None)`
#
# 模型在一个数据集上预测正确的比例，在某个设备上计算。
#
# - `net`：有参数的`nn.Module`，或一个函数；它把`X`映射为分数(n, q)，分数在`X`的设备上，
#   q可以是从1起的任意数，一行中最大的分数（没有并列）就是预测。
#   模块连同里面的所有模块都要在**评估模式**下评估；之后是否恢复它原来的模式由你决定。
#   它留在原来的设备上，参数也保持不变。
# - `data_iter`：给出至少一对`(X, y)`，通常在CPU上。`X`是张量，或张量的列表，
#   这时`net`接收到的也是列表。`y`：(n,)，真实类别。最后一个批量可能比其他的小。
#   它给出的东西（它可能是批量的列表）不被改变。
# - `device`：逐批地把`X`**和**`y`移到哪里。`None`表示模块参数所在的设备；如果`net`是函数，
#   则表示批量留在原处。
# - 返回：正确的预测数/样本数，对*所有*批量计算，是[0, 1]中的一个数。不需要梯度。
#
# 提示：分数在`net`计算它们的地方。`y`必须在哪里才能与它们比较？


# %%
def evaluate_accuracy_gpu(net, data_iter, device=None):
    """net在所有批量上的精度，是一个比例；批量移到device（None：模块所在之处）。"""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 5. `DeviceAwareBuffer(num_features)`
#
# 没有参数的一层，它用累计的均值使输入中心化，并忽略填充。无论被移到哪里，它都必须能够工作，
# 包括它拥有的一切和途中建立的一切。
#
# - 它拥有两个**缓冲区**：形状为(num_features,)的`total`和形状为()的`count`，
#   起初都是torch默认浮点类型的零。它们以这两个名字出现在`state_dict()`里，
#   并在`layer.to(device)`和`layer.double()`时跟随该层。
# - `forward(X, valid_len)`：`X`为(n, num_features)，只有前`valid_len`行是真实的；其余的是填充，
#   可以是任意有限的数，只要它们与均值的差也有限。`valid_len`是0到n的整数。以$V$表示真实的行的集合：
#
# $$\text{in training mode, first:} \qquad \text{total} \leftarrow \text{total} + \sum_{i \in V} X_i
# \qquad \text{count} \leftarrow \text{count} + |V|$$
#
# $$\text{in both modes:} \qquad Y_i = \begin{cases} X_i - \text{total} \,/\, \max(\text{count}, 1) & i \in V \\
# 0 & \text{otherwise} \end{cases}$$
#
# - 返回：$Y$，一个新的张量，形状、数据类型和设备与`X`相同。`X`本身保持不变。
# - 在评估模式下缓冲区保持不变。
# - 缓冲区是统计量：它们从不需要梯度，对$Y$的梯度来说，均值算作常数。所以梯度原样传到`X`的真实的行，
#   不传到填充。
# - `X`总在该层的设备上，数据类型也相同。`forward`建立的任何张量（掩码、行号、
#   零）都必须建立在那个设备上：除非另行指定，新张量总在CPU上。（不会在`meta`上调用`forward`。）
#
# 提示：仅仅作为属性保存的张量，`to`看不到。模块怎样得知一个不是参数的张量？


# %%
class DeviceAwareBuffer(nn.Module):
    """减去真实的行的累计均值；填充变成零。缓冲区total (num_features,)，count ()。"""

    def __init__(self, num_features):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, X, valid_len):
        """X: (n, num_features)，valid_len: [0, n]中的整数 -> (n, num_features)，
        数据类型和设备相同。"""
        # YOUR CODE HERE
        raise NotImplementedError()
