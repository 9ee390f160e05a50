/* Functions 1 to 19 (and 21, 22: blocks of 1 and 13) of Moré, Garbow & Hillstrom (1981), of fixed size, with
 * derivatives by hand. Function 11 uses y_i − x2 where the paper misprints "y m i x2". */
#include <math.h>

#include "mgh.h"

#define value mgh_value
#define slope mgh_slope

static const double pi = 3.14159265358979323846;

/* 1 and 21 */
void mgh_rosenbrock(const mgh_point *at) {
  for (size_t k = 0; k < at->n; k += 2) {
    const double u = at->x[k], v = at->x[k + 1];
    value(at, k, 10 * (v - u * u));
    slope(at, k, k, -20 * u);
    slope(at, k, k + 1, 10);
    value(at, k + 1, 1 - u);
    slope(at, k + 1, k, -1);
  }
}

/* 2 */
void mgh_freudenstein(const mgh_point *at) {
  const double u = at->x[0], v = at->x[1];
  value(at, 0, -13 + u + ((5 - v) * v - 2) * v);
  value(at, 1, -29 + u + ((v + 1) * v - 14) * v);
  slope(at, 0, 0, 1);
  slope(at, 1, 0, 1);
  slope(at, 0, 1, (10 - 3 * v) * v - 2);
  slope(at, 1, 1, (3 * v + 2) * v - 14);
}

/* 3 */
void mgh_powell_scaled(const mgh_point *at) {
  const double u = at->x[0], v = at->x[1];
  value(at, 0, 1e4 * u * v - 1);
  value(at, 1, exp(-u) + exp(-v) - 1.0001);
  slope(at, 0, 0, 1e4 * v);
  slope(at, 0, 1, 1e4 * u);
  slope(at, 1, 0, -exp(-u));
  slope(at, 1, 1, -exp(-v));
}

/* 4 */
void mgh_brown_scaled(const mgh_point *at) {
  const double u = at->x[0], v = at->x[1];
  value(at, 0, u - 1e6);
  value(at, 1, v - 2e-6);
  value(at, 2, u * v - 2);
  slope(at, 0, 0, 1);
  slope(at, 1, 1, 1);
  slope(at, 2, 0, v);
  slope(at, 2, 1, u);
}

/* 5 */
void mgh_beale(const mgh_point *at) {
  static const double y[3] = {1.5, 2.25, 2.625};
  const double u = at->x[0], v = at->x[1];
  double power = 1; /* v^i */
  for (size_t i = 0; i < 3; i++) {
    slope(at, i, 1, (double)(i + 1) * u * power);
    power *= v;
    value(at, i, y[i] - u * (1 - power));
    slope(at, i, 0, -(1 - power));
  }
}

/* 6 */
void mgh_jennrich(const mgh_point *at) {
  for (size_t k = 0; k < at->m; k++) {
    const double i = (double)(k + 1), e1 = exp(i * at->x[0]), e2 = exp(i * at->x[1]);
    value(at, k, 2 + 2 * i - (e1 + e2));
    slope(at, k, 0, -i * e1);
    slope(at, k, 1, -i * e2);
  }
}

/* 7; θ jumps by ½ across x1 = 0, and is ±¼ on it */
void mgh_helical(const mgh_point *at) {
  const double u = at->x[0], v = at->x[1], square = u * u + v * v, radius = sqrt(square);
  const double theta = u != 0 ? atan(v / u) / (2 * pi) + (u < 0 ? 0.5 : 0) : v < 0 ? -0.25 : 0.25;
  value(at, 0, 10 * (at->x[2] - 10 * theta));
  value(at, 1, 10 * (radius - 1));
  value(at, 2, at->x[2]);
  slope(at, 0, 0, 100 * v / (2 * pi * square));
  slope(at, 0, 1, -100 * u / (2 * pi * square));
  slope(at, 0, 2, 10);
  slope(at, 1, 0, 10 * u / radius);
  slope(at, 1, 1, 10 * v / radius);
  slope(at, 2, 2, 1);
}

/* 8 */
void mgh_bard(const mgh_point *at) {
  static const double y[15] = {.14, .18, .22, .25, .29, .32, .35, .39, .37, .58, .73, .96, 1.34, 2.10, 4.39};
  for (size_t k = 0; k < 15; k++) {
    const double u = (double)(k + 1), v = 16 - u, w = u < v ? u : v, q = v * at->x[1] + w * at->x[2];
    value(at, k, y[k] - (at->x[0] + u / q));
    slope(at, k, 0, -1);
    slope(at, k, 1, u * v / (q * q));
    slope(at, k, 2, u * w / (q * q));
  }
}

/* 9; the data are symmetric */
void mgh_gaussian(const mgh_point *at) {
  static const double y[8] = {.0009, .0044, .0175, .0540, .1295, .2420, .3521, .3989};
  for (size_t k = 0; k < 15; k++) {
    const double t = (7 - (double)k) / 2, s = t - at->x[2], e = exp(-at->x[1] * s * s / 2);
    value(at, k, at->x[0] * e - y[k < 8 ? k : 14 - k]);
    slope(at, k, 0, e);
    slope(at, k, 1, -at->x[0] * e * s * s / 2);
    slope(at, k, 2, at->x[0] * e * at->x[1] * s);
  }
}

/* 10 */
void mgh_meyer(const mgh_point *at) {
  static const double y[16] = {34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744,
                               8261,  7030,  6005,  5147,  4427,  3820,  3307,  2872};
  for (size_t k = 0; k < 16; k++) {
    const double s = 45 + 5 * (double)(k + 1) + at->x[2], e = exp(at->x[1] / s);
    value(at, k, at->x[0] * e - y[k]);
    slope(at, k, 0, e);
    slope(at, k, 1, at->x[0] * e / s);
    slope(at, k, 2, -at->x[0] * e * at->x[1] / (s * s));
  }
}

/* 11 */
void mgh_gulf(const mgh_point *at) {
  for (size_t k = 0; k < at->m; k++) {
    const double t = (double)(k + 1) / 100, s = 25 + pow(-50 * log(t), 2.0 / 3) - at->x[1], u = fabs(s);
    const double w = pow(u, at->x[2]), e = exp(-w / at->x[0]), outer = e * w / at->x[0];
    value(at, k, e - t);
    slope(at, k, 0, outer / at->x[0]);
    slope(at, k, 1, outer * at->x[2] / s);
    slope(at, k, 2, -outer * log(u));
  }
}

/* 12 */
void mgh_box(const mgh_point *at) {
  for (size_t k = 0; k < at->m; k++) {
    const double t = 0.1 * (double)(k + 1), e1 = exp(-t * at->x[0]), e2 = exp(-t * at->x[1]);
    const double c = exp(-t) - exp(-10 * t);
    value(at, k, e1 - e2 - at->x[2] * c);
    slope(at, k, 0, -t * e1);
    slope(at, k, 1, t * e2);
    slope(at, k, 2, -c);
  }
}

/* 13 and 22 */
void mgh_powell_singular(const mgh_point *at) {
  for (size_t k = 0; k < at->n; k += 4) {
    const double *x = at->x + k, u = x[1] - 2 * x[2], v = x[0] - x[3];
    value(at, k, x[0] + 10 * x[1]);
    slope(at, k, k, 1);
    slope(at, k, k + 1, 10);
    value(at, k + 1, sqrt(5) * (x[2] - x[3]));
    slope(at, k + 1, k + 2, sqrt(5));
    slope(at, k + 1, k + 3, -sqrt(5));
    value(at, k + 2, u * u);
    slope(at, k + 2, k + 1, 2 * u);
    slope(at, k + 2, k + 2, -4 * u);
    value(at, k + 3, sqrt(10) * v * v);
    slope(at, k + 3, k, 2 * sqrt(10) * v);
    slope(at, k + 3, k + 3, -2 * sqrt(10) * v);
  }
}

/* 14 */
void mgh_wood(const mgh_point *at) {
  const double *x = at->x;
  value(at, 0, 10 * (x[1] - x[0] * x[0]));
  slope(at, 0, 0, -20 * x[0]);
  slope(at, 0, 1, 10);
  value(at, 1, 1 - x[0]);
  slope(at, 1, 0, -1);
  value(at, 2, sqrt(90) * (x[3] - x[2] * x[2]));
  slope(at, 2, 2, -2 * sqrt(90) * x[2]);
  slope(at, 2, 3, sqrt(90));
  value(at, 3, 1 - x[2]);
  slope(at, 3, 2, -1);
  value(at, 4, sqrt(10) * (x[1] + x[3] - 2));
  slope(at, 4, 1, sqrt(10));
  slope(at, 4, 3, sqrt(10));
  value(at, 5, (x[1] - x[3]) / sqrt(10));
  slope(at, 5, 1, 1 / sqrt(10));
  slope(at, 5, 3, -1 / sqrt(10));
}

/* 15 */
void mgh_kowalik(const mgh_point *at) {
  static const double y[11] = {.1957, .1947, .1735, .1600, .0844, .0627, .0456, .0342, .0323, .0235, .0246};
  static const double t[11] = {4, 2, 1, .5, .25, .167, .125, .1, .0833, .0714, .0625};
  const double *x = at->x;
  for (size_t k = 0; k < 11; k++) {
    const double u = t[k], a = u * (u + x[1]), q = u * (u + x[2]) + x[3], f = x[0] * a / q;
    value(at, k, y[k] - f);
    slope(at, k, 0, -a / q);
    slope(at, k, 1, -x[0] * u / q);
    slope(at, k, 2, f * u / q);
    slope(at, k, 3, f / q);
  }
}

/* 16 */
void mgh_brown_dennis(const mgh_point *at) {
  const double *x = at->x;
  for (size_t k = 0; k < at->m; k++) {
    const double t = (double)(k + 1) / 5, u = x[0] + t * x[1] - exp(t), v = x[2] + x[3] * sin(t) - cos(t);
    value(at, k, u * u + v * v);
    slope(at, k, 0, 2 * u);
    slope(at, k, 1, 2 * u * t);
    slope(at, k, 2, 2 * v);
    slope(at, k, 3, 2 * v * sin(t));
  }
}

/* 17 */
void mgh_osborne1(const mgh_point *at) {
  static const double y[33] = {.844, .908, .932, .936, .925, .908, .881, .850, .818, .784, .751,
                               .718, .685, .658, .628, .603, .580, .558, .538, .522, .506, .490,
                               .478, .467, .457, .448, .438, .431, .424, .420, .414, .411, .406};
  const double *x = at->x;
  for (size_t k = 0; k < 33; k++) {
    const double t = 10 * (double)k, e1 = exp(-t * x[3]), e2 = exp(-t * x[4]);
    value(at, k, y[k] - (x[0] + x[1] * e1 + x[2] * e2));
    slope(at, k, 0, -1);
    slope(at, k, 1, -e1);
    slope(at, k, 2, -e2);
    slope(at, k, 3, x[1] * t * e1);
    slope(at, k, 4, x[2] * t * e2);
  }
}

/* 18 */
void mgh_biggs(const mgh_point *at) {
  const double *x = at->x;
  for (size_t k = 0; k < at->m; k++) {
    const double t = 0.1 * (double)(k + 1), y = exp(-t) - 5 * exp(-10 * t) + 3 * exp(-4 * t);
    const double e1 = exp(-t * x[0]), e2 = exp(-t * x[1]), e5 = exp(-t * x[4]);
    value(at, k, x[2] * e1 - x[3] * e2 + x[5] * e5 - y);
    slope(at, k, 0, -t * x[2] * e1);
    slope(at, k, 1, t * x[3] * e2);
    slope(at, k, 2, e1);
    slope(at, k, 3, -e2);
    slope(at, k, 4, -t * x[5] * e5);
    slope(at, k, 5, e5);
  }
}

/* 19 */
void mgh_osborne2(const mgh_point *at) {
  static const double y[65] = {1.366, 1.191, 1.112, 1.013, .991, .885, .831, .847, .786, .725, .746, .679, .608,
                               .655,  .616,  .606,  .602,  .626, .651, .724, .649, .649, .694, .644, .624, .661,
                               .612,  .558,  .533,  .495,  .500, .423, .395, .375, .372, .391, .396, .405, .428,
                               .429,  .523,  .562,  .607,  .653, .672, .708, .633, .668, .645, .632, .591, .559,
                               .597,  .625,  .739,  .710,  .729, .720, .636, .581, .428, .292, .162, .098, .054};
  const double *x = at->x;
  for (size_t k = 0; k < 65; k++) {
    const double t = (double)k / 10, decay = exp(-t * x[4]);
    double f = x[0] * decay;
    slope(at, k, 0, -decay);
    slope(at, k, 4, x[0] * t * decay);
    for (size_t j = 1; j < 4; j++) { /* peaks: height x_j, sharpness x_{j+4}, place x_{j+7} */
      const double s = t - x[j + 7], e = exp(-s * s * x[j + 4]);
      f += x[j] * e;
      slope(at, k, j, -e);
      slope(at, k, j + 4, x[j] * s * s * e);
      slope(at, k, j + 7, -2 * x[j] * x[j + 4] * s * e);
    }
    value(at, k, y[k] - f);
  }
}
