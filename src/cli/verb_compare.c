/* marq compare: several solvers on the same problem. */
#include <string.h>

#include "compare.h"
#include "message.h"
#include "verbs.h"

static const argument_verb *const kinds[] = {&verb_compare_fit, &verb_compare_train, &verb_compare_suite};
static const char *const kind_names[] = {"fit", "train", "suite"};
enum { kind_count = sizeof kinds / sizeof *kinds };

static int run(const argument_verb *verb, int argc, char **argv) {
  char suggestion[100];
  if (argc < 2) return message_fail(exit_usage, "marq compare needs %s: see 'marq compare --help'", verb->operands);
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
    arguments_usage(verb);
    return exit_done;
  }
  nearest search = nearest_to(argv[1]);
  for (size_t i = 0; i < kind_count; i++) {
    if (strcmp(argv[1], kind_names[i]) == 0) return kinds[i]->run(kinds[i], argc - 1, argv + 1);
    nearest_offer(&search, kind_names[i]);
  }
  return message_fail(exit_usage, "marq compare knows fit, train and suite, not '%s'%s", argv[1],
                      nearest_text(&search, suggestion, sizeof suggestion));
}

static const argument_option options[] = {{NULL, 0, NULL, NULL}};

const argument_verb verb_compare = {
    .name = "compare",
    .operands = "fit FORMULA DATA | train DATA | suite nist|mgh|networks",
    .least = 1,
    .most = 3,
    .summary =
        "Compare solvers on the same problem, from the same starts, with the same counters: a table, curves of\n"
        "convergence, profiles over many problems, orders of convergence. Each kind has options of its own:\n"
        "'marq compare fit --help', 'marq compare train --help', 'marq compare suite --help'.",
    .details =
        "Exit status: 0 compared, whatever became of the solvers; 1 ended by Ctrl-C, with what was done till then;\n"
        "2 bad usage, bad input or an output file that cannot be written; 3 system failure.",
    .examples =
        "  marq compare fit 'y = a*exp(-b*x) + c' decay.csv --solvers lm,gn,dogleg,gd,adam\n"
        "  marq compare train sensor.csv -x x,y -y z --hidden 15 --solvers lm-gain-accel,adam,sgd --seeds 10\n"
        "  marq compare suite mgh --solvers lm,dogleg,gsl-lm --plot profiles.svg\n",
    .options = options,
    .run = run,
};
