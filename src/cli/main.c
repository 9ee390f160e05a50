/* The command `marq`: finds the verb and runs it. */
#include <errno.h>
#include <marq/base.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "verbs.h"

static const argument_verb *const verbs[] = {&verb_fit,     &verb_train,    &verb_ridge, &verb_compare,
                                             &verb_predict, &verb_evaluate, &verb_list};
enum { verb_count = sizeof verbs / sizeof *verbs };

/* OpenBLAS may have threads of its own. Results must not depend on their number, and marq brings its own threads. A
 * linked-in OpenBLAS makes its threads before main(), and they then spin beside whatever is read first: so it is told
 * before that, by the constructor that runs first. */
#if defined(__GNUC__)
__attribute__((weak)) void openblas_set_num_threads(int count);

__attribute__((constructor(101))) static void make_no_threads_of_blas(void) {
  setenv("OPENBLAS_NUM_THREADS", "1", 0);
}
#endif

static void make_blas_serial(void) {
#if defined(__GNUC__)
  if (openblas_set_num_threads) openblas_set_num_threads(1);
#endif
}

static void print_help(void) {
  printf("Usage: marq VERB [OPTION]... ARGUMENTS\n\nNonlinear least squares.\n\nVerbs:\n");
  for (size_t i = 0; i < verb_count; i++) {
    const int length = (int)strcspn(verbs[i]->summary, ".,:\n");
    printf("  %-10s %.*s\n", verbs[i]->name, length, verbs[i]->summary);
  }
  printf(
      "  help       Print this text, or the usage of a verb\n\n"
      "'marq VERB --help' and 'marq help VERB' print a verb's options and examples.\n"
      "'marq --version' prints the version.\n");
}

static const argument_verb *find_verb(const char *name) {
  for (size_t i = 0; i < verb_count; i++) {
    if (strcmp(verbs[i]->name, name) == 0) return verbs[i];
  }
  return NULL;
}

static int unknown_verb(const char *name) {
  char suggestion[100];
  nearest search = nearest_to(name);
  for (size_t i = 0; i < verb_count; i++) nearest_offer(&search, verbs[i]->name);
  nearest_offer(&search, "help");
  return message_fail(exit_usage, "'%s' is no verb of marq%s ('marq help' lists them)", name,
                      nearest_text(&search, suggestion, sizeof suggestion));
}

static int help(int argc, char **argv) {
  if (argc < 2) {
    print_help();
    return exit_done;
  }
  if (argc > 2) return message_fail(exit_usage, "one argument too many: '%s'; usage: marq help [VERB]", argv[2]);
  const argument_verb *verb = find_verb(argv[1]);
  if (!verb) return unknown_verb(argv[1]);
  arguments_usage(verb);
  return exit_done;
}

static int dispatch(int argc, char **argv) {
  if (argc < 2) return message_fail(exit_usage, "what shall be done? Try 'marq help'");
  const char *word = argv[1];
  if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
    printf("marq %s\n", marq_version());
    return exit_done;
  }
  if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
    return help(argc - 1, argv + 1);
  }
  const argument_verb *verb = find_verb(word);
  if (!verb) return unknown_verb(word);
  return verb->run(verb, argc - 1, argv + 1);
}

int main(int argc, char **argv) {
  make_blas_serial();
  signal(SIGXFSZ, SIG_IGN); /* a file that reaches the limit of sizes fails as on a full disk, and is cleaned up */
  const int status = dispatch(argc, argv);
  errno = 0;
  if (fflush(stdout) != 0 || ferror(stdout)) {
    return message_fail(exit_system, "cannot write to standard output%s%s", errno ? ": " : "",
                        errno ? strerror(errno) : "");
  }
  return status;
}
