// A user's program in C++: fits Rosenbrock's function through callbacks, and checks the answer.
#include <marq/marq.h>

#include <cmath>
#include <cstdio>

extern "C" {
static int residual(void *, const double *p, double *r) {
  r[0] = 10 * (p[1] - p[0] * p[0]);
  r[1] = 1 - p[0];
  return 0;
}
static int jacobian(void *, const double *p, double *J, size_t ldj) {
  J[0] = -20 * p[0];
  J[1] = -1;
  J[ldj] = 10;
  J[ldj + 1] = 0;
  return 0;
}
}

int main() {
  marq_callbacks callbacks = marq_callbacks();
  callbacks.residuals = 2;
  callbacks.parameters = 2;
  callbacks.residual = residual;
  callbacks.jacobian = jacobian;
  double p[] = {-1.2, 1};
  marq_error error;
  marq_problem *problem = nullptr;
  marq_status status = marq_problem_from_callbacks(&callbacks, &problem, &error);
  if (status == MARQ_OK) status = marq_solve(problem, nullptr, p, nullptr, nullptr, nullptr, &error);
  marq_problem_free(problem);
  if (status != MARQ_OK) std::fprintf(stderr, "marq: %s\n", error.text);
  std::printf("Rosenbrock from C++: %.12g, %.12g\n", p[0], p[1]);
  return status != MARQ_OK || !(std::fabs(p[0] - 1) < 1e-9 && std::fabs(p[1] - 1) < 1e-9);
}
