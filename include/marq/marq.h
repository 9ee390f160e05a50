/* marq: nonlinear least squares for formulas, callbacks and models of one's own. This header includes the whole library
 * but the adapters marq/gsl.h and marq/minpack.h. */
#ifndef MARQ_H
#define MARQ_H

#include <marq/base.h>
#include <marq/basis.h>
#include <marq/compare.h>
#include <marq/constraints.h>
#include <marq/data.h>
#include <marq/file.h>
#include <marq/formula.h>
#include <marq/loss.h>
#include <marq/metrics.h>
#include <marq/model.h>
#include <marq/network.h>
#include <marq/options.h>
#include <marq/problem.h>
#include <marq/regularise.h>
#include <marq/ridge.h>
#include <marq/robust.h>
#include <marq/solve.h>
#include <marq/statistics.h>
#include <marq/suite.h>
#include <marq/train.h>
#include <marq/tune.h>

#endif
