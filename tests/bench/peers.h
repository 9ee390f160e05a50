/* Other solvers behind one interface, on callbacks: cminpack's lmder, GSL's multifit_nlinear, and a trust-region
 * reflective method without bounds as SciPy's least_squares runs it. Evaluations are counted inside the callbacks. */
#ifndef MARQ_BENCH_PEERS_H
#define MARQ_BENCH_PEERS_H

#include <stddef.h>

/** Residuals r = f − y and their Jacobian, as cminpack and marq take them. */
typedef struct peer_problem {
  size_t m, n;
  const void *context;
  void (*residual)(const void *context, const double *p, double *r);
  void (*jacobian)(const void *context, const double *p, double *J, size_t ldj); /* J[i + j·ldj] */
  /* J[i·ldj + j], or NULL: GSL stores rows, and gets them by a transposition when there is no such function */
  void (*jacobian_rows)(const void *context, const double *p, double *J, size_t ldj);
} peer_problem;

/** What a run may be told. */
typedef struct peer_settings {
  double ftol, xtol, gtol;
  size_t limit;     /* evaluations (cminpack, trf) or iterations (GSL); 0: the default that depends on n */
  double factor;    /* cminpack: first radius over ‖D p‖ */
  int own_scale;    /* cminpack: D = 1/|start|; trf: x_scale = "jac" */
  int stalled_good; /* GSL: "no progress" counts as converged (tolerances below rounding cannot be met) */
} peer_settings;

typedef struct peer_outcome {
  int converged; /* the peer's own claim */
  int code;      /* its return code */
  size_t nfev, njev;
  size_t fused;     /* marq: trials that evaluated derivatives with the value */
  size_t curvature; /* marq: second directional derivatives */
  double rss;
} peer_outcome;

typedef struct peer peer;
typedef struct peer_work peer_work;

/** A family of peers. */
typedef struct peer_family {
  void *(*create)(const peer *self, size_t m, size_t n);
  void (*run)(void *state, peer_work *work, const double *start, double *p, double *sd, peer_outcome *outcome);
  void (*destroy)(void *state);
} peer_family;

struct peer {
  const char *name;
  const peer_family *family;
  const void *method, *solver; /* GSL: pointers to its tables' addresses */
  peer_settings settings;
};

/** Memory of a peer for problems of one size, reused by every run, and the run's counters. */
struct peer_work {
  const peer *peer;
  peer_settings settings; /* begins as the peer's own; a caller may change it */
  size_t m, n;
  const peer_problem *problem;
  size_t nfev, njev;
  void *state;
};

/** The k-th peer, or NULL beyond the last. */
const peer *peer_at(size_t k);
/** The peer of that name, or NULL. */
const peer *peer_find(const char *name);
/** NULL when memory runs out. */
peer_work *peer_create(const peer *self, size_t m, size_t n);
void peer_free(peer_work *work);
/** Fit from start[n] to p[n]. sd[n] may be NULL: standard errors, by the peer's own covariance where it has one. */
peer_outcome peer_run(peer_work *work, const peer_problem *problem, const double *start, double *p, double *sd);

/** For the families: counted evaluations. */
void peer_residual(peer_work *work, const double *p, double *r);
void peer_jacobian(peer_work *work, const double *p, double *J, size_t ldj);
double peer_sum_of_squares(const double *r, size_t m);

#ifdef MARQ_HAVE_CMINPACK
extern const peer_family peer_minpack;
#endif
extern const peer_family peer_gsl, peer_trf;

#endif
