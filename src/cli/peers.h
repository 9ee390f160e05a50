/* Solvers of other libraries that this build of the command has: the library's own list, cminpack's and Ceres's. */
#ifndef MARQ_CLI_PEERS_H
#define MARQ_CLI_PEERS_H

#include <marq/compare.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { peers_most = 16 };

/** Fill list[most]; returns how many. */
size_t peers_list(const marq_peer **list, size_t most);
/** Those of Ceres, in builds with it (MARQ_HAVE_CERES); NULL beyond the last. */
const marq_peer *peer_ceres_at(size_t i);

#ifdef __cplusplus
}
#endif

#endif
