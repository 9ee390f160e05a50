/* The list of suites, and what all cases have in common; see marq/suite.h. */
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "suites/suites.h"

static const suite *const suites[] = {&suite_nist, &suite_mgh, &suite_networks};
enum { suite_count = sizeof suites / sizeof *suites };

const char *marq_suite_name(size_t i, const char **help) {
  if (i >= suite_count) return NULL;
  if (help) *help = suites[i]->help;
  return suites[i]->name;
}

static const suite *find(const char *name) {
  for (size_t i = 0; name && i < suite_count; i++)
    if (strcmp(suites[i]->name, name) == 0) return suites[i];
  return NULL;
}

static int about(const suite *s, size_t i, marq_suite_info *info) {
  if (!s->about(i, info)) return 0;
  info->suite = s->name;
  return 1;
}

int marq_suite_at(const char *name, size_t i, marq_suite_info *info) {
  const suite *s = find(name);
  return s && about(s, i, info);
}

static marq_status no_suite(const char *name, marq_error *error) {
  marq_nearest nearest = marq_nearest_begin(name ? name : "");
  for (size_t i = 0; i < suite_count; i++) marq_nearest_offer(&nearest, suites[i]->name);
  return marq_fail(error, MARQ_EINVAL, "there is no suite '%s'; the nearest is '%s'", nearest.wanted, nearest.best);
}

static marq_status find_case(const suite *s, const char *name, size_t *i, marq_suite_info *info, marq_error *error) {
  marq_nearest nearest = marq_nearest_begin(name ? name : "");
  for (*i = 0; about(s, *i, info); ++*i) {
    if (strcmp(info->name, nearest.wanted) == 0) return MARQ_OK;
    marq_nearest_offer(&nearest, info->name);
  }
  return marq_fail(error, MARQ_EINVAL, "the suite %s has no problem '%s'; the nearest is '%s'", s->name, nearest.wanted,
                   nearest.best);
}

marq_status marq_suite_open(const char *name, const char *problem, marq_suite_case **opened, marq_error *error) {
  const suite *s = find(name);
  marq_suite_info info;
  size_t i;
  *opened = NULL;
  if (!s) return no_suite(name, error);
  marq_status status = find_case(s, problem, &i, &info, error);
  if (status) return status;
  marq_suite_case *made = calloc(1, sizeof *made);
  double *starts = calloc(info.parameters * info.starts, sizeof *starts);
  if (!made || !starts) {
    free(made);
    free(starts);
    return marq_fail(error, MARQ_ENOMEM, "out of memory for the problem %s", info.name);
  }
  made->info = info;
  made->starts = starts;
  status = s->open(i, made, error);
  if (status)
    marq_suite_free(made);
  else
    *opened = made;
  return status;
}

void marq_suite_free(marq_suite_case *opened) {
  if (!opened) return;
  marq_problem_free(opened->problem);
  if (opened->release) opened->release(opened->data);
  free(opened->starts);
  free(opened);
}

void marq_suite_about(const marq_suite_case *opened, marq_suite_info *info) {
  *info = opened->info;
}

marq_problem *marq_suite_problem(marq_suite_case *opened) {
  return opened->problem;
}

void marq_suite_start(const marq_suite_case *opened, size_t k, double *p) {
  const size_t n = opened->info.parameters;
  if (k < opened->info.starts) memcpy(p, opened->starts + k * n, n * sizeof *p);
}
