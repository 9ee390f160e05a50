/* Which options a solver reads: those of every fit, and what its parts add. */
#include <string.h>

#include "solver.h"

static const char of_all[] =
    "solver max_iterations max_evaluations max_seconds cost_tolerance gradient_tolerance exact_tolerance target";
static const char of_linear_systems[] =
    "linear_solver scaling trial memory rank_tolerance polish step_tolerance offset_tolerance";
static const char of_batches[] = "batch seed sampling watch_every";

/* 1 when the list of names with blanks between has this one; '-' in it stands for '_'. */
static int has(const char *list, const char *name) {
  const size_t length = strlen(name);
  for (const char *word = list; word && *word; word += strspn(word, " ")) {
    const size_t size = strcspn(word, " ");
    size_t k = 0;
    while (size == length && k < size && (word[k] == name[k] || (word[k] == '_' && name[k] == '-'))) k++;
    if (size == length && k == size && size) return 1;
    word += size;
  }
  return 0;
}

static int descent_reads(const marq_descent *descent, const char *option) {
  const unsigned wolfe = 1U << MARQ_SEARCH_WOLFE, searches = wolfe | 1U << MARQ_SEARCH_BACKTRACKING;
  if (has("line_search", option) || has(descent->reads, option)) return 1;
  if (descent->batches && has(of_batches, option)) return 1;
  if (descent->searches & 1U << MARQ_SEARCH_NONE && has("divergence", option)) return 1; /* a search goes down */
  if (descent->searches & searches && has("step_tolerance sufficient_decrease", option)) return 1;
  return descent->searches & wolfe && has("curvature", option);
}

static int method_reads(const marq_method *method, const char *option) {
  if (has(of_all, option)) return 1;
  if (method->descent) return descent_reads(method->descent, option);
  if (has(of_linear_systems, option)) return 1;
  if (has(method->direction->reads, option) || has(method->control->reads, option)) return 1;
  if (method->accelerate && has("acceleration_limit", option)) return 1;
  return !method->control->takes_all && has("accept_gain", option);
}

static const marq_method *find(const char *solver) {
  const marq_method *method;
  for (size_t i = 0; (method = marq_method_at(i)) != NULL; i++)
    if (!strcmp(method->name, solver)) break;
  return method;
}

int marq_solver_reads(const char *solver, const char *option) {
  const char *name;
  if (!option) return 0;
  if (solver && strcmp(solver, "auto") != 0) {
    const marq_method *method = find(solver);
    return method && method_reads(method, option);
  }
  for (size_t i = 0; (name = marq_method_automatic(i)) != NULL; i++)
    if (method_reads(find(name), option)) return 1;
  return 0;
}
