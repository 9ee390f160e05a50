/* The samples that a problem has now, as a problem of their own: a wrapper that passes every operation on but knows of
 * no other samples. A solver then chooses its method and lays out its memory for so many, and not for all that the
 * problem could be restricted to. Restricting the problem inside to as many others moves the window. */
#include <stdlib.h>

#include "problem/wrap.h"
#include "train/runner.h"

marq_status train_window(marq_problem *problem, marq_problem **made, marq_error *error) {
  marq_problem_ops all = wrap_all;
  all.name = marq_problem_name(problem);
  all.restrict_to = NULL;
  all.choose = NULL;
  all.set_loss = NULL;
  all.destroy = free;
  *made = NULL;
  wrapper *s = malloc(sizeof *s);
  if (!s) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  wrap_begin(s, &all, problem);
  const marq_status status =
      marq_problem_create(&s->ops, s, marq_problem_samples(problem), marq_problem_outputs(problem),
                          marq_problem_parameters(problem), made, error);
  if (status != MARQ_OK) free(s);
  return status;
}
