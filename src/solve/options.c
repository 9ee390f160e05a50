/* The table of options: defaults, setting by name, listing. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <marq/data.h>

#include "nearest.h"
#include "solve/solver.h"
#include "solvers/solver.h"

typedef struct option {
  marq_option_info info;
  size_t offset;
} option;

static const option options_table[] = {
#define MARQ_X(field, value, least, most, help) \
  {{#field, help, NULL, value, least, most}, offsetof(marq_options, field)},
    MARQ_NUMBER_OPTIONS(MARQ_X)
#undef MARQ_X
#define MARQ_X(field, value, help) {{#field, help, value, 0, 0, 0}, offsetof(marq_options, field)},
        MARQ_CHOICE_OPTIONS(MARQ_X)
#undef MARQ_X
};
enum { option_count = sizeof options_table / sizeof *options_table };

marq_options marq_options_default(void) {
  return (marq_options){
#define MARQ_X(field, value, least, most, help) .field = value,
      MARQ_NUMBER_OPTIONS(MARQ_X)
#undef MARQ_X
#define MARQ_X(field, value, help) .field = value,
          MARQ_CHOICE_OPTIONS(MARQ_X)
#undef MARQ_X
  };
}

int marq_option_at(size_t i, marq_option_info *info) {
  if (i >= option_count) return 0;
  if (info) *info = options_table[i].info;
  return 1;
}

static int same_name(const char *a, const char *b) {
  for (;; a++, b++) {
    const char x = *a == '-' ? '_' : *a, y = *b == '-' ? '_' : *b;
    if (x != y) return 0;
    if (!x) return 1;
  }
}

typedef const char *lister(size_t i, const char **help);

static const char *trial_name(size_t i, const char **help) {
  static const char *const names[] = {"value", "fused"};
  (void)help;
  return i < 2 ? names[i] : NULL;
}

static lister *choices_of(const char *field) {
  if (!strcmp(field, "solver")) return marq_solver_name;
  if (!strcmp(field, "linear_solver")) return marq_linear_solver_name;
  if (!strcmp(field, "scaling")) return marq_scaling_name;
  if (!strcmp(field, "schedule")) return marq_schedule_name;
  if (!strcmp(field, "line_search")) return marq_search_name;
  if (!strcmp(field, "sampling")) return marq_sampling_name;
  return trial_name;
}

/* What shares less than half its letters is no suggestion. */
static marq_status fail_unknown(const char *what, const char *name, const marq_nearest *nearest, marq_error *error) {
  const size_t length = strlen(name), most = length / 3 + 1;
  const int near = nearest->distance <= most && 2 * nearest->distance <= length;
  return marq_fail(error, MARQ_EINVAL, "there is no %s '%s'%s%s%s", what, name, near ? "; did you mean '" : "",
                   near ? nearest->best : "", near ? "'?" : "");
}

static marq_status set_choice(const option *o, const char **place, const char *value, marq_error *error) {
  lister *list = choices_of(o->info.name);
  marq_nearest nearest = marq_nearest_begin(value);
  if (!strcmp(value, "auto")) {
    *place = o->info.choice;
    return MARQ_OK;
  }
  for (size_t i = 0; list(i, NULL); i++) {
    if (!strcmp(list(i, NULL), value)) {
      *place = list(i, NULL);
      return MARQ_OK;
    }
    marq_nearest_offer(&nearest, list(i, NULL));
  }
  return fail_unknown(o->info.name, value, &nearest, error);
}

/* Numbers that count something. */
static marq_status check_whole(const char *field, double value, marq_error *error) {
  static const char *const fields[] = {"batch", "seed", "watch_every", "history"};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (!strcmp(field, fields[i]) && value != floor(value))
      return marq_fail(error, MARQ_EINVAL, "%s is %g, it must be a whole number", field, value);
  return MARQ_OK;
}

static marq_status set_number(const option *o, double *place, const char *value, marq_error *error) {
  size_t used;
  const double number = marq_parse_double(value, strlen(value), &used);
  if (used == 0 || value[used] || isnan(number))
    return marq_fail(error, MARQ_EINVAL, "%s needs a number, got '%s'", o->info.name, value);
  if (isinf(number) && number > 0 && o->info.most >= MARQ_NO_LIMIT) {
    *place = MARQ_NO_LIMIT;
    return MARQ_OK;
  }
  if (number < o->info.least || number > o->info.most)
    return marq_fail(error, MARQ_EINVAL, "%s is %g, it must lie between %g and %g", o->info.name, number, o->info.least,
                     o->info.most);
  const marq_status status = check_whole(o->info.name, number, error);
  if (status != MARQ_OK) return status;
  *place = number;
  return MARQ_OK;
}

marq_status options_check_whole(const marq_options *options, marq_error *error) {
  for (size_t i = 0; i < option_count; i++) {
    const option *o = &options_table[i];
    if (o->info.choice) continue;
    const marq_status status = check_whole(o->info.name, *(const double *)((const char *)options + o->offset), error);
    if (status != MARQ_OK) return status;
  }
  return MARQ_OK;
}

marq_status marq_options_set(marq_options *options, const char *name, const char *value, marq_error *error) {
  marq_nearest nearest = marq_nearest_begin(name);
  for (size_t i = 0; i < option_count; i++) {
    const option *o = &options_table[i];
    void *place = (char *)options + o->offset;
    if (same_name(o->info.name, name))
      return o->info.choice ? set_choice(o, place, value, error) : set_number(o, place, value, error);
    marq_nearest_offer(&nearest, o->info.name);
  }
  return fail_unknown("option", name, &nearest, error);
}
