/* What the tests of ridge regression share; see ridge_fixture.h. */
#include "ridge_fixture.h"

#include <math.h>
#include <string.h>

marq_ridge *decompose(const marq_ridge_data *data) {
  marq_ridge *r = NULL;
  marq_error error = {0};
  if (marq_ridge_create(data, &r, &error) != MARQ_OK) fail_msg("%s", error.text);
  return r;
}

marq_ridge_choice *choose(const marq_ridge *r, const marq_ridge_choose_options *o) {
  marq_ridge_choice *c = NULL;
  marq_error error = {0};
  if (marq_ridge_choose(r, 0, o, &c, &error) != MARQ_OK) fail_msg("%s", error.text);
  return c;
}

void fill(table *t, uint64_t seed) {
  memset(t, 0, sizeof *t);
  for (size_t j = 0; j < columns; j++) {
    t->x[j] = (marq_column){t->X + j * rows, 1};
    for (size_t i = 0; i < rows; i++) t->X[i + j * rows] = pow(10, (double)j) * (2 + test_normal(&seed));
  }
  for (size_t i = 0; i < rows; i++) {
    t->y[i] = t->X[i] + 0.3 * test_normal(&seed);
    t->w[i] = (double)(i % 3);
  }
  t->target = (marq_column){t->y, 1};
  t->data = (marq_ridge_data){
      .samples = rows, .features = columns, .columns = t->x, .targets = &t->target, .target_count = 1, .intercept = 1};
}
