/* How a ridge was chosen: its path, the criterion and the L-curve; see ridge_choice.h. */
#include "ridge_choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "ridge_curves.h"

void ridge_choice_json(json *j, const marq_ridge_point *path, size_t count, size_t classes) {
  json_open(j, "ridge_path", '[');
  for (size_t l = 0; l < count; l++) {
    const marq_ridge_point *at = &path[l];
    json_open_flat(j, NULL, '{');
    json_number(j, "lambda", at->lambda);
    if (classes > 1) json_number(j, "lambda_biases", at->class_lambda[1]);
    json_number(j, "criterion", at->criterion);
    json_number(j, "misfit", at->misfit);
    json_number(j, "penalty", at->penalty);
    json_number(j, "cost", at->cost);
    json_number(j, "effective_parameters", at->effective);
    json_close(j, '}');
  }
  json_close(j, ']');
}

/* The corner that was chosen lies where no smaller penalty changes anything: it is none. */
static int corner_is_none(const marq_regularised *found) {
  static const double none = 1e-2; /* a path is looked at as far as its steps are above 1e-3 */
  const marq_ridge_point *least = &found->path[0], *at = least;
  while (at + 1 < found->path + found->count && at->lambda < found->lambda[0]) at++;
  return fabs(at->misfit - least->misfit) <= none * least->misfit &&
         fabs(at->penalty - least->penalty) <= none * least->penalty;
}

void ridge_choice_warn(const char *by, const marq_regularised *found, warnings *list) {
  if (strcmp(by, "lcurve") != 0 || !found->count) return;
  if (found->criterion <= 0)
    warnings_add(list, "the L-curve has no corner: it is nowhere convex; gcv, cv and evidence need none");
  else if (corner_is_none(found))
    warnings_add(list, "the L-curve has no corner: this penalty changes nothing, and the data ask for none");
}

static const char *criterion_text(const char *choice) {
  static const char *const words[][2] = {{"gcv", "GCV"},
                                         {"cv", "cost of the rows left out"},
                                         {"lcurve", "curvature of the L-curve"},
                                         {"validation", "cost of the rows held out"},
                                         {"evidence", "log evidence"}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(words[i][0], choice) == 0) return words[i][1];
  return choice;
}

/* arrays [5·count] take λ, criterion and the axes: √RSS, or the cost of another loss, and √(Σ (p − c)²); and λ of a
 * second class. */
static ridge_curves curves_of(const ridge_choice *choice, double *arrays) {
  const size_t n = choice->count;
  ridge_curves c = {.count = n,
                    .lambda = arrays,
                    .criterion = arrays + n,
                    .misfit = arrays + 2 * n,
                    .penalty = arrays + 3 * n,
                    .criterion_text = criterion_text(choice->by),
                    .misfit_text = choice->squared ? "√RSS" : "cost of the data",
                    .logarithmic = strcmp(choice->by, "lcurve") != 0 && strcmp(choice->by, "evidence") != 0,
                    .few = 1,
                    .lambda_used = choice->lambda,
                    .lambda_biases = choice->classes > 1 ? arrays + 4 * n : NULL,
                    .biases_used = choice->lambda_biases,
                    .used = n - 1};
  for (size_t l = 0; l < n; l++) {
    const marq_ridge_point *at = &choice->path[l];
    const double misfit = choice->squared ? sqrt(fmax(2 * at->misfit, 0)) : at->misfit, penalty = sqrt(2 * at->penalty);
    arrays[l] = at->lambda;
    arrays[n + l] = at->criterion;
    arrays[2 * n + l] = misfit;
    arrays[3 * n + l] = penalty;
    arrays[4 * n + l] = at->class_lambda[1];
    if (at->lambda != c.lambda_used) continue;
    c.misfit_used = misfit;
    c.penalty_used = penalty;
    c.used = l;
  }
  return c;
}

static void place(FILE *script, double left, double top, double bottom) {
  if (!(left > 0)) return; /* the layout of the page does */
  fprintf(script,
          "set lmargin at screen %.4f\nset rmargin at screen 0.98\nset tmargin at screen %.4f\n"
          "set bmargin at screen %.4f\n",
          left, top, bottom);
}

int ridge_choice_plot(const ridge_choice *choice, FILE *script, double left) {
  const size_t n = choice->count;
  double *arrays = malloc(5 * n * sizeof *arrays);
  if (!arrays) return message_out_of_memory();
  const ridge_curves c = curves_of(choice, arrays);
  const int rounds = strcmp(choice->by, "evidence") == 0;
  ridge_curves_put(&c, script);
  fputs("unset key\nunset colorbox\nset xrange [*:*]\nset format '%.6g'\nset ytics autofreq\n", script);
  fprintf(script, "set title 'λ = %.4g", c.lambda_used);
  if (c.lambda_biases) fprintf(script, ", of biases %.4g,", c.biases_used);
  fprintf(script, " by %s", choice->by);
  if (isfinite(choice->effective)) fprintf(script, ", %.4g effective parameters", choice->effective);
  fputs("' noenhanced\n", script);
  place(script, left, 0.93, 0.6);
  (rounds ? ridge_curves_rounds_of_criterion : ridge_curves_criterion)(&c, script);
  fputs("unset title\n", script);
  place(script, left, 0.43, 0.11);
  (rounds ? ridge_curves_rounds_of_lambda : ridge_curves_l_curve)(&c, script);
  free(arrays);
  return exit_done;
}
