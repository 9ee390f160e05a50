/* Reads the NIST problems from problems.txt and their tables, evaluates residuals and Jacobians, counts digits. */
#include "nist.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 1024 };

static int complain(const char *file, const char *what) {
  fprintf(stderr, "%s: %s\n", file, what);
  return 0;
}

/* Reads n numbers separated by `separator` or blanks. */
static int read_numbers(const char *text, char separator, double *values, size_t n) {
  for (size_t k = 0; k < n; k++) {
    char *end;
    values[k] = strtod(text, &end);
    if (end == text) return 0;
    text = *end == separator ? end + 1 : end;
  }
  return 1;
}

static int read_word(const char *text, char *word, size_t size) {
  const size_t length = strcspn(text, " \n");
  if (length == 0 || length >= size) return 0;
  memcpy(word, text, length);
  word[length] = 0;
  return 1;
}

/* Applies one "key value…" line to the problem. */
static int read_key(nist_problem *problem, const char *key, const char *value) {
  const struct {
    const char *key;
    double *values;
    size_t n;
  } numbers[] = {{"start1", problem->start[0], problem->parameters},
                 {"start2", problem->start[1], problem->parameters},
                 {"certified", problem->certified, problem->parameters},
                 {"certified_sd", problem->certified_sd, problem->parameters},
                 {"exact", problem->exact, problem->parameters},
                 {"exact_sd", problem->exact_sd, problem->parameters},
                 {"rss", &problem->rss, 1},
                 {"rsd", &problem->rsd, 1},
                 {"exact_rss", &problem->exact_rss, 1}};
  const struct {
    const char *key;
    size_t *value;
  } counts[] = {{"samples", &problem->samples}, {"parameters", &problem->parameters}, {"dof", &problem->dof}};
  const struct {
    const char *key;
    char *word;
    size_t size;
  } words[] = {{"data", problem->data, sizeof problem->data},
               {"difficulty", problem->difficulty, sizeof problem->difficulty},
               {"response", problem->response, sizeof problem->response}};
  for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
    if (strcmp(key, numbers[k].key) == 0)
      return numbers[k].n > 0 && read_numbers(value, ' ', numbers[k].values, numbers[k].n);
  for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
    if (strcmp(key, counts[k].key) == 0) {
      *counts[k].value = strtoul(value, NULL, 10);
      return *counts[k].value > 0 && problem->parameters <= NIST_MAX_PARAMETERS;
    }
  for (size_t k = 0; k < sizeof words / sizeof *words; k++)
    if (strcmp(key, words[k].key) == 0) return read_word(value, words[k].word, words[k].size);
  if (strcmp(key, "formula") == 0) {
    char expression[128], response[sizeof problem->response];
    memcpy(response, problem->response, sizeof response);
    return read_word(value, expression, sizeof expression) &&
           snprintf(problem->formula, sizeof problem->formula, "%s = %s", response, expression) > 0;
  }
  if (strcmp(key, "variables") == 0) {
    while (problem->variables < NIST_MAX_VARIABLES &&
           read_word(value, problem->variable[problem->variables], sizeof problem->variable[0])) {
      problem->variables++;
      value += strcspn(value, " \n");
      value += strspn(value, " ");
    }
    return problem->variables > 0;
  }
  return 0;
}

static int read_stanzas(const char *directory, nist_suite *suite) {
  char path[LINE], line[LINE];
  snprintf(path, sizeof path, "%s/problems.txt", directory);
  FILE *file = fopen(path, "r");
  if (!file) return complain(path, "cannot be opened");
  size_t count = 0;
  int good = 1;
  while (good && fgets(line, sizeof line, file)) {
    if (line[0] == '#' || line[0] == '\n') continue;
    char key[32];
    good = read_word(line, key, sizeof key);
    const char *value = line + strcspn(line, " ");
    value += strspn(value, " ");
    if (good && strcmp(key, "problem") == 0) {
      good = count < NIST_PROBLEMS;
      if (good) good = read_word(value, suite->problem[count++].name, sizeof suite->problem[0].name);
    } else if (good) {
      good = count > 0 && read_key(&suite->problem[count - 1], key, value);
    }
  }
  fclose(file);
  if (!good) return complain(path, line);
  return count == NIST_PROBLEMS || complain(path, "problems are missing");
}

static int read_table(const char *directory, nist_problem *problem) {
  char path[LINE], line[LINE];
  snprintf(path, sizeof path, "%s/%s", directory, problem->data);
  FILE *file = fopen(path, "r");
  if (!file) return complain(path, "cannot be opened");
  const size_t columns = problem->variables + 2;
  double *values = malloc(columns * problem->samples * sizeof *values);
  int good = values && fgets(line, sizeof line, file) != NULL; /* the header */
  if (good) {
    for (size_t k = 0; k < problem->variables; k++) problem->x[k] = values + k * problem->samples;
    problem->y = values + problem->variables * problem->samples;
    problem->target = problem->y + problem->samples;
  } else {
    free(values);
  }
  for (size_t i = 0; good && i < problem->samples; i++) {
    double row[NIST_MAX_VARIABLES + 1] = {0};
    good = fgets(line, sizeof line, file) && read_numbers(line, ',', row, problem->variables + 1);
    if (!good) break;
    for (size_t k = 0; k < problem->variables; k++) problem->x[k][i] = row[k];
    problem->y[i] = row[problem->variables];
    problem->target[i] = strcmp(problem->response, "log(y)") == 0 ? log(problem->y[i]) : problem->y[i];
  }
  if (good && fgets(line, sizeof line, file)) good = 0;
  fclose(file);
  return good || complain(path, "does not hold the table that problems.txt describes");
}

nist_suite *nist_load(const char *directory) {
  nist_suite *suite = calloc(1, sizeof *suite);
  int good = suite && read_stanzas(directory, suite);
  for (size_t k = 0; good && k < NIST_PROBLEMS; k++) {
    nist_problem *problem = &suite->problem[k];
    problem->model = nist_model_of(problem->name);
    good = problem->model ? read_table(directory, problem) : complain(problem->name, "has no compiled model");
  }
  if (good) return suite;
  nist_free(suite);
  return NULL;
}

void nist_free(nist_suite *suite) {
  if (!suite) return;
  for (size_t k = 0; k < NIST_PROBLEMS; k++) free(suite->problem[k].x[0]);
  free(suite);
}

const nist_problem *nist_find(const nist_suite *suite, const char *name) {
  for (size_t k = 0; k < NIST_PROBLEMS; k++)
    if (strcmp(suite->problem[k].name, name) == 0) return &suite->problem[k];
  return NULL;
}

static double sample(const nist_problem *problem, size_t i, const double *p, double *d) {
  double x[NIST_MAX_VARIABLES] = {0};
  for (size_t k = 0; k < problem->variables; k++) x[k] = problem->x[k][i];
  return problem->model(x, p, d);
}

void nist_residual(const nist_problem *problem, const double *p, double *r) {
  for (size_t i = 0; i < problem->samples; i++) r[i] = sample(problem, i, p, NULL) - problem->target[i];
}

void nist_jacobian(const nist_problem *problem, const double *p, double *J, size_t ldj) {
  double d[NIST_MAX_PARAMETERS];
  for (size_t i = 0; i < problem->samples; i++) {
    sample(problem, i, p, d);
    for (size_t j = 0; j < problem->parameters; j++) J[i + j * ldj] = d[j];
  }
}

double nist_rss(const nist_problem *problem, const double *p) {
  double sum = 0;
  for (size_t i = 0; i < problem->samples; i++) {
    const double r = sample(problem, i, p, NULL) - problem->target[i];
    sum += r * r;
  }
  return sum;
}

double nist_digits(double estimate, double reference) {
  if (!isfinite(estimate)) return 0;
  const double error = fabs(estimate - reference) / fabs(reference);
  if (error == 0) return NIST_MAX_DIGITS;
  const double digits = -log10(error);
  return digits > NIST_MAX_DIGITS ? NIST_MAX_DIGITS : digits > 0 ? digits : 0; /* NaN scores 0 */
}

double nist_worst_digits(const double *estimate, const double *reference, size_t n) {
  double worst = NIST_MAX_DIGITS;
  for (size_t j = 0; j < n; j++) {
    const double digits = nist_digits(estimate[j], reference[j]);
    if (!(digits >= worst)) worst = digits;
  }
  return worst;
}
