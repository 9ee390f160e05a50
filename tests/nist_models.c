/* The 27 NIST models at one sample, with derivatives by hand. d is NULL when only the value is wanted. Models of the
 * same form share a function. */
#include <math.h>
#include <string.h>

#include "nist.h"

static const double pi = 3.14159265358979323846;

/* b1 (1 − exp(−b2 x)) */
static double saturation(const double *x, const double *b, double *d) {
  const double e = exp(-b[1] * x[0]);
  if (d) {
    d[0] = 1 - e;
    d[1] = b[0] * x[0] * e;
  }
  return b[0] * (1 - e);
}

/* exp(−b1 x) / (b2 + b3 x) */
static double chwirut(const double *x, const double *b, double *d) {
  const double q = b[1] + b[2] * x[0], f = exp(-b[0] * x[0]) / q;
  if (d) {
    d[0] = -x[0] * f;
    d[1] = -f / q;
    d[2] = -x[0] * f / q;
  }
  return f;
}

/* Σ b_k exp(−b_{k+1} x), three terms */
static double lanczos(const double *x, const double *b, double *d) {
  double f = 0;
  for (size_t k = 0; k < 6; k += 2) {
    const double e = exp(-b[k + 1] * x[0]);
    f += b[k] * e;
    if (d) {
      d[k] = e;
      d[k + 1] = -b[k] * x[0] * e;
    }
  }
  return f;
}

/* b1 exp(−b2 x) + b3 exp(−(x−b4)²/b5²) + b6 exp(−(x−b7)²/b8²) */
static double gauss(const double *x, const double *b, double *d) {
  const double decay = exp(-b[1] * x[0]);
  double f = b[0] * decay;
  if (d) {
    d[0] = decay;
    d[1] = -b[0] * x[0] * decay;
  }
  for (size_t k = 2; k < 8; k += 3) {
    const double u = (x[0] - b[k + 1]) / b[k + 2], e = exp(-u * u);
    f += b[k] * e;
    if (d) {
      d[k] = e;
      d[k + 1] = b[k] * e * 2 * u / b[k + 2];
      d[k + 2] = b[k] * e * 2 * u * u / b[k + 2];
    }
  }
  return f;
}

/* b1 x^b2 */
static double danwood(const double *x, const double *b, double *d) {
  const double power = pow(x[0], b[1]);
  if (d) {
    d[0] = power;
    d[1] = b[0] * power * log(x[0]);
  }
  return b[0] * power;
}

/* b1 (1 − (1 + b2 x/2)⁻²) */
static double misra1b(const double *x, const double *b, double *d) {
  const double q = 1 + b[1] * x[0] / 2, v = 1 / (q * q);
  if (d) {
    d[0] = 1 - v;
    d[1] = b[0] * x[0] * v / q;
  }
  return b[0] * (1 - v);
}

/* b1 (1 − (1 + 2 b2 x)^−½) */
static double misra1c(const double *x, const double *b, double *d) {
  const double q = 1 + 2 * b[1] * x[0], v = pow(q, -0.5);
  if (d) {
    d[0] = 1 - v;
    d[1] = b[0] * x[0] * v / q;
  }
  return b[0] * (1 - v);
}

/* b1 b2 x / (1 + b2 x) */
static double misra1d(const double *x, const double *b, double *d) {
  const double q = 1 + b[1] * x[0];
  if (d) {
    d[0] = b[1] * x[0] / q;
    d[1] = b[0] * x[0] / (q * q);
  }
  return b[0] * b[1] * x[0] / q;
}

/* A quotient of polynomials of one degree, the denominator's constant being 1. */
static double rational(size_t degree, double x, const double *b, double *d) {
  double numerator = 0, denominator = 0;
  for (size_t k = degree; k > 0; k--) {
    numerator = (numerator + b[k]) * x;
    denominator = (denominator + b[degree + k]) * x;
  }
  numerator += b[0];
  denominator += 1;
  const double f = numerator / denominator;
  if (d) {
    double power = 1 / denominator;
    for (size_t k = 0; k <= degree; k++) {
      d[k] = power;
      if (k > 0) d[degree + k] = -f * power;
      power *= x;
    }
  }
  return f;
}
static double kirby2(const double *x, const double *b, double *d) {
  return rational(2, x[0], b, d);
}
static double cubic(const double *x, const double *b, double *d) {
  return rational(3, x[0], b, d);
}

/* b1 − b2 x1 exp(−b3 x2) */
static double nelson(const double *x, const double *b, double *d) {
  const double e = exp(-b[2] * x[1]);
  if (d) {
    d[0] = 1;
    d[1] = -x[0] * e;
    d[2] = b[1] * x[0] * x[1] * e;
  }
  return b[0] - b[1] * x[0] * e;
}

/* b1 + b2 exp(−x b4) + b3 exp(−x b5) */
static double mgh17(const double *x, const double *b, double *d) {
  const double e1 = exp(-b[3] * x[0]), e2 = exp(-b[4] * x[0]);
  if (d) {
    d[0] = 1;
    d[1] = e1;
    d[2] = e2;
    d[3] = -b[1] * x[0] * e1;
    d[4] = -b[2] * x[0] * e2;
  }
  return b[0] + b[1] * e1 + b[2] * e2;
}

/* b1 − b2 x − atan(b3/(x − b4))/π */
static double roszman(const double *x, const double *b, double *d) {
  const double s = x[0] - b[3], q = pi * (s * s + b[2] * b[2]);
  if (d) {
    d[0] = 1;
    d[1] = -x[0];
    d[2] = -s / q;
    d[3] = -b[2] / q;
  }
  return b[0] - b[1] * x[0] - atan(b[2] / s) / pi;
}

/* b1 + three pairs of cosine and sine of periods 12, b4 and b7 */
static double enso(const double *x, const double *b, double *d) {
  const double t = 2 * pi * x[0];
  const double c1 = cos(t / 12), s1 = sin(t / 12), c2 = cos(t / b[3]), s2 = sin(t / b[3]), c3 = cos(t / b[6]),
               s3 = sin(t / b[6]);
  if (d) {
    d[0] = 1;
    d[1] = c1;
    d[2] = s1;
    d[3] = (b[4] * s2 - b[5] * c2) * t / (b[3] * b[3]);
    d[4] = c2;
    d[5] = s2;
    d[6] = (b[7] * s3 - b[8] * c3) * t / (b[6] * b[6]);
    d[7] = c3;
    d[8] = s3;
  }
  return b[0] + b[1] * c1 + b[2] * s1 + b[4] * c2 + b[5] * s2 + b[7] * c3 + b[8] * s3;
}

/* b1 (x² + x b2) / (x² + x b3 + b4) */
static double mgh09(const double *x, const double *b, double *d) {
  const double a = x[0] * (x[0] + b[1]), q = x[0] * (x[0] + b[2]) + b[3], f = b[0] * a / q;
  if (d) {
    d[0] = a / q;
    d[1] = b[0] * x[0] / q;
    d[2] = -f * x[0] / q;
    d[3] = -f / q;
  }
  return f;
}

/* b1 / (1 + exp(b2 − b3 x)). Written with e/(1+e) = 1/(1+1/e), which an overflowing e leaves finite. */
static double rat42(const double *x, const double *b, double *d) {
  const double e = exp(b[1] - b[2] * x[0]), w = 1 / (1 + e);
  if (d) {
    d[0] = w;
    d[1] = -b[0] * w / (1 + 1 / e);
    d[2] = -x[0] * d[1];
  }
  return b[0] * w;
}

/* b1 / (1 + exp(b2 − b3 x))^(1/b4) */
static double rat43(const double *x, const double *b, double *d) {
  const double e = exp(b[1] - b[2] * x[0]), q = 1 + e, w = pow(q, -1 / b[3]);
  if (d) {
    const double slope = w * log(q);
    d[0] = w;
    d[1] = -b[0] * w / b[3] / (1 + 1 / e);
    d[2] = -x[0] * d[1];
    d[3] = w > 0 ? b[0] * slope / (b[3] * b[3]) : 0; /* w log q → 0 as e overflows */
  }
  return b[0] * w;
}

/* b1 exp(b2/(x + b3)) */
static double mgh10(const double *x, const double *b, double *d) {
  const double s = x[0] + b[2], e = exp(b[1] / s);
  if (d) {
    d[0] = e;
    d[1] = b[0] * e / s;
    d[2] = -b[0] * e * b[1] / (s * s);
  }
  return b[0] * e;
}

/* (b1/b2) exp(−½((x − b3)/b2)²) */
static double eckerle(const double *x, const double *b, double *d) {
  const double u = (x[0] - b[2]) / b[1], e = exp(-0.5 * u * u) / b[1];
  if (d) {
    d[0] = e;
    d[1] = b[0] * e * (u * u - 1) / b[1];
    d[2] = b[0] * e * u / b[1];
  }
  return b[0] * e;
}

/* b1 (b2 + x)^(−1/b3) */
static double bennett(const double *x, const double *b, double *d) {
  const double s = b[1] + x[0], e = pow(s, -1 / b[2]);
  if (d) {
    d[0] = e;
    d[1] = -b[0] * e / (b[2] * s);
    d[2] = b[0] * e * log(s) / (b[2] * b[2]);
  }
  return b[0] * e;
}

nist_model nist_model_of(const char *name) {
  static const struct {
    const char *name;
    nist_model model;
  } models[NIST_PROBLEMS] = {
      {"Misra1a", saturation}, {"Chwirut2", chwirut},  {"Chwirut1", chwirut}, {"Lanczos3", lanczos},
      {"Gauss1", gauss},       {"Gauss2", gauss},      {"DanWood", danwood},  {"Misra1b", misra1b},
      {"Kirby2", kirby2},      {"Hahn1", cubic},       {"Nelson", nelson},    {"MGH17", mgh17},
      {"Lanczos1", lanczos},   {"Lanczos2", lanczos},  {"Gauss3", gauss},     {"Misra1c", misra1c},
      {"Misra1d", misra1d},    {"Roszman1", roszman},  {"ENSO", enso},        {"MGH09", mgh09},
      {"Thurber", cubic},      {"BoxBOD", saturation}, {"Rat42", rat42},      {"MGH10", mgh10},
      {"Eckerle4", eckerle},   {"Rat43", rat43},       {"Bennett5", bennett}};
  for (size_t k = 0; k < NIST_PROBLEMS; k++)
    if (strcmp(models[k].name, name) == 0) return models[k].model;
  return NULL;
}
