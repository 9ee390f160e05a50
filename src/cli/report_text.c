/* The report that people read. docs/reports.md defines every quantity. */
#include <marq/data.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "message.h"

enum {
  cell_size = 64,
  guard_digits = 4,   /* an estimate ends where the fourth digit of its standard error stands */
  plain_digits = 7,   /* without a standard error */
  summary_digits = 8, /* sums of squares and the like */
  most_pairs = 15
};

static const double flagged_correlation = 0.9;

/** A table of strings, printed with aligned columns. */
enum { columns = 7 };
typedef char row[columns][cell_size];

/* Characters, not bytes. */
static int width(const char *text) {
  int count = 0;
  for (; *text; text++) count += ((unsigned char)*text & 0xC0) != 0x80;
  return count;
}

static void print_rows(FILE *file, const row *rows, size_t count) {
  int widths[columns] = {0};
  for (size_t i = 0; i < count; i++) {
    for (int k = 0; k < columns; k++) widths[k] = width(rows[i][k]) > widths[k] ? width(rows[i][k]) : widths[k];
  }
  for (size_t i = 0; i < count; i++) {
    int last = columns - 1;
    while (last > 0 && !rows[i][last][0]) last--;
    fputs("  ", file);
    for (int k = 0; k <= last; k++) {
      const int pad = widths[k] - width(rows[i][k]);
      const int left = k == 0 || k == columns - 1; /* names and notes to the left, numbers to the right */
      if (k) fputs("  ", file);
      if (!left) fprintf(file, "%*s", pad, "");
      fputs(rows[i][k], file);
      if (left && k < last) fprintf(file, "%*s", pad, "");
    }
    fputc('\n', file);
  }
}

static int exponent(double value) {
  char text[40];
  snprintf(text, sizeof text, "%.0e", fabs(value));
  return (int)strtol(strchr(text, 'e') + 1, NULL, 10);
}

/* Write value so that its last digit stands at 10^place, with at least `least` significant digits and at most 17. */
static void put(char *cell, double value, int place, int least) {
  if (!isfinite(value)) {
    strcpy(cell, isnan(value) ? "-" : value < 0 ? "-inf" : "inf");
    return;
  }
  const int leading = value == 0 ? place : exponent(value);
  int digits = leading - place + 1;
  digits = digits < least ? least : digits > 17 ? 17 : digits;
  const int decimals = digits - 1 - leading;
  if (value == 0) {
    strcpy(cell, "0");
  } else if (leading < -4 || leading > 9 || (decimals < 0 && leading > 6)) {
    snprintf(cell, cell_size, "%.*e", digits - 1, value);
  } else {
    snprintf(cell, cell_size, "%.*f", decimals > 0 ? decimals : 0, value);
  }
}

/* An estimate to the digits that its standard error justifies, or to `digits`, if that is more. One that is lost in the
 * error is 0 to those digits: how rounding left it is of no interest. */
static void put_judged(char *cell, double value, int place, int digits) {
  const int lost = digits == 0 && isfinite(value) && fabs(value) < 0.5 * pow(10, place);
  put(cell, lost ? 0 : value, place, digits > 3 ? digits : 3);
  if (lost && place < 0 && place > -10) snprintf(cell, cell_size, "%.*f", -place, 0.0);
}

static void put_digits(char *cell, double value, int digits) {
  put(cell, value, isfinite(value) && value != 0 ? exponent(value) - digits + 1 : 0, 1);
}

static int more(int digits, const fit *f) {
  return f->request.digits > digits ? f->request.digits : digits;
}

static void header_line(FILE *file, const char *label, const char *text) {
  fprintf(file, "  %-14s %s\n", label, text);
}

/* A formula of several lines goes on one: newlines are blanks in it, and comments are left out. */
static void put_formula(FILE *file, const fit *f) {
  fprintf(file, "  %-14s %s = ", "formula", marq_formula_response(f->formula));
  const char *text = marq_formula_expression(f->formula);
  for (int blank = 1; *text; text++) {
    if (*text == '#') {
      text += strcspn(text, "\n");
      if (!*text) break;
    }
    const int is_blank = strchr(" \t\r\n", *text) != NULL;
    if (!is_blank) {
      fputc(*text, file);
    } else if (!blank) {
      fputc(' ', file);
    }
    blank = is_blank;
  }
  fputc('\n', file);
}

/* ", chosen by cv (10 folds, seed 1)". */
static const char *choice_text(const fit *f, char *buffer, size_t size) {
  const marq_regularised *found = f->regularised;
  buffer[0] = '\0';
  if (!found) return buffer;
  const int used = snprintf(buffer, size, ", chosen by %s", f->request.ridge_choice);
  const size_t from = used > 0 && (size_t)used < size ? (size_t)used : 0;
  const double seed = f->request.options.seed;
  if (found->folds) {
    snprintf(buffer + from, size - from, " (%zu folds, seed %.0f)", found->folds, seed);
  } else if (found->held_out) {
    snprintf(buffer + from, size - from, " (%zu of %zu rows held out, seed %.0f)", found->held_out, f->samples, seed);
  }
  return buffer;
}

static void put_header(FILE *file, const fit *f) {
  char text[600];
  fprintf(file, "marq %s: nonlinear %sfit\n\n", marq_version(), fit_loss(f) ? "" : "least-squares ");
  put_formula(file, f);
  snprintf(text, sizeof text, "%.400s, %zu observation%s%s", message_path(f->request.data), f->samples,
           f->samples == 1 ? "" : "s", marq_table_dropped(f->table) ? " (incomplete rows left out)" : "");
  header_line(file, "data", text);
  if (f->request.weights_column) {
    snprintf(text, sizeof text, "%.200s (%s)", f->request.weights_column, fit_weights_text(f));
    header_line(file, "weights", text);
  } else {
    header_line(file, "weights", fit_weights_text(f));
  }
  if (fit_loss(f)) header_line(file, "loss", fit_loss_text(f, text, sizeof text));
  snprintf(text, sizeof text, "%s; linear solver %s; scaling %s", f->result.solver, f->result.linear_solver,
           f->result.scaling);
  header_line(file, "solver", text);
  if (f->tuned.count) {
    snprintf(text, sizeof text, "%.4g, the best of %zu", f->tuned.rate, f->tuned.count);
    header_line(file, "learning rate", text);
  }
  if (f->problem == f->bare) return;
  char choice[160];
  snprintf(text, sizeof text, "%.6g%s, towards %s", f->request.ridge, choice_text(f, choice, sizeof choice),
           f->request.ridge_to_start  ? f->request.towards.count ? "the start and given values" : "the start"
           : f->request.towards.count ? "given values"
                                      : "zero");
  header_line(file, "ridge", text);
}

/* What --penalty makes of the ridge for one parameter. */
static const char *penalty_note(const fit *f, size_t j, char note[32]) {
  const double factor = fit_ridge_factor(f, j);
  note[0] = '\0';
  if (factor == 0) return "not penalised";
  if (factor != 1) snprintf(note, 32, "penalty times %.4g", factor);
  return note;
}

static void put_parameter(const fit *f, size_t j, char (*cells)[cell_size]) {
  const double value = f->p[j], error = f->stderr_[j];
  snprintf(cells[0], cell_size, "%.60s", f->names[j]);
  const int judged = isfinite(error) && error > 0;
  const int digits = f->request.digits;
  if (f->fixed[j]) {
    marq_format_double(value, cells[1]);
  } else if (judged) {
    const int place = exponent(error) - guard_digits + 1;
    put_judged(cells[1], value, place, digits);
    put(cells[2], error, place, digits);
    put(cells[4], f->lower[j], place, digits > 3 ? digits : 3);
    put(cells[5], f->upper[j], place, digits > 3 ? digits : 3);
    put_digits(cells[3], fabs(value) > 1e-6 * error ? 100 * error / fabs(value) : NAN, 3);
  } else {
    put_digits(cells[1], value, more(plain_digits, f));
    strcpy(cells[2], error == 0 ? "0" : "-");
  }
  char state[cell_size / 2 + 20] = "", note[32];
  const marq_active *active = fit_active_bound(f, j);
  if (active)
    snprintf(state, sizeof state, "at %s, multiplier %.4g",
             active->side < 0   ? "its lower bound"
             : active->side > 0 ? "its upper bound"
                                : "both bounds",
             active->multiplier);
  else
    strcpy(state, f->fixed[j] ? "fixed" : f->undetermined[j] ? "not determined" : penalty_note(f, j, note));
  const int started = f->defaulted[j] && !active;
  snprintf(cells[6], cell_size, "%s%s%s", state, state[0] && started ? ", " : "",
           started ? (f->fixed[j] ? "at 1" : "started at 1") : "");
}

static void put_tied(const fit *f, size_t i, char (*cells)[cell_size]) {
  const char *expression, *name = marq_formula_tie(f->formula, i, &expression);
  const double value = f->tied[i], error = f->tied_stderr[i];
  snprintf(cells[0], cell_size, "%.60s", name);
  snprintf(cells[6], cell_size, "= %.60s", expression);
  if (isfinite(error) && error > 0) {
    const int place = exponent(error) - guard_digits + 1;
    const double reach = f->statistics->t95 * error;
    put_judged(cells[1], value, place, f->request.digits);
    put(cells[2], error, place, f->request.digits);
    put(cells[4], value - reach, place, f->request.digits > 3 ? f->request.digits : 3);
    put(cells[5], value + reach, place, f->request.digits > 3 ? f->request.digits : 3);
    put_digits(cells[3], fabs(value) > 1e-6 * error ? 100 * error / fabs(value) : NAN, 3);
  } else {
    put_digits(cells[1], value, more(plain_digits, f));
    strcpy(cells[2], "-");
  }
}

/* Constraints as they were written, and whether they bind. */
static void put_constraints(FILE *file, const fit *f) {
  const texts *list = &f->request.constraint;
  int width = 0;
  for (size_t i = 0; i < list->count; i++)
    if ((int)strlen(list->items[i]) > width) width = (int)strlen(list->items[i]);
  if (list->count) fputs("\nConstraints\n", file);
  for (size_t i = 0; i < list->count; i++) {
    const marq_active *active = fit_active_row(f, i);
    fprintf(file, "  %-*s    ", width, list->items[i]);
    char turned[300];
    if (active && f->relations[i].turned)
      fprintf(file, "active, multiplier %.4g of %s\n", active->multiplier,
              fit_relation_text(f, i, turned, sizeof turned));
    else if (active)
      fprintf(file, "active, multiplier %.4g\n", active->multiplier);
    else
      fputs(f->relations[i].low == f->relations[i].high ? "follows from the others\n" : "not active\n", file);
  }
}

static void put_parameters(FILE *file, const fit *f) {
  static const char *const titles[columns] = {
      "parameter", "estimate", "std. error", "rel. error %", "95 % from", "to", "",
  };
  const size_t tied = marq_formula_tie_count(f->formula);
  row *rows = calloc(f->n + tied + 1, sizeof *rows);
  if (!rows) return;
  for (int k = 0; k < columns; k++) strcpy(rows[0][k], titles[k]);
  for (size_t j = 0; j < f->n; j++) put_parameter(f, j, rows[j + 1]);
  for (size_t i = 0; i < tied; i++) put_tied(f, i, rows[f->n + i + 1]);
  fputc('\n', file);
  print_rows(file, (const row *)rows, f->n + tied + 1);
  free(rows);
  if (f->statistics && f->problem != f->bare)
    fputs(
        "  (std. error: posterior standard deviation, the penalty taken for prior knowledge; its bias is not in it)\n",
        file);
}

static void summary_line(FILE *file, const fit *f, const char *label, double value) {
  char text[cell_size];
  put_digits(text, value, more(summary_digits, f));
  fprintf(file, "  %-34s %s\n", label, text);
}

static void put_freedom(FILE *file, const fit *f) {
  const marq_statistics *s = f->statistics;
  char text[2 * cell_size];
  const int plain = fit_loss(f) && fit_loss(f)->robust && isnan(s->residual_sd); /* what has weights may have less */
  snprintf(text, sizeof text, "%.8g  (%.10g observation%s, rank %zu%s)", s->dof, s->observations,
           s->observations == 1 ? "" : "s", s->rank, plain ? " without the weights of the loss" : "");
  fprintf(file, "  %-34s %s\n", "degrees of freedom", text);
  if (f->problem != f->bare) summary_line(file, f, "effective parameters", f->effective);
}

static void put_likelihood(FILE *file, const fit *f) {
  const marq_statistics *s = f->statistics;
  summary_line(file, f, "deviance", s->deviance);
  summary_line(file, f, "deviance of a constant", s->null_deviance);
  summary_line(file, f, "log likelihood", s->log_likelihood);
  if (!fit_loss(f)->classifies) summary_line(file, f, "Pearson chi-square / dof", s->pearson / s->dof);
  put_freedom(file, f);
  char text[cell_size] = "-";
  if (isfinite(s->pseudo_r2)) snprintf(text, sizeof text, "%.*f", more(4, f), s->pseudo_r2);
  fprintf(file, "  %-35s %s\n", "McFadden's pseudo-R²", text);
  summary_line(file, f, "AIC = -2 ln L + 2n", s->aic);
  summary_line(file, f, "BIC = -2 ln L + ln(N) n", s->bic);
}

static void put_robust(FILE *file, const fit *f) {
  const marq_statistics *s = f->statistics;
  const int sigma = f->request.weights_column && f->request.weights == MARQ_WEIGHTS_SIGMA;
  summary_line(file, f, "cost: sum of the loss", f->result.cost);
  summary_line(file, f, sigma ? "scale of the loss, in sigmas" : "scale of the loss", s->scale);
  if (fit_loss_is_estimated(f)) summary_line(file, f, "spread of the residuals (MAD)", f->robust.sigma);
  summary_line(file, f, "robust sd of a residual", s->residual_sd);
  put_freedom(file, f);
  fprintf(file, "  %-34s %zu of %zu\n", "weights below 1/2", f->outliers, f->samples);
}

static void put_goodness(FILE *file, const fit *f) {
  const marq_statistics *s = f->statistics;
  const int sigma = f->request.weights_column && f->request.weights == MARQ_WEIGHTS_SIGMA;
  char text[cell_size];
  fputc('\n', file);
  if (!s) {
    summary_line(file, f, fit_loss(f) ? "cost" : "residual sum of squares (RSS)",
                 fit_loss(f) ? f->result.cost : 2 * f->result.cost);
    return;
  }
  if (fit_loss(f)) {
    (fit_loss(f)->robust ? put_robust : put_likelihood)(file, f);
    return;
  }
  summary_line(file, f, sigma ? "chi-square (weighted RSS)" : "residual sum of squares (RSS)", s->rss);
  summary_line(file, f, sigma ? "residual sd, in sigmas" : "residual sd", s->residual_sd);
  if (sigma) summary_line(file, f, "chi-square / degrees of freedom", s->rss / s->dof);
  put_freedom(file, f);
  /* as many digits as tell it from 1 */
  const int nines = s->r2 < 1 && s->r2 > 0.99 ? -exponent(1 - s->r2) : 2;
  if (isfinite(s->r2)) put(text, s->r2, -more(nines + 2 < 15 ? nines + 2 : 15, f), 1);
  fprintf(file, "  %-35s %s\n", "R²", isfinite(s->r2) ? text : "-");
  summary_line(file, f, "AIC = N ln(RSS/N) + 2(n + 1)", s->aic);
  summary_line(file, f, "BIC = N ln(RSS/N) + ln(N)(n + 1)", s->bic);
}

static void put_correlations(FILE *file, const fit *f) {
  const marq_statistics *s = f->statistics;
  const size_t n = f->free_count;
  size_t count = 0;
  for (size_t j = 0; s && j < n; j++) {
    for (size_t i = 0; i < j; i++) {
      const double r = s->correlation[i + j * n];
      if (!(fabs(r) > flagged_correlation)) continue;
      if (count == 0) fprintf(file, "\nCorrelations beyond %.1f\n", flagged_correlation);
      if (count++ >= most_pairs) continue;
      fprintf(file, "  %s, %s: %+.*f\n", f->names[f->free_index[i]], f->names[f->free_index[j]],
              fabs(r) > 0.999 ? 6 : 4, r);
    }
  }
  if (count > most_pairs) fprintf(file, "  and %zu more\n", count - most_pairs);
}

/* Counts as they are, other numbers to three digits. */
static void put_short(char *cell, double value) {
  if (!isfinite(value)) {
    strcpy(cell, "-");
  } else {
    snprintf(cell, cell_size, value == floor(value) && value < 1e9 ? "%.0f" : "%.3g", value);
  }
}

static void put_tests(FILE *file, const fit *f) {
  row rows[10] = {{"test", "last value", "threshold"}};
  size_t used = 1;
  const char *name;
  marq_test test;
  for (size_t i = 0; fit_test_at(f, i, &name, &test); i++) {
    if (!(test.threshold > 0) || test.threshold >= MARQ_NO_LIMIT) continue;
    snprintf(rows[used][0], cell_size, "%s", name);
    put_short(rows[used][1], test.value);
    put_short(rows[used][2], test.threshold);
    used++;
  }
  for (size_t i = 1; i < used; i++) {
    for (char *c = rows[i][0]; *c; c++) *c = *c == '_' ? ' ' : *c;
  }
  if (used > 1) print_rows(file, (const row *)rows, used);
}

static void counted(FILE *file, size_t count, const char *what) {
  if (count) fprintf(file, ", %zu %s", count, what);
}

static void put_ending(FILE *file, const fit *f) {
  const marq_result *r = &f->result;
  const int converged = marq_stop_converged(r->stop), interrupted = r->stop == MARQ_STOP_USER;
  const char *why = interrupted ? r->detail : marq_stop_text(r->stop);
  fprintf(file, "\n%s: %s", converged ? "Converged" : "NOT CONVERGED", why);
  if (r->detail[0] && strcmp(r->detail, why) != 0) fprintf(file, " (%s)", r->detail);
  fputc('\n', file);
  put_tests(file, f);
  fprintf(file, "  %zu iteration%s (%zu accepted", r->iterations, r->iterations == 1 ? "" : "s", r->accepted);
  if (fit_is_first_order(f) && r->best_iteration < r->iterations)
    fprintf(file, "; the best point is that of iteration %zu", r->best_iteration);
  fprintf(file, "); evaluations: %zu of the residual", r->counts.residual);
  counted(file, r->counts.jacobian, "of the Jacobian");
  counted(file, r->counts.fused, "fused");
  counted(file, r->counts.product, "products");
  counted(file, r->counts.curvature, "second derivatives");
  fprintf(file, "; %.3g s", r->seconds);
  if (f->threads > 1) fprintf(file, ", %d threads", f->threads);
  fputc('\n', file);
  const marq_regularised *found = f->regularised;
  if (found)
    fprintf(file, "  before it, the choice of the ridge: %zu penalties tried, %zu iterations (%zu accepted), %.3g s\n",
            found->count, found->iterations, found->accepted, f->choice_seconds);
}

void report_text(const fit *f, FILE *file) {
  put_header(file, f);
  put_parameters(file, f);
  put_constraints(file, f);
  put_goodness(file, f);
  put_correlations(file, f);
  put_ending(file, f);
  warnings_text(&f->warnings, file);
}
