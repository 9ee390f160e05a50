/* Fits of one case by any contestant: a peer on callbacks, or marq on the formula or the callbacks. */
#ifndef MARQ_BENCH_CONTEST_H
#define MARQ_BENCH_CONTEST_H

#include "mgh.h"
#include "nist.h"
#include "peers.h"

enum { CONTEST_MAX_PARAMETERS = 12, CONTEST_MAX_COLUMNS = 3, CONTEST_MAX_CONTESTANTS = 40 };

/** A case: callbacks, and for some a formula with its table. */
typedef struct contest_case {
  const char *name;
  peer_problem callbacks;
  const char *formula; /* NULL: callbacks only */
  size_t columns;
  const char *column[CONTEST_MAX_COLUMNS];
  const double *data[CONTEST_MAX_COLUMNS];
  char parameter[CONTEST_MAX_PARAMETERS][8]; /* names, in the order of the callbacks' p */
} contest_case;

contest_case contest_nist(const nist_problem *problem);
contest_case contest_mgh(const mgh_instance *instance);

typedef struct contestant contestant;
typedef struct contest_method {
  /** Prepare for fits of one case: parse, allocate. NULL (with a line on standard error) when that fails. */
  void *(*open)(const contestant *self, const contest_case *what);
  peer_outcome (*run)(void *fit, const contest_case *what, const double *start, double *p, double *sd);
  void (*close)(void *fit);
} contest_method;

struct contestant {
  const char *name;
  const contest_method *method;
  const void *settings; /* a peer, or what contest_marq was given */
};

/** The contestant of a peer's name; name is NULL when there is none (cminpack may be missing). */
contestant contest_peer(const char *name);

#endif
