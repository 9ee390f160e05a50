/* Fully connected networks as parametric models: their shape, initial values, standardisation, problems, predictions
 * and files. */
#ifndef MARQ_NETWORK_H
#define MARQ_NETWORK_H

#include <marq/problem.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An activation a = σ(z): one row of a table; users add rows of their own by pointing a layer at them. */
typedef struct marq_activation {
  const char *name, *help;
  /** a[count] = σ(z); where they are not NULL d1 = σ′(z) and d2 = σ″(z). a may be z. Reentrant. */
  void (*evaluate)(const double *z, size_t count, double *a, double *d1, double *d2);
  double
      gain; /* standard deviation by which initial weights are multiplied: 1, or √2 for rectifiers (He et al. 2015) */
} marq_activation;

/** The table: linear, sigmoid, tanh, relu (σ′(0) = 0), leaky-relu, softplus, gelu, silu, sine, gaussian. NULL when
 * there is none. */
MARQ_API const marq_activation *marq_activation_find(const char *name);
MARQ_API const marq_activation *marq_activation_at(size_t i);

/** One layer: z = W a + b, a⁺ = σ(z). */
typedef struct marq_layer {
  size_t width;
  const marq_activation *activation;
  int no_bias; /* 1: without b */
  int frozen;  /* 1: its parameters are not fitted */
} marq_layer;

typedef struct marq_network marq_network;

/** Make a network of `inputs` inputs and `count` layers, the last being the output.
 *  Parameters: layer after layer, each the matrix [W b], width × (inputs of the layer + 1), column-major; without b one
 * column less. Returns MARQ_OK, MARQ_EINVAL (a width of 0, no activation, everything frozen: error names the layer),
 * MARQ_ENOMEM, MARQ_ESIZE. */
MARQ_API marq_status marq_network_create(size_t inputs, const marq_layer *layers, size_t count, marq_network **network,
                                         marq_error *error);
MARQ_API void marq_network_free(marq_network *network);

MARQ_API size_t marq_network_inputs(const marq_network *network);
MARQ_API size_t marq_network_outputs(const marq_network *network);
MARQ_API size_t marq_network_layers(const marq_network *network);
MARQ_API const marq_layer *marq_network_layer(const marq_network *network, size_t layer);
/** All parameters, and those that are fitted: the n of its problems. */
MARQ_API size_t marq_network_parameters(const marq_network *network);
MARQ_API size_t marq_network_free_parameters(const marq_network *network);
/** Where the matrix [W b] of a layer begins in the parameters, its rows and columns. */
MARQ_API size_t marq_network_offset(const marq_network *network, size_t layer, size_t *rows, size_t *columns);
/** The parameters themselves [marq_network_parameters], owned by the network; read and write. */
MARQ_API double *marq_network_values(marq_network *network);
/** Copy the fitted parameters out of, or into, the network: p[free parameters]. */
MARQ_API void marq_network_get(const marq_network *network, double *p);
MARQ_API void marq_network_set(marq_network *network, const double *p);

/** Set initial values. kind: "glorot" (normal), "he", "lecun", "nguyen-widrow", "uniform" (±0.5). The same seed gives
 * the same bits on every machine (GSL's mt19937). Frozen layers are set as well. Sources: Glorot & Bengio 2010; He et
 * al. 2015; LeCun et al. 1998; Nguyen & Widrow 1990. */
MARQ_API marq_status marq_network_initialise(marq_network *network, const char *kind, unsigned long seed,
                                             marq_error *error);
/** Name and one line of the i-th kind, or NULL. */
MARQ_API const char *marq_initialisation_name(size_t i, const char **help);

/** Standardisation is part of the network: it takes inputs (x − shift)/scale and gives shift + scale·output. Off (0 and
 * 1) until set. from_data: mean and standard deviation of columns[.] over N samples; a constant column gets scale 1. */
typedef struct marq_standard {
  double shift, scale;
} marq_standard;
MARQ_API marq_status marq_network_standardise(marq_network *network, const marq_column *inputs,
                                              const marq_column *targets, size_t samples, marq_error *error);
/** [inputs] and [outputs], owned by the network; read and write. */
MARQ_API marq_standard *marq_network_input_standard(marq_network *network);
MARQ_API marq_standard *marq_network_output_standard(marq_network *network);

/** Evaluate the network for N samples in the user's units: outputs[o] is written with stride 1 into out + o·N. */
MARQ_API marq_status marq_network_predict(const marq_network *network, const marq_column *inputs, size_t samples,
                                          double *out, marq_error *error);

/** How a network's problem is built. Zero-initialise for the defaults. */
typedef struct marq_network_options {
  marq_column weights;  /* w_i ≥ 0, as in marq_problem_options */
  int threads;          /* 0: 1 */
  size_t block_samples; /* 0: chosen by the widths */
  int shuffle;          /* 1: the samples are put in random order (seed), so that a range of them is a random subset */
  unsigned long seed;
  const marq_loss *loss; /* NULL: squared. A loss of classes or counts takes targets as they are, unstandardised */
  double scale;          /* of a robust loss, > 0, in standardised units */
  int borrow; /* 1: no copy of the parameters is kept. Those that were handed to evaluate() then stay as they are and
                 where they are until linearize() adopts others, as marq_solve sees to: a vector less of memory */
} marq_network_options;

/** The problem of fitting the free parameters to N samples: F = ½ Σ w ‖f(x) − y‖² in standardised units.
 *  With another loss F = Σ w loss(f(x), y). A softmax of c classes has c − 1 residuals a sample (and so many outputs as
 *  marq_problem_outputs counts them): one of c probabilities follows from the others.
 *  The network is borrowed for its shape and its frozen values; inputs and targets are copied, standardised.
 *  Operations: all of the table, none of them forming J (rows does, on request). Penalty groups: 2 a layer, group 2l
 * its weights and 2l + 1 its biases (empty where there are none, or the layer is frozen). Memory: O(N·(inputs +
 * outputs)), activations of all samples where the dual operations are used, and O(n). */
MARQ_API marq_status marq_network_problem(const marq_network *network, const marq_column *inputs,
                                          const marq_column *targets, size_t samples,
                                          const marq_network_options *options, marq_problem **problem,
                                          marq_error *error);

/** What a file says beside the network: names of columns and how it was trained. Strings are owned by whoever filled it
 * in; marq_network_load allocates them with the network and they live as long as it. */
typedef struct marq_network_notes {
  const char *const *inputs, *const *targets; /* names of columns, [inputs] and [outputs] */
  unsigned long seed;
  const char *summary; /* a JSON object as text, or NULL */
  const char *loss;    /* its name; NULL: squared. What is predicted then needs its inverse link (marq_loss.predict) */
  double scale;        /* of a robust loss */
  /** Where one column of the data holds classes: its name, and theirs in the order of their numbers. NULL and none: the
   * targets are columns. */
  const char *label;
  const char *const *classes;
  size_t class_count;
} marq_network_notes;
/** Save to one JSON file (format name and version, shape, parameters, standardisation, notes) that reads back to the
 * same bits; parameters are streamed. The old file stays whole if anything fails (written beside it, synced, renamed).
 * User-made activations are saved by name. The file is of version 3, whose checksum covers the names, the seed and the
 * summary, too; no two inputs and no two targets may share a name (MARQ_EINVAL). */
MARQ_API marq_status marq_network_save(const marq_network *network, const marq_network_notes *notes, const char *path,
                                       marq_error *error);
/** Load such a file, or one of versions 1 and 2. activations [count]: rows of the user's own that the file may name.
 *  MARQ_EIO; MARQ_EDATA (truncated, altered, of another kind or of a newer version: the error says which). */
MARQ_API marq_status marq_network_load(const char *path, const marq_activation *const *activations, size_t count,
                                       marq_network **network, marq_network_notes *notes, marq_error *error);

#ifdef __cplusplus
}
#endif
#endif
