/* Functions of one number that neither libm nor SLEEF has. NaN at poles and outside the domain; nothing is raised. */
#ifndef MARQ_KERNELS_SPECIAL_H
#define MARQ_KERNELS_SPECIAL_H

double marq_special_erfcx(double x);
/** erfcx'(x) = 2x·erfcx(x) − 2/√π, without its cancellation for large x. */
double marq_special_erfcx_slope(double x);
double marq_special_lgamma(double x);
/** ψ, ψ′ and ψ″. */
double marq_special_digamma(double x);
double marq_special_trigamma(double x);
double marq_special_tetragamma(double x);
double marq_special_sigmoid(double x);
double marq_special_softplus(double x);

#endif
