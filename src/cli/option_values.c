/* Values of options that several verbs have; see option_values.h. */
#include "option_values.h"

#include <errno.h>
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
  return message_fail(exit_usage, "--%s: '%s' is no whole number from %lu to %lu", option, text, least, most);
}
