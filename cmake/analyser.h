/* Read by clang-tidy before each file (see .ci/run), by no compiler. Its analyser does not look across files: it must
 * be told that marq_fail returns the status it is given. */
#include <marq/base.h>
#define marq_fail(error, status, ...) ((void)marq_fail((error), (status), __VA_ARGS__), (status))
