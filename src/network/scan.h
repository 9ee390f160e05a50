/* A saved network's file taken apart in one pass: its many parameters as numbers, all else as JSON text. */
#ifndef MARQ_NETWORK_SCAN_H
#define MARQ_NETWORK_SCAN_H

#include <marq/base.h>

typedef struct network_scan {
  char *text; /* the JSON with null in place of the parameters; not terminated */
  size_t length;
  double *values;
  size_t count;
  int has_values;
} network_scan;

/** MARQ_EIO, MARQ_EDATA (error->line tells where), MARQ_ENOMEM; nothing is then held. path "-": standard input. */
marq_status network_scan_file(const char *path, network_scan *scan, marq_error *error);
void network_scan_free(network_scan *scan);

#endif
