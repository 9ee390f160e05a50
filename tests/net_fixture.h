/* Networks of any shape with random data, their problem within limits of the test's choice, and the dense residual and
 * Jacobian that its other operations are held against. */
#ifndef MARQ_TEST_NET_FIXTURE_H
#define MARQ_TEST_NET_FIXTURE_H

#include <marq/network.h>

enum { net_most_layers = 6 };

typedef struct net_shape {
  const char *name;
  size_t inputs, depth, width[net_most_layers];
  const char *activation[net_most_layers]; /* NULL: tanh, and linear in the last layer */
  unsigned no_bias, frozen;                /* bits of layers */
  size_t N, block;
  int weighted, threads, standard, shuffle;
  const char *loss;  /* NULL: squared */
  double scale;      /* of a robust loss */
  double confidence; /* the last layer's values are so many times larger; 0: 1 */
} net_shape;

/** How a problem keeps its activations and sums its normal equations. */
typedef enum net_ways {
  NET_DEFAULT,  /* kept, small n by columns */
  NET_LEAN,     /* kept, trials as z; products of blocks, in pairs where that pays */
  NET_STREAMED, /* nothing kept; products of blocks */
  NET_TILED,    /* nothing kept; columns formed tile by tile */
  NET_WAYS
} net_ways;

typedef struct net {
  const net_shape *shape;
  marq_network *network;
  marq_problem *problem;
  double *x, *y, *w;
  marq_column inputs[8], targets[8], weights;
  size_t N, outputs, c, m, n; /* c: residuals of a sample, fewer than outputs with a softmax */
  double *p, *v, *u;          /* [n], [n], [m] */
  double *r, *J;              /* at p: from the problem's residual and rows */
} net;

const char *net_ways_name(net_ways ways);
/** Build network, data and problem; p is adopted, r and J stand. */
net *net_make(const net_shape *shape, net_ways ways);
void net_free(net *f);
/** Evaluate at q and adopt it; returns the cost. */
double net_move(net *f, const double *q);
/** The outputs by plain loops over units, in long double: out[o·N + i] in standardised units, weighted residuals. */
void net_residual(const net *f, const double *p, double *r);
double *net_doubles(size_t count);
double net_dot(size_t count, const double *a, const double *b);

#endif
