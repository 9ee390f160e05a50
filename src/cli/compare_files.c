/* Files of `marq compare`: CSV of runs and of traces; what is not a number is left empty. */
#include <math.h>
#include <string.h>

#include "compare.h"
#include "csv.h"
#include "message.h"
#include "output.h"

static void put_text(const char *text, FILE *file) {
  if (!strpbrk(text, ",\"\n")) {
    fputs(text, file);
    return;
  }
  fputc('"', file);
  for (; *text; text++) {
    if (*text == '"') fputc('"', file);
    fputc(*text == '\n' ? ' ' : *text, file);
  }
  fputc('"', file);
}

/* Solver, problem, start: what every line begins with. */
static void put_names(const comparing *c, size_t s, size_t t, size_t k, FILE *file) {
  put_text(c->solvers[s].label, file);
  fputc(',', file);
  put_text(c->tasks[t].name, file);
  fprintf(file, ",%zu", k + 1);
}

static void put_arrival(const marq_arrival *a, FILE *file) {
  csv_number(a->iterations, file);
  csv_number(a->evaluations, file);
  csv_number(a->seconds, file);
}

static void put_run(const comparing *c, size_t s, size_t t, size_t k, FILE *file) {
  const marq_run *run = marq_comparison_run(c->comparison, s, t, k);
  put_names(c, s, t, k, file);
  fprintf(file, ",%s", compare_end(run));
  const double numbers[] = {run->start_cost,
                            run->cost,
                            (double)run->iterations,
                            run->evaluations,
                            run->seconds,
                            (double)run->counts.residual,
                            (double)run->counts.jacobian,
                            (double)run->counts.fused,
                            (double)run->counts.product,
                            (double)run->counts.curvature,
                            (double)run->linear_solves,
                            run->flops,
                            run->bytes ? (double)run->bytes : NAN,
                            run->order.order,
                            run->order.rate};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) csv_number(run->ran ? numbers[i] : NAN, file);
  put_arrival(&run->solved, file);
  for (size_t g = 0; g < c->request.goal_count; g++) put_arrival(&run->arrivals[g], file);
  fputc(',', file);
  put_text(run->detail, file);
  fputc('\n', file);
}

int compare_write_runs(const comparing *c, const char *path) {
  output out;
  const int status = output_open(&out, path);
  if (status != exit_done) return status;
  fputs(
      "solver,problem,start,end,start_cost,cost,iterations,evaluations,seconds,residual_evaluations,"
      "jacobian_evaluations,fused_evaluations,products,curvatures,linear_solves,flops,bytes,order,rate,"
      "solved_iterations,solved_evaluations,solved_seconds",
      out.file);
  for (size_t g = 0; g < c->request.goal_count; g++) {
    const double goal = c->request.goals[g];
    fprintf(out.file, ",goal_%g_iterations,goal_%g_evaluations,goal_%g_seconds", goal, goal, goal);
  }
  fputs(",detail\n", out.file);
  for (size_t t = 0; t < c->task_count; t++)
    for (size_t k = 0; k < c->tasks[t].starts; k++)
      for (size_t s = 0; s < c->solver_count; s++) put_run(c, s, t, k, out.file);
  return output_commit(&out);
}

int compare_write_traces(const comparing *c, const char *path) {
  output out;
  const int status = output_open(&out, path);
  if (status != exit_done) return status;
  fputs("solver,problem,start,iteration,evaluations,seconds,cost,above_best\n", out.file);
  for (size_t t = 0; t < c->task_count; t++)
    for (size_t k = 0; k < c->tasks[t].starts; k++)
      for (size_t s = 0; s < c->solver_count; s++) {
        const marq_run *run = marq_comparison_run(c->comparison, s, t, k);
        for (size_t i = 0; i < run->points; i++) {
          const marq_trace_point *point = &run->trace[i];
          put_names(c, s, t, k, out.file);
          csv_number((double)point->iteration, out.file);
          csv_number(point->evaluations, out.file);
          csv_number(point->seconds, out.file);
          csv_number(point->cost, out.file);
          csv_number(point->cost - c->comparison->best[t], out.file);
          fputc('\n', out.file);
        }
      }
  return output_commit(&out);
}
