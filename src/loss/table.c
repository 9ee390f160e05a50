/* The table of losses: names, what their targets must be, and the kernels that evaluate them. */
#include <marq/loss.h>
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

static void evaluate(marq_loss_kind kind, const marq_loss_block *b) {
  const marq_loss_arrays arrays = {.outputs = b->outputs,
                                   .count = b->count,
                                   .ld = b->ld,
                                   .scale = b->scale,
                                   .f = b->f,
                                   .y = b->y,
                                   .cost = b->cost,
                                   .u = b->u,
                                   .residual = b->residual,
                                   .root = b->root,
                                   .left = b->left,
                                   .right = b->right};
  marq_kernels_select()->loss(kind, &arrays);
}

#define MARQ_X(key, function)                          \
  static void function(const marq_loss_block *block) { \
    evaluate(MARQ_LOSS_##key, block);                  \
  }
MARQ_LOSS_LIST(MARQ_X)
#undef MARQ_X

static void probability(const double *f, size_t outputs, size_t count, size_t ld, double *out) {
  marq_kernels_select()->link(MARQ_LOSS_BINARY_CROSS_ENTROPY, f, outputs, count, ld, out);
}

static void shares(const double *f, size_t outputs, size_t count, size_t ld, double *out) {
  marq_kernels_select()->link(MARQ_LOSS_SOFTMAX_CROSS_ENTROPY, f, outputs, count, ld, out);
}

static void rate(const double *f, size_t outputs, size_t count, size_t ld, double *out) {
  marq_kernels_select()->link(MARQ_LOSS_POISSON, f, outputs, count, ld, out);
}

static const char *check_label(const double *y, size_t outputs) {
  for (size_t o = 0; o < outputs; o++)
    if (y[o] != 0 && y[o] != 1) return "must be 0 or 1";
  return NULL;
}

/* One-hot labels sum to 1 exactly, given probabilities to their rounding. */
static const char *check_shares(const double *y, size_t outputs) {
  const double slack = 1e-9;
  double sum = 0;
  if (outputs < 2) return "needs two outputs or more, one for each class";
  for (size_t o = 0; o < outputs; o++) {
    if (!(y[o] >= 0 && y[o] <= 1)) return "must be a probability from 0 to 1";
    sum += y[o];
  }
  return fabs(sum - 1) <= slack ? NULL : "must sum to 1 over the classes of a sample";
}

static const char *check_count(const double *y, size_t outputs) {
  for (size_t o = 0; o < outputs; o++)
    if (!(y[o] >= 0 && isfinite(y[o]))) return "must be a count or a mean of counts: 0 or more";
  return NULL;
}

static const marq_loss losses[] = {
    {.name = "squared", .help = "half the squared residual", .convex = 1, .of_residual = 1, .evaluate = loss_squared},
    {.name = "binary-cross-entropy",
     .help = "labels 0 and 1; the model is the logit of the probability of 1",
     .convex = 1,
     .classifies = 1,
     .evaluate = loss_binary,
     .predict = probability,
     .check = check_label},
    {.name = "softmax-cross-entropy",
     .help = "several classes; the model gives one logit for each",
     .convex = 1,
     .coupled = 1,
     .classifies = 1,
     .evaluate = loss_softmax,
     .predict = shares,
     .check = check_shares},
    {.name = "poisson",
     .help = "counts; the model is the logarithm of the rate",
     .convex = 1,
     .evaluate = loss_poisson,
     .predict = rate,
     .check = check_count},
    {.name = "huber",
     .help = "robust: squared near 0, linear beyond the scale",
     .convex = 1,
     .coupled = 1,
     .of_residual = 1,
     .robust = 1,
     .evaluate = loss_huber,
     .tuning = 1.345},
    {.name = "soft-l1",
     .help = "robust: a smooth form of huber",
     .convex = 1,
     .coupled = 1,
     .of_residual = 1,
     .robust = 1,
     .evaluate = loss_soft_l1,
     .tuning = 1.287},
    {.name = "cauchy",
     .help = "robust: grows as the logarithm of the residual",
     .coupled = 1,
     .of_residual = 1,
     .robust = 1,
     .evaluate = loss_cauchy,
     .tuning = 2.385},
    {.name = "tukey",
     .help = "robust: the biweight; residuals beyond the scale count nothing",
     .coupled = 1,
     .of_residual = 1,
     .robust = 1,
     .evaluate = loss_tukey,
     .tuning = 4.685},
    {.name = "arctan",
     .help = "robust: bounded, reaches its bound as 1/r²",
     .coupled = 1,
     .of_residual = 1,
     .robust = 1,
     .evaluate = loss_arctan,
     .tuning = 2.571},
};

marq_status marq_loss_check_scale(const marq_loss *loss, double scale, marq_error *error) {
  const double least = 1e-150, most = 1e150; /* their squares are numbers */
  if (!loss || !loss->robust || (scale >= least && scale <= most)) return MARQ_OK;
  return marq_fail(error, MARQ_EINVAL, "the scale of %s is %g; it must be from %g to %g", loss->name, scale, least,
                   most);
}

const marq_loss *marq_loss_at(size_t i) {
  return i < sizeof losses / sizeof *losses ? &losses[i] : NULL;
}

const marq_loss *marq_loss_find(const char *name) {
  for (size_t i = 0; name && i < sizeof losses / sizeof *losses; i++)
    if (!strcmp(losses[i].name, name)) return &losses[i];
  return NULL;
}
