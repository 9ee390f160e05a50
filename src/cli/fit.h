/* One run of `marq fit`: what was asked, what was read, what came out. The pieces of the command share it. */
#ifndef MARQ_CLI_FIT_H
#define MARQ_CLI_FIT_H

#include <marq/marq.h>
#include <stdio.h>

#include "arguments.h"
#include "solver_options.h"
#include "warnings.h"

/** NAME=VALUE pairs of an option that may be repeated. */
typedef struct assignment {
  char *name;
  double value; /* NaN when the option allows a bare name and got one */
} assignment;

typedef struct assignments {
  const char *option; /* for messages */
  int bare;           /* a name without a value is fine */
  size_t count;
  assignment *items;
} assignments;

/** Texts of an option that may be repeated: borrowed from the arguments. */
typedef struct texts {
  size_t count;
  const char **items;
} texts;

/** What the command line asked for. */
typedef struct fit_request {
  const char *formula, *data; /* operands */
  assignments start, fix, typical, scale, towards, penalty;
  texts bounds, constraint, tie;
  const char *weights_column, *weights_option; /* NULL: none */
  marq_weights weights;
  marq_options options;
  solver_options given; /* of the library's options */
  marq_table_options table;
  int threads; /* 0: chosen by size */
  int json, quiet, digits, tune;
  const char *trace, *plot, *save;
  const char *residuals;
  const marq_loss *loss; /* NULL: squared */
  double loss_scale;     /* of a robust loss; 0: estimated */
  int scale_given;
  double ridge;             /* λ: given, or chosen */
  const char *ridge_choice; /* NULL: given */
  int ridge_to_start, ridge_to_zero, seed_given;
  size_t folds;    /* of a ridge chosen by cv; 0: not given */
  double held_out; /* of one chosen by validation; 0: not given */
} fit_request;

/** A --constraint: low ≤ row·p ≤ high of the free parameters, the first parameter of the formula in it positive. */
typedef struct fit_relation {
  double low, high;
  size_t row;         /* of fit.A; or, as a bound of one parameter alone: */
  size_t bounded;     /* that, among the free ones, else free_count */
  double coefficient; /* its own */
  int turned;         /* 1: its terms have other signs than as it was written, left less right */
  marq_active active; /* a bound's: with the multiplier of the relation */
} fit_relation;

/** The fit itself. Everything is owned by it unless it says otherwise; freed by fit_free. */
typedef struct fit {
  fit_request request;
  /* what was read */
  char *formula_text, *formula_path; /* path: NULL when the formula stood on the command line */
  marq_table_reader *reader;         /* keeps the names of all columns */
  marq_table *table;
  marq_formula *formula;
  marq_column *columns; /* as many as the reader knows; data NULL where the formula does not look */
  marq_formula_data *data;
  marq_column response, weights; /* borrowed from the table, or response_values */
  double *response_values;
  size_t samples;
  int threads;
  /* parameters of the formula, n of them, of which free_count are fitted */
  size_t n, free_count;
  const char **names; /* borrowed from the formula */
  double *start, *p;
  unsigned char *fixed, *defaulted; /* defaulted: no start was given */
  size_t *free_index;               /* [free_count] */
  double *free_p, *free_typical, *free_scale;
  marq_problem *whole, *bare, *problem;    /* all parameters; the free ones; those with a ridge. Else the same */
  double *centre;                          /* of the ridge [free_count]; NULL: 0 */
  int interrupted;                         /* 1: while it was being chosen */
  double choice_seconds;                   /* that the choice took, without the last fit */
  double *factors;                         /* [n] of --penalty: the penalty of each is λ times it; NULL: 1 */
  marq_problem *grouped;                   /* bare, parameters of different factors in groups of their own, or NULL */
  double *relative;                        /* [groups of grouped] their factors */
  marq_regularised *regularised;           /* how the ridge was chosen, or NULL */
  double effective;                        /* parameters, with a ridge */
  marq_constraints constraints;            /* of the free parameters */
  fit_relation *relations;                 /* of request.constraint */
  double *bounds, *A, *low, *high, *begun; /* its arrays (and the bounds alone); begun: the start, moved inside */
  size_t moved;                            /* parameters of the start that were */
  /* what came out */
  marq_tuned tuned; /* count 0: nothing was */
  marq_result result;
  marq_active *active; /* [active_count] constraints at the end */
  size_t active_count;
  unsigned char *is_held;      /* [free_count] given by active constraints: without an error */
  double *tied, *tied_stderr;  /* values of tied parameters and their standard errors */
  marq_robust robust;          /* how the scale of the loss was estimated */
  double scale;                /* of a robust loss */
  double *loss_weights;        /* [samples] that a robust loss gives; NULL otherwise */
  size_t outliers;             /* observations with less than half their weight */
  marq_statistics *statistics; /* of the free parameters; NULL when they could not be computed */
  double *stderr_, *lower, *upper;
  unsigned char *undetermined;
  warnings warnings;
} fit;

/** Parse the arguments of `marq fit`. Returns the exit status; *finished as arguments_parse has it. */
int fit_parse_request(fit_request *request, const argument_verb *verb, int argc, char **argv, int *finished);
void fit_request_free(fit_request *request);
extern const argument_option fit_options[];

/** Read formula and table, check them, bind them (fit_input.c); then starts, fixed parameters and the problem
 * (fit_setup.c). Failures print a message and return how to exit. */
int fit_read_input(fit *f);
int fit_set_up(fit *f);
/** Statistics and warnings after the run (fit_outcome.c). */
int fit_judge(fit *f);
/** The ridge (fit_ridge.c): options that belong to one choice; the choice and the problem with it; statistics that know
 * of it. */
int fit_ridge_check(const fit_request *request);
int fit_ridge_set_up(fit *f);
int fit_ridge_choose(fit *f); /* fit_choice.c */
void fit_ridge_judge(fit *f);
/** λ of parameter j relative to that of the ridge. */
double fit_ridge_factor(const fit *f, size_t j);
/** 1 when the ridge was chosen by a key of MARQ_RIDGE_CHOICES. */
int fit_ridge_chosen_by(const fit_request *request, const char *choice);
/** The loss (fit_loss.c): what the response must be; the problem's part; the
 * fit with an estimated scale; warnings and the weights of observations. */
int fit_loss_check_response(const fit *f);
void fit_loss_set_up(const fit *f, marq_problem_options *options);
int fit_loss_is_estimated(const fit *f);
/** 1 when it takes several fits: fit_loss_solve. */
int fit_loss_in_stages(const fit *f);
marq_status fit_loss_solve(fit *f, marq_callback callback, void *context, marq_error *error);
void fit_loss_judge(fit *f);
/** The loss, NULL where it is squared; and in words, with its scale. */
const marq_loss *fit_loss(const fit *f);
const char *fit_loss_text(const fit *f, char *buffer, size_t size);
/** What the fit predicts of each observation [samples], in units of the response: values, probabilities, rates. */
int fit_loss_predict(const fit *f, double *fitted);
/** Write observed, fitted, residual and weight of each observation (fit_residuals.c). Returns how to exit. */
int fit_residuals_write(const fit *f, const char *path);
/** Bounds, constraints and ties (fit_constraints.c): what the solver gets and the start within it; statistics given
 * what is active; tied values and warnings. */
int fit_ties_take_arrays(fit *f);
int fit_constraints_set_up(fit *f);
int fit_constraints_begin(fit *f);
marq_status fit_constraints_statistics(fit *f, marq_error *error);
void fit_constraints_judge(fit *f);
/** The bound of parameter j, or --constraint i, that is active; NULL when it is not. A bound, NaN where none is given.
 */
const marq_active *fit_active_bound(const fit *f, size_t j);
const marq_active *fit_active_row(const fit *f, size_t i);
/** --constraint i as its multiplier has it, in the free parameters. */
const char *fit_relation_text(const fit *f, size_t i, char *buffer, size_t size);
double fit_bound(const fit *f, size_t j, int upper);
/** Index of a parameter by name, or a message that option wants one (fit_names.c). */
int fit_parameter_index(const fit *f, const char *option, const char *name, size_t *index);
void fit_free(fit *f);

/** What the weights are, in words for the report. */
const char *fit_weights_text(const fit *f);
const char *fit_weights_key(marq_weights weights, int given);

/** 1 when the solver goes by gradients alone: its best point need not be its last (trace.c). */
int fit_is_first_order(const fit *f);

/** Stopping tests by name, for reports: 0 beyond the last. */
int fit_test_at(const fit *f, size_t i, const char **name, marq_test *test);

/** The reports. */
void report_text(const fit *f, FILE *file);
void report_json(const fit *f, FILE *file);
/** Draw data, fit and residuals with gnuplot. Returns how to exit. */
int plot_fit(const fit *f, const char *path);
/** Write what `marq predict` needs. Returns how to exit. */
int saved_write(const fit *f, const char *path);

#endif
