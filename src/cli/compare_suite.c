/* marq compare suite: several solvers on a collection of problems. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "message.h"
#include "verbs.h"

enum { usual_seeds = 7 };

typedef struct suite_set {
  marq_suite_case **cases;
  double **starts;
  size_t count;
} suite_set;

static int check_suite(const char *name) {
  char suggestion[100];
  const char *known;
  nearest search = nearest_to(name);
  for (size_t i = 0; (known = marq_suite_name(i, NULL)) != NULL; i++) {
    if (strcmp(known, name) == 0) return exit_done;
    nearest_offer(&search, known);
  }
  return message_fail(exit_usage, "there is no suite '%s'%s ('marq list problems' lists what there is)", name,
                      nearest_text(&search, suggestion, sizeof suggestion));
}

/* Starts of a network are seeds, as many as are asked for; the others have those of their source. */
static int add(comparing *c, suite_set *set, const char *suite, const char *name) {
  marq_error error = {0};
  marq_suite_info info;
  if (marq_suite_open(suite, name, &set->cases[set->count], &error) != MARQ_OK)
    return message_fail(error.status == MARQ_EINVAL ? exit_usage : exit_system, "%s", error.text);
  marq_suite_case *opened = set->cases[set->count];
  double **starts = &set->starts[set->count++];
  *starts = NULL;
  marq_suite_about(opened, &info);
  const int seeded = strcmp(suite, "networks") == 0;
  const size_t asked = c->request.seeds ? c->request.seeds : seeded ? usual_seeds : info.starts;
  const size_t count = asked < info.starts ? asked : info.starts;
  if (asked > count)
    return message_fail(exit_usage, "--seeds: %s of suite %s has %zu starts", name, suite, info.starts);
  *starts = malloc(count * info.parameters * sizeof **starts);
  if (!*starts) return message_out_of_memory();
  for (size_t k = 0; k < count; k++) marq_suite_start(opened, k, *starts + k * info.parameters);
  /* of a network 0 is a bound that nobody reaches: with goals it is what they are measured from, else the least found
   */
  const double best = seeded && !c->request.goal_count ? NAN : info.best;
  return compare_add_task(c, name, marq_suite_problem(opened), count, *starts, best);
}

/* 1 when the name stands in the list; no list: any. */
static int is_wanted(const char *list, const char *name) {
  const size_t length = strlen(name);
  if (!list) return 1;
  for (const char *part = list;; part++) {
    const size_t size = strcspn(part, ",");
    if (size == length && memcmp(part, name, size) == 0) return 1;
    part += size;
    if (!*part) return 0;
  }
}

/* A name in --problems that the suite does not have: opening it says so, with the nearest. */
static int check_problems(const char *suite, const char *list) {
  char name[100];
  marq_suite_info info;
  for (const char *part = list; part; part = strchr(part, ',') ? strchr(part, ',') + 1 : NULL) {
    snprintf(name, sizeof name, "%.*s", (int)strcspn(part, ","), part);
    size_t i = 0;
    while (marq_suite_at(suite, i, &info) && strcmp(info.name, name) != 0) i++;
    if (marq_suite_at(suite, i, &info)) continue;
    marq_suite_case *none = NULL;
    marq_error error = {0};
    marq_suite_open(suite, name, &none, &error);
    marq_suite_free(none);
    return message_fail(exit_usage, "--problems: %s", error.text);
  }
  return exit_done;
}

static int set_up(comparing *c, suite_set *set, const char *suite) {
  marq_suite_info info;
  marq_error error = {0};
  marq_options base = marq_options_default();
  size_t most = 0;
  base.max_iterations = MARQ_NO_LIMIT;
  int status = check_suite(suite);
  if (status == exit_done) status = check_problems(suite, c->request.problems);
  if (status != exit_done) return status;
  if (strcmp(suite, "networks") == 0) {
    /* as marq train has it */
    base.polish = 0;
    if (marq_options_set(&base, "scaling", "levenberg", &error) != MARQ_OK) return message_fail_library(NULL, &error);
  } else {
    c->seed_word = "start";
  }
  status = compare_read_solvers(c, &base);
  if (status != exit_done) return status;
  while (marq_suite_at(suite, most, &info)) most++;
  set->cases = calloc(most + 1, sizeof *set->cases);
  set->starts = calloc(most + 1, sizeof *set->starts);
  if (!set->cases || !set->starts) return message_out_of_memory();
  for (size_t i = 0; status == exit_done && marq_suite_at(suite, i, &info); i++)
    if (is_wanted(c->request.problems, info.name)) status = add(c, set, suite, info.name);
  c->kind = "suite";
  snprintf(c->title, sizeof c->title, "suite %s: %zu problem%s", suite, c->task_count, c->task_count == 1 ? "" : "s");
  return status;
}

static int run(const argument_verb *verb, int argc, char **argv) {
  const char *operands[1];
  comparing c;
  suite_set set = {NULL, NULL, 0};
  int finished;
  int status = compare_parse(&c, verb, NULL, NULL, argc, argv, operands, &finished);
  if (!finished) status = set_up(&c, &set, operands[0]);
  if (!finished && status == exit_done) status = compare_run(&c);
  compare_free(&c);
  for (size_t i = 0; i < set.count; i++) {
    marq_suite_free(set.cases[i]);
    free(set.starts[i]);
  }
  free(set.cases);
  free(set.starts);
  return status;
}

const argument_verb verb_compare_suite = {
    .name = "compare suite",
    .operands = "nist|mgh|networks",
    .least = 1,
    .most = 1,
    .summary =
        "Compare solvers on built-in problems: nist (27 x 2 starts), mgh (More, Garbow & Hillstrom, starts\n"
        "times 1, 10 and 100), networks (sinc, surface, ten points; 7 seeds). 'marq list problems' names them.",
    .details =
        "An evaluation is a pass over all samples that yields the residual; derivatives count as two of them,\n"
        "value and derivatives together as three, a batch as its part of the samples. F is the cost, 1/2 RSS.",
    .examples =
        "  marq compare suite mgh --solvers lm,dogleg,gsl-lm,gsl-dogleg --plot profiles.svg\n"
        "  marq compare suite networks -S lm-gain-accel,adam --problems sinc --goals 1e-2,1e-4,1e-6 --tune\n",
    .run = run,
};
