/* Compare a user's Jacobian with Richardson-extrapolated differences, and name the entry that is wrong. */
#include <marq/problem.h>
#include <math.h>
#include <stdlib.h>

#include "problem/callbacks.h"

/* What a pair of numbers suggests went wrong; "" when nothing is recognised. */
static const char *suspected_slip(double given, double difference) {
  const double ratio = given / difference;
  if (fabs(ratio + 1) < 1e-4) return "; the sign is reversed";
  if (given == 0) return "; the entry was left at zero";
  if (fabs(ratio - 2) < 1e-4) return "; it is twice too large";
  if (fabs(ratio - 0.5) < 1e-4) return "; it is half of what it should be";
  return "";
}

static double column_scale(const double *a, const double *b, size_t m) {
  double scale = 0;
  for (size_t i = 0; i < m; i++) scale = fmax(scale, fmax(fabs(a[i]), fabs(b[i])));
  return scale;
}

/* Residuals are compared within ε|r|/h: what rounding alone can do to a difference. */
static marq_status compare(const user_functions *user, const double *p, const double *J, const double *D, size_t m,
                           double tolerance, const double *r, marq_jacobian_entry *worst, marq_error *error) {
  double largest = 0;
  for (size_t j = 0; j < user->call.parameters; j++) {
    const double scale = column_scale(J + j * m, D + j * m, m), h = 7e-4 * fmax(fabs(p[j]), user->typical[j]);
    for (size_t i = 0; i < m; i++) {
      const double given = J[i + j * m], difference = D[i + j * m];
      if (!isfinite(given) || !isfinite(difference))
        return marq_fail(error, MARQ_NONFINITE, "entry (%zu, %zu) is not finite: %g given, %g by differences", i, j,
                         given, difference);
      const double rounding = 1e-14 * fabs(r[i]) / h, allowed = fmax(fabs(given), fabs(difference)) + 1e-3 * scale;
      const double excess = (fabs(given - difference) - rounding) / (allowed > 0 ? allowed : 1);
      if (excess > largest || (i == 0 && j == 0)) {
        if (excess > largest) largest = excess;
        *worst = (marq_jacobian_entry){i, j, given, difference};
      }
    }
  }
  if (largest <= tolerance) return MARQ_OK;
  return marq_fail(error, MARQ_EINVAL,
                   "Jacobian entry of residual %zu and parameter %zu is %.10g, differences say %.10g%s",
                   worst->residual, worst->parameter, worst->given, worst->difference,
                   suspected_slip(worst->given, worst->difference));
}

marq_status marq_check_jacobian(const marq_callbacks *callbacks, const double *p, double tolerance,
                                marq_jacobian_entry *worst, marq_error *error) {
  marq_status status = user_check(callbacks, error);
  if (status != MARQ_OK) return status;
  if (!callbacks->jacobian)
    return marq_fail(error, MARQ_EUNSUPPORTED, "there is no Jacobian to check: the function jacobian is NULL");
  const size_t m = callbacks->residuals, n = callbacks->parameters;
  marq_arena arena = {0};
  user_functions user = {.call = *callbacks};
  user.call.difference = MARQ_DIFFERENCE_RICHARDSON;
  marq_jacobian_entry entry = {0}, *out = worst ? worst : &entry;
  double *r = NULL, *J = NULL, *D = NULL;
  for (int pass = 0; pass < 2; pass++) {
    user_layout(&arena, &user);
    r = marq_arena_doubles(&arena, m);
    J = marq_arena_doubles(&arena, m * n);
    D = marq_arena_doubles(&arena, m * n);
    if (pass == 0 && (status = marq_arena_take(&arena)) != MARQ_OK)
      return marq_fail(error, status, "no memory for two Jacobians of %zu × %zu", m, n);
  }
  user_set_typical(&user, callbacks->typical);
  size_t calls = 0;
  status = user_residual(&user, p, r, &calls);
  if (status == MARQ_OK) status = user_difference(&user, MARQ_DIFFERENCE_RICHARDSON, p, r, D, m, &calls);
  if (status == MARQ_OK) status = user_outcome(callbacks->jacobian(callbacks->context, p, J, m));
  if (status == MARQ_OK)
    status = compare(&user, p, J, D, m, tolerance > 0 ? tolerance : 1e-6, r, out, error);
  else
    marq_fail(error, status, "the functions could not be evaluated near this point: %s", marq_status_text(status));
  marq_arena_free(&arena);
  return status;
}
