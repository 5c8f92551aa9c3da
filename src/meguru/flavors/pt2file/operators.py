"""The operators that an exported program may use: each computes its output from its inputs, and no more.

The list holds names of ATen's, without their overloads. What draws random numbers, reads files, changes its
inputs, looks into memory, or decides sizes by values is not on it.
"""

from __future__ import annotations

ARITHMETIC = """
abs add addcdiv addcmul addmm baddbmm bmm ceil clamp clamp_max clamp_min cos cosh cumsum cumprod div
dot einsum erf erfc exp exp2 expm1 floor floor_divide fmod frac linear log log10 log1p log2
logsumexp matmul maximum minimum mm mul mv neg outer pow reciprocal remainder round rsqrt rsub
sigmoid sign sin sinh sqrt square sub tan tanh trunc acos acosh asin asinh atan atan2 atanh
bitwise_and bitwise_not bitwise_or bitwise_xor hypot lerp nan_to_num
"""
ACTIVATIONS = """
celu elu gelu glu hardshrink hardsigmoid hardswish hardtanh leaky_relu log_sigmoid log_softmax mish
prelu relu relu6 selu silu softmax softplus softshrink softsign threshold _softmax _log_softmax
dropout feature_dropout alpha_dropout
"""
LAYERS = """
adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d _adaptive_avg_pool2d adaptive_max_pool1d
adaptive_max_pool2d avg_pool1d avg_pool2d avg_pool3d batch_norm bilinear conv1d conv2d conv3d
conv_transpose1d conv_transpose2d conv_transpose3d convolution cosine_similarity embedding
group_norm gru instance_norm layer_norm lstm max_pool1d max_pool2d max_pool2d_with_indices
max_pool3d native_batch_norm native_group_norm native_layer_norm
_native_batch_norm_legit_no_training normalize rms_norm rnn_relu rnn_tanh
scaled_dot_product_attention pixel_shuffle pixel_unshuffle upsample_nearest2d upsample_bilinear2d
channel_shuffle
"""
SHAPES = """
alias broadcast_to cat chunk clone contiguous detach diagonal expand expand_as flatten flip gather
index_select lift_fresh_copy movedim narrow numpy_T pad constant_pad_nd permute ravel repeat
repeat_interleave reshape roll select slice split split_with_sizes squeeze stack swapaxes t
take_along_dim tile to _to_copy transpose tril triu type_as unbind unflatten unsqueeze unfold view
view_as reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d one_hot concat hstack
vstack meshgrid sym_size sym_stride sym_numel _assert_tensor_metadata _assert_scalar _assert_async
sym_constrain_range sym_constrain_range_for_size
"""
REDUCTIONS = """
all amax amin any argmax argmin argsort aminmax count_nonzero max mean median min norm
linalg_vector_norm prod sort std std_mean sum topk var var_mean
"""
COMPARISONS = """
eq equal ge gt isclose isfinite isinf isnan le logical_and logical_not logical_or logical_xor lt
masked_fill ne where scalar_tensor
"""
MAKERS = """
arange full full_like linspace new_full new_ones new_zeros ones ones_like zeros zeros_like eye
new_tensor
"""

ATEN = frozenset(f"{ARITHMETIC} {ACTIVATIONS} {LAYERS} {SHAPES} {REDUCTIONS} {COMPARISONS} {MAKERS}".split())
CHECKS = frozenset(
    {
        "_assert_tensor_metadata",
        "_assert_scalar",
        "_assert_async",
        "sym_constrain_range",
        "sym_constrain_range_for_size",
    }
)
"""What the exporter checks of its own tracing; the rows' shapes are checked by us."""
VIEWS = frozenset(
    [
        "alias",
        "broadcast_to",
        "chunk",
        "contiguous",
        "detach",
        "diagonal",
        "expand",
        "expand_as",
        "flatten",
        "movedim",
        "narrow",
        "numpy_T",
        "permute",
        "ravel",
        "reshape",
        "select",
        "slice",
        "split",
        "split_with_sizes",
        "squeeze",
        "swapaxes",
        "t",
        "to",
        "transpose",
        "type_as",
        "unbind",
        "unflatten",
        "unsqueeze",
        "unfold",
        "view",
        "view_as",
    ]
)
"""Those whose output may be their input's own memory."""
TRAINING = {
    "batch_norm": ("training",),
    "dropout": ("train",),
    "feature_dropout": ("train",),
    "alpha_dropout": ("train",),
    "instance_norm": (),
    "native_batch_norm": ("training",),
    "lstm": ("train",),
    "gru": ("train",),
    "rnn_tanh": ("train",),
    "rnn_relu": ("train",),
}
"""The arguments that say whether an operator trains: then it draws random numbers, or changes its weights."""
PYTHON = frozenset(
    [
        "add",
        "sub",
        "mul",
        "floordiv",
        "mod",
        "neg",
        "truediv",
        "pow",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "getitem",
        "and_",
        "or_",
        "not_",
    ]
)
"""What Python computes of sizes, by its name in the module ``operator``."""
