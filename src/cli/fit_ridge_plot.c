/* How the ridge of `marq fit` was chosen, as two panels of its picture: the criterion and the L-curve against the
 * penalty, or, for the evidence, which looks at no other penalties, its rounds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "message.h"
#include "ridge_curves.h"

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

/* arrays [4·count] take λ, criterion and the axes: √RSS, or the cost of another loss, and √(Σ (p − c)²). */
static ridge_curves curves_of(const fit *f, double *arrays) {
  const marq_regularised *found = f->regularised;
  const size_t n = found->count;
  const char *choice = f->request.ridge_choice;
  ridge_curves c = {.count = n,
                    .lambda = arrays,
                    .criterion = arrays + n,
                    .misfit = arrays + 2 * n,
                    .penalty = arrays + 3 * n,
                    .criterion_text = criterion_text(choice),
                    .misfit_text = fit_loss(f) ? "cost of the data" : "√RSS",
                    .logarithmic = strcmp(choice, "lcurve") != 0 && strcmp(choice, "evidence") != 0,
                    .few = 1,
                    .lambda_used = f->request.ridge};
  for (size_t l = 0; l < n; l++) {
    const marq_ridge_point *at = &found->path[l];
    const double misfit = fit_loss(f) ? at->misfit : sqrt(fmax(2 * at->misfit, 0)), penalty = sqrt(2 * at->penalty);
    arrays[l] = at->lambda;
    arrays[n + l] = at->criterion;
    arrays[2 * n + l] = misfit;
    arrays[3 * n + l] = penalty;
    if (at->lambda != c.lambda_used) continue;
    c.misfit_used = misfit;
    c.penalty_used = penalty;
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

int fit_ridge_plot(const fit *f, FILE *script, double left) {
  const size_t n = f->regularised->count;
  double *arrays = malloc(4 * n * sizeof *arrays);
  if (!arrays) return message_out_of_memory();
  const ridge_curves c = curves_of(f, arrays);
  const int rounds = fit_ridge_chosen_by(&f->request, "evidence");
  ridge_curves_put(&c, script);
  fputs("unset key\nunset colorbox\nset xrange [*:*]\nset format '%.6g'\nset ytics autofreq\n", script);
  fprintf(script, "set title 'λ = %.4g by %s, %.4g effective parameters' noenhanced\n", c.lambda_used,
          f->request.ridge_choice, f->effective);
  place(script, left, 0.93, 0.6);
  (rounds ? ridge_curves_rounds_of_criterion : ridge_curves_criterion)(&c, script);
  fputs("unset title\n", script);
  place(script, left, 0.43, 0.11);
  (rounds ? ridge_curves_rounds_of_lambda : ridge_curves_l_curve)(&c, script);
  free(arrays);
  return exit_done;
}
