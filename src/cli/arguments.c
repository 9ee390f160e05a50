/* Parsing of a verb's options with getopt_long, and the usage text from the same table; see arguments.h. */
#include "arguments.h"

#include <getopt.h>
#include <marq/options.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

enum { first_long = 256, name_size = 48, left_width = 34, line_width = 100 };

/* The options of a verb as getopt wants them. */
typedef struct getopt_table {
  struct option *options;
  char (*names)[name_size]; /* of the library's options, with dashes */
  char letters[96];
  size_t own, library;
} getopt_table;

static void dashed(const char *name, char *out) {
  size_t i = 0;
  for (; name[i] && i + 1 < name_size; i++) out[i] = (char)(name[i] == '_' ? '-' : name[i]);
  out[i] = '\0';
}

static const argument_option help_option = {"help", 'h', NULL, "print this text"};

/* 1 when the i-th option of the library belongs to the verb; its name, with dashes, is then in out. */
static int is_library_option(const argument_verb *verb, size_t i, marq_option_info *info, char *out) {
  marq_option_at(i, info);
  dashed(info->name, out);
  for (const argument_option *option = verb->options; option->name; option++) {
    if (strcmp(option->name, out) == 0) return 0;
  }
  for (const char *const *name = verb->without; name && *name; name++) {
    if (strcmp(*name, out) == 0) return 0;
  }
  return 1;
}

static int table_make(getopt_table *table, const argument_verb *verb) {
  memset(table, 0, sizeof *table);
  while (verb->options[table->own].name) table->own++;
  marq_option_info info;
  size_t most = 0;
  while (verb->library_options && marq_option_at(most, &info)) most++;
  table->options = calloc(table->own + most + 2, sizeof *table->options);
  table->names = calloc(most + 1, sizeof *table->names);
  if (!table->options || !table->names) return 0;
  char *letter = table->letters;
  *letter++ = ':';
  *letter++ = help_option.letter;
  for (size_t i = 0; i < table->own; i++) {
    const argument_option *option = &verb->options[i];
    table->options[i].name = option->name;
    table->options[i].has_arg = option->value ? required_argument : no_argument;
    table->options[i].val = first_long + (int)i;
    if (!option->letter) continue;
    *letter++ = option->letter;
    if (option->value) *letter++ = ':';
  }
  for (size_t i = 0; i < most; i++) {
    char *name = table->names[table->library];
    if (!is_library_option(verb, i, &info, name)) continue;
    const size_t place = table->own + table->library++;
    table->options[place].name = name;
    table->options[place].has_arg = required_argument;
    table->options[place].val = first_long + (int)place;
  }
  struct option *help = &table->options[table->own + table->library];
  help->name = help_option.name;
  help->val = (unsigned char)help_option.letter;
  return 1;
}

static void table_free(getopt_table *table) {
  free(table->options);
  free(table->names);
}

static int unknown_option(const getopt_table *table, const argument_verb *verb, const char *argument) {
  if (strncmp(argument, "--", 2) != 0) {
    return message_fail(exit_usage, "unknown option '-%c'; 'marq %s --help' lists the options", optopt, verb->name);
  }
  char word[name_size], suggestion[name_size + 32];
  size_t length = strcspn(argument + 2, "=");
  if (length >= sizeof word) length = sizeof word - 1;
  memcpy(word, argument + 2, length);
  word[length] = '\0';
  nearest search = nearest_to(word);
  size_t starts = 0;
  for (const struct option *option = table->options; option->name; option++) {
    nearest_offer(&search, option->name);
    starts += strncmp(option->name, word, length) == 0;
    if (strcmp(option->name, word) == 0 && option->has_arg == no_argument) {
      return message_fail(exit_usage, "option '--%s' takes no value", word);
    }
  }
  if (starts > 1) {
    return message_fail(exit_usage, "option '--%s' is ambiguous; 'marq %s --help' lists the options", word, verb->name);
  }
  nearest_text(&search, suggestion, sizeof suggestion);
  if (search.best) {
    return message_fail(exit_usage, "unknown option '--%s'; did you mean '--%s'?", word, search.best);
  }
  return message_fail(exit_usage, "unknown option '--%s'; 'marq %s --help' lists the options", word, verb->name);
}

static int take_one(const getopt_table *table, const argument_verb *verb, int code, argument_take take, void *context) {
  for (size_t i = 0; i < table->own; i++) {
    if (code == (unsigned char)verb->options[i].letter || code == first_long + (int)i) {
      return take(context, verb->options[i].name, optarg);
    }
  }
  return take(context, table->options[(size_t)(code - first_long)].name, optarg);
}

static int take_operands(const argument_verb *verb, int argc, char **argv, const char **operands) {
  const size_t given = (size_t)(argc - optind);
  for (size_t i = 0; i < verb->most; i++) operands[i] = i < given ? argv[(size_t)optind + i] : NULL;
  if (given < verb->least) {
    return message_fail(exit_usage, "marq %s needs %s: see 'marq %s --help'", verb->name, verb->operands, verb->name);
  }
  if (given > verb->most) {
    return message_fail(exit_usage, "one argument too many: '%s'; usage: marq %s [OPTION]... %s",
                        argv[(size_t)optind + verb->most], verb->name, verb->operands);
  }
  return exit_done;
}

int arguments_parse(const argument_verb *verb, int argc, char **argv, argument_take take, void *context,
                    const char **operands, int *finished) {
  getopt_table table;
  int status = exit_done, code;
  *finished = 1;
  if (!table_make(&table, verb)) {
    table_free(&table);
    return message_out_of_memory();
  }
  opterr = 0;
  optind = 1;
  while (status == exit_done) {
    const int at = optind;
    code = getopt_long(argc, argv, table.letters, table.options, NULL);
    if (code == -1) {
      *finished = 0;
      break;
    }
    if (code == help_option.letter) {
      arguments_usage(verb);
      break;
    }
    if (code == ':') {
      status = message_fail(exit_usage, "option '%s' needs a value", argv[optind - 1]);
    } else if (code == '?') {
      status = unknown_option(&table, verb, argv[optind > at ? optind - 1 : optind]);
    } else {
      status = take_one(&table, verb, code, take, context);
    }
  }
  if (!*finished) status = take_operands(verb, argc, argv, operands);
  if (status != exit_done) *finished = 1;
  table_free(&table);
  return status;
}

/* Print text broken at blanks into the right-hand column; the cursor stands at `used`. */
static void print_wrapped(const char *text, int used) {
  int column = used;
  const char *word = text;
  if (column >= left_width) {
    putchar('\n');
    column = 0;
  }
  printf("%*s", left_width - column, "");
  column = left_width;
  while (*word) {
    const int length = (int)strcspn(word, " ");
    if (column > left_width && column + 1 + length > line_width) {
      printf("\n%*s", left_width, "");
      column = left_width;
    }
    if (column > left_width) column += printf(" ");
    column += printf("%.*s", length, word);
    word += length;
    word += strspn(word, " ");
  }
  putchar('\n');
}

static void print_option(const argument_option *option) {
  int used = option->letter ? printf("  -%c, --%s", option->letter, option->name) : printf("      --%s", option->name);
  if (option->value) used += printf(" %s", option->value);
  print_wrapped(option->help, used + 1);
}

/* Help of a choice names the function that lists its registry; at the command line `marq list` does. */
static void print_library_option(const marq_option_info *info) {
  char name[name_size], text[512];
  const char *reference = strstr(info->help, ": see marq_");
  dashed(info->name, name);
  const int used = printf("      --%s %s", name, info->choice ? "NAME" : "NUMBER");
  if (info->choice && reference) {
    const size_t length = strlen(name);
    const char *plural = length > 2 && !strcmp(name + length - 2, "ch") ? "es" : "s";
    snprintf(text, sizeof text, "%.*s; 'marq list %s%s' lists them [%s]", (int)(reference - info->help), info->help,
             name, plural, info->choice);
  } else if (info->choice) {
    snprintf(text, sizeof text, "%s [%s]", info->help, info->choice);
  } else if (info->value >= MARQ_NO_LIMIT) {
    snprintf(text, sizeof text, "%s [no limit]", info->help);
  } else {
    snprintf(text, sizeof text, "%s [%.6g]", info->help, info->value);
  }
  print_wrapped(text, used + 1);
}

void arguments_usage(const argument_verb *verb) {
  printf("Usage: marq %s [OPTION]... %s\n\n%s\n\nOptions:\n", verb->name, verb->operands, verb->summary);
  for (const argument_option *option = verb->options; option->name; option++) print_option(option);
  print_option(&help_option);
  if (verb->library_options) {
    printf("\nThe solver (defaults in brackets):\n");
    marq_option_info info;
    char name[name_size];
    for (size_t i = 0; marq_option_at(i, &info); i++) {
      if (is_library_option(verb, i, &info, name)) print_library_option(&info);
    }
  }
  if (verb->details) printf("\n%s\n", verb->details);
  printf("\nExamples:\n%s", verb->examples);
}
