/* What saving and loading agree on: the format's name and version, the checksum, and which names there may be. */
#ifndef MARQ_NETWORK_SAVED_H
#define MARQ_NETWORK_SAVED_H

#include <stdint.h>

#include "network/network.h"

#define NETWORK_FORMAT "marq-network"
/** Written is version 3, whose checksum covers everything but the version of marq. Read are the first two as well,
 * whose checksum leaves out names, seed and summary; the first knew no loss. */
enum { network_version = 3 };

/** Of everything that a prediction or a training that goes on depends on, bit by bit, as a version has it. Returns
 * MARQ_OK; MARQ_EINVAL when the summary is no JSON object, MARQ_ENOMEM. */
marq_status network_checksum(const marq_network *network, const marq_network_notes *notes, int version, uint64_t *sum,
                             marq_error *error);
/** Columns are found by their names: MARQ_EINVAL where two of a list share one (names or some of them may be NULL);
 * MARQ_ENOMEM. what: how one of them is called. */
marq_status network_check_names(const char *const *names, size_t count, const char *what, marq_error *error);

#endif
