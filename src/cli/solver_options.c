/* Options that the solver in use does not read are refused; see solver_options.h. */
#include "solver_options.h"

#include <marq/options.h>
#include <stdio.h>
#include <string.h>

#include "message.h"

static int is_same(const char *a, const char *b) {
  for (; *a && *b; a++, b++)
    if (*a != *b && !(*a == '_' && *b == '-')) return 0;
  return *a == *b;
}

void solver_options_set(solver_options *options, const char *name, int given) {
  marq_option_info info;
  for (size_t i = 0; i < solver_options_most && marq_option_at(i, &info); i++)
    if (is_same(info.name, name)) options->given[i] = given != 0;
}

int solver_options_given(const solver_options *options, const char *name) {
  marq_option_info info;
  for (size_t i = 0; i < solver_options_most && marq_option_at(i, &info); i++)
    if (is_same(info.name, name)) return options->given[i];
  return 0;
}

static void readers(const char *option, char *text, size_t size) {
  const char *name;
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; (name = marq_solver_name(i, NULL)) != NULL && used < size; i++)
    if (marq_solver_reads(name, option))
      used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", name);
}

static int refuse(const char *option, const char *const *solvers, size_t count) {
  char name[64], those[400];
  size_t k = 0;
  for (; option[k] && k + 1 < sizeof name; k++) name[k] = (char)(option[k] == '_' ? '-' : option[k]);
  name[k] = '\0';
  readers(option, those, sizeof those);
  if (count == 1)
    return message_fail(exit_usage, "--%s: solver %s does not use it; these do: %s", name, solvers[0], those);
  return message_fail(exit_usage, "--%s: none of the solvers compared uses it; these do: %s", name, those);
}

int solver_options_check(const solver_options *options, const char *const *solvers, size_t count) {
  marq_option_info info;
  for (size_t i = 0; i < solver_options_most && marq_option_at(i, &info); i++) {
    int is_read = !options->given[i];
    for (size_t k = 0; k < count; k++) is_read |= marq_solver_reads(solvers[k], info.name);
    if (!is_read) return refuse(info.name, solvers, count);
  }
  return exit_done;
}
