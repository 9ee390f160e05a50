/* Formulas such as "y = a*exp(-b*x) + c": parsed once, differentiated exactly, evaluated over blocks of samples. */
#ifndef MARQ_FORMULA_H
#define MARQ_FORMULA_H

#include <marq/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A parsed formula: immutable after marq_formula_parse, so any number of threads and models may share it. */
typedef struct marq_formula marq_formula;

/** A formula bound to columns of data: a block model (marq_formula_model) that can be rebound for the next fit. */
typedef struct marq_formula_data marq_formula_data;

/** Parse a formula and compile it with its derivatives.
 *  text      "RESPONSE = EXPRESSION", or an expression alone (no response: good for prediction only). Newlines are
 *            blanks, and '#' starts a comment that runs to the end of its line.
 *  columns   [count] names of the data's columns; in the text, a name among them is a variable, backticks quote names
 *            with blanks, and every other name is a parameter. The response may use columns only. A column that is
 *            called like a function or pi is meant by that name, except right before '('.
 *  formula   out: owned by the caller, freed by marq_formula_free.
 *  error     out, may be NULL: on MARQ_ESYNTAX offset, line and column (in characters) are the offending character's
 *            and text says on one line what was found and what was expected.
 *  Grammar:  + - * / ^ ** (right-associative, binding tighter than unary minus on their left: -x^2 is -(x^2)),
 *            comparisons < <= > >= == != (1 or 0; they do not chain), parentheses, numbers, pi, and the functions that
 *            marq_formula_function lists. At most 200 levels of nesting.
 *  Maths:    derivatives are exact. Those of if, min, max are the chosen branch's (min and max of equals: the first's);
 *            those of step and comparisons are 0, and so is that of abs at 0. Sums keep their order; factors that do
 *            not depend on the sample are multiplied first. The value has the same bits whether derivatives are asked
 *            for or not.
 *  Returns:  MARQ_OK; MARQ_ESYNTAX; MARQ_EINVAL (text or columns NULL); MARQ_ENOMEM. On failure *formula is NULL. */
MARQ_API marq_status marq_formula_parse(const char *text, const char *const *columns, size_t count,
                                        marq_formula **formula, marq_error *error);
/** The same with ties: parameters that are expressions of others, put in the place of their names, so that derivatives
 * stay exact. The formula's parameters are then those that are not tied.
 *  ties     [tie_count] "NAME = EXPRESSION" each; NAME and every parameter on the right is one of the formula's, tied
 *           ones included.
 *  where    out, may be NULL: on MARQ_ESYNTAX the tie that error speaks of, tie_count when it is the formula itself.
 *  Returns: as marq_formula_parse; MARQ_ESYNTAX also for a name that the formula does not have, a column, a parameter
 *           tied twice, ties in a circle. */
MARQ_API marq_status marq_formula_parse_tied(const char *text, const char *const *columns, size_t count,
                                             const char *const *ties, size_t tie_count, marq_formula **formula,
                                             size_t *where, marq_error *error);
/** How many ties a formula has; name and expression (may be NULL) of the i-th, borrowed, NULL beyond the last. */
MARQ_API size_t marq_formula_tie_count(const marq_formula *formula);
MARQ_API const char *marq_formula_tie(const marq_formula *formula, size_t i, const char **expression);
/** Value and derivatives slope[parameters] (may be NULL) of the i-th tied parameter at p. Allocates. */
MARQ_API marq_status marq_formula_tie_value(const marq_formula *formula, size_t i, const double *p, double *value,
                                            double *slope, marq_error *error);

/** Read a linear relation of a formula's parameters, "a + 2*b <= 3", also with >= and =, as low ≤ row·p ≤ high.
 *  row      [parameters] out; tied parameters stand for their expressions. low, high out: infinite where there is none.
 *  Returns: MARQ_OK; MARQ_ESYNTAX with the place in text: what is not linear, a name that the formula does not have;
 *           MARQ_ENOMEM. */
MARQ_API marq_status marq_formula_linear(const marq_formula *formula, const char *text, double *row, double *low,
                                         double *high, marq_error *error);

/** Show where a formula is wrong: the line of `text` that error speaks of, a newline, and a caret below the character.
 * Writes at most size bytes with the closing 0 and returns the length that the whole takes, as snprintf does. */
MARQ_API size_t marq_formula_caret(const char *text, const marq_error *error, char *buffer, size_t size);
/** Free a formula (NULL is fine). Data bound to it must be freed first. */
MARQ_API void marq_formula_free(marq_formula *formula);

/** Number of parameters, in order of first appearance in the expression. */
MARQ_API size_t marq_formula_parameter_count(const marq_formula *formula);
/** Name of parameter j (borrowed; NULL when j is out of range). */
MARQ_API const char *marq_formula_parameter(const marq_formula *formula, size_t j);
/** Index of a parameter by name, or the parameter count when there is none of that name. */
MARQ_API size_t marq_formula_find_parameter(const marq_formula *formula, const char *name);
/** 1 when the formula reads column k (index into the names given to marq_formula_parse), on either side. */
MARQ_API int marq_formula_uses_column(const marq_formula *formula, size_t k);
/** 1 when the expression on the right reads column k: what prediction needs. */
MARQ_API int marq_formula_predicts_with(const marq_formula *formula, size_t k);
/** 1 when there is a response. */
MARQ_API int marq_formula_has_response(const marq_formula *formula);
/** The response and the expression as written, blanks trimmed (borrowed; the response is "" when there is none). */
MARQ_API const char *marq_formula_response(const marq_formula *formula);
MARQ_API const char *marq_formula_expression(const marq_formula *formula);
/** A warning of the parser, or NULL when i is beyond the last: such as a parameter whose name is one edit away from a
 * column's. */
MARQ_API const char *marq_formula_warning(const marq_formula *formula, size_t i);
/** Functions of the language, for lists and help: name, arguments taken, one line; returns 0 when i is beyond the last.
 */
MARQ_API int marq_formula_function(size_t i, const char **name, size_t *arguments, const char **help);

/** Size of the compiled tape, for people who tune formulas: vector instructions per block and columns live at once, for
 * the value alone and for the value with all derivatives. */
typedef struct marq_formula_cost {
  size_t value_instructions, value_columns;
  size_t jacobian_instructions, jacobian_columns;
  size_t block_samples;
} marq_formula_cost;
MARQ_API marq_formula_cost marq_formula_get_cost(const marq_formula *formula);

/** Bind columns to a formula.
 *  columns  [as many as the names given to marq_formula_parse] borrowed until marq_formula_data_free; columns that the
 *           formula does not use may have data == NULL. They are read where they stand, so that results which are a
 *           column themselves (a plain response; ∂(a·x)/∂a) are aligned as the column is. The last block's samples are
 *           copied: after changing values call marq_formula_rebind.
 *  samples  N ≥ 1.
 *  data     out: owned by the caller. One allocation; evaluating allocates nothing.
 *  Returns: MARQ_OK; MARQ_EINVAL (a used column without data, stride 0); MARQ_ENOMEM. */
MARQ_API marq_status marq_formula_bind(const marq_formula *formula, const marq_column *columns, size_t samples,
                                       marq_formula_data **data, marq_error *error);
/** Point bound data at other columns of the same number of samples: the next fit of a batch. Allocates nothing. */
MARQ_API marq_status marq_formula_rebind(marq_formula_data *data, const marq_column *columns);
MARQ_API void marq_formula_data_free(marq_formula_data *data);
/** View bound data as a block model; y is the response, evaluated with the expression. Valid as long as data. */
MARQ_API marq_model marq_formula_model(const marq_formula_data *data);

/** Evaluate the expression at p for every bound sample into f[N] (allocates one scratch; for predictions and plots). */
MARQ_API marq_status marq_formula_predict(const marq_formula_data *data, const double *p, double *f);
/** Evaluate the response for every bound sample into y[N]. MARQ_EINVAL when there is none. */
MARQ_API marq_status marq_formula_targets(const marq_formula_data *data, double *y);

#ifdef __cplusplus
}
#endif
#endif
