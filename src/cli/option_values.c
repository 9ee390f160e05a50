/* Values of options that several verbs have; see option_values.h. */
#include "option_values.h"

#include <errno.h>
#include <limits.h>
#include <marq/data.h>
#include <marq/regularise.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

int option_picture(const char *option, const char *path, const char **out) {
  const char *ending = strrchr(path, '.');
  if (!ending || (strcmp(ending, ".svg") != 0 && strcmp(ending, ".png") != 0 && strcmp(ending, ".pdf") != 0)) {
    return message_fail(exit_usage, "--%s: '%s' must end in .svg, .png or .pdf", option, path);
  }
  *out = path;
  return exit_done;
}

int option_whole(const char *option, const char *text, unsigned long least, unsigned long most, unsigned long *value) {
  char *end;
  errno = 0;
  *value = strtoul(text, &end, 10);
  if (end != text && !*end && !errno && !strchr(text, '-') && *value >= least && *value <= most) return exit_done;
  if (most == ULONG_MAX)
    return message_fail(exit_usage, "--%s: '%s' is no whole number from %lu on", option, text, least);
  return message_fail(exit_usage, "--%s: '%s' is no whole number from %lu to %lu", option, text, least, most);
}

int option_size(const char *option, const char *text, unsigned long least, unsigned long most, size_t *value) {
  unsigned long number = 0;
  const int status = option_whole(option, text, least, most, &number);
  if (status == exit_done) *value = number;
  return status;
}

void option_trim(const char **text, size_t *length) {
  while (*length && strchr(" \t", **text)) ++*text, --*length;
  while (*length && strchr(" \t", (*text)[*length - 1])) --*length;
}

int option_is_finite(const char *text, size_t length, double *value) {
  size_t used;
  *value = marq_parse_double(text, length, &used);
  return used && used == length && isfinite(*value);
}

int option_loss(const char *name, const marq_loss **loss) {
  char suggestion[100];
  const marq_loss *known = marq_loss_find(name);
  if (known) return *loss = known == marq_loss_find("squared") ? NULL : known, exit_done;
  nearest search = nearest_to(name);
  for (size_t i = 0; (known = marq_loss_at(i)) != NULL; i++) nearest_offer(&search, known->name);
  return message_fail(exit_usage, "--loss: there is no loss '%s'%s ('marq list losses' lists them)", name,
                      nearest_text(&search, suggestion, sizeof suggestion));
}

int option_loss_scale(const char *text, double *scale) {
  *scale = 0;
  if (strcmp(text, "mad") == 0) return exit_done;
  if (option_is_finite(text, strlen(text), scale) && *scale > 0) return exit_done;
  return message_fail(exit_usage,
                      "--loss-scale: '%s' is neither a positive number nor mad (estimated from the residuals)", text);
}

int option_ridge_choice(const char *text, const char **choice) {
  char suggestion[100];
  nearest search = nearest_to(text);
  const char *known;
  for (size_t i = 0; (known = marq_ridge_choice_name(i, NULL)) != NULL; i++) {
    nearest_offer(&search, known);
    if (strcmp(known, text) != 0) continue;
    *choice = known;
    return exit_done;
  }
  return message_fail(exit_usage, "--ridge: '%s' is neither a number nor gcv, cv, lcurve, validation or evidence%s",
                      text, nearest_text(&search, suggestion, sizeof suggestion));
}

int option_take_text(const option_text *list, size_t count, const char *name, const char *value) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(name, list[i].name) == 0) return *list[i].text = value, 1;
  return 0;
}

int option_take_flag(const option_flag *list, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(name, list[i].name) == 0) return *list[i].flag = 1, 1;
  return 0;
}
