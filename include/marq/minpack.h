/* Calls of the shape of MINPACK's (as cminpack has them in C), for programs that move to marq by a change of include
 * and the prefix marq_: lmder, lmdif, lmder1, lmdif1, covar, enorm. Their arguments and what they mean are MINPACK's
 * (More, Garbow & Hillstrom, User Guide for MINPACK-1, ANL-80-74, 1980); only what differs is said here. */
#ifndef MARQ_MINPACK_H
#define MARQ_MINPACK_H

#include <marq/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** iflag 1: f at x into fvec [m]. 2: the Jacobian at x into fjac[i + j·ldfjac]; fvec then holds f at x, and is not to
 * be changed. 0 (with nprint > 0): print; fvec and fjac hold f and the Jacobian at x. A negative value returned ends
 * the fit and becomes its info; any other goes on. Values that are not finite make the solver try a shorter step. */
typedef int (*marq_minpack_der)(void *p, int m, int n, const double *x, double *fvec, double *fjac, int ldfjac,
                                int iflag);
/** The same without a Jacobian; iflag 2: f at x, for a difference. */
typedef int (*marq_minpack_dif)(void *p, int m, int n, const double *x, double *fvec, int iflag);

/** Minimise ½‖f(x)‖² by Levenberg–Marquardt in a trust region (solver lm, linear solver auto), with the
 * user's Jacobian.
 *  x      [n]  in   start;  out  best point
 *  fvec   [m]  out  f at x
 *  fjac   [m×n, ldfjac ≥ m]  out  in its upper n×n triangle R with JP = QR, and ipvt [n] P: column j of JP is column
 *              ipvt[j] of J, counted from 1. Both belong to the final x (MINPACK's often to the point before it), as
 *              marq_covar, or the covar of cminpack, takes them
 *  ftol, xtol, gtol  end the fit (cost_tolerance, step_tolerance, gradient_tolerance in docs/stopping.md; nothing is
 *              polished beyond them). A step that the trust region holds back does not count as short
 *  maxfev      calls with iflag 1 (lmdif: all calls), checked after each step
 *  diag   [n]  mode 2: in, the scales (scaling user); else out, the largest norms of J's columns (scaling more)
 *  factor      the first trust radius, as a multiple of ‖diag·x‖ (first_radius)
 *  nprint      > 0: fcn is called with iflag 0 at the start, after every nprint accepted steps, and at the end
 *  nfev, njev  out  calls with iflag 1 and 2
 *  qtf    [n]  out  first n entries of Qᵀfvec
 *  wa1 … wa4   MINPACK's scratch: not touched, may be NULL. So may nfev, njev, ipvt and qtf
 * Returns info:
 *    < 0   as fcn returned it
 *    0     an argument is out of its range, such as a start that is not finite
 *    1     cost: actual and predicted relative decrease are at most ftol
 *    2     step: the relative length of the step is at most xtol
 *    3     both
 *    4     gradient: the cosine between fvec and every column of J is at most gtol; or it is 0, or fvec is
 *    5     maxfev calls were made
 *    6     rounding hides any further decrease: ftol is too small
 *    7     no shorter step lowers the cost, or the step is below the rounding of x: xtol is too small
 *    8     the cosine is at most the machine precision: gtol is too small (asked where gtol > 0)
 *    MARQ_MINPACK_FAILED + status  marq failed with a marq_status that MINPACK does not know: MARQ_EDOMAIN (f or J not
 *          finite at the start), MARQ_ENOMEM, MARQ_ESIZE, MARQ_ENUMERIC
 * A rank-deficient Jacobian is no failure, as in MINPACK: 1 … 4 then speak of one among many minima. */
MARQ_API int marq_lmder(marq_minpack_der fcn, void *p, int m, int n, double *x, double *fvec, double *fjac, int ldfjac,
                        double ftol, double xtol, double gtol, int maxfev, double *diag, int mode, double factor,
                        int nprint, int *nfev, int *njev, int *ipvt, double *qtf, double *wa1, double *wa2, double *wa3,
                        double *wa4);

/** What is added to a marq_status that has no number of MINPACK's. */
#define MARQ_MINPACK_FAILED (-1000)

/** The same by forward differences: fcn is called n times with iflag 2 for each Jacobian (again, backwards, for a
 * column that is not finite). The step is √max(epsfcn, machine precision) times |x_j|, with a floor that MINPACK has
 * not: a hundredth of |start_j| (of 1 where that is 0), so that a parameter on its way through zero keeps a usable
 * step. */
MARQ_API int marq_lmdif(marq_minpack_dif fcn, void *p, int m, int n, double *x, double *fvec, double ftol, double xtol,
                        double gtol, int maxfev, double epsfcn, double *diag, int mode, double factor, int nprint,
                        int *nfev, double *fjac, int ldfjac, int *ipvt, double *qtf, double *wa1, double *wa2,
                        double *wa3, double *wa4);

/** marq_lmder with ftol = xtol = tol, gtol = 0, maxfev = 100(n+1), mode 1, factor 100.
 *  wa  [lwa ≥ 5n + m]  out  diag, then qtf; the rest is not touched */
MARQ_API int marq_lmder1(marq_minpack_der fcn, void *p, int m, int n, double *x, double *fvec, double *fjac, int ldfjac,
                         double tol, int *ipvt, double *wa, int lwa);

/** marq_lmdif with ftol = xtol = tol, gtol = 0, maxfev = 200(n+1), epsfcn 0, mode 1, factor 100.
 *  iwa [n]  out  ipvt
 *  wa  [lwa ≥ mn + 5n + m]  out  diag, then qtf; from 5n + m on fjac (ldfjac = m), where MINPACK has it */
MARQ_API int marq_lmdif1(marq_minpack_dif fcn, void *p, int m, int n, double *x, double *fvec, double tol, int *iwa,
                         double *wa, int lwa);

/** (JᵀJ)⁻¹ from R and ipvt, in place: r [n×n, ldr ≥ n]. Columns from the first on with |R_kk| ≤ tol·|R_11| count as
 * dependent, and their rows and columns become 0. Times enorm(fvec)²/(m − rank) it is the covariance. wa [n]: scratch.
 */
MARQ_API void marq_covar(int n, double *r, int ldr, const int *ipvt, double tol, double *wa);

/** ‖x‖, without overflow or underflow on the way. */
MARQ_API double marq_enorm(int n, const double *x);

#ifdef __cplusplus
}
#endif
#endif
