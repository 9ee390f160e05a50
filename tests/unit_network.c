/* Networks as objects: shapes, places of the parameters, initial values, standardisation, predictions. */
#include <marq/network.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static const marq_activation *activation(const char *name) {
  const marq_activation *found = marq_activation_find(name);
  assert_non_null(found);
  return found;
}

static marq_network *make(size_t inputs, const marq_layer *layers, size_t count) {
  marq_network *network;
  marq_error error = {0};
  const marq_status status = marq_network_create(inputs, layers, count, &network, &error);
  if (status) print_message("%s\n", error.text);
  assert_int_equal(status, MARQ_OK);
  return network;
}

static void shapes(void **state) {
  (void)state;
  const marq_layer layers[] = {
      {5, activation("tanh"), 0, 0}, {4, activation("relu"), 1, 1}, {2, activation("linear"), 0, 0}};
  marq_network *net = make(3, layers, 3);
  assert_int_equal(marq_network_inputs(net), 3);
  assert_int_equal(marq_network_outputs(net), 2);
  assert_int_equal(marq_network_layers(net), 3);
  assert_int_equal(marq_network_parameters(net), 5 * 4 + 4 * 5 + 2 * 5);
  assert_int_equal(marq_network_free_parameters(net), 5 * 4 + 2 * 5);
  size_t rows, columns;
  assert_int_equal(marq_network_offset(net, 1, &rows, &columns), 20);
  assert_int_equal(rows, 4);
  assert_int_equal(columns, 5);
  assert_int_equal(marq_network_offset(net, 2, &rows, &columns), 40);
  assert_int_equal(columns, 5);
  assert_ptr_equal(marq_network_layer(net, 1)->activation, activation("relu"));
  assert_null(marq_network_layer(net, 3));
  marq_network_free(net);
  marq_network_free(NULL);
}

static void bad_shapes_are_refused(void **state) {
  (void)state;
  const marq_layer good = {2, activation("tanh"), 0, 0};
  const marq_layer zero[] = {good, {0, activation("tanh"), 0, 0}}, none[] = {{2, NULL, 0, 0}, good},
                   frozen[] = {{2, activation("tanh"), 0, 1}, {1, activation("linear"), 0, 1}},
                   wide[] = {{(size_t)1 << 40, activation("tanh"), 0, 0}, good};
  const struct {
    size_t inputs;
    const marq_layer *layers;
    size_t count;
    marq_status status;
    const char *says;
  } cases[] = {{0, &good, 1, MARQ_EINVAL, "at least one input"},
               {1, &good, 0, MARQ_EINVAL, "at least one layer"},
               {1, zero, 2, MARQ_EINVAL, "layer 2 (the output) has a width of 0"},
               {1, none, 2, MARQ_EINVAL, "layer 1 has no activation"},
               {1, frozen, 2, MARQ_EINVAL, "frozen"},
               {1, wide, 2, MARQ_ESIZE, "layer 1 is too wide"}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    marq_network *net = (marq_network *)&cases;
    marq_error error = {0};
    assert_int_equal(marq_network_create(cases[k].inputs, cases[k].layers, cases[k].count, &net, &error),
                     cases[k].status);
    assert_null(net);
    if (!strstr(error.text, cases[k].says)) fail_msg("'%s' does not say '%s'", error.text, cases[k].says);
    assert_int_equal(marq_network_create(cases[k].inputs, cases[k].layers, cases[k].count, &net, NULL),
                     cases[k].status);
  }
}

static void fitted_parameters_skip_what_is_frozen(void **state) {
  (void)state;
  const marq_layer layers[] = {
      {3, activation("tanh"), 0, 0}, {2, activation("tanh"), 1, 1}, {1, activation("linear"), 0, 0}};
  marq_network *net = make(1, layers, 3);
  double *v = marq_network_values(net), p[9];
  const size_t all = marq_network_parameters(net);
  assert_int_equal(all, 6 + 6 + 3);
  assert_int_equal(marq_network_free_parameters(net), 9);
  for (size_t k = 0; k < all; k++) v[k] = (double)k;
  marq_network_get(net, p);
  for (size_t k = 0; k < 9; k++) assert_close(p[k], (double)(k < 6 ? k : k + 6), 0, 0);
  for (size_t k = 0; k < 9; k++) p[k] = 100 + (double)k;
  marq_network_set(net, p);
  for (size_t k = 0; k < all; k++) {
    const double expected = k < 6 ? 100 + (double)k : k < 12 ? (double)k : 100 + (double)k - 6;
    assert_close(v[k], expected, 0, 0);
  }
  marq_network_free(net);
}

/* ---- initial values ---- */

static void moments(const double *x, size_t count, double *mean, double *deviation) {
  *mean = *deviation = 0;
  for (size_t k = 0; k < count; k++) *mean += x[k] / (double)count;
  for (size_t k = 0; k < count; k++) *deviation += (x[k] - *mean) * (x[k] - *mean) / (double)count;
  *deviation = sqrt(*deviation);
}

static void normal_initialisations_have_their_variance(void **state) {
  (void)state;
  const marq_layer layers[] = {{400, activation("relu"), 0, 0}, {100, activation("tanh"), 0, 0}};
  marq_network *net = make(250, layers, 2);
  const struct {
    const char *kind;
    double first, second;
  } cases[] = {{"glorot", sqrt(2) * sqrt(2.0 / 650), sqrt(2.0 / 500)},
               {"he", sqrt(2.0 / 250), sqrt(2.0 / 400)},
               {"lecun", sqrt(1.0 / 250), sqrt(1.0 / 400)}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    double mean, deviation;
    const double *v = marq_network_values(net);
    assert_int_equal(marq_network_initialise(net, cases[k].kind, 3, NULL), MARQ_OK);
    /* 10⁵ and 4·10⁴ numbers: five standard errors. */
    moments(v, 400 * 250, &mean, &deviation);
    assert_close(mean, 0, 0, 5 * cases[k].first / sqrt(1e5));
    assert_close(deviation, cases[k].first, 5 / sqrt(2e5), 0);
    moments(v + 400 * 251, 100 * 400, &mean, &deviation);
    assert_close(deviation, cases[k].second, 5 / sqrt(8e4), 0);
    for (size_t u = 0; u < 400; u++) assert_close(v[400 * 250 + u], 0, 0, 0);
  }
  marq_network_free(net);
}

static void uniform_covers_its_range(void **state) {
  (void)state;
  const marq_layer layers[] = {{100, activation("tanh"), 0, 0}, {10, activation("linear"), 0, 0}};
  marq_network *net = make(99, layers, 2);
  double least = 1, most = -1, mean, deviation;
  const size_t count = marq_network_parameters(net);
  assert_int_equal(marq_network_initialise(net, "uniform", 5, NULL), MARQ_OK);
  const double *v = marq_network_values(net);
  for (size_t k = 0; k < count; k++) {
    least = fmin(least, v[k]);
    most = fmax(most, v[k]);
  }
  moments(v, count, &mean, &deviation);
  assert_true(least > -0.5 && least < -0.499 && most < 0.5 && most > 0.499);
  assert_close(mean, 0, 0, 0.02);
  assert_close(deviation, sqrt(1.0 / 12), 0.02, 0);
  marq_network_free(net);
}

/* |w| = β/range for every hidden unit, |b| ≤ β: each unit's active region lies in the range of the inputs. */
static void nguyen_widrow_spreads_the_units(void **state) {
  (void)state;
  const marq_layer layers[] = {
      {20, activation("tanh"), 0, 0}, {7, activation("tanh"), 1, 0}, {1, activation("linear"), 0, 0}};
  marq_network *net = make(3, layers, 3);
  const double beta = 0.7 * pow(20, 1.0 / 3);
  for (int standardised = 0; standardised < 2; standardised++) {
    const double range = standardised ? sqrt(3) : 1;
    if (standardised) marq_network_input_standard(net)[1].scale = 2.5;
    assert_int_equal(marq_network_initialise(net, "nguyen-widrow", 11, NULL), MARQ_OK);
    const double *v = marq_network_values(net);
    double highest = 0;
    for (size_t u = 0; u < 20; u++) {
      const double norm = sqrt(v[u] * v[u] + v[u + 20] * v[u + 20] + v[u + 40] * v[u + 40]);
      assert_close(norm, beta / range, 1e-14, 0);
      assert_true(fabs(v[60 + u]) <= beta);
      highest = fmax(highest, fabs(v[60 + u]));
    }
    assert_true(highest > 0.7 * beta);
    for (size_t u = 0; u < 7; u++) {
      double squares = 0;
      for (size_t k = 0; k < 20; k++) squares += v[80 + u + 7 * k] * v[80 + u + 7 * k];
      assert_close(sqrt(squares), 0.7 * pow(7, 1.0 / 20), 1e-14, 0);
    }
    for (size_t k = 220; k < 228; k++) assert_true(fabs(v[k]) <= 0.5);
  }
  marq_network_free(net);
}

static void seeds_decide_every_bit(void **state) {
  (void)state;
  const marq_layer layers[] = {{6, activation("tanh"), 0, 0}, {2, activation("linear"), 1, 0}};
  marq_network *a = make(2, layers, 2), *b = make(2, layers, 2);
  const size_t bytes = marq_network_parameters(a) * sizeof(double);
  const char *kind;
  size_t i = 0;
  for (; (kind = marq_initialisation_name(i, NULL)); i++) {
    assert_int_equal(marq_network_initialise(a, kind, 17, NULL), MARQ_OK);
    assert_int_equal(marq_network_initialise(b, kind, 17, NULL), MARQ_OK);
    assert_memory_equal(marq_network_values(a), marq_network_values(b), bytes);
    assert_int_equal(marq_network_initialise(b, kind, 18, NULL), MARQ_OK);
    assert_memory_not_equal(marq_network_values(a), marq_network_values(b), bytes);
  }
  assert_int_equal(i, 5);
  /* mt19937's own sequence: the first number of seed 1 is 1791095845. */
  assert_int_equal(marq_network_initialise(a, "uniform", 1, NULL), MARQ_OK);
  assert_close(marq_network_values(a)[0], 0.5 * (2 * (1791095845.0 / 4294967296.0) - 1), 0, 0);
  marq_error error = {0};
  assert_int_equal(marq_network_initialise(a, "glorott", 1, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "'glorot'"));
  assert_int_equal(marq_network_initialise(a, NULL, 1, &error), MARQ_EINVAL);
  marq_network_free(a);
  marq_network_free(b);
}

/* ---- standardisation ---- */

static void standards_are_mean_and_deviation(void **state) {
  (void)state;
  const marq_layer layers[] = {{2, activation("linear"), 0, 0}};
  marq_network *net = make(3, layers, 1);
  /* Rows of five columns: strides. The second input is constant, the third all but. */
  const double rows[] = {1, 7, 1e9, 10, -1, 2, 7, 1e9, 20, -1, 3, 7, 1e9 * (1 + 2.2e-16), 30, -1, 6, 7, 1e9, 60, -3};
  const marq_column inputs[] = {{rows, 5}, {rows + 1, 5}, {rows + 2, 5}}, targets[] = {{rows + 3, 5}, {rows + 4, 5}};
  assert_int_equal(marq_network_standardise(net, inputs, targets, 4, NULL), MARQ_OK);
  const marq_standard *in = marq_network_input_standard(net), *out = marq_network_output_standard(net);
  assert_close(in[0].shift, 3, 1e-15, 0);
  assert_close(in[0].scale, sqrt(3.5), 1e-15, 0);
  assert_close(in[1].shift, 7, 0, 0);
  assert_close(in[1].scale, 1, 0, 0);
  assert_close(in[2].scale, 1, 0, 0);
  assert_close(out[0].shift, 30, 1e-15, 0);
  assert_close(out[0].scale, sqrt(350), 1e-15, 0);
  assert_close(out[1].shift, -1.5, 1e-15, 0);
  assert_close(out[1].scale, sqrt(0.75), 1e-15, 0);
  marq_network_free(net);
}

static void extreme_columns_are_standardised_or_refused(void **state) {
  (void)state;
  const marq_layer layers[] = {{1, activation("linear"), 0, 0}};
  marq_network *net = make(1, layers, 1);
  const double huge[] = {-1e300, 1e300}, tiny[] = {1e-320, 3e-320}, one[] = {5}, bad[] = {1, NAN, 2},
               beyond[] = {1.7e308, -1.7e308};
  const marq_standard *in = marq_network_input_standard(net);
  assert_int_equal(marq_network_standardise(net, &(marq_column){huge, 1}, NULL, 2, NULL), MARQ_OK);
  assert_close(in->scale, 1e300, 1e-15, 0);
  /* The reciprocal of such a deviation overflows: as good as constant. */
  assert_int_equal(marq_network_standardise(net, &(marq_column){tiny, 1}, NULL, 2, NULL), MARQ_OK);
  assert_close(in->scale, 1, 0, 0);
  assert_int_equal(marq_network_standardise(net, &(marq_column){one, 1}, NULL, 1, NULL), MARQ_OK);
  assert_close(in->shift, 5, 0, 0);
  marq_error error = {0};
  assert_int_equal(marq_network_standardise(net, &(marq_column){bad, 1}, NULL, 3, &error), MARQ_EDATA);
  assert_int_equal(error.line, 2);
  assert_non_null(strstr(error.text, "input 1 of sample 2 is not a number"));
  assert_close(in->shift, 5, 0, 0); /* as it was */
  const marq_status status = marq_network_standardise(net, &(marq_column){beyond, 1}, NULL, 2, &error);
  assert_true(status == MARQ_OK || status == MARQ_EDATA);
  assert_true(isfinite(in->shift) && isfinite(in->scale) && in->scale > 0);
  assert_int_equal(marq_network_standardise(net, &(marq_column){one, 1}, NULL, 0, &error), MARQ_EINVAL);
  marq_network_free(net);
}

/* ---- predictions ---- */

static double by_hand(marq_network *net, const double *x) {
  double a[64], z[64];
  const marq_standard *in = marq_network_input_standard(net), *out = marq_network_output_standard(net);
  size_t below = marq_network_inputs(net);
  for (size_t k = 0; k < below; k++) a[k] = (x[k] - in[k].shift) / in[k].scale;
  for (size_t l = 0; l < marq_network_layers(net); l++) {
    size_t rows, columns;
    const double *W = marq_network_values(net) + marq_network_offset(net, l, &rows, &columns);
    for (size_t u = 0; u < rows; u++) {
      z[u] = columns > below ? W[u + below * rows] : 0;
      for (size_t k = 0; k < below; k++) z[u] += W[u + k * rows] * a[k];
    }
    marq_network_layer(net, l)->activation->evaluate(z, rows, a, NULL, NULL);
    below = rows;
  }
  return out[0].shift + out[0].scale * a[0];
}

enum { most = 700 };

static void predictions_are_the_formula(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  const marq_layer layers[] = {
      {9, activation("tanh"), 0, 0}, {5, activation("silu"), 1, 1}, {1, activation("softplus"), 0, 0}};
  marq_network *net = make(2, layers, 3);
  assert_int_equal(marq_network_initialise(net, "glorot", 4, NULL), MARQ_OK);
  marq_network_input_standard(net)[0] = (marq_standard){0.5, 2};
  marq_network_output_standard(net)[0] = (marq_standard){-3, 10};
  double x[2 * most], out[most];
  for (size_t k = 0; k < 2 * most; k++) x[k] = 3 * test_normal(&seed);
  const marq_column inputs[] = {{x, 2}, {x + 1, 2}};
  assert_int_equal(marq_network_predict(net, inputs, most, out, NULL), MARQ_OK);
  for (size_t i = 0; i < most; i++) assert_close(out[i], by_hand(net, x + 2 * i), 1e-13, 1e-13);
  marq_network_free(net);
}

/* A stream in any pieces, of samples in any order, gives the same bits. */
static void a_sample_does_not_depend_on_its_neighbours(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  const marq_layer layers[] = {
      {37, activation("tanh"), 0, 0}, {11, activation("gelu"), 0, 0}, {2, activation("linear"), 0, 0}};
  marq_network *net = make(3, layers, 3);
  assert_int_equal(marq_network_initialise(net, "glorot", 4, NULL), MARQ_OK);
  double x[3 * most], out[2 * most];
  for (size_t k = 0; k < 3 * most; k++) x[k] = test_normal(&seed);
  const marq_column inputs[] = {{x, 3}, {x + 1, 3}, {x + 2, 3}};
  assert_int_equal(marq_network_predict(net, inputs, most, out, NULL), MARQ_OK);
  for (size_t trial = 0; trial < 300; trial++) {
    const size_t i = (size_t)(test_uniform(&seed) * most), rest = most - i;
    const size_t count = 1 + (size_t)(test_uniform(&seed) * (double)(rest < 200 ? rest : 200));
    double part[2 * 200];
    const marq_column from[] = {{x + 3 * i, 3}, {x + 3 * i + 1, 3}, {x + 3 * i + 2, 3}};
    assert_int_equal(marq_network_predict(net, from, count < 200 ? count : 200, part, NULL), MARQ_OK);
    const size_t n = count < 200 ? count : 200;
    assert_memory_equal(part, out + i, n * sizeof *part);
    assert_memory_equal(part + n, out + most + i, n * sizeof *part);
  }
  assert_int_equal(marq_network_predict(net, inputs, 0, out, NULL), MARQ_OK);
  marq_error error = {0};
  assert_int_equal(marq_network_predict(net, (marq_column[]){{x, 1}, {NULL, 1}, {x, 1}}, 1, out, &error), MARQ_EINVAL);
  marq_network_free(net);
}

/* A row of a user's own. */
static void cube(const double *z, size_t count, double *a, double *d1, double *d2) {
  for (size_t i = 0; i < count; i++) {
    const double x = z[i];
    a[i] = x * x * x;
    if (d1) d1[i] = 3 * x * x;
    if (d2) d2[i] = 6 * x;
  }
}

static void users_add_activations(void **state) {
  (void)state;
  const marq_activation own = {"cube", "z^3", cube, 1};
  const marq_layer layers[] = {{1, &own, 0, 0}};
  marq_network *net = make(1, layers, 1);
  marq_network_values(net)[0] = 2;
  marq_network_values(net)[1] = 1;
  double out[2];
  assert_int_equal(marq_network_predict(net, &(marq_column){(double[]){1, -2}, 1}, 2, out, NULL), MARQ_OK);
  assert_close(out[0], 27, 0, 0);
  assert_close(out[1], -27, 0, 0);
  marq_network_free(net);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(shapes),
                                     cmocka_unit_test(bad_shapes_are_refused),
                                     cmocka_unit_test(fitted_parameters_skip_what_is_frozen),
                                     cmocka_unit_test(normal_initialisations_have_their_variance),
                                     cmocka_unit_test(uniform_covers_its_range),
                                     cmocka_unit_test(nguyen_widrow_spreads_the_units),
                                     cmocka_unit_test(seeds_decide_every_bit),
                                     cmocka_unit_test(standards_are_mean_and_deviation),
                                     cmocka_unit_test(extreme_columns_are_standardised_or_refused),
                                     cmocka_unit_test(predictions_are_the_formula),
                                     cmocka_unit_test(a_sample_does_not_depend_on_its_neighbours),
                                     cmocka_unit_test(users_add_activations)};
  return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
