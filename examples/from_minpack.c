/* A program written for cminpack, moved to marq: the include and the prefix marq_ are all that changed. It fits the
 * data of Bard (1970), y = x1 + u / (x2 v + x3 w) with u = i, v = 16 - i, w = min(u, v). */
#include <marq/minpack.h> /* was: cminpack.h */
#include <math.h>
#include <stdio.h>

enum { m = 15, n = 3 };

static int bard(void *p, int rows, int columns, const double *x, double *fvec, double *fjac, int ldfjac, int iflag) {
  const double *y = p;
  (void)columns;
  if (iflag == 0) { /* asked for by nprint */
    printf("x = %10.6f %10.6f %10.6f   norm %.8f\n", x[0], x[1], x[2], marq_enorm(rows, fvec)); /* was: enorm */
    return 0;
  }
  for (int i = 0; i < m; i++) {
    const double u = i + 1, v = 15 - i, w = fmin(u, v), d = x[1] * v + x[2] * w;
    if (iflag == 1) fvec[i] = y[i] - (x[0] + u / d);
    if (iflag != 2) continue;
    fjac[i] = -1;
    fjac[i + ldfjac] = u * v / (d * d);
    fjac[i + 2 * ldfjac] = u * w / (d * d);
  }
  return 0;
}

int main(void) {
  double y[m] = {0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39};
  double x[n] = {1, 1, 1}, fvec[m], fjac[m * n], diag[n], qtf[n], wa1[n], wa2[n], wa3[n], wa4[m];
  int ipvt[n], nfev, njev;
  const double tolerance = 1.5e-8;
  const int info = marq_lmder(bard, y, m, n, x, fvec, fjac, m, tolerance, tolerance, 0, 400, diag, 1, 100, 1, &nfev,
                              &njev, ipvt, qtf, wa1, wa2, wa3, wa4); /* was: lmder */
  const double norm = marq_enorm(m, fvec);                           /* was: enorm */
  printf("info %d after %d evaluations and %d Jacobians, norm %.8f\n", info, nfev, njev, norm);
  marq_covar(n, fjac, m, ipvt, tolerance, wa1); /* was: covar */
  for (int j = 0; j < n; j++) printf("x%d = %.7f +- %.7f\n", j + 1, x[j], norm * sqrt(fjac[j + j * m] / (m - n)));
  return info < 1 || info > 3;
}
