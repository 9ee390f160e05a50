/* Options of the bench programs; see arguments.h. */
#include "arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *argument_text(int argc, char **argv, const char *name, const char *fallback) {
  for (int k = 1; k + 1 < argc; k++)
    if (strcmp(argv[k], name) == 0) return argv[k + 1];
  return fallback;
}

double argument_number(int argc, char **argv, const char *name, double fallback) {
  const char *text = argument_text(argc, argv, name, NULL);
  return text ? strtod(text, NULL) : fallback;
}

int argument_flag(int argc, char **argv, const char *name) {
  for (int k = 1; k < argc; k++)
    if (strcmp(argv[k], name) == 0) return 1;
  return 0;
}

static int listed(const char *list, const char *word) {
  const size_t length = strlen(word);
  for (const char *at = list; (at = strstr(at, word)) != NULL; at += length)
    if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == 0)) return 1;
  return 0;
}

int arguments_check(int argc, char **argv, const char *valued, const char *flags) {
  for (int k = 1; k < argc; k++) {
    if (listed(valued, argv[k]) && k + 1 < argc)
      k++;
    else if (!listed(flags, argv[k]) && !strchr(argv[k], '=')) {
      fprintf(stderr, "%s: unknown argument %s\noptions with a value: %s\nflags: %s\n", argv[0], argv[k], valued,
              flags);
      return 0;
    }
  }
  return 1;
}

int arguments_set_options(int argc, char **argv, marq_options *options) {
  for (int k = 1; k < argc; k++) {
    const char *equals = strchr(argv[k], '=');
    char name[64];
    marq_error error = {0};
    if (!equals) continue;
    snprintf(name, sizeof name, "%.*s", (int)(equals - argv[k]), argv[k]);
    if (marq_options_set(options, name, equals + 1, &error) != MARQ_OK) {
      fprintf(stderr, "%s: %s\n", argv[k], error.text);
      return 0;
    }
  }
  return 1;
}
