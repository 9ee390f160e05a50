/* marq as a contestant. */
#ifndef MARQ_BENCH_CONTEST_MARQ_H
#define MARQ_BENCH_CONTEST_MARQ_H

#include "contest.h"

/** Add marq with its default options, changed by every "name=value" among the arguments; where `most` allows it a
 * second time with trials that evaluate the value only. Fits go by the case's formula where it has one. Returns how
 * many were added: 0, with a line on standard error, when an option is refused. */
size_t contest_marq(int argc, char **argv, contestant *list, size_t most);

#endif
