/* The choice of a ridge while it goes on. Private to src/regularise/. */
#ifndef MARQ_REGULARISE_PRIVATE_H
#define MARQ_REGULARISE_PRIVATE_H

#include <marq/regularise.h>
#include <time.h>

#include "regularise/freedom.h"

enum { evidence_room = 920 /* rounds that the path may have */, many_parameters = 30 /* as a network has */ };

typedef struct search {
  marq_problem *problem;
  const marq_regularise_options *options;
  marq_regularised *found;
  size_t n, groups, classes, penalised; /* parameters with a penalty */
  size_t in_class[most_classes];        /* of them */
  double square_sum[most_classes];      /* Σ relative (p − centre)² of the last point judged */
  unsigned char *group_of;              /* [n] */
  unsigned char *held;                  /* [n] 1: at a bound at the last point judged; NULL: there are no bounds */
  size_t held_in_class[most_classes];   /* of the penalised ones */
  size_t held_unpenalised;
  double free_square[most_classes]; /* square_sum of those that are not held */
  double *group_lambda;             /* [groups] */
  double *p, *best;                 /* [n] */
  double low, mean, high;           /* of diag(J̃ᵀJ̃)/relative over the penalised parameters at the start */
  double left;                      /* m − γ of the last point judged, not as a difference */
  double observations;              /* m */
  double noise;                     /* variance of a residual where it is known; 0: estimated */
  size_t count;                     /* values of λ along the range */
  size_t room;                      /* of found->path */
  size_t told;                      /* fits that progress has seen */
  int asked;                        /* 1: the caller has interrupted */
  int cut;                          /* 1: so did it, or time, a fit of the point at work */
  freedom freedom;
  struct timespec begin;
  marq_error *error;
} search;

/** λ of each group for λ of each class. */
void search_spread(search *s, const double *lambda);
/** Fit with the group penalties as spread, from p to p, at most so many iterations. */
marq_status search_fit(search *s, double *p, double iterations, marq_result *result);
/** At p: cost of the data, and Σ relative (p − centre)² by class; adopts p. */
marq_status search_judge(search *s, const double *p, double *misfit);
/** γ by class at the point judged, of the parameters that no bound holds; found->effective is their number. */
marq_status search_freedom(search *s, double gamma[most_classes], double *log_det);
/** The point judged last, with λ of each class, without a criterion. */
marq_ridge_point search_point(const search *s, const double *lambda);
/** Tell the caller of a point; 1 when he wants to stop, or time is up. */
int search_tell(search *s, const marq_ridge_point *point, const double *p);
/** Keep a point of the path, and tell. */
int search_record(search *s, marq_ridge_point point, const double *p);
/** 1 when the i-th sample has a weight. */
int search_has_weight(const search *s, size_t i);
double search_seconds(const search *s);

/** Choices by comparison along a path. */
marq_status choose_along_path(search *s);
/** The corner of the L-curve of the path, which has the fits at points[count·n] from large to small λ. *best: its
 * index, SIZE_MAX without one; *stop: as search_tell. */
marq_status choose_corner(search *s, double *points, marq_result *fits, size_t *best, int *stop);
/** The choice by evidence. */
marq_status choose_by_evidence(search *s);

#endif
