/* The activations that kernels know: X(key, function in kernels/activation.c). */
#ifndef MARQ_KERNELS_ACTIVATION_H
#define MARQ_KERNELS_ACTIVATION_H

#define MARQ_ACTIVATION_LIST(X) \
  X(LINEAR, run_linear)         \
  X(SIGMOID, run_sigmoid)       \
  X(TANH, run_tanh)             \
  X(RELU, run_relu)             \
  X(LEAKY_RELU, run_leaky_relu) \
  X(SOFTPLUS, run_softplus)     \
  X(GELU, run_gelu)             \
  X(SILU, run_silu)             \
  X(SINE, run_sine)             \
  X(GAUSSIAN, run_gaussian)

typedef enum marq_activation_kind {
#define MARQ_X(key, function) MARQ_ACTIVATION_##key,
  MARQ_ACTIVATION_LIST(MARQ_X)
#undef MARQ_X
} marq_activation_kind;

/** Slope of the leaky rectifier below 0. */
#define MARQ_LEAK 0.01

#endif
