/* Operations of the expression graph on plain numbers. */
#include <math.h>

#include "formula/dag.h"
#include "kernels/special.h"

static double power_below(double f, double x, double p) {
  if (x != 0.0) return f / x;
  return p > 1.0 ? 0.0 : p == 1.0 ? 1.0 : 1.0 / x;
}

double marq_dag_scalar(marq_dag_op op, double a, double b, double c) {
  switch (op) {
    case MARQ_DAG_CONSTANT:
    case MARQ_DAG_PARAMETER:
    case MARQ_DAG_DIRECTION:
    case MARQ_DAG_COLUMN:
      return a;
    case MARQ_DAG_ADD:
      return a + b;
    case MARQ_DAG_SUB:
      return a - b;
    case MARQ_DAG_MUL:
      return a * b;
    case MARQ_DAG_DIV:
      return a / b;
    case MARQ_DAG_POW:
      return pow(a, b);
    case MARQ_DAG_ATAN2:
      return atan2(a, b);
    case MARQ_DAG_MIN:
      return a < b || isnan(a) ? a : b;
    case MARQ_DAG_MAX:
      return a > b || isnan(a) ? a : b;
    case MARQ_DAG_LT:
      return a < b;
    case MARQ_DAG_LE:
      return a <= b;
    case MARQ_DAG_EQ:
      return a == b;
    case MARQ_DAG_NE:
      return a != b;
    case MARQ_DAG_MULZ:
      return a == 0.0 || b == 0.0 ? 0.0 : a * b;
    case MARQ_DAG_SELECT:
      return a != 0.0 ? b : c;
    case MARQ_DAG_POWM1:
      return power_below(a, b, c);
    case MARQ_DAG_RECIP:
      return 1.0 / a;
    case MARQ_DAG_BOUND:
      return a > 1e300 ? 1e300 : a < -1e300 ? -1e300 : a;
    case MARQ_DAG_EXP:
      return exp(a);
    case MARQ_DAG_LOG:
      return log(a);
    case MARQ_DAG_LOG10:
      return log10(a);
    case MARQ_DAG_LOG2:
      return log2(a);
    case MARQ_DAG_LOG1P:
      return log1p(a);
    case MARQ_DAG_EXPM1:
      return expm1(a);
    case MARQ_DAG_SQRT:
      return sqrt(a);
    case MARQ_DAG_CBRT:
      return cbrt(a);
    case MARQ_DAG_ABS:
      return fabs(a);
    case MARQ_DAG_SIGN:
      return a > 0.0 ? 1.0 : a < 0.0 ? -1.0 : a;
    case MARQ_DAG_STEP:
      return isnan(a) ? a : a >= 0.0;
    case MARQ_DAG_SIN:
      return sin(a);
    case MARQ_DAG_COS:
      return cos(a);
    case MARQ_DAG_TAN:
      return tan(a);
    case MARQ_DAG_ASIN:
      return asin(a);
    case MARQ_DAG_ACOS:
      return acos(a);
    case MARQ_DAG_ATAN:
      return atan(a);
    case MARQ_DAG_SINH:
      return sinh(a);
    case MARQ_DAG_COSH:
      return cosh(a);
    case MARQ_DAG_TANH:
      return tanh(a);
    case MARQ_DAG_ASINH:
      return asinh(a);
    case MARQ_DAG_ACOSH:
      return acosh(a);
    case MARQ_DAG_ATANH:
      return atanh(a);
    case MARQ_DAG_ERF:
      return erf(a);
    case MARQ_DAG_ERFC:
      return erfc(a);
    case MARQ_DAG_ERFCX:
      return marq_special_erfcx(a);
    case MARQ_DAG_ERFCXD:
      return marq_special_erfcx_slope(a);
    case MARQ_DAG_LGAMMA:
      return marq_special_lgamma(a);
    case MARQ_DAG_DIGAMMA:
      return marq_special_digamma(a);
    case MARQ_DAG_TRIGAMMA:
      return marq_special_trigamma(a);
    case MARQ_DAG_TETRAGAMMA:
      return marq_special_tetragamma(a);
    case MARQ_DAG_SIGMOID:
      return marq_special_sigmoid(a);
    case MARQ_DAG_SOFTPLUS:
      return marq_special_softplus(a);
  }
  return a;
}
