/* The table of functions, and the search for a name that was meant. */
#include "formula/functions.h"

#include <string.h>

#include "nearest.h"

const marq_function marq_functions[] = {
    {"exp", 1, MARQ_DAG_EXP, "exponential"},
    {"log", 1, MARQ_DAG_LOG, "natural logarithm"},
    {"log10", 1, MARQ_DAG_LOG10, "logarithm to base 10"},
    {"log2", 1, MARQ_DAG_LOG2, "logarithm to base 2"},
    {"log1p", 1, MARQ_DAG_LOG1P, "log(1+x), accurate for small x"},
    {"expm1", 1, MARQ_DAG_EXPM1, "exp(x)-1, accurate for small x"},
    {"sqrt", 1, MARQ_DAG_SQRT, "square root"},
    {"cbrt", 1, MARQ_DAG_CBRT, "cube root, also of negative numbers"},
    {"abs", 1, MARQ_DAG_ABS, "absolute value"},
    {"sin", 1, MARQ_DAG_SIN, "sine of an angle in radians"},
    {"cos", 1, MARQ_DAG_COS, "cosine of an angle in radians"},
    {"tan", 1, MARQ_DAG_TAN, "tangent of an angle in radians"},
    {"asin", 1, MARQ_DAG_ASIN, "inverse sine, in [-pi/2, pi/2]"},
    {"acos", 1, MARQ_DAG_ACOS, "inverse cosine, in [0, pi]"},
    {"atan", 1, MARQ_DAG_ATAN, "inverse tangent, in (-pi/2, pi/2)"},
    {"atan2", 2, MARQ_DAG_ATAN2, "atan2(y, x): angle of the point (x, y), in [-pi, pi]"},
    {"sinh", 1, MARQ_DAG_SINH, "hyperbolic sine"},
    {"cosh", 1, MARQ_DAG_COSH, "hyperbolic cosine"},
    {"tanh", 1, MARQ_DAG_TANH, "hyperbolic tangent"},
    {"asinh", 1, MARQ_DAG_ASINH, "inverse hyperbolic sine"},
    {"acosh", 1, MARQ_DAG_ACOSH, "inverse hyperbolic cosine, for x >= 1"},
    {"atanh", 1, MARQ_DAG_ATANH, "inverse hyperbolic tangent, for |x| < 1"},
    {"erf", 1, MARQ_DAG_ERF, "error function"},
    {"erfc", 1, MARQ_DAG_ERFC, "1-erf(x), accurate for large x"},
    {"erfcx", 1, MARQ_DAG_ERFCX, "exp(x^2)*erfc(x)"},
    {"lgamma", 1, MARQ_DAG_LGAMMA, "logarithm of |gamma(x)|"},
    {"digamma", 1, MARQ_DAG_DIGAMMA, "derivative of lgamma"},
    {"pow", 2, MARQ_DAG_POW, "pow(x, y): x^y"},
    {"min", 2, MARQ_DAG_MIN, "the smaller of two"},
    {"max", 2, MARQ_DAG_MAX, "the larger of two"},
    {"step", 1, MARQ_DAG_STEP, "1 for x >= 0, else 0 (Heaviside)"},
    {"sigmoid", 1, MARQ_DAG_SIGMOID, "1/(1+exp(-x)) without overflow"},
    {"softplus", 1, MARQ_DAG_SOFTPLUS, "log(1+exp(x)) without overflow"},
    {"if", 3, MARQ_DAG_SELECT, "if(c, a, b): a where c is not zero, else b"},
};
const size_t marq_functions_count = sizeof marq_functions / sizeof marq_functions[0];

const marq_function *marq_function_find(const char *name, size_t length) {
  for (size_t i = 0; i < marq_functions_count; i++)
    if (strlen(marq_functions[i].name) == length && !memcmp(marq_functions[i].name, name, length))
      return &marq_functions[i];
  return NULL;
}

const marq_function *marq_function_nearest(const char *name, size_t length) {
  const marq_function *best = NULL;
  size_t distance = length > 3 ? 3 : 2;
  for (size_t i = 0; i < marq_functions_count; i++) {
    const size_t d = marq_edit_distance(name, length, marq_functions[i].name, strlen(marq_functions[i].name));
    if (d < distance) {
      distance = d;
      best = &marq_functions[i];
    }
  }
  return best;
}
