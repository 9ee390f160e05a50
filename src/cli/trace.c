/* The trace of a fit: CSV, one line per iteration; what is not a number is left empty. */
#include <string.h>

#include "csv.h"
#include "watch.h"

/* These have columns of their own: learning rate, passes over the samples, and where the best point was. */
int fit_is_first_order(const fit *f) {
  const char *name;
  for (size_t i = 0; (name = marq_solver_name(i, NULL)) != NULL; i++)
    if (!strcmp(name, f->request.options.solver)) return marq_solver_is_first_order(i);
  return 0;
}

void trace_header(const fit *f, FILE *file) {
  fputs(
      "iteration,seconds,cost,trial_cost,predicted,gain,damping,radius,step_norm,accepted,polishing,"
      "residual_evaluations,jacobian_evaluations,fused_evaluations",
      file);
  if (fit_is_first_order(f)) fputs(",rate,passes,best_iteration", file);
  for (size_t k = 0; k < f->free_count; k++) csv_text(f->names[f->free_index[k]], ",\"\n", file);
  fputc('\n', file);
}

void trace_line(const fit *f, const marq_state *state, FILE *file) {
  const double numbers[] = {state->seconds, state->cost,    state->trial_cost, state->predicted,
                            state->gain,    state->damping, state->radius,     state->step_norm};
  fprintf(file, "%zu", state->iteration);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) csv_number(numbers[i], file);
  fprintf(file, ",%d,%d,%zu,%zu,%zu", state->accepted, state->polishing, state->counts.residual, state->counts.jacobian,
          state->counts.fused);
  if (fit_is_first_order(f)) {
    csv_number(state->rate, file);
    csv_number(state->passes, file);
    fprintf(file, ",%zu", state->best_iteration);
  }
  for (size_t k = 0; k < f->free_count; k++) csv_number(state->p[k], file);
  fputc('\n', file);
}
