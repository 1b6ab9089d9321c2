"""The operations in Triton, by the names of `kernels.operations`."""

from kernels.gpu.causal_conv import causal_conv, causal_conv_update
from kernels.gpu.quantised import dequantise, quantised_linear, scaled_linear
from kernels.gpu.rms_norm import mixer_norms, rms_norm, scale, scaled_rms_norm
from kernels.gpu.selective_scan import selective_scan
from kernels.gpu.selective_update import selective_update
from kernels.operations import Operations
from kernels.quantisation import quantise_ref

OPERATIONS = Operations(
    selective_scan, selective_update, causal_conv, causal_conv_update, rms_norm, quantise_ref, dequantise,
    quantised_linear, mixer_norms, scaled_rms_norm, scale, scaled_linear,
)  # fmt: skip
