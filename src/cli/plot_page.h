/* What all plots share: a page in a file that appears whole or not at all, its terminal and its style. */
#ifndef MARQ_CLI_PLOT_PAGE_H
#define MARQ_CLI_PLOT_PAGE_H

#include <marq/model.h>
#include <stdio.h>

/** Draws on script, whose terminal and style are set. Returns how to exit. */
typedef int (*plot_drawing)(void *context, FILE *script);

/** A page of width × height points at path. Failures print a message and leave what was there. */
int plot_page(const char *path, int width, int height, plot_drawing draw, void *context);

/** Set points of line style 1 to a size that suits so many of them. */
void plot_points(FILE *script, size_t shown);
/** " %.10g", or " NaN". */
void plot_number(FILE *script, double value);
/** set AXIS 'TEXT'.'MORE'; long texts are cut. axis: xlabel, ylabel, title, … */
void plot_label(FILE *script, const char *axis, const char *text, size_t most, const char *more);

/** A palette for the weights of a robust loss, from 0 to 1: points of little weight are red, of full weight blue. */
void plot_weights(FILE *script);
/** A logarithmic y axis for values from low to high, which are not to lie on its border; where there are none (low >
 * high) one of our own. Returns 1 when there are. plot_linear undoes it. */
int plot_log_axis(FILE *script, double low, double high);
void plot_linear_axis(FILE *script);

static inline double plot_value(marq_column column, size_t i) {
  return column.data[i * column.stride];
}

#endif
