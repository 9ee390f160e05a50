/* Solvers of other libraries that this build of the command has: the library's own list, and cminpack's. */
#ifndef MARQ_CLI_PEERS_H
#define MARQ_CLI_PEERS_H

#include <marq/compare.h>

/** Fill list[most]; returns how many. */
size_t peers_list(const marq_peer **list, size_t most);

#endif
