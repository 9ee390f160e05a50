/* marq list: what there is to choose from, read from the registries. */
#include <marq/formula.h>
#include <marq/loss.h>
#include <marq/network.h>
#include <marq/options.h>
#include <marq/suite.h>
#include <stdio.h>
#include <string.h>

#include "message.h"
#include "peers.h"
#include "verbs.h"

enum { name_width = 22 };

static void line(const char *name, const char *help) {
  printf("%-*s %s\n", name_width, name, help);
}

static void list_registry(const char *(*name_at)(size_t, const char **)) {
  const char *name, *help;
  for (size_t i = 0; (name = name_at(i, &help)) != NULL; i++) line(name, help);
}

static void list_solvers(void) {
  list_registry(marq_solver_name);
}

static void list_peers(void) {
  const marq_peer *peers[peers_most];
  const size_t count = peers_list(peers, peers_most);
  for (size_t i = 0; i < count; i++) line(peers[i]->name, peers[i]->help);
}

static void list_linear_solvers(void) {
  list_registry(marq_linear_solver_name);
}

static void list_scalings(void) {
  list_registry(marq_scaling_name);
}

static void list_schedules(void) {
  list_registry(marq_schedule_name);
}

static void list_line_searches(void) {
  list_registry(marq_search_name);
}

static void list_samplings(void) {
  list_registry(marq_sampling_name);
}

static void list_activations(void) {
  const marq_activation *activation;
  for (size_t i = 0; (activation = marq_activation_at(i)) != NULL; i++) line(activation->name, activation->help);
}

static void list_losses(void) {
  const marq_loss *loss;
  for (size_t i = 0; (loss = marq_loss_at(i)) != NULL; i++) line(loss->name, loss->help);
}

static void list_initialisations(void) {
  list_registry(marq_initialisation_name);
}

static void list_functions(void) {
  const char *name, *help;
  char call[64];
  size_t arguments;
  static const char *const lists[] = {"", "(x)", "(x, y)", "(c, x, y)"};
  for (size_t i = 0; marq_formula_function(i, &name, &arguments, &help); i++) {
    snprintf(call, sizeof call, "%s%s", name, arguments < 4 ? lists[arguments] : "(...)");
    line(call, help);
  }
}

static void list_suites(void) {
  list_registry(marq_suite_name);
}

static void list_problems(void) {
  const char *suite;
  marq_suite_info info;
  printf("%-9s %-24s %8s %3s %7s  %-16s %s\n", "suite", "name", "m", "n", "starts", "best cost", "model; source");
  for (size_t s = 0; (suite = marq_suite_name(s, NULL)) != NULL; s++)
    for (size_t i = 0; marq_suite_at(suite, i, &info); i++)
      printf("%-9s %-24s %8zu %3zu %7zu  %-16.10g %s; %s\n", suite, info.name, info.residuals, info.parameters,
             info.starts, info.best, info.title, info.source);
}

static void list_options(void) {
  marq_option_info info;
  char name[64], help[400];
  for (size_t i = 0; marq_option_at(i, &info); i++) {
    size_t k = 0;
    for (; info.name[k] && k + 1 < sizeof name; k++) name[k] = (char)(info.name[k] == '_' ? '-' : info.name[k]);
    name[k] = '\0';
    if (info.choice) {
      const char *reference = strstr(info.help, ": see marq_");
      const int length = (int)(reference ? (size_t)(reference - info.help) : strlen(info.help));
      snprintf(help, sizeof help, "%.*s [%s]", length, info.help, info.choice);
    } else if (info.value >= MARQ_NO_LIMIT) {
      snprintf(help, sizeof help, "%s [no limit]", info.help);
    } else {
      snprintf(help, sizeof help, "%s [%g]", info.help, info.value);
    }
    line(name, help);
  }
}

static void list_solver_options(void) {
  marq_option_info info;
  const char *solver;
  char name[64];
  for (size_t i = 0; marq_option_at(i, &info); i++) {
    size_t k = 0, count = 0, all = 0;
    for (; info.name[k] && k + 1 < sizeof name; k++) name[k] = (char)(info.name[k] == '_' ? '-' : info.name[k]);
    name[k] = '\0';
    for (; (solver = marq_solver_name(all, NULL)) != NULL; all++) count += marq_solver_reads(solver, info.name) != 0;
    printf("%-*s", name_width, name);
    if (count == all) fputs(" all", stdout);
    for (size_t s = 0; count < all && s < all; s++)
      if (marq_solver_reads(marq_solver_name(s, NULL), info.name)) printf(" %s", marq_solver_name(s, NULL));
    putchar('\n');
  }
}

static const struct {
  const char *name;
  void (*list)(void);
} nouns[] = {{"solvers", list_solvers},
             {"linear-solvers", list_linear_solvers},
             {"scalings", list_scalings},
             {"schedules", list_schedules},
             {"line-searches", list_line_searches},
             {"samplings", list_samplings},
             {"functions", list_functions},
             {"activations", list_activations},
             {"initialisations", list_initialisations},
             {"losses", list_losses},
             {"suites", list_suites},
             {"problems", list_problems},
             {"options", list_options},
             {"solver-options", list_solver_options},
             {"peers", list_peers}};

static int take(void *context, const char *name, const char *value) {
  (void)context, (void)name, (void)value;
  return exit_done;
}

static int run(const argument_verb *verb, int argc, char **argv) {
  const char *noun;
  char suggestion[100];
  int finished;
  const int status = arguments_parse(verb, argc, argv, take, NULL, &noun, &finished);
  if (finished) return status;
  nearest search = nearest_to(noun);
  for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++) {
    if (strcmp(noun, nouns[i].name) == 0) return nouns[i].list(), exit_done;
    nearest_offer(&search, nouns[i].name);
  }
  return message_fail(exit_usage, "marq list knows %s, not '%s'%s", verb->operands, noun,
                      nearest_text(&search, suggestion, sizeof suggestion));
}

static const argument_option options[] = {{NULL, 0, NULL, NULL}};

const argument_verb verb_list = {
    .name = "list",
    .operands =
        "solvers|linear-solvers|scalings|schedules|line-searches|samplings|functions|"
        "losses|activations|initialisations|suites|problems|options|solver-options|peers",
    .least = 1,
    .most = 1,
    .summary = "List what there is to choose from, one a line with a short description.",
    .examples = "  marq list solvers\n  marq list functions\n  marq list solver-options\n",
    .options = options,
    .run = run,
};
